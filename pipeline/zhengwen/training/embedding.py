"""Fits the embedding: axes of latent semantic analysis, without labels."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from zhengwen.blocks import Floats, Ints
from zhengwen.stages.scores import Embedding
from zhengwen.training.corpus import Batch, word_counts

DIMENSIONS = 32
_TERMS = 60_000
_SHARE = 0.3
"""Of the blocks without a label that stand around the labelled ones, the share that is read."""
_ITERATIONS = 3
_STEPS = 127


def fit_embedding(batches: Sequence[Batch], seed: int) -> Embedding:
    """Axes of the blocks that have a label and of a sample of the others, as they will be stored: a byte a number.

    The randomised singular value decomposition of Halko, Martinsson and Tropp (SIAM Review, 2011).
    """
    rng = np.random.default_rng(seed)
    counts = sp.vstack([word_counts(b, _read(b, rng), (Embedding.ORDER,)) for b in batches], format="csr")
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    terms = np.sort(np.argsort(-frequency, kind="stable")[:_TERMS])
    terms = terms[frequency[terms] > 1]
    idf = np.log(counts.shape[0] / (1 + frequency[terms])).astype(np.float16).astype(np.float32)
    vectors = _unit(counts[:, terms], idf)
    axes = np.zeros((len(terms), DIMENSIONS), np.float32)
    rank = min(DIMENSIONS, *vectors.shape)
    if rank:
        with threadpool_limits(1):
            found = randomized_svd(vectors, rank, n_iter=_ITERATIONS, random_state=seed)[2].T
        axes[:, :rank] = found / np.maximum((vectors @ found).std(0), 1e-6)
    table = axes * idf[:, None]
    scale = (np.abs(table).max(0, initial=0) / _STEPS + 1e-12).astype(np.float32)
    return Embedding(terms.astype(np.uint32), idf, np.rint(table / scale).astype(np.int8), scale)


def _read(batch: Batch, rng: np.random.Generator) -> Ints:
    chosen: NDArray[np.bool_] = batch.labelled | (rng.random(len(batch.targets)) < _SHARE)
    return np.flatnonzero(chosen & batch.features.blocks.readable())


def _unit(counts: sp.csr_matrix, idf: Floats) -> sp.csr_matrix:
    """TF-IDF vectors of unit length."""
    length = np.sqrt(np.maximum(counts @ idf**2, 1e-6))
    return (sp.diags((1 / length).astype(np.float32)) @ counts @ sp.diags(idf)).tocsr()
