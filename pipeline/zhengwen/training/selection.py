"""Which articles to label next: those whose labels would teach most.

What a block could teach is how unsure the model is of it, more if many articles carry it. Two articles that are unsure
of the same words teach it once; so articles are chosen one by one, each for what it adds to the words that the earlier
ones cover (a sum of square roots over words, which is submodular, so that the greedy choice is near the best: Lin and
Bilmes, ACL 2011).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from zhengwen.articles import Article, digest, letters
from zhengwen.blocks import Floats
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
        table = self._table()
        covered = np.zeros(table.shape[1])
        chosen: list[tuple[int, float]] = []
        row = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
        for _ in range(min(limit, table.shape[0])):
            before = covered[table.indices]
            gains = np.bincount(row, np.sqrt(before + table.data) - np.sqrt(before), minlength=table.shape[0])
            gains[[number for number, _ in chosen]] = -1
            best = int(gains.argmax())
            if gains[best] <= 0:
                break
            chosen.append((best, float(gains[best])))
            inside = slice(table.indptr[best], table.indptr[best + 1])
            covered[table.indices[inside]] += table.data[inside]
        return chosen

    def _table(self) -> sp.csr_matrix:
        """What each article could teach of each word: (articles, buckets)."""
        carriers = Counter(mark for mark, _ in {(lesson.mark, lesson.article) for lesson in self._lessons})
        rows, columns, values = [], [], []
        for lesson in self._lessons:
            worth = lesson.value * np.log2(1 + carriers[lesson.mark])
            columns.append(lesson.buckets)
            rows.append(np.full(len(lesson.buckets), lesson.article))
            values.append(np.full(len(lesson.buckets), worth / len(lesson.buckets)))
        shape = (self._articles, 1 << _BITS)
        if not rows:
            return sp.csr_matrix(shape)
        return sp.csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape)


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
