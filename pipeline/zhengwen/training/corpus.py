"""Labelled articles as arrays to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from zhengwen.articles import KINDS
from zhengwen.blocks import Floats, Ints
from zhengwen.scoring import Features, columns, featurise
from zhengwen.stages.scores import BITS
from zhengwen.training.evaluation import paint, weights
from zhengwen.training.labels import Labelled
from zhengwen.training.tagger import UNLABELLED, Sequences

_BATCH = 64
REACH = 25
"""Blocks on each side of a labelled one that are read with it."""


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


def sequences(batch: Batch) -> Sequences:
    """The labelled blocks of a batch, and what stands near them, as the tagger learns from them: labelled parts of an
    article that lie far apart are articles of their own."""
    rows, begins = _near(batch)
    grams, starts = _grams(batch, rows)
    targets = np.where(batch.labelled, batch.targets, UNLABELLED)[rows].astype(np.int8)
    return Sequences(grams, starts, columns(batch.features, rows), targets, np.append(begins, len(rows)))


def _near(batch: Batch) -> tuple[Ints, Ints]:
    """Readable blocks that are at most `REACH` from a labelled one of their article; and at which of
    these an article begins, or what follows on a gap."""
    readable = np.flatnonzero(batch.features.blocks.readable())
    owner = batch.features.blocks.owner()[readable]
    row = np.arange(len(readable))
    labelled = batch.labelled[readable]
    before = np.maximum.accumulate(np.where(labelled, row, -1))
    after = np.minimum.accumulate(np.where(labelled, row, len(row))[::-1])[::-1]
    near = np.zeros(len(row), np.bool_)
    for other in (before, np.minimum(after, len(row) - 1)):
        near |= (other >= 0) & labelled[other] & (owner[other] == owner) & (np.abs(other - row) <= REACH)
    some = row[near]
    begins = np.flatnonzero((np.diff(some, prepend=-2) > 1) | (np.diff(owner[near], prepend=-1) != 0))
    return readable[near], begins


def _grams(batch: Batch, rows: Ints) -> tuple[NDArray[np.uint32], Ints]:
    """The buckets of the n-grams of the blocks with these numbers, block by block, and where each block's begin."""
    found, blocks = [], []
    for buckets, starts in batch.features.hashed:
        number = np.diff(starts)[rows]
        place = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
        found.append(buckets[np.repeat(starts[:-1][rows], number) + place])
        blocks.append(np.repeat(np.arange(len(rows)), number))
    block = np.concatenate(blocks)
    grams = np.concatenate(found)[np.argsort(block, kind="stable")]
    return grams, np.concatenate(([0], np.cumsum(np.bincount(block, minlength=len(rows)))))


def word_counts(batch: Batch, rows: Ints) -> sp.csr_matrix:
    """How often the n-grams of each bucket occur in the blocks with these numbers: (rows, buckets)."""
    grams, starts = _grams(batch, rows)
    counts = sp.csr_matrix((np.ones(len(grams), np.float32), grams.astype(np.int32), starts), (len(rows), 1 << BITS))
    counts.sum_duplicates()
    return counts
