"""Which articles to label next: those whose labels would teach most.

What a block could teach is how unsure the model is of it, more if many articles carry it. Two articles that are unsure
of the same words teach it once; so articles are chosen one by one, each for what it adds to the words that the earlier
ones cover: nothing for a block whose text they hold, little for words that they hold (a sum of square roots over words,
which is submodular, so that the greedy choice is near the best: Lin and Bilmes, ACL 2011).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import Article, digest, letters
from zhengwen.blocks import Floats, Ints
from zhengwen.model import Model, Reading
from zhengwen.stages.features import ORDERS
from zhengwen.stages.scores import BITS

_BITS = 14
"""Width of a word's bucket when articles are compared."""
_UNSURE = 0.1
"""Uncertainty, 0 to 1, from which on a block counts."""
_LONG = 40.0
"""Letters from which on a longer block teaches no more."""


def uncertainty(probabilities: Floats) -> Floats:
    """How unsure a model is whether blocks are boilerplate: 0 where it is certain, 1 at even odds."""
    share = np.clip(1 - probabilities[:, 0], 1e-6, 1 - 1e-6)
    entropy: Floats = -(share * np.log2(share) + (1 - share) * np.log2(1 - share))
    return entropy


@dataclass(frozen=True, slots=True)
class _Lesson:
    """An unsure block: the article, its text's fingerprint, what it could teach by itself, and its words."""

    article: int
    mark: str
    value: float
    buckets: NDArray[np.uint32]


@dataclass(slots=True)
class Pool:
    """Articles to choose from; each is given once, in order."""

    model: Model
    _lessons: list[_Lesson] = field(default_factory=list)
    _articles: int = 0

    def add(self, articles: Sequence[Article]) -> None:
        """Reads a batch of articles."""
        reading = self.model.read(articles)
        for number, article in enumerate(articles):
            self._lessons += _lessons(reading, number, article, self._articles)
            self._articles += 1

    def choose(self, limit: int) -> list[tuple[int, float]]:
        """Numbers of at most ``limit`` articles in the order in which they teach most, and what each adds."""
        table = _Table.of(self._lessons)
        covered = np.zeros(1 << _BITS)
        chosen: list[tuple[int, float]] = []
        while len(chosen) < min(limit, self._articles):
            before = covered[table.bucket]
            added = np.sqrt(before + table.value) - np.sqrt(before)
            gains = np.bincount(table.article, added, minlength=self._articles)
            best = int(gains.argmax())
            if gains[best] <= 0:
                break
            chosen.append((best, float(gains[best])))
            mine = table.article == best
            np.add.at(covered, table.bucket[mine], table.value[mine])
            table.value[np.isin(table.mark, table.mark[mine])] = 0
        return chosen


@dataclass(frozen=True, slots=True)
class _Table:
    """The words of all lessons: article, bucket, number of the block's text, and what may be learnt; (words,) each."""

    article: Ints
    bucket: Ints
    mark: Ints
    value: NDArray[np.float64]

    @classmethod
    def of(cls, lessons: Sequence[_Lesson]) -> "_Table":
        carriers = Counter(mark for mark, _ in {(lesson.mark, lesson.article) for lesson in lessons})
        numbers = {mark: n for n, mark in enumerate(carriers)}
        size = np.array([len(lesson.buckets) for lesson in lessons], np.int64)
        worth = [lesson.value * np.log2(1 + carriers[lesson.mark]) for lesson in lessons]
        return cls(
            np.repeat(np.array([lesson.article for lesson in lessons], np.int64), size),
            np.concatenate([np.zeros(0, np.int64), *(lesson.buckets for lesson in lessons)]).astype(np.int64),
            np.repeat(np.array([numbers[lesson.mark] for lesson in lessons], np.int64), size),
            np.repeat(np.array(worth, np.float64) / np.maximum(size, 1), size),
        )


def _lessons(reading: Reading, number: int, article: Article, place: int) -> list[_Lesson]:
    blocks = reading.blocks
    first, end = int(blocks.articles[number]), int(blocks.articles[number + 1])
    doubts = uncertainty(reading.probabilities[first:end])
    weights = np.minimum(reading.features.weights[first:end], _LONG)
    bounds = blocks.bounds[first : end + 1] - blocks.bounds[first]
    buckets, starts = reading.features.hashed[ORDERS.index(3)]
    lessons = []
    for n in np.flatnonzero((doubts >= _UNSURE) & (weights > 0)).tolist():
        words = buckets[starts[first + n] : starts[first + n + 1]] >> np.uint32(BITS - _BITS)
        if len(words):
            mark = digest(letters(article.text[bounds[n] : bounds[n + 1]]))
            lessons.append(_Lesson(place, mark, float(doubts[n] * np.sqrt(weights[n])), words))
    return lessons
