"""Entries to candidates: which pairs of articles share so many keys that comparing their texts is worth it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Flags, Floats, Ints
from zhengwen.dedup.entries import COMMON, by_article, groups, key_of, number_of, of_articles, without
from zhengwen.dedup.sketch import GRAM, SHINGLE, Keys
from zhengwen.dedup.verify import Limits

_NEIGHBOURS = 2
_BATCH = 1 << 22
"""Pairs that are handled at a time: bounds memory."""
_RANK = np.uint64(32)
_LOW = np.uint64(2**32 - 1)
_STRICT, _LOOSE = 1.5, 3.5
"""Standard deviations that the number of shared keys may stay below what is expected of a copy that is only just
enough of one, with its edits spread evenly: for parts of a longer article, and for articles as long as each other."""
_LEAST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidates: article ``first[i]`` may stand for article ``second[i]``, or the other way round.

    first, second: int64 (pairs,), ``first < second``; sorted by both; no pair twice.
    """

    first: Ints
    second: Ints

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Pairs that share keys.

    shared: int64 (pairs,), how many; of those that are common, only those that made them a pair.
    common: uint64, the keys that more than `COMMON` articles carry, sorted.
    """

    pairs: Pairs
    shared: Ints
    common: Keys


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the articles of a run beside their keys.

    ranks: int64 (articles,), place of each in the order of keepers: who stands for whom.
    lengths: int32 (articles,), code units of the folded texts.
    fixed: bool (articles,), decided before: no two of them are compared.
    highest: int64 (articles, 2), see `highest`.
    """

    ranks: Ints
    lengths: NDArray[np.int32]
    fixed: Flags
    highest: Ints


def candidates(packed: Keys, several: Keys, facts: Facts, limits: Limits, chosen: Flags) -> tuple[Pairs, Keys]:
    """The pairs of chosen articles (bool, (articles,)) worth comparing, and the common keys, from sorted entries and
    from those of them that `shared` gives."""
    found = sharing(several, facts, chosen)
    concerned = np.zeros(len(chosen), np.bool_)
    concerned[found.pairs.first] = concerned[found.pairs.second] = True
    return enough(found, of_articles(packed, concerned), facts, limits), found.common


def sharing(several: Keys, facts: Facts, chosen: Flags) -> Sharing:
    """The pairs of chosen articles that share a key, from the entries that `shared` gives."""
    several = several[chosen[number_of(several)]]
    begins, sizes = groups(several)
    light = _count(_light(several, begins, sizes), facts.fixed)
    heavy = _count(_heavy(several, begins, sizes, facts.ranks), facts.fixed)
    codes, counts = _sum(*light, *heavy)
    pairs = Pairs((codes >> _RANK).astype(np.int64), (codes & _LOW).astype(np.int64))
    return Sharing(pairs, counts, key_of(several[begins[sizes > COMMON]]))


def enough(found: Sharing, packed: Keys, facts: Facts, limits: Limits) -> Pairs:
    """The pairs that share as many keys as copies must; ``packed`` are all entries of their articles, and is lost."""
    pairs = found.pairs
    fits = found.shared >= _required(pairs, without(packed, found.common), facts, limits)
    return Pairs(pairs.first[fits], pairs.second[fits])


def _common(begins: Ints, sizes: Ints) -> Iterator[slice]:
    for begin, size in zip(*(a[sizes > COMMON].tolist() for a in (begins, sizes)), strict=True):
        yield slice(begin, begin + size)


