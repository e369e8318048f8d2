"""Few labels on top of many: the weights most likely after the corrections, with the trained model as the prior.

Multinomial logistic regression has one best answer: the corrections' log loss plus a squared distance from the base's
weights (a Gaussian prior, as in recursive Bayesian updating; L2-SP, Xuhong et al., ICML 2018). How firmly a weight is
held is what the base knows of it, and that it has on board: the precision of a word's weight grows with the number of
blocks that the base met it in (a diagonal Laplace approximation, as in Kirkpatrick et al., PNAS 2017), which follows
from its inverse document frequency. A word that the base never met is as free as the base's own words were when it was
trained; how frequent the kinds are, the bias, stays all but fixed.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from zhengwen.articles import KINDS
from zhengwen.blocks import Floats, Ints
from zhengwen.stages.scores import Words

FREE = 0.1
"""Precision of the weight of a word that the base never met: that of its own training (C = 10)."""
FIRM = 0.1
"""What each block in which the base met a word adds to the precision of that word's weights."""
FIRM_LATE = 0.01
"""The same for what the word adds to the last scores."""
LEAST = 2
"""Blocks that a new word must occur in to become a term."""
FREQUENT = 3
"""Blocks that the base's rarest words occurred in."""
_STEPS = 40


def adapt_words(base: Words, counts: sp.csr_matrix, targets: NDArray[np.int8]) -> Words:
    """The words after corrections; counts: (blocks, buckets), see `zhengwen.training.corpus.word_counts`."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    new = np.setdiff1d(np.flatnonzero(frequency >= LEAST).astype(np.uint32), base.terms, assume_unique=True)
    rarest = base.idf.max()
    terms = np.concatenate((base.terms, new))
    order = np.argsort(terms, kind="stable")
    idf = np.concatenate((base.idf, np.full(len(new), rarest, np.float32)))[order]
    weights = np.concatenate((base.weights, np.zeros((len(new), len(KINDS)), np.float32)))[order]
    wider = Words(terms[order], idf, weights, base.bias)
    place, vectors = _vectors(wider, counts)
    met = np.where(np.isin(wider.terms[place], new, assume_unique=True), 0, _met(idf[place], float(rarest)))
    offset = vectors @ weights[place] + base.bias
    rows = sp.hstack((vectors, np.ones((len(targets), 1), np.float32)), "csr")
    change = _change(rows, offset, targets, FREE + FIRM * np.append(met, _blocks(float(rarest))))
    weights[place] += change[:-1]
    return Words(wider.terms, idf, _stored(weights), base.bias + change[-1])


def correct(words: Words, counts: sp.csr_matrix, targets: NDArray[np.int8], scores: Floats) -> Words:
    """What the words of blocks add to their last scores (blocks, kinds), which are logarithms of probabilities."""
    place, vectors = _vectors(words, counts)
    idf = words.idf[place]
    change = _change(vectors, scores, targets, FREE + FIRM_LATE * _met(idf, float(words.idf.max())))
    return Words(words.terms[place], idf, _stored(change), np.zeros(len(KINDS), np.float32))


def joined(one: Words | None, other: Words) -> Words:
    """Words that add what both add; both are of the same words' lengths."""
    if one is None:
        return other
    terms, where = np.unique(np.concatenate((one.terms, other.terms)), return_inverse=True)
    weights, idf = np.zeros((len(terms), len(KINDS)), np.float32), np.zeros(len(terms), np.float32)
    np.add.at(weights, where, np.concatenate((one.weights, other.weights)))
    idf[where] = np.concatenate((one.idf, other.idf))
    return Words(terms, idf, _stored(weights), one.bias + other.bias)


def _stored(numbers: Floats) -> Floats:
    """Numbers as a model's files hold them, in half precision."""
    stored: Floats = numbers.astype(np.float16).astype(np.float32)
    return stored


def _vectors(words: Words, counts: sp.csr_matrix) -> tuple[Ints, sp.csr_matrix]:
    """Places of the terms that occur, and TF-IDF over them of unit length, as the words are scored."""
    buckets = np.unique(counts.indices).astype(np.uint32)
    _, place, columns = np.intersect1d(words.terms, buckets, assume_unique=True, return_indices=True)
    some, idf = counts[:, buckets[columns]], words.idf[place]
    length = np.sqrt(np.maximum(some @ idf**2, 1e-6))
    return place, (sp.diags((1 / length).astype(np.float32)) @ some @ sp.diags(idf)).tocsr()


def _met(idf: Floats, rarest: float) -> Floats:
    """The number of blocks in which the base met each word, from idf = log((1 + blocks) / (1 + met)) + 1."""
    met: Floats = _blocks(rarest) / np.exp(idf - 1) - 1
    return met


def _blocks(rarest: float) -> float:
    """The number of blocks that the base was trained on, and one."""
    return float((1 + FREQUENT) * np.exp(rarest - 1))


def _change(rows: sp.csr_matrix, offset: Floats, targets: NDArray[np.int8], precision: Floats) -> Floats:
    """The change of weights (columns, kinds) that is most likely after rows whose scores without it are ``offset``.

    precision: (columns,), of the Gaussian prior around no change.
    """
    columns = rows.T.tocsr()
    scale = (1 / np.sqrt(precision))[:, None].astype(np.float32)
    goals = np.eye(len(KINDS), dtype=np.float32)[targets]
    shape = (rows.shape[1], len(KINDS))

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        held = flat.reshape(shape).astype(np.float32)
        scores = offset + rows @ (held * scale)
        scores -= scores.max(1, keepdims=True)
        logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
        gradient = scale * (columns @ (np.exp(logs) - goals)) + held
        return 0.5 * float((held**2).sum()) - float((logs * goals).sum()), gradient.astype(np.float64).ravel()

    with threadpool_limits(1):
        best = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    change: Floats = best.x.reshape(shape).astype(np.float32) * scale
    return change
