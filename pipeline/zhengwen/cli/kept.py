"""What authors keep: the passages that would go but for comments, lists of passages and what was put back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zhengwen.articles import Article, Finding
from zhengwen.blocks import Blocks, Flags
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.keeping import Keep


@dataclass(frozen=True, slots=True)
class _Nothing(Keep):
    """Keeps nothing, whatever the author wrote."""

    def spared(self, article: Article, blocks: Blocks, marked: Flags) -> Flags:  # noqa: ARG002
        """None of the blocks."""
        return np.zeros(len(blocks), np.bool_)


def clean(cleaner: Cleaner, articles: Sequence[Article]) -> list[tuple[Cleaned, tuple[Finding, ...]]]:
    """The articles as ``cleaner`` cleans them, each with the findings that only its ``keep`` holds back."""
    free = replace(cleaner, keep=_Nothing()).clean(articles)
    again = [n for n, c in enumerate(free) if (c.findings or c.removed) and _concerns(cleaner.keep, c.article)]
    heeding = dict(zip(again, cleaner.clean([articles[n] for n in again]), strict=True))
    pairs = ((c, heeding.get(n, c)) for n, c in enumerate(free))
    return [(now, tuple(_held_back(before, now))) for before, now in pairs]


def _concerns(keep: Keep, article: Article) -> bool:
    return bool(keep.everywhere) or article.name in keep.within or "zhengwen:" in article.text


def _held_back(free: Cleaned, heeding: Cleaned) -> Iterator[Finding]:
    """The findings, or parts of them, that are found only where nothing is kept."""
    text = free.article.text
    for finding in free.findings:
        place = finding.start
        inside = [(f.start, f.end) for f in heeding.findings if f.start < finding.end and finding.start < f.end]
        for start, end in (*inside, (finding.end, finding.end)):
            piece = text[place:start]
            if any(map(str.isalnum, piece)):
                first = place + len(piece) - len(piece.lstrip())
                yield replace(finding, start=first, end=place + len(piece.rstrip()))
            place = max(place, end)