def _light(packed: Keys, begins: Ints, sizes: Ints) -> Iterator[tuple[Ints, Ints]]:
    """All pairs of articles that share a key."""
    for size in np.flatnonzero(np.bincount(sizes[sizes <= COMMON])).tolist():
        of_size = begins[sizes == size]
        a, b = np.triu_indices(size, 1)
        step = max(1, _BATCH // len(a))
        for at in range(0, len(of_size), step):
            numbers = number_of(packed[of_size[at : at + step, None] + np.arange(size)])
            yield numbers[:, a].ravel(), numbers[:, b].ravel()


def _heavy(packed: Keys, begins: Ints, sizes: Ints, ranks: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Of the articles that share a common key, each with the first in the order of keepers and with the next few."""
    for group in _common(begins, sizes):
        numbers = number_of(packed[group])
        numbers = numbers[np.argsort(ranks[numbers])]
        yield np.full(len(numbers) - 1, numbers[0]), numbers[1:]
        for step in range(1, _NEIGHBOURS + 1):
            yield numbers[:-step], numbers[step:]


def _count(source: Iterator[tuple[Ints, Ints]], fixed: Flags) -> tuple[Keys, Ints]:
    """Each pair once, as one number, and how often it came."""
    pairs, counts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    waiting: list[Keys] = []
    size = 0
    for a, b in source:
        open_ = ~(fixed[a] & fixed[b])
        low, high = np.minimum(a, b)[open_], np.maximum(a, b)[open_]
        waiting.append(low.astype(np.uint64) << _RANK | high.astype(np.uint64))
        size += len(low)
        if size >= _BATCH:
            pairs, counts = _sum(pairs, counts, *_tally(waiting))
            waiting, size = [], 0
    return _sum(pairs, counts, *_tally(waiting))


def _tally(waiting: list[Keys]) -> tuple[Keys, Ints]:
    codes = np.concatenate(waiting) if waiting else np.zeros(0, np.uint64)
    return _runs(codes, np.ones(len(codes), np.int64))


def _sum(pairs: Keys, counts: Ints, more: Keys, more_counts: Ints) -> tuple[Keys, Ints]:
    """Two tallies as one."""
    if not len(more):
        return pairs, counts
    return _runs(np.concatenate((pairs, more)), np.concatenate((counts, more_counts)))


def _runs(codes: Keys, counts: Ints) -> tuple[Keys, Ints]:
    """Each code once, sorted, with the sum of its counts."""
    if not len(codes):
        return codes, counts
    by_code = np.argsort(codes, kind="stable")
    codes = codes[by_code]
    firsts = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    return codes[firsts], np.add.reduceat(counts[by_code], firsts)


def _required(pairs: Pairs, telling: Keys, facts: Facts, limits: Limits) -> Floats:
    """How many keys each pair must share.

    Below the rank up to which both articles are known, all keys of either are known; what share of the shorter one's
    the other has too estimates the containment (Hera, Pierce-Ward and Koslicki, "Deriving confidence intervals for
    mutation rates across a wide range of evolutionary distances using FracMinHash", 2023).
    """
    lengths = facts.lengths.astype(np.int64)
    swap = lengths[pairs.first] > lengths[pairs.second]
    shorter = np.where(swap, pairs.second, pairs.first)
    longer = np.where(swap, pairs.first, pairs.second)
    near = lengths[shorter] >= limits.similarity * lengths[longer]
    known = _known(telling, pairs, facts)
    of_shorter = np.where(swap, known[:, 1], known[:, 0])
    of_longer = np.where(swap, known[:, 0], known[:, 1])
    counted = np.where(facts.fixed[shorter], np.where(near, of_longer, 0), of_shorter)
    counted = np.where(near & ~facts.fixed[longer], np.minimum(counted, of_longer), counted)
    share = max(1 - SHINGLE / GRAM * (1 - limits.share), _LEAST_SHARE)
    spread = np.sqrt(counted * share * (1 - share))
    required: Floats = np.maximum(counted * share - np.where(near, _LOOSE, _STRICT) * spread, 1)
    return required


def _known(telling: Keys, pairs: Pairs, facts: Facts) -> Ints:
    """Keys of the first and of the second (int64, (pairs, 2)) that rank no higher than either is known, among those
    that tell something."""
    known = np.zeros((len(pairs), 2), np.int64)
    for sort in range(2):
        ranked = by_article(telling, sort)
        limit = np.minimum(facts.highest[pairs.first, sort], facts.highest[pairs.second, sort])
        begins = np.searchsorted(ranked, np.arange(len(facts.lengths)) << 33)
        for side, articles in enumerate((pairs.first, pairs.second)):
            upto = np.searchsorted(ranked, (articles << 33) + limit, side="right")
            known[:, side] += np.where(limit < 0, 0, upto - begins[articles])
    return known
