"""Two folded texts to how alike they are, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from zhengwen.blocks import Ints
from zhengwen.dedup.fold import Codes
from zhengwen.dedup.sketch import GRAM, Keys, Ranks, low_runs, polynomial

_NO_CODES = np.zeros(0, np.uint16)
_EIGHTH = np.uint32((1 << 29) - 1)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""An odd number: times it, every bit of a hash counts for the upper ones, which choose a slot of a table."""
_ROOM = 3
"""A table has at least two raised to this times as many slots as it takes hashes, and up to twice that."""
_TABLE = 22
"""Bits of the largest table."""
_DEVIATIONS = 5
"""Standard deviations, by chance, that a sample may be below what it should be."""


class Reason(StrEnum):
    """Why an article is left out."""

    EXACT = "exact"
    NEAR = "near"
    CONTAINED = "contained"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike an article and its keeper are, on the sets of their character 5-grams.

    jaccard: shared 5-grams by those of either.
    containment: shared 5-grams by those of the article.
    same: the folded texts are the same.
    """

    jaccard: float
    containment: float
    same: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on an article is left out.

    near: whether other than exact copies are left out.
    similarity: least Jaccard of a near copy.
    containment: least containment of an article in its keeper.
    """

    near: bool = True
    similarity: float = 0.8
    containment: float = 0.9

    def reason(self, likeness: Likeness) -> Reason | None:
        """Why the article is left out, or None if it stays."""
        if likeness.same:
            return Reason.EXACT
        if self.near and likeness.jaccard >= self.similarity:
            return Reason.NEAR
        if self.near and likeness.containment >= self.containment:
            return Reason.CONTAINED
        return None

    @property
    def share(self) -> float:
        """Least share of an article's 5-grams that stand in its keeper, for either reason, if both are as long."""
        return min(self.containment, 2 * self.similarity / (1 + self.similarity))


class Text:
    """What is compared of one article.

    codes: its folded text.
    """

    __slots__ = ("_grams", "_sample", "codes")

    def __init__(self, codes: Codes) -> None:
        self.codes = codes
        self._sample: Ranks | None = None
        self._grams: Keys | None = None

    @property
    def sample(self) -> Ranks:
        """The distinct 32-bit hashes of its 5-grams that are in the lowest eighth, sorted."""
        if self._sample is None:
            (self._sample,) = _samples([self.codes])
        return self._sample

    @property
    def grams(self) -> Keys:
        """The 64-bit hashes of its 5-grams, in the order of the text."""
        if self._grams is None:
            whole = self.codes if len(self.codes) >= GRAM else self.codes[:0]
            self._grams = polynomial(whole.astype(np.uint64), GRAM, np.uint64)
        return self._grams


def take_samples(texts: Sequence[Text]) -> None:
    """Takes the samples of several articles together, which costs a third of taking one by one."""
    for text, sample in zip(texts, _samples([t.codes for t in texts]), strict=True):
        text._sample = sample


def _samples(articles: Sequence[Codes]) -> list[Ranks]:
    """See `Text.sample`."""
    starts = np.cumsum([0, *map(len, articles)])
    low = low_runs(np.concatenate([_NO_CODES, *articles]), starts, GRAM, np.full(len(articles), _EIGHTH))
    bounds = np.searchsorted(low.owner, np.arange(len(articles) + 1))
    for begin, end in pairwise(bounds.tolist()):
        low.ranks[begin:end].sort()
    first = np.ones(len(low.ranks) + 1, np.bool_)
    np.not_equal(low.ranks[1:], low.ranks[:-1], out=first[1:-1])
    first[bounds] = True
    different, begins = low.ranks[first[:-1]], np.concatenate(([0], np.cumsum(first)))[bounds]
    return [different[begin:end] for begin, end in pairwise(begins.tolist())]


def compare(article: Text, keeper: Text, limits: Limits) -> Likeness | None:
    """How alike the two are; None if an eighth of the 5-grams shows already that neither limit can be met.

    By chance that is wrong for one in three million of the pairs that only just meet one. An article of fewer than five
    letters is like nothing but itself.
    """
    if len(article.codes) == len(keeper.codes) and bool((article.codes == keeper.codes).all()):
        return Likeness(1.0, 1.0, True)
    tried, needed = len(article.sample), min(limits.similarity, limits.containment)
    least = tried * needed - _DEVIATIONS * (tried * needed * (1 - needed)) ** 0.5
    if _shared(article.sample, keeper.sample) < least:
        return None
    in_article, in_keeper, in_both = sizes(article.grams, keeper.grams)
    return Likeness(in_both / max(in_article + in_keeper - in_both, 1), in_both / max(in_article, 1), False)


def _shared(one: Ranks, other: Ranks) -> int:
    """How many numbers two sorted sets have in common."""
    both = np.concatenate((one, other))
    both.sort(kind="stable")
    return int(np.count_nonzero(both[1:] == both[:-1]))


def sizes(one: Keys, other: Keys) -> tuple[int, int, int]:
    """How many different hashes are in the one, in the other, in both."""
    stands = _representatives(np.concatenate((one, other)))
    in_one, in_other = np.zeros((2, len(stands)), np.bool_)
    in_one[stands[: len(one)]] = True
    in_other[stands[len(one) :]] = True
    return int(np.count_nonzero(in_one)), int(np.count_nonzero(in_other)), int(np.count_nonzero(in_one & in_other))


def _representatives(hashes: Keys) -> Ints:
    """For each hash a place of the same one: one place for all that are the same.

    Exact, and without sorting: all places are written into a table, each into the slot that its hash gives; whichever
    stays in a slot stands for its hash, and those that find another hash in their slot try again among themselves.
    """
    spread = hashes * _SPREAD
    bits = min(len(hashes).bit_length() + _ROOM, _TABLE)
    slots = (spread >> np.uint64(64 - bits)).view(np.int64)
    table = np.empty(1 << bits, np.int64)
    table[slots] = np.arange(len(hashes))
    stands = table.take(slots)
    others = np.flatnonzero(hashes.take(stands) != hashes)
    if len(others):
        stands[others] = others.take(_representatives(spread.take(others)))
    return stands
