"""Keys to entries: a key and an article in one number; what is asked of many of them, sorted.

An entry is a key and an article in 64 bits: 40 of the key, then the article's number. Sorted, entries of one key stand
together, in the order of ranks.
"""

import numpy as np

from zhengwen.blocks import Flags, Ints
from zhengwen.dedup.sketch import NO_KEY, Keys

ARTICLES = 1 << 24
"""Articles, at most, that can be numbered."""
COMMON = 50
"""A key that more articles carry is a common passage, or a text with very many copies: its articles are compared with
the first of them and with their neighbours only, so that work does not grow with the square."""
_BLOCK = 1 << 16
"""Entries that are handled at a time: bounds memory, and they stay in the processor's cache."""
_KEY = np.uint64(24)
_NUMBER = np.uint64(ARTICLES - 1)
_RANK = np.uint64(32)
_GRAM_BIT = np.uint64(1 << 31)


def entries(keys: Keys, numbers: Ints) -> Keys:
    """The sorted entries of articles with the given numbers; ``keys`` is (articles, slots)."""
    flat = pack(keys, numbers)
    flat.sort()
    return flat


def pack(keys: Keys, numbers: Ints) -> Keys:
    """The entries as they come."""
    both = (keys << _KEY | numbers.astype(np.uint64)[:, None]).ravel()
    given = keys.ravel() != NO_KEY
    return both if given.all() else both[np.flatnonzero(given)]


def highest(keys: Keys) -> Ints:
    """How far each article (of ``keys``, (articles, slots), the lowest first) is known: int64 (articles, 2), the
    highest rank of its shingles and of its 5-grams among its keys; 2³² if all are among them, -1 if it has no keys of
    the sort."""
    half = keys.shape[1] // 2
    with_grams = (keys[:, half] != NO_KEY) & (keys[:, half] >> np.uint64(7) & np.uint64(1)).astype(np.bool_)
    found = np.full((len(keys), 2), -1, np.int64)
    last = np.where(with_grams, keys[:, half - 1], keys[:, -1])
    found[:, 0] = _highest(keys[:, 0], last)
    found[with_grams, 1] = _highest(keys[with_grams, half], keys[with_grams, -1])
    return found


def _highest(first: Keys, last: Keys) -> Ints:
    top = np.where(last == NO_KEY, 2**32, (last >> np.uint64(8)).astype(np.int64))
    none: Ints = np.where(first == NO_KEY, -1, top)
    return none


def key_of(packed: Keys) -> Keys:
    """The keys of entries."""
    return packed >> _KEY


def number_of(packed: Keys) -> Ints:
    """The articles of entries."""
    return (packed & _NUMBER).view(np.int64)


def matching(packed: Keys, wanted: Keys, limit: int = COMMON) -> Keys:
    """The entries (of sorted ``packed``) whose key is wanted (sorted, distinct) and in ``limit`` articles at most."""
    low = np.searchsorted(packed, wanted << _KEY)
    counts = np.searchsorted(packed, wanted << _KEY | _NUMBER, side="right") - low
    some = (counts > 0) & (counts <= limit)
    low, counts = low[some], counts[some]
    places = np.repeat(low - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    return np.asarray(packed[places])


def carriers(packed: Keys, common: Keys, articles: int) -> Flags:
    """Which of so many articles carry a common key (sorted, distinct), from sorted entries: bool (articles,)."""
    found = np.zeros(articles, np.bool_)
    found[number_of(matching(packed, common, ARTICLES))] = True
    return found


def of_articles(packed: Keys, chosen: Flags) -> Keys:
    """The entries of the chosen articles (bool, (articles,))."""
    blocks = range(0, len(packed), _BLOCK)
    counts = [int(np.count_nonzero(chosen.take(number_of(packed[at : at + _BLOCK])))) for at in blocks]
    found = np.empty(sum(counts), np.uint64)
    end = 0
    for at, count in zip(blocks, counts, strict=True):
        part = packed[at : at + _BLOCK]
        found[end : end + count] = part[np.flatnonzero(chosen.take(number_of(part)))]
        end += count
    return found


def without(packed: Keys, common: Keys) -> Keys:
    """The entries whose key is not common (sorted), moved together where they are."""
    end = 0 if len(common) else len(packed)
    for at in range(0, len(packed) if len(common) else 0, _BLOCK):
        part = packed[at : at + _BLOCK]
        keys = key_of(part)
        kept = part[common[np.minimum(np.searchsorted(common, keys), len(common) - 1)] != keys]
        packed[end : end + len(kept)] = kept
        end += len(kept)
    return packed[:end]


def shared(packed: Keys) -> Keys:
    """The entries of keys that two and more articles carry."""
    again = _continues(packed)
    return packed[again[1:] | again[:-1]]


def _continues(packed: Keys) -> Flags:
    """Whether each entry (bool, (entries + 1,), False at the end) has the key of the one before."""
    again = np.zeros(len(packed) + 1, np.bool_)
    for at in range(1, len(packed), _BLOCK):
        keys = key_of(packed[at - 1 : at + _BLOCK])
        again[at : at + len(keys) - 1] = keys[1:] == keys[:-1]
    return again


def groups(packed: Keys) -> tuple[Ints, Ints]:
    """Where the entries of each key that two and more articles carry begin, and how many they are."""
    again = _continues(packed)
    begins = np.flatnonzero(again[1:] & ~again[:-1])
    ends = np.flatnonzero(again[:-1] & ~again[1:]) + 1
    return begins, ends - begins


def by_article(packed: Keys, sort: int) -> Ints:
    """Article and rank (33 bits) of the entries of one sort of keys (0 for shingles, 1 for 5-grams), sorted."""
    found = np.empty(len(packed), np.int64)
    end = 0
    for at in range(0, len(packed), _BLOCK):
        part = packed[at : at + _BLOCK]
        part = part[((part & _GRAM_BIT) != 0) == sort]
        found[end : end + len(part)] = number_of(part) << 33 | (part >> _RANK).astype(np.int64)
        end += len(part)
    found = found[:end]
    found.sort()
    return found
