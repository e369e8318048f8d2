"""Fits a model: words, then networks over the words' out-of-fold scores.

Stacked sequential learning (Cohen and Carvalho, IJCAI 2005) with a random-subspace ensemble (Ho, PAMI 1998) of
multilayer perceptrons on top; both stages are scikit-learn's. Each fit runs on one thread, in as many processes as
asked for: a matrix product split among threads may round differently, and the number of processes must not change a
model.
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
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from zhengwen.articles import KINDS
from zhengwen.blocks import Flags, Floats, Ints
from zhengwen.errors import LabelError
from zhengwen.stages import features
from zhengwen.stages.scores import Networks, Words, standardise
from zhengwen.training.corpus import Batch, word_counts

Result = TypeVar("Result")
Tick = Callable[[], object]
"""Called after each step of a fit."""

INNER_FOLDS = 4
MEMBERS = 8
"""Networks in the ensemble."""
_SHARE = 0.5
_HIDDEN = 48
_EPOCHS = 10
_ALWAYS = 2 * len(KINDS)
"""The block's own scores, the first columns of the context, are in every subspace."""
_WEIGHT_CAP = 100
_LEAST_FREQUENCY = 2
"""Blocks that a bucket must occur in to become a term."""
ABSENT = -20.0
"""Score of a kind that the labels never show."""
STEPS = INNER_FOLDS + 1 + MEMBERS
"""Ticks of one `fit`."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled blocks: targets, scorer's weights, and the number of each one's article."""

    targets: NDArray[np.int8]
    weights: Floats
    owner: Ints


def fit(batches: Sequence[Batch], groups: Ints, *, jobs: int, tick: Tick, seed: int = 0) -> tuple[Words, Networks]:
    """Fits words and networks on batches.

    groups: source of each article, by the article's number; the out-of-fold scores never cross a source.
    """
    rows = _rows(batches)
    counts = sp.vstack([word_counts(b) for b in batches], format="csr")
    fold_of = _folds(rows.owner, groups)
    masks = [fold_of[rows.owner] != k for k in range(int(fold_of.max()) + 1)]
    tasks = (delayed(_fit_words)(counts[mask], rows.targets[mask]) for mask in masks)
    partial = _ticking(Parallel(n_jobs=jobs, return_as="generator")(tasks), tick)
    words = _fit_words(counts, rows.targets)
    tick()
    table = np.concatenate([_context(b, partial, fold_of) for b in batches])
    return words, _fit_networks(table, rows, jobs, tick, seed)


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
            for column in ("targets", "weights", "owner")
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


def _context(batch: Batch, partial: Sequence[Words], fold_of: Ints) -> Floats:
    """Context of the labelled blocks, each article's word scores from the model that never saw its source."""
    found = batch.features
    folds = fold_of[batch.owner]
    scores = np.zeros((len(found.blocks), len(KINDS)), np.float32)
    for k in np.unique(folds).tolist():
        scores[folds == k] = partial[k].logits(found.hashed)[folds == k]
    rows = features.context(scores, found.structure, found.blocks)
    return rows[batch.labelled[found.blocks.readable()]]


def _fit_networks(table: Floats, rows: Rows, jobs: int, tick: Tick, seed: int) -> Networks:
    centre, scale = table.mean(0), table.std(0) + np.float32(1e-3)
    table = standardise(table, centre, scale)
    importance = np.minimum(rows.weights, _WEIGHT_CAP) ** 0.25
    importance = (importance / importance.mean()).astype(np.float32)
    tasks = (delayed(_fit_network)(table, rows.targets, importance, seed + n) for n in range(MEMBERS))
    members = _ticking(Parallel(n_jobs=jobs, return_as="generator")(tasks), tick)
    hidden, hidden_bias, output, output_bias = zip(*members, strict=True)
    return Networks(
        centre,
        scale,
        np.concatenate(hidden, axis=1),
        np.concatenate(hidden_bias),
        np.stack(output),
        np.stack(output_bias)[:, None, :],
        1.0,
    )


def _fit_network(
    table: Floats, targets: NDArray[np.int8], importance: Floats, seed: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Hidden weights and bias, output weights and bias of one member, on a random half of the features."""
    rng = np.random.default_rng(seed)
    columns: Flags = rng.random((table.shape[1],)) < _SHARE
    columns[:_ALWAYS] = True
    network = MLPClassifier(
        (_HIDDEN,), batch_size=256, learning_rate_init=1e-3, max_iter=_EPOCHS, alpha=1.0, random_state=seed
    )
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(table[:, columns], targets, sample_weight=importance)
    hidden = np.zeros((table.shape[1], _HIDDEN), np.float32)
    hidden[columns] = network.coefs_[0]
    weights, bias = network.coefs_[1], network.intercepts_[1]
    if len(network.classes_) == 2:
        weights, bias = np.hstack((np.zeros_like(weights), weights)), np.append(0.0, bias)
    output = np.zeros((_HIDDEN, len(KINDS)), np.float32)
    output_bias = np.full(len(KINDS), ABSENT, np.float32)
    output[:, network.classes_] = weights
    output_bias[network.classes_] = bias
    return hidden, network.intercepts_[0].astype(np.float32), output, output_bias
