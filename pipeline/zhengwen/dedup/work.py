"""Where the files of a deduplication across shards lie, and how they are read.

An article is a 64-bit number here: 32 bits of its shard, then its place there.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhengwen.dedup.collection import RECORD
from zhengwen.dedup.entries import ARTICLES
from zhengwen.dedup.sketch import SLOTS, Keys

Rows = NDArray[Any]

EDGE = np.dtype([("article", "<u8"), ("keeper", "<u8"), ("reason", "u1"), ("jaccard", "<f8"), ("containment", "<f8")])
"""That one article stands for another: which, why (place in `shards.REASONS`), and the figures of `Likeness`."""
PAIR = np.dtype([("first", "<u8"), ("second", "<u8"), ("shared", "<i8")])
"""Two articles, and how many keys of a range they share."""
_PLACE, _KEY = np.uint64(32), np.uint64(24)
_LAST = np.uint64(ARTICLES - 1)
_EMPTY = {"records": np.zeros(0, RECORD), "keys": np.zeros((0, SLOTS), np.uint64)}


@dataclass(frozen=True, slots=True)
class Work:
    """The files of a deduplication across shards.

    folder: a folder that all steps see.
    shards: how many there are, numbered from 0.
    partitions: into how many ranges of keys, and groups of shards, the work is parted; any number does.
    """

    folder: Path
    shards: int
    partitions: int

    def of_shard(self, shard: int, kind: str) -> Path:
        """A file of a shard: ``records`` (`RECORD`, (articles,)), ``keys`` (uint64, (articles, slots)), ``entries``
        (scrambled key and place, sorted) or ``exact`` (exact key and place, uint64, (articles, 2), sorted)."""
        return self.folder / f"shard-{shard:06}.{kind}.npy"

    def of_partition(self, partition: int, kind: str) -> Path:
        """A file of a range of keys: ``copies`` (`EDGE`), ``pairs`` (`PAIR`, by home), ``homes`` (where the pairs of
        each home begin) or ``common`` (keys)."""
        return self.folder / f"{kind}-{partition:06}.npy"

    def of_round(self, round_: int, home: int, kind: str) -> Path:
        """A file of a round and a home, a group of shards: ``candidates`` or ``edges`` (both `EDGE`)."""
        return self.folder / f"{kind}-{round_:03}-{home:06}.npy"

    def all_of(self, paths: Iterable[Path], empty: Rows) -> Rows:
        """The arrays of several files, end to end."""
        return np.concatenate([empty, *map(np.load, paths)])

    def homes(self, articles: Keys) -> Rows:
        """The group of shards that each article is in."""
        return (articles >> _PLACE) % np.uint64(self.partitions)

    def exact(self, partition: int) -> tuple[Keys, Keys]:
        """The exact keys of a range of them, and their articles."""
        return self._in_range("exact", partition, 64)

    def entries(self, partition: int) -> tuple[Keys, Keys]:
        """The scrambled keys of a range of them, and their articles."""
        return self._in_range("entries", partition, 40)

    def _in_range(self, kind: str, partition: int, bits: int) -> tuple[Keys, Keys]:
        begin, beyond = (part * 2**bits // self.partitions for part in (partition, partition + 1))
        keys, articles = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
        for shard in range(self.shards):
            rows = np.load(self.of_shard(shard, kind), mmap_mode="r")
            whole = rows.ndim == 1
            column = rows if whole else rows[:, 0]
            lowest, highest = np.uint64(begin), np.uint64(beyond - 1)
            if whole:
                lowest, highest = lowest << _KEY, highest << _KEY | _LAST
            low, high = np.searchsorted(column, lowest), np.searchsorted(column, highest, side="right")
            some = np.asarray(rows[low:high])
            keys.append(some >> _KEY if whole else some[:, 0])
            articles.append((some & _LAST if whole else some[:, 1]) | np.uint64(shard) << _PLACE)
        return np.concatenate(keys), np.concatenate(articles)

    def rows(self, kind: str, articles: Keys) -> Rows:
        """The ``records`` or ``keys`` of articles, which are sorted."""
        of_shard = articles >> _PLACE
        parts = [_EMPTY[kind]]
        for shard in np.unique(of_shard).tolist():
            begin, end = (np.searchsorted(of_shard, np.uint64(shard), side=side) for side in ("left", "right"))
            places = (articles[begin:end] & np.uint64(2**32 - 1)).astype(np.int64)
            parts.append(np.load(self.of_shard(shard, kind), mmap_mode="r")[places])
        return np.concatenate(parts)


def save(path: Path, array: Rows) -> Path:
    """Writes an array, as a whole or not at all."""
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as file:
            np.save(file, array, allow_pickle=False)
        return temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
