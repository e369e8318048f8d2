"""Labelled articles as arrays to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from zhengwen.articles import KINDS
from zhengwen.blocks import Floats, Ints
from zhengwen.scoring import Features, featurise
from zhengwen.stages.features import ORDERS
from zhengwen.stages.scores import BITS
from zhengwen.training.evaluation import paint, weights
from zhengwen.training.labels import Labelled

_BATCH = 64
UNLABELLED = -1


@dataclass(frozen=True, slots=True)
class Batch:
    """A few labelled articles, featurised.

    articles: int64, their numbers in the corpus.
    targets: int8 (blocks,), index of `KINDS`, or `UNLABELLED`.
    weights: float32 (blocks,), the scorer's weight of each block.
    """

    articles: Ints
    features: Features
    targets: NDArray[np.int8]
    weights: Floats

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Readable blocks with a label."""
        return (self.targets >= 0) & self.features.blocks.readable()

    @property
    def owner(self) -> Ints:
        """The corpus number of each block's article."""
        return self.articles[self.features.blocks.owner()]


def batches(samples: Sequence[Labelled], numbers: Ints) -> list[Batch]:
    """Featurises the labelled articles with the given numbers, in that order."""
    return [_batch(samples, numbers[i : i + _BATCH]) for i in range(0, len(numbers), _BATCH)]


def _batch(samples: Sequence[Labelled], numbers: Ints) -> Batch:
    chosen = [samples[n] for n in numbers]
    found = featurise([s.article for s in chosen])
    pairs = [_targets(s, found.blocks.article(n).bounds) for n, s in enumerate(chosen)]
    return Batch(numbers, found, np.concatenate([t for t, _ in pairs]), np.concatenate([w for _, w in pairs]))


def _targets(sample: Labelled, bounds: Ints) -> tuple[NDArray[np.int8], Floats]:
    """The kind that most of each block's weight has, and that weight."""
    blocks = len(bounds) - 1
    if not blocks:
        return np.zeros(0, np.int8), np.zeros(0, np.float32)
    w = weights(sample.article.text)
    kinds = paint(len(w), sample.spans)
    by_kind = np.stack([np.add.reduceat(w * (kinds == k), bounds[:-1]) for k in range(len(KINDS))])
    total = by_kind.sum(0)
    targets = np.where(total > 0, by_kind.argmax(0), UNLABELLED).astype(np.int8)
    if sample.windows is not None:
        within = [(bounds[:-1] >= start) & (bounds[1:] <= end + 1) for start, end in sample.windows]
        targets[~np.any(within, axis=0)] = UNLABELLED
    return targets, total.astype(np.float32)


def word_counts(batch: Batch, rows: Ints, orders: Sequence[int] = ORDERS) -> sp.csr_matrix:
    """How often the n-grams of each bucket occur in the blocks with these numbers: (rows, buckets)."""
    owners, columns = [], []
    for order in orders:
        buckets, starts = batch.features.hashed[order - 1]
        count = np.diff(starts)[rows]
        place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        columns.append(buckets[np.repeat(starts[:-1][rows], count) + place])
        owners.append(np.repeat(np.arange(len(rows)), count))
    where = (np.concatenate(owners), np.concatenate(columns).astype(np.int32))
    return sp.csr_matrix((np.ones(len(where[0]), np.float32), where), shape=(len(rows), 1 << BITS))
