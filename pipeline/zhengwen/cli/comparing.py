"""The articles that ``zhengwen dedup`` compares: those of the run, and those decided before."""

import os
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zhengwen.cli.shared import complain, locate, progress
from zhengwen.dedup import index
from zhengwen.dedup.assign import Fetch, LeftOut
from zhengwen.dedup.collection import EMPTY, Collection, Known, choose, deduplicate, merge
from zhengwen.dedup.fold import Codes, fold_texts
from zhengwen.dedup.index import Index, load
from zhengwen.dedup.verify import Limits
from zhengwen.errors import OutputError, UnreadableInputError
from zhengwen.readers import Source, read, shards
from zhengwen.reports.summary import Summary


@dataclass(frozen=True, slots=True)
class Articles:
    """Articles, numbered: where they are, and what is kept of them in memory."""

    sources: list[Source]
    known: Known

    def without(self, names: Set[str]) -> "Articles":
        """The articles of other names, numbered anew in the same order."""
        stay = np.array([s.name not in names for s in self.sources], np.bool_)
        return Articles([s for s in self.sources if s.name not in names], choose(self.known, stay))


def batches(sources: Sequence[Source], summary: Summary) -> Iterator[tuple[list[Source], list[str]]]:
    """Reads the sources, shard by shard, with progress; complains of those that cannot be read."""
    with progress(len(sources), "article") as bar:
        for shard in shards(sources):
            readable, texts = [], []
            for source in shard:
                try:
                    texts.append(read(source).text)
                except UnreadableInputError as fault:
                    complain(fault, summary)
                else:
                    readable.append(source)
            yield readable, texts
            bar.update(len(shard))


def gather(sources: Sequence[Source], summary: Summary) -> Articles:
    """The articles that can be read."""
    readable: list[Source] = []
    collection = Collection()
    for batch, texts in batches(sources, summary):
        readable += batch
        collection.add(texts)
    return Articles(readable, collection.known())


def against(folder: Path, new: Articles, summary: Summary) -> Articles:
    """The articles of another folder, from its index if it has one."""
    if index.exists(folder):
        return matching(folder, load(folder), new)
    return gather(locate([str(folder)], summary, many=False), summary)


def matching(folder: Path, kept: Index, new: Articles) -> Articles:
    """The kept articles of a folder that new ones may be copies of."""
    match = kept.match(new.known)
    return Articles([Source(name, folder / name, 0) for name in match.names], match.known)


def _fetcher(shelf: Sequence[Source]) -> Fetch:
    """Reads articles again, to compare them; one that has gone since stands for nobody."""

    def fetch(numbers: Sequence[int]) -> list[Codes | None]:
        texts: list[str | None] = []
        for number in numbers:
            try:
                texts.append(read(shelf[number]).text)
            except UnreadableInputError:
                texts.append(None)
        folded = fold_texts([t or "" for t in texts])
        return [None if t is None else folded.article(n) for n, t in enumerate(texts)]

    return fetch


def decide(new: Articles, others: Sequence[Articles], limits: Limits) -> list[LeftOut]:
    """Which new articles are left out, and who stands for them: by their numbers on the `shelf`."""
    fixed = merge([o.known for o in others]) if others else EMPTY
    return deduplicate(new.known, fixed, _fetcher(shelf(new, others)), limits)


def shelf(new: Articles, others: Sequence[Articles]) -> list[Source]:
    """Where the articles are that `decide` numbers."""
    return [*new.sources, *(s for o in others for s in o.sources)]


def taken(output: Path, before: Index, new: Articles) -> frozenset[str]:
    """The names of new articles under which an earlier run has kept another text that is there still."""
    held = before.holds(s.name for s in new.sources)
    mine = zip(new.sources, new.known.records["exact"].tolist(), strict=True)
    other = [s.name for s, exact in mine if held.get(s.name, exact) != exact]
    return frozenset(name for name in other if os.path.lexists(output / name))


def settle(
    output: Path,
    new: Articles,
    others: Sequence[Articles],
    limits: Limits,
    taken: frozenset[str],
    summary: Summary,
) -> tuple[Articles, list[LeftOut]]:
    """The articles that could be decided, and who of them is left out.

    Whoever would have to be kept under a name that is taken cannot be: it is complained of, and as it stands for nobody
    either, the others are decided again without it.
    """
    while True:
        out = decide(new, others, limits)
        copies = {row.article for row in out}
        homeless = [s for n, s in enumerate(new.sources) if s.name in taken and n not in copies]
        if not homeless:
            return new, out
        for source in homeless:
            kept = f"{output / source.name} from an earlier run says something else"
            remedy = "name it otherwise, or add --overwrite to replace the kept one"
            complain(OutputError(f"{source.shown}: {kept}; {remedy}"), summary)
        new = new.without({s.name for s in homeless})
