"""Keys to candidates: which pairs of articles share enough keys to be compared.

An entry is a key and an article in 64 bits: the key's upper 36, then the article's number. Sorted, entries of one key
stand together. Two strangers among a million articles share a key by chance once in some thousand articles; comparing
the texts then tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zhengwen.blocks import Flags, Ints
from zhengwen.dedup.sketch import NO_KEY, Keys

ARTICLE_BITS = np.uint64(28)
ARTICLES = 1 << 28
"""Articles, at most, that can be numbered."""
COMMON = 100
"""A key that more articles carry is a common passage, or a text with very many copies: its articles are compared with
the first of them and with their neighbours only, so that work does not grow with the square."""
_NEIGHBOURS = 2
_FULL = 24
"""Keys of an article, not counting common ones, from which on their number tells something."""
_BATCH = 1 << 22
"""Pairs that are counted at a time: bounds memory."""
_NUMBER = np.uint64(ARTICLES - 1)
_PAIR = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidates: article ``first[i]`` may stand for article ``second[i]``, or the other way round.

    first, second: int64 (pairs,), ``first < second``; sorted by both; no pair twice.
    """

    first: Ints
    second: Ints

    def __len__(self) -> int:
        return len(self.first)


def entries(keys: Keys, numbers: Ints) -> Keys:
    """The sorted entries of articles with the given numbers; ``keys`` is (articles, slots)."""
    packed = (keys >> ARTICLE_BITS << ARTICLE_BITS) | numbers.astype(np.uint64)[:, None]
    flat: Keys = packed[keys != NO_KEY]
    flat.sort()
    return flat


def key_of(packed: Keys) -> Keys:
    """The keys of entries."""
    return packed >> ARTICLE_BITS


def number_of(packed: Keys) -> Ints:
    """The articles of entries."""
    return (packed & _NUMBER).astype(np.int64)


def matching(packed: Keys, wanted: Keys, limit: int) -> Keys:
    """The entries (of sorted ``packed``) whose key is wanted (sorted, distinct) and that ``limit`` articles at most carry."""
    low = np.searchsorted(packed, wanted << ARTICLE_BITS)
    counts = np.searchsorted(packed, wanted << ARTICLE_BITS | _NUMBER, side="right") - low
    some = (counts > 0) & (counts <= limit)
    low, counts = low[some], counts[some]
    places = np.repeat(low - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    return np.asarray(packed[places])


def candidates(packed: Keys, ranks: Ints, lengths: Ints, fixed: Flags) -> Pairs:
    """The pairs worth comparing.

    packed: sorted entries.
    ranks: int64 (articles,), place of each article in the order of keepers: who stands for whom.
    lengths: (articles,), code units of the folded texts.
    fixed: bool (articles,), articles that were decided before: no two of them are compared.
    """
    begins, sizes = _groups(packed)
    usable = _usable(packed, begins, sizes, len(ranks))
    counted = _count(_light(packed, begins, sizes), fixed)
    far = _count(_heavy(packed, begins, sizes, ranks), fixed)
    pairs, shared = _sum(*counted, *far)
    first, second = (pairs >> _PAIR).astype(np.int64), (pairs & np.uint64(2**32 - 1)).astype(np.int64)
    low = np.minimum(lengths[first], lengths[second])
    high = np.maximum(lengths[first], lengths[second])
    required = 1 + (2 * low >= high) + (5 * low >= 4 * high)
    telling = np.minimum(usable[first], usable[second]) >= _FULL
    enough = (shared >= required) | ~telling
    return Pairs(first[enough], second[enough])


def _groups(packed: Keys) -> tuple[Ints, Ints]:
    """Where the entries of each key that two and more articles carry begin, and how many they are."""
    keys = key_of(packed)
    edges = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    begins = np.concatenate(([0], edges))
    sizes = np.diff(np.concatenate((begins, [len(packed)])))
    several = sizes > 1
    return begins[several], sizes[several]


def _usable(packed: Keys, begins: Ints, sizes: Ints, articles: int) -> Ints:
    """How many keys of each article are not common."""
    usable = np.bincount(number_of(packed), minlength=articles)
    for place, size in zip(*(a[sizes > COMMON].tolist() for a in (begins, sizes)), strict=True):
        usable[number_of(packed[place : place + size])] -= 1
    return usable


def _light(packed: Keys, begins: Ints, sizes: Ints) -> Iterator[tuple[Ints, Ints]]:
    """All pairs of articles that share a key."""
    for size in np.unique(sizes[sizes <= COMMON]).tolist():
        of_size = begins[sizes == size]
        a, b = np.triu_indices(size, 1)
        step = max(1, _BATCH // len(a))
        for at in range(0, len(of_size), step):
            numbers = number_of(packed[of_size[at : at + step, None] + np.arange(size)])
            yield numbers[:, a].ravel(), numbers[:, b].ravel()


def _heavy(packed: Keys, begins: Ints, sizes: Ints, ranks: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Of the articles that share a common key, each with the first in the order of keepers and with the next few."""
    for place, size in zip(*(a[sizes > COMMON].tolist() for a in (begins, sizes)), strict=True):
        numbers = number_of(packed[place : place + size])
        numbers = numbers[np.argsort(ranks[numbers])]
        yield np.full(size - 1, numbers[0]), numbers[1:]
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
        waiting.append(low.astype(np.uint64) << _PAIR | high.astype(np.uint64))
        size += len(low)
        if size >= _BATCH:
            pairs, counts = _sum(pairs, counts, *_tally(waiting))
            waiting, size = [], 0
    return _sum(pairs, counts, *_tally(waiting))


def _tally(waiting: list[Keys]) -> tuple[Keys, Ints]:
    return np.unique(np.concatenate(waiting or [np.zeros(0, np.uint64)]), return_counts=True)


def _sum(pairs: Keys, counts: Ints, more: Keys, more_counts: Ints) -> tuple[Keys, Ints]:
    """Two tallies as one."""
    if not len(more) or not len(pairs):
        return (pairs, counts) if len(pairs) else (more, more_counts)
    together, places = np.unique(np.concatenate((pairs, more)), return_inverse=True)
    return together, np.bincount(places, np.concatenate((counts, more_counts))).astype(np.int64)
