"""Lines that many articles carry: footers, headers of series, pleas that no model knows yet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Ints
from zhengwen.dedup.fold import DROPPED, fold_units, split
from zhengwen.dedup.sketch import Keys, mixed

LEAST = 6
"""Letters and digits of a line from which on its repetition is counted."""
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t>]*\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_BREAK = re.compile(r"\r\n|\n|\r")
_UNIT = re.compile(r"[\n\r]")
_BASE = 0x9E3779B97F4A7C15
_WAITING = 1 << 22
"""Lines that are counted at a time: bounds memory."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A line that several articles carry.

    fingerprint: 64-bit hash of the folded line.
    articles: how many carry it, once and more.
    first: number of the first of them.
    """

    fingerprint: int
    articles: int
    first: int


def fingerprints(texts: Sequence[str]) -> tuple[Keys, Ints, Ints]:
    """The hashes of the lines (uint64, (lines,)), the letters of each, and the article that each stands in.

    Front matter and what stands in code fences has none. A line's hash is the difference of two sums over the batch,
    times a power of the inverse of the base, modulo 2⁶⁴: no loop over lines (Karp and Rabin, 1987).
    """
    bodies = [_body(t) for t in texts]
    encoded = [b.encode("utf-16-le", "surrogatepass") for b in bodies]
    raw = np.frombuffer(b"".join(encoded), dtype="<u2")
    folded = fold_units(raw)
    kept = np.flatnonzero(folded != DROPPED)
    breaks = np.flatnonzero((raw == ord("\n")) | (raw == ord("\r")))
    owner = np.searchsorted(np.cumsum([len(e) // 2 for e in encoded]), breaks, side="right")
    ends = np.searchsorted(kept, breaks)
    starts = np.concatenate(([0], ends[:-1]))
    sums = np.zeros(len(kept) + 1, np.uint64)
    np.cumsum(folded[kept] * _powers(_BASE, len(kept)), out=sums[1:])
    inverse = _powers(pow(_BASE, -1, 2**64), len(kept) + 1)
    lengths = ends - starts
    hashes = mixed((sums[ends] - sums[starts]) * inverse[starts] + lengths.astype(np.uint64))
    return hashes, lengths, owner


def find(text: str, fingerprint: int) -> tuple[int, str]:
    """Number (from 1) and text of the line of an article that has the fingerprint; the article must carry it."""
    for number, line in enumerate(_BREAK.split(text), start=1):
        if (hashed := fingerprints([line])[0]).size and int(hashed[0]) == fingerprint:
            return number, line
    return 1, ""


def line(text: str, fingerprint: int) -> str:
    """The line that has the fingerprint; empty if the article does not carry it. Faster than `find`, for which the
    line's number is to be known."""
    at = np.flatnonzero(fingerprints([text])[0] == np.uint64(fingerprint))
    return _UNIT.split(_body(text))[int(at[0])] if len(at) else ""


def _body(text: str) -> str:
    """What lines are counted in: the article without front matter and code fences."""
    return _FENCE.sub("\n", split(text)[0]) + "\n"


def _powers(base: int, count: int) -> Keys:
    powers = np.full(count, base, np.uint64)
    if count:
        powers[0] = 1
    return np.cumprod(powers)


@dataclass(slots=True)
class Tally:
    """Counts in how many articles each line stands: 24 bytes for each different line."""

    _hashes: Keys
    _counts: Ints
    _firsts: Ints
    _waiting: list[tuple[Keys, Ints]]
    _articles: int = 0

    @classmethod
    def empty(cls) -> "Tally":
        """Nothing counted yet."""
        return cls(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int64), [])

    def add(self, texts: Sequence[str]) -> None:
        """Counts a batch of articles, numbered in the order they come."""
        hashes, lengths, owner = fingerprints(texts)
        long_enough = lengths >= LEAST
        hashes, owner = hashes[long_enough], owner[long_enough]
        by_line = np.lexsort((hashes, owner))
        hashes, owner = hashes[by_line], owner[by_line]
        new = np.ones(len(hashes), np.bool_)
        new[1:] = (hashes[1:] != hashes[:-1]) | (owner[1:] != owner[:-1])
        self._waiting.append((hashes[new], owner[new] + self._articles))
        self._articles += len(texts)
        if sum(len(h) for h, _ in self._waiting) >= _WAITING:
            self._count()

    def carried_by(self, articles: int) -> list[Repeated]:
        """The lines that so many articles and more carry, the most frequent first."""
        self._count()
        many = np.flatnonzero(self._counts >= articles)
        many = many[np.lexsort((self._hashes[many], -self._counts[many]))]
        columns: tuple[NDArray[np.generic], ...] = (self._hashes[many], self._counts[many], self._firsts[many])
        return [Repeated(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]

    def _count(self) -> None:
        hashes = np.concatenate([self._hashes, *(h for h, _ in self._waiting)])
        firsts = np.concatenate([self._firsts, *(f for _, f in self._waiting)])
        counts = np.concatenate([self._counts, np.ones(len(hashes) - len(self._hashes), np.int64)])
        self._waiting = []
        if not len(hashes):
            return
        by_hash = np.argsort(hashes, kind="stable")
        hashes = hashes[by_hash]
        starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
        self._hashes = hashes[starts]
        self._counts = np.add.reduceat(counts[by_hash], starts)
        self._firsts = np.minimum.reduceat(firsts[by_hash], starts)
