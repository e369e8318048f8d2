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
_MORE = 16
"""How many times as many are expected below the next one, where these are not enough."""
_UNSETTLED = np.uint32(2**17 - 1)
"""The bits of a rank that its last step may change."""
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


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of codes in a batch of articles, by place.

    owner: int64 (runs,), the number of the article that each is in.
    places: int64 (runs,), where each begins.
    ranks: uint32 (runs,), a hash of each, by which runs are ordered.
    """

    owner: Ints
    places: Ints
    ranks: Ranks


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
        keys[short, SLOTS // 2 :] = lowest(*_only(folded.codes, folded.starts, short), GRAM, SLOTS // 2)
    return Sketches(exact, lengths.astype(np.int32), folded.dates, keys)


def lowest(codes: Codes, starts: Ints, order: int, slots: int, spare: int = _SPARE) -> Keys:
    """Keys (uint64, (articles, slots)) of the ``slots`` different runs of ``order`` codes whose ranks are lowest.

    Only runs below a threshold are sorted: one below which ``spare`` times ``slots`` of an article's are expected. An
    article that repeats itself may have too few different ones there; it is looked through again with a higher one.
    """
    runs = np.maximum(np.diff(starts) - order + 1, 0)
    share = np.minimum(spare * slots / np.maximum(runs, 1), 1)
    low = low_runs(codes, starts, order, (share * (2**32 - 1)).astype(np.uint32))
    keys, counts = _fill(low, codes, len(runs), order, slots)
    again = np.flatnonzero((counts < slots) & (share < 1))
    if len(again):
        keys[again] = lowest(*_only(codes, starts, again), order, slots, spare * _MORE)
    return keys


def _only(codes: Codes, starts: Ints, articles: Ints) -> tuple[Codes, Ints]:
    """The codes of some articles of a batch, end to end, and where each begins."""
    parts = [codes[starts[n] : starts[n + 1]] for n in articles.tolist()]
    return np.concatenate(parts), np.cumsum([0, *map(len, parts)])


def _none(articles: int, slots: int = SLOTS) -> Keys:
    return np.full((articles, slots), NO_KEY)


def low_runs(codes: Codes, starts: Ints, order: int, bounds: Ranks) -> Runs:
    """The runs of ``order`` codes whose rank is at most their article's bound (with the bits of `_UNSETTLED` set)."""
    bound = np.repeat(bounds | _UNSETTLED, np.diff(starts))
    places, ranks = [np.zeros(0, np.int64)], [np.zeros(0, np.uint32)]
    for at in range(0, len(codes) - order + 1, CHUNK):
        unsettled = _unsettled(codes[at : at + CHUNK + order - 1], order)
        low = np.flatnonzero(unsettled <= bound[at : at + len(unsettled)])
        places.append(low + at)
        ranks.append(_settled(unsettled.take(low)))
    found = Runs(np.zeros(0, np.int64), np.concatenate(places), np.concatenate(ranks))
    owner = np.repeat(np.arange(len(bounds)), np.diff(np.searchsorted(found.places, starts)))
    whole = np.flatnonzero(found.places + order <= starts[owner + 1])
    return Runs(owner[whole], found.places[whole], found.ranks[whole])


def _unsettled(codes: Codes, order: int) -> Ranks:
    """Ranks but for the last step, `_settled`, which changes only the bits of `_UNSETTLED`."""
    hashed = polynomial(codes.astype(np.uint32), order, np.uint32)
    hashed ^= hashed >> np.uint32(16)
    hashed *= np.uint32(0x7FEB352D)
    return hashed


def _settled(unsettled: Ranks) -> Ranks:
    return unsettled ^ (unsettled >> np.uint32(15))


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


def _fill(low: Runs, codes: Codes, articles: int, order: int, slots: int) -> tuple[Keys, Ints]:
    """Keys (uint64, (articles, slots)) of the lowest of some runs, and how many different ones each article has."""
    keys = _none(articles, slots)
    packed = low.owner.astype(np.uint64) << np.uint64(32) | low.ranks
    by_rank = np.argsort(packed, kind="stable")
    packed, places = packed[by_rank], low.places[by_rank]
    first = np.flatnonzero(np.concatenate(([True], packed[1:] != packed[:-1]))[: len(packed)])
    packed, places = packed[first], places[first]
    counts = np.bincount((packed >> np.uint64(32)).astype(np.int64), minlength=articles)
    slot = np.arange(len(packed)) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen = np.flatnonzero(slot < slots)
    packed, slot = packed[chosen], slot[chosen]
    more = _second(codes, places[chosen], order) >> np.uint64(57) | np.uint64((order == GRAM) << 7)
    keys[packed >> np.uint64(32), slot] = packed << np.uint64(32) >> np.uint64(24) | more
    return keys, counts


def _second(codes: Codes, places: Ints, order: int) -> Keys:
    """A 64-bit hash of the runs of ``order`` codes at some places."""
    runs = codes.take(places + np.arange(order)[:, None]).astype(np.uint64)
    runs *= _WEIGHTS[-order:, None]
    return mixed(runs.sum(axis=0))
