"""Folded texts to keys: what two articles share if one stands for the other, in 256 bytes an article.

The keys of an article are the lowest hashes of its shingles of 16 characters (a bottom-k sketch: Broder, "On the
resemblance and containment of documents", 1997). An article that is a part of another shares, of the other's keys, as
large a share as it has of its text; so one kind of key finds copies, edited copies, truncated and embedded ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from zhengwen.blocks import Ints
from zhengwen.dedup.fold import CHUNK, Codes, Folded

Keys = NDArray[np.uint64]
Ranks = NDArray[np.uint32]

ALGORITHM = 1
"""Number of the way from text to keys; stored beside them. It changes with folding, shingles, hashes or slots."""
GRAM = 5
"""Characters of the n-grams on which resemblance and containment are defined."""
SHINGLE = 16
"""Characters of the runs that keys are made of: long enough to be rare, short enough to survive edits."""
SLOTS = 32
SHORT = 128
"""Articles of fewer code units give half their slots to 5-grams: an edit may touch all of their shingles."""
NO_KEY = np.uint64(2**64 - 1)
_SPARE = 2
"""How many times `SLOTS` shingles are expected below the threshold that picks which are sorted."""
_BASE = 0x9E3779B97F4A7C15
_WEIGHTS = np.array([pow(_BASE, SHINGLE - 1 - k, 2**64) for k in range(SHINGLE)], np.uint64)


@dataclass(frozen=True, slots=True)
class Sketches:
    """What is kept in memory of a batch of articles.

    exact: uint64 (articles,), xxh3 of the folded text: the same for exact copies.
    lengths: int32 (articles,), code units of the folded text.
    dates: int64 (articles,), see `Folded.dates`.
    keys: uint64 (articles, `SLOTS`), `NO_KEY` where an article has fewer. The upper 32 of a key's 40 bits are the
        shingle's rank, by which the lowest are chosen; then a bit that tells 5-grams from shingles; then 7 more of a
        second hash, since the ranks that are chosen are all low.
    """

    exact: Keys
    lengths: NDArray[np.int32]
    dates: Ints
    keys: Keys

    def __len__(self) -> int:
        return len(self.exact)


def join(parts: Sequence[Sketches]) -> Sketches:
    """The sketches of several batches as one."""
    if not parts:
        return Sketches(np.zeros(0, np.uint64), np.zeros(0, np.int32), np.zeros(0, np.int64), _none(0))
    return Sketches(
        np.concatenate([p.exact for p in parts]),
        np.concatenate([p.lengths for p in parts]),
        np.concatenate([p.dates for p in parts]),
        np.concatenate([p.keys for p in parts]),
    )


def sketch(folded: Folded) -> Sketches:
    """The sketches of a batch; an article's do not depend on the others."""
    bounds = pairwise((2 * folded.starts).tolist())
    raw = folded.codes.view(np.uint8).data
    exact = np.array([xxhash.xxh3_64_intdigest(raw[begin:end]) for begin, end in bounds], np.uint64)
    lengths = np.diff(folded.starts)
    keys = lowest(folded.codes, folded.starts, SHINGLE, SLOTS)
    short = np.flatnonzero((lengths < SHORT) & (lengths >= GRAM))
    if len(short):
        codes = np.concatenate([folded.article(n) for n in short.tolist()])
        starts = np.concatenate(([0], np.cumsum(lengths[short])))
        keys[short, SLOTS // 2 :] = lowest(codes, starts, GRAM, SLOTS // 2)
    return Sketches(exact, lengths.astype(np.int32), folded.dates, keys)


def lowest(codes: Codes, starts: Ints, order: int, slots: int) -> Keys:
    """Keys (uint64, (articles, slots)) of the ``slots`` distinct runs of ``order`` codes whose ranks are lowest."""
    keys = _none(len(starts) - 1)[:, :slots].copy()
    runs = np.maximum(np.diff(starts) - order + 1, 0)
    if not runs.any():
        return keys
    hashed = ranks(codes, order)
    share = np.minimum(_SPARE * slots / np.maximum(runs, 1), 1)
    thresholds = (share * (2**32 - 1)).astype(np.uint32)
    places = np.flatnonzero(hashed <= np.repeat(thresholds, np.diff(np.minimum(starts, len(hashed)))))
    too_few = _fill(keys, codes, hashed, places, starts, order)
    again = too_few[thresholds[too_few] < 2**32 - 1]
    if len(again):
        spans = [np.arange(starts[n], starts[n] + runs[n]) for n in again.tolist()]
        _fill(keys, codes, hashed, np.concatenate(spans), starts, order)
    return keys


def _none(articles: int) -> Keys:
    return np.full((articles, SLOTS), NO_KEY)


def ranks(codes: Codes, order: int) -> Ranks:
    """A 32-bit hash of each run of ``order`` codes, by which runs are ordered."""
    found = np.empty(max(len(codes) - order + 1, 0), np.uint32)
    for at in range(0, len(found), CHUNK):
        hashed = polynomial(codes[at : at + CHUNK + order - 1].astype(np.uint32), order, np.uint32)
        hashed ^= hashed >> np.uint32(16)
        hashed *= np.uint32(0x7FEB352D)
        np.bitwise_xor(hashed, hashed >> np.uint32(15), out=found[at : at + CHUNK])
    return found


def polynomial(codes: NDArray[Any], order: int, kind: type[np.uint32] | type[np.uint64]) -> NDArray[Any]:
    """The polynomial of each run of ``order`` codes, modulo 2³² or 2⁶⁴ as ``kind`` says."""
    if order == 1:
        return codes
    modulus = 2 ** (8 * kind().itemsize)
    half = order // 2
    shorter = polynomial(codes, half, kind)
    hashed = shorter[:-half] * kind(pow(_BASE, half, modulus))
    hashed += shorter[half:]
    if order % 2:
        hashed = hashed[:-1] * kind(_BASE % modulus)
        hashed += codes[order - 1 :]
    return hashed


def mixed(hashed: Keys) -> Keys:
    """Spreads a 64-bit polynomial over all bits."""
    hashed = hashed ^ (hashed >> np.uint64(32))
    hashed *= np.uint64(0xD6E8FEB86659FD93)
    hashed ^= hashed >> np.uint64(32)
    return hashed


def _fill(keys: Keys, codes: Codes, hashed: Ranks, places: Ints, starts: Ints, order: int) -> Ints:
    """Writes the lowest of the given places (sorted) into the keys of their articles; returns the articles that got
    too few. Places whose run does not end in its article count for nothing."""
    owner = np.repeat(np.arange(len(keys)), np.diff(np.searchsorted(places, starts)))
    inside = np.flatnonzero(places + order <= starts[owner + 1])
    owner, places = owner[inside], places[inside]
    packed = owner.astype(np.uint64) << np.uint64(32) | hashed[places]
    by_rank = np.argsort(packed)
    packed, places = packed[by_rank], places[by_rank]
    first = np.flatnonzero(np.concatenate(([True], packed[1:] != packed[:-1]))[: len(packed)])
    packed, places = packed[first], np.minimum.reduceat(places, first) if len(first) else places
    counts = np.bincount((packed >> np.uint64(32)).astype(np.int64), minlength=len(keys))
    slot = np.arange(len(packed)) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen = slot < keys.shape[1]
    packed, slot, places = packed[chosen], slot[chosen], places[chosen]
    runs = np.lib.stride_tricks.sliding_window_view(codes, order)[places]
    more = mixed(runs.astype(np.uint64) @ _WEIGHTS[-order:]) >> np.uint64(57) | np.uint64((order == GRAM) << 7)
    keys[packed >> np.uint64(32), slot] = packed << np.uint64(32) >> np.uint64(24) | more
    few: Ints = np.flatnonzero(counts < keys.shape[1])
    return few
