"""Few labels on top of many: the words' additions that are most likely after the corrections, the tagger as the prior.

Multinomial logistic regression over the tagger's scores has one best answer: the corrections' log loss plus a squared
distance from adding nothing (a Gaussian prior, as in recursive Bayesian updating; L2-SP, Xuhong et al., ICML 2018). How
firmly a word is held is what the tagger knows of it, and that it has on board: the precision grows with the number of
times that its training met the word (a diagonal Laplace approximation, as in Kirkpatrick et al., PNAS 2017). A word
that it never met is free.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from zhengwen.articles import KINDS
from zhengwen.blocks import Floats
from zhengwen.stages.scores import Embedding, Words

FREE = 0.003
"""Precision of the weight of a word that the tagger never met."""
FIRM = 0.001
"""What each time that it met a word adds to the precision of that word's weights."""
LEAST = 2
"""Blocks that a new word must occur in to become a term."""
_STEPS = 40


def correct(known: Embedding, counts: sp.csr_matrix, targets: NDArray[np.int8], scores: Floats) -> Words:
    """What the words of blocks add to their scores (blocks, kinds), which are logarithms of probabilities.

    known: the words that the tagger knows. counts: (blocks, buckets), see `zhengwen.training.corpus.word_counts`.
    """
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    met = np.zeros(len(frequency))
    met[known.terms] = known.met
    terms = np.flatnonzero((frequency > 0) & ((met > 0) | (frequency >= LEAST)))
    most = np.log1p(float(known.met.max(initial=0)))
    idf = _stored((1 + most - np.log1p(met[terms])) / (1 + most))
    length = np.sqrt(np.maximum(np.asarray(counts.sum(1)).ravel(), 1))
    vectors = (sp.diags((1 / length).astype(np.float32)) @ counts[:, terms] @ sp.diags(idf)).tocsr()
    change = _change(vectors, scores, targets, FREE + FIRM * met[terms])
    return Words(terms.astype(np.uint32), idf, _stored(change))


def joined(one: Words | None, other: Words) -> Words:
    """Words that add what both add."""
    if one is None:
        return other
    terms, where = np.unique(np.concatenate((one.terms, other.terms)), return_inverse=True)
    weights, idf = np.zeros((len(terms), len(KINDS)), np.float32), np.zeros(len(terms), np.float32)
    idf[where] = np.concatenate((one.idf, other.idf))
    for words in (one, other):
        at = np.searchsorted(terms, words.terms)
        weights[at] += words.weights * (words.idf / idf[at])[:, None]
    return Words(terms, idf, _stored(weights))


def _stored(numbers: Floats) -> Floats:
    """Numbers as a model's files hold them, in half precision."""
    stored: Floats = numbers.astype(np.float16).astype(np.float32)
    return stored


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
