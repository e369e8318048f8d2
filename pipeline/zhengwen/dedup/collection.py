"""Articles of a run, batch by batch, to verdicts on each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from zhengwen.blocks import Flags
from zhengwen.dedup.assign import Fetch, LeftOut, decide, order
from zhengwen.dedup.candidates import Facts
from zhengwen.dedup.entries import ARTICLES, highest, number_of, of_articles, pack
from zhengwen.dedup.fold import fold_texts
from zhengwen.dedup.sketch import Keys, Sketches, sketch
from zhengwen.dedup.verify import Limits
from zhengwen.errors import ZhengwenError

_BLOCK = 1 << 21
"""Entries that are put away at a time."""


RECORD = np.dtype(
    [("exact", "<u8"), ("date", "<i8"), ("highest", "<i8", (2,)), ("length", "<i4"), ("spare", "<i4")], align=False
)
"""What is kept of an article beside its entries: see `Sketches` and `entries.highest`."""


@dataclass(frozen=True, slots=True)
class Known:
    """Articles that were decided before and may stand for new ones.

    records: `RECORD` (articles,).
    packed: sorted entries, numbered from 0; those that no new article shares may be missing.
    """

    records: np.ndarray[tuple[int], np.dtype[np.void]]
    packed: Keys


EMPTY = Known(np.zeros(0, RECORD), np.zeros(0, np.uint64))


@dataclass(slots=True)
class Collection:
    """Gathers what is kept in memory of the articles of a run: 256 bytes of entries and 40 more an article."""

    _records: list[np.ndarray[tuple[int], np.dtype[np.void]]] = field(default_factory=list)
    _packed: Keys = field(default_factory=lambda: np.zeros(0, np.uint64))
    _waiting: list[Keys] = field(default_factory=list)
    _articles: int = 0

    def __len__(self) -> int:
        return self._articles

    def add(self, texts: Sequence[str]) -> None:
        """Adds a batch of articles (about a megabyte); they are numbered in the order they come."""
        if not texts:
            return
        sketches = sketch(fold_texts(texts))
        numbers = np.arange(self._articles, self._articles + len(texts))
        if self._articles + len(texts) > ARTICLES:
            raise ZhengwenError(f"more than {ARTICLES:,} articles; deduplicate them in several runs into one output")
        self._records.append(records_of(sketches))
        self._waiting.append(pack(sketches.keys, numbers))
        self._articles += len(texts)
        if sum(map(len, self._waiting)) >= _BLOCK:
            self._put_away()

    def known(self) -> Known:
        """What was added, sorted; empties the collection."""
        self._put_away()
        packed, self._packed = self._packed, np.zeros(0, np.uint64)
        packed.sort()
        records = np.concatenate([np.zeros(0, RECORD), *self._records])
        self._records, self._articles = [], 0
        return Known(records, packed)

    def _put_away(self) -> None:
        """Lengthens the array where it is: joining blocks at the end would take their memory twice."""
        end = len(self._packed)
        self._packed.resize(end + sum(map(len, self._waiting)), refcheck=False)
        for part in self._waiting:
            self._packed[end : end + len(part)] = part
            end += len(part)
        self._waiting = []


def records_of(sketches: Sketches) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """What is kept of articles beside their entries: `RECORD` (articles,)."""
    records = np.zeros(len(sketches), RECORD)
    records["exact"], records["date"], records["length"] = sketches.exact, sketches.dates, sketches.lengths
    records["highest"] = highest(sketches.keys)
    return records


def merge(parts: Sequence[Known]) -> Known:
    """Several sets of articles as one, numbered end to end."""
    if len(parts) == 1:
        return parts[0]
    shifts = np.cumsum([0, *(len(p.records) for p in parts)])
    if shifts[-1] > ARTICLES:
        raise ZhengwenError(f"more than {ARTICLES:,} articles; deduplicate them in several runs into one output")
    packed = np.concatenate([p.packed + np.uint64(s) for p, s in zip(parts, shifts[:-1].tolist(), strict=True)])
    packed.sort()
    return Known(np.concatenate([p.records for p in parts]), packed)


def choose(known: Known, chosen: Flags) -> Known:
    """The chosen articles alone, numbered anew in the same order."""
    packed = of_articles(known.packed, chosen)
    lower = np.cumsum(~chosen)
    for at in range(0, len(packed), _BLOCK):
        part = packed[at : at + _BLOCK]
        part -= lower[number_of(part)].astype(np.uint64)
    return Known(known.records[chosen], packed)


def deduplicate(new: Known, fixed: Known, fetch: Fetch, limits: Limits) -> list[LeftOut]:
    """Which new articles are left out, and who stands for them.

    Fixed articles are numbered after the new ones; they stand for new ones, and nothing stands for them. ``fetch``
    gives the folded texts of either.
    """
    both = merge([new, fixed]) if len(fixed.records) else new
    decided = np.arange(len(both.records)) >= len(new.records)
    lengths = np.ascontiguousarray(both.records["length"])
    facts = Facts(
        order(lengths, both.records["date"], decided), lengths, decided, np.ascontiguousarray(both.records["highest"])
    )
    return decide(both.records["exact"], facts, both.packed, fetch, limits)
