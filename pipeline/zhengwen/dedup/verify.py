"""Two folded texts to how alike they are, exactly."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from zhengwen.dedup.fold import Codes
from zhengwen.dedup.sketch import GRAM, Keys, mixed, polynomial


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


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared of one article.

    codes: its folded text.
    grams: uint64, the 64-bit hashes of its distinct 5-grams, sorted.
    """

    codes: Codes
    grams: Keys


def text(codes: Codes) -> Text:
    """Prepares a folded text for comparisons."""
    if len(codes) < GRAM:
        return Text(codes, np.zeros(0, np.uint64))
    grams = mixed(polynomial(codes.astype(np.uint64), GRAM, np.uint64))
    grams.sort()
    first = np.ones(len(grams), np.bool_)
    np.not_equal(grams[1:], grams[:-1], out=first[1:])
    return Text(codes, grams[first])


def compare(article: Text, keeper: Text) -> Likeness:
    """How alike the two are. An article of fewer than five letters is like nothing but itself."""
    same = len(article.codes) == len(keeper.codes) and bool((article.codes == keeper.codes).all())
    if same:
        return Likeness(1.0, 1.0, same)
    shared = _shared(article.grams, keeper.grams)
    either = len(article.grams) + len(keeper.grams) - shared
    return Likeness(shared / max(either, 1), shared / max(len(article.grams), 1), same)


def _shared(one: Keys, other: Keys) -> int:
    """How many numbers two sorted sets have in common."""
    both = np.concatenate((one, other))
    both.sort(kind="stable")
    return int(np.count_nonzero(both[1:] == both[:-1]))
