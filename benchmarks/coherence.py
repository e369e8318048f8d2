"""What keeping Markdown coherent changes, by the labels of readers.

python benchmarks/coherence.py GOLD.jsonl [--every 2]

Letters that go, or stay, because of `zhengwen.coherence`, and letters of headings that stay although all under them
went: how many of each the readers called content and boilerplate. The model may have been trained on the same labels,
so the figures say what the rules do and not how good the model is.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from zhengwen import cleaning
from zhengwen.articles import DEFAULT_SELECTION, Article
from zhengwen.blocks import BlockType, Flags
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.coherence import Removal
from zhengwen.model import load
from zhengwen.stages.segment import segment

_BATCH = 50


def clean(cleaner: Cleaner, articles: Sequence[Article]) -> list[Cleaned]:
    """The cleaned articles."""
    return [c for n in range(0, len(articles), _BATCH) for c in cleaner.clean(articles[n : n + _BATCH])]


def flags(length: int, spans: Iterator[tuple[int, int]]) -> Flags:
    """Which characters lie in the spans."""
    found = np.zeros(length, np.bool_)
    for start, end in spans:
        found[start:end] = True
    return found


def emptied(text: str, gone: Flags) -> Iterator[tuple[int, int]]:
    """The headings that stay although all that there was to read under them went."""
    blocks = segment([text])
    said = np.array([gone[a:b].all() for a, b in zip(blocks.bounds[:-1], blocks.bounds[1:], strict=True)], np.bool_)
    readable = blocks.readable()
    for heading in np.flatnonzero((blocks.types == BlockType.HEADING) & ~said).tolist():
        end = heading + 1
        while end < len(blocks) and not (
            blocks.types[end] == BlockType.HEADING and blocks.levels[end] <= blocks.levels[heading]
        ):
            end += 1
        under = np.arange(heading + 1, end)[readable[heading + 1 : end]]
        if len(under) and said[under].all():
            yield int(blocks.bounds[heading]), int(blocks.bounds[heading + 1])


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--every", type=int, default=1, help="Take every so many-th article.")
    given = parser.parse_args()
    rows = [json.loads(line) for line in given.gold.read_text(encoding="utf-8").splitlines()[:: given.every]]
    articles = [Article(str(row["id"]), row["text"]) for row in rows]
    cleaner = Cleaner(load())
    with_rules = clean(cleaner, articles)
    coherent = cleaning.coherent
    cleaning.coherent = lambda removals: list[Removal](removals)
    without = clean(cleaner, articles)
    cleaning.coherent = coherent
    names = ("all letters", "go without the rules", "go because of them", "stay because of them", "headings left alone")
    counts = {name: np.zeros(2, np.int64) for name in names}
    for row, one, other in zip(rows, with_rules, without, strict=True):
        text = row["text"]
        letters = np.array([c.isalnum() for c in text], np.bool_)
        boilerplate = flags(len(text), ((s, e) for s, e, kind in row["label"] if kind in DEFAULT_SELECTION))
        ours, theirs = (flags(len(text), iter(c.removed)) for c in (one, other))
        left = flags(len(text), emptied(text, ours))
        for name, these in zip(names, (letters, theirs, ours & ~theirs, theirs & ~ours, left), strict=True):
            counts[name] += [(these & letters & ~boilerplate).sum(), (these & letters & boilerplate).sum()]
    print(f"{len(rows):,} articles{'':<12}{'content':>12}{'boilerplate':>14}")
    for name, (content, other) in counts.items():
        print(f"{name:<24}{content:>12,}{other:>14,}")


if __name__ == "__main__":
    main()
