"""Two folded texts to how alike they are, exactly."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhengwen.dedup.fold import Codes
from zhengwen.dedup.sketch import GRAM, Keys, Ranks, mixed, polynomial, ranks

_NONE = np.zeros(0, np.uint64)
_EIGHTH = np.uint32(1 << 29)
_DEVIATIONS = 5


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
            hashed = ranks(self.codes, GRAM)
            self._sample = _distinct(hashed[np.flatnonzero(hashed < _EIGHTH)])
        return self._sample

    @property
    def grams(self) -> Keys:
        """The 64-bit hashes of its distinct 5-grams, sorted."""
        if self._grams is None:
            whole = len(self.codes) >= GRAM
            self._grams = (
                _distinct(mixed(polynomial(self.codes.astype(np.uint64), GRAM, np.uint64))) if whole else _NONE
            )
        return self._grams


def _distinct(numbers: NDArray[Any]) -> NDArray[Any]:
    numbers = np.sort(numbers)
    first = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=first[1:])
    return numbers[first]


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
    shared = _shared(article.grams, keeper.grams)
    either = len(article.grams) + len(keeper.grams) - shared
    return Likeness(shared / max(either, 1), shared / max(len(article.grams), 1), False)


def _shared(one: NDArray[Any], other: NDArray[Any]) -> int:
    """How many numbers two sorted sets have in common."""
    both = np.concatenate((one, other))
    both.sort(kind="stable")
    return int(np.count_nonzero(both[1:] == both[:-1]))
