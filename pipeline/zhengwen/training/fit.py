"""Fits a scorer: words, a network over the words' out-of-fold scores, a second one over the first's.

Stacked sequential learning (Cohen and Carvalho, IJCAI 2005). Each fit runs on one thread, in as many processes as asked
for: a matrix product split among threads may round differently, and the number of processes must not change a model.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from zhengwen.articles import KINDS
from zhengwen.blocks import Floats, Ints
from zhengwen.errors import LabelError
from zhengwen.scoring import Scorer, first_rows, second_rows
from zhengwen.stages.scores import Embedding, Network, Words
from zhengwen.training.corpus import Batch, word_counts
from zhengwen.training.embedding import fit_embedding
from zhengwen.training.network import ABSENT, fit_network

Result = TypeVar("Result")
Tick = Callable[[], object]
"""Called after each step of a fit."""

INNER_FOLDS = 4
_LEAST_FREQUENCY = 5
"""Blocks that a bucket must occur in to become a term."""
_DROPOUT = 0.3
"""Of the first network, whose rows hold the vectors too."""
STEPS = 2 * INNER_FOLDS + 4
"""Ticks of one `fit`."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled blocks: targets, and the number of each one's article."""

    targets: NDArray[np.int8]
    owner: Ints


def fit(batches: Sequence[Batch], groups: Ints, *, jobs: int, tick: Tick, seed: int = 0) -> Scorer:
    """Fits a scorer on batches.

    groups: source of each article, by the article's number; the out-of-fold scores never cross a source.
    """
    rows = _rows(batches)
    fold_of = _folds(rows.owner, groups)
    masks = [fold_of[rows.owner] != k for k in range(int(fold_of.max()) + 1)]
    counts = sp.vstack([word_counts(b, np.flatnonzero(b.labelled)) for b in batches], format="csr")
    tasks = (delayed(_fit_words)(counts[mask], rows.targets[mask]) for mask in masks)
    partial = _ticking(Parallel(n_jobs=jobs, return_as="generator")(tasks), tick)
    words = _fit_words(counts, rows.targets)
    tick()
    del counts
    embedding = fit_embedding(batches, seed)
    tick()
    stack = _Stack(partial, embedding, fold_of)
    table = np.concatenate([stack.first(b)[_labelled(b)] for b in batches])
    tasks = (delayed(fit_network)(table[mask], rows.targets[mask], seed, _DROPOUT) for mask in masks)
    networks = _ticking(Parallel(n_jobs=jobs, return_as="generator")(tasks), tick)
    first = fit_network(table, rows.targets, seed, _DROPOUT)
    tick()
    table = np.concatenate([stack.second(b, networks) for b in batches])
    second = fit_network(table, rows.targets, seed)
    tick()
    return Scorer(words, embedding, first, second)


@dataclass(frozen=True, slots=True)
class _Stack:
    """Rows of batches whose scores, at every stage, come from the model that never saw the article's source.

    words: one for each fold, fitted on the others. fold_of: of each article, by its number.
    """

    words: Sequence[Words]
    embedding: Embedding
    fold_of: Ints

    def first(self, batch: Batch) -> Floats:
        """Rows of the first network: (readable blocks, features)."""
        folds = self.fold_of[batch.owner]
        scores = np.zeros((len(folds), len(KINDS)), np.float32)
        for k in np.unique(folds).tolist():
            scores[folds == k] = self.words[k].logits(batch.features.hashed)[folds == k]
        return first_rows(scores, self.embedding, batch.features)

    def second(self, batch: Batch, networks: Sequence[Network]) -> Floats:
        """Rows of the second network: (labelled blocks, features)."""
        rows = self.first(batch)
        folds = self.fold_of[batch.owner][batch.features.blocks.readable()]
        seen = np.zeros((len(rows), len(KINDS)), np.float32)
        for k in np.unique(folds).tolist():
            seen[folds == k] = networks[k].probabilities(rows[folds == k])
        return second_rows(seen, rows, batch.features, _labelled(batch))


def _labelled(batch: Batch) -> Ints:
    """Numbers of the labelled blocks among the readable ones."""
    return np.flatnonzero(batch.labelled[batch.features.blocks.readable()])


def _ticking(results: Iterable[Result], tick: Tick) -> list[Result]:
    out = []
    for result in results:
        out.append(result)
        tick()
    return out


def _rows(batches: Sequence[Batch]) -> Rows:
    masks = [b.labelled for b in batches]
    return Rows(
        *(
            np.concatenate([getattr(b, column)[m] for b, m in zip(batches, masks, strict=True)])
            for column in ("targets", "owner")
        )
    )


def _folds(owner: Ints, groups: Ints) -> Ints:
    """Fold of each article, by source, balanced by labelled blocks."""
    fold_of = np.zeros(len(groups), np.int64)
    number = min(INNER_FOLDS, len(np.unique(groups[owner])))
    if number < 2:
        raise LabelError("the labels are all of one source; training needs articles of two sources at least")
    for k, (_, rows) in enumerate(GroupKFold(number).split(owner, groups=groups[owner])):
        fold_of[np.isin(groups, groups[owner[rows]])] = k
    return fold_of


def _fit_words(counts: sp.csr_matrix, targets: NDArray[np.int8]) -> Words:
    """TF-IDF and multinomial logistic regression; idf and weights as they will be stored, in half precision."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    terms = np.flatnonzero(frequency >= _LEAST_FREQUENCY)
    idf = (np.log((1 + len(targets)) / (1 + frequency[terms])) + 1).astype(np.float16).astype(np.float32)
    known = counts[:, terms]
    length = np.sqrt(np.maximum(known @ idf**2, 1e-6))
    vectors = sp.diags((1 / length).astype(np.float32)) @ known @ sp.diags(idf)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = LogisticRegression(C=10.0, max_iter=100, tol=1e-4).fit(vectors.tocsr(), targets)
    weights = np.zeros((len(terms), len(KINDS)), np.float32)
    bias = np.full(len(KINDS), ABSENT, np.float32)
    coefficients, intercepts = fitted.coef_.T, fitted.intercept_
    if len(fitted.classes_) == 2:
        coefficients, intercepts = np.hstack((-coefficients, coefficients)) / 2, np.append(-intercepts, intercepts) / 2
    for column, kind in enumerate(fitted.classes_.tolist()):
        weights[:, kind] = coefficients[:, column].astype(np.float16)
        bias[kind] = intercepts[column]
    return Words(terms.astype(np.uint32), idf, weights, bias)
