"""Fingerprints of passages that bear small changes: SimHash over pairs of letters (Charikar, STOC 2002).

A mark is a passage's fingerprint, alone or with its sketch behind a tilde: ``554bc1c376cf8d07~`` and 32 hexadecimal
digits, a point, and the number of letters. A passage whose sketch differs in at most `TOLERANCE` of the 128 bits, and
whose length by at most `STRETCH`, is the same passage with small changes; fewer than `SHORTEST` letters are too few to
tell that, and such a passage is known by its fingerprint alone.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import fingerprint, letters
from zhengwen.blocks import Ints

BITS = 128
TOLERANCE = 26
"""Bits, at most, in which the sketches of a passage and of the same with small changes differ."""
STRETCH = 0.2
"""Share of the letters, at most, by which the lengths of the two differ."""
SHORTEST = 16
"""Letters, at least, of a passage that is known with small changes."""
MARK = re.compile(r"([0-9a-f]{16})(?:~([0-9a-f]{32})\.([0-9]{1,9}))?")
_ODD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93))


@dataclass(frozen=True, slots=True)
class Marks:
    """Passages to look for.

    exact: fingerprints. sketches: uint8 (tolerant, 16), packed bits. lengths: int64 (tolerant,), letters.
    """

    exact: frozenset[str]
    sketches: NDArray[np.uint8]
    lengths: Ints


def mark(passage: str, known: str = "") -> str:
    """The mark of a passage; ``known``: its fingerprint, where that is known already."""
    said = letters(passage)
    known = known or fingerprint(passage)
    return f"{known}~{_packed(_sums(said)[-1]).tobytes().hex()}.{len(said)}" if len(said) >= SHORTEST else known


@lru_cache(maxsize=64)
def marks(listed: frozenset[str]) -> Marks:
    """What the marks of a list look for; what is none is left out."""
    found = [m for m in map(MARK.fullmatch, sorted(listed)) if m]
    tolerant = [(bytes.fromhex(m[2]), int(m[3])) for m in found if m[2]]
    sketches = np.frombuffer(b"".join(s for s, _ in tolerant), np.uint8).reshape(-1, BITS // 8)
    return Marks(frozenset(m[1] for m in found), sketches, np.array([n for _, n in tolerant], np.int64))


def near(folded: Sequence[str], wanted: Marks, touching: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Runs of pieces, as first and end, that say what a wanted passage says but for small changes.

    folded: the letters of consecutive pieces of a text. touching: pieces, of which a run must hold one at least.
    Of overlapping runs that are like the same passage the one most like it counts.
    """
    if not len(wanted.lengths):
        return
    edges = np.concatenate(([0], np.cumsum([len(f) for f in folded])))
    firsts, ends = _runs(folded, edges, wanted, touching)
    if not len(firsts):
        return
    sums = _sums("".join(folded))
    sketches = _packed(sums[edges[ends] - 1] - sums[edges[firsts]])
    lengths = edges[ends] - edges[firsts]
    for sketch, length in zip(wanted.sketches, wanted.lengths.tolist(), strict=True):
        away = np.bitwise_count(sketches ^ sketch).sum(1, dtype=np.int64)
        like = np.flatnonzero((away <= TOLERANCE) & (np.abs(lengths - length) <= STRETCH * length))
        taken: list[tuple[int, int]] = []
        for n in like[np.lexsort((np.abs(lengths[like] - length), away[like]))].tolist():
            run = (int(firsts[n]), int(ends[n]))
            if all(run[1] <= a or b <= run[0] for a, b in taken):
                taken.append(run)
        yield from taken


def _runs(folded: Sequence[str], edges: Ints, wanted: Marks, touching: tuple[int, int]) -> tuple[Ints, Ints]:
    """First and end of the runs that may be like a wanted passage by their length; they begin and end with letters."""
    said = np.flatnonzero([bool(f) for f in folded])
    low = max(int(wanted.lengths.min() * (1 - STRETCH)), 2)
    high = int(wanted.lengths.max() * (1 + STRETCH)) + 1
    firsts, ends = [], []
    for first in said[said < touching[1]].tolist():
        last = said[(said >= max(first, touching[0]))]
        length = edges[last + 1] - edges[first]
        some = last[(length >= low) & (length <= high)] + 1
        firsts.append(np.full(len(some), first))
        ends.append(some)
    nothing = np.zeros(0, np.int64)
    return np.concatenate([nothing, *firsts]), np.concatenate([nothing, *ends])


def _sums(said: str) -> NDArray[np.int32]:
    """Running sums of the votes of a text's pairs of letters: int32 (letters, bits), of none in the first row."""
    codes = np.frombuffer(said.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    pairs = (codes[:-1] << np.uint64(32)) | codes[1:]
    halves = np.stack([_mixed(pairs * odd) for odd in _ODD], axis=1).astype("<u8")
    votes = np.unpackbits(halves.view(np.uint8).reshape(-1, BITS // 8), axis=1).astype(np.int8) * 2 - 1
    return np.concatenate((np.zeros((1, BITS), np.int32), np.cumsum(votes, axis=0, dtype=np.int32)))


def _mixed(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Keys with every bit depending on all (SplitMix64's finish)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def _packed(votes: NDArray[np.int32]) -> NDArray[np.uint8]:
    return np.packbits(votes > 0, axis=-1)
