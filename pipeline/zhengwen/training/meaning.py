"""Vectors that n-grams start from: what they mean, told by the blocks that they share, whether labelled or not.

Latent semantic analysis (Deerwester et al., JASIS 1990), by a randomised singular value decomposition (Halko et al.,
SIAM Review 2011).
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from zhengwen.blocks import Floats, Ints

_MOST = 500_000
"""Blocks that are looked at."""
_LEAST = 12
"""N-grams of a block from which it tells what they mean."""
_ROUNDS = 3


def first_vectors(
    rng: np.random.Generator, grams: NDArray[np.uint32], starts: Ints, shape: tuple[int, int], spread: float
) -> Floats:
    """Vectors (terms, dimensions) of this standard deviation; of normally distributed numbers where there are too few
    blocks to tell.

    grams: numbers of terms, block by block. starts: (blocks + 1,), where each block's begin.
    """
    terms, dimensions = shape
    rows = np.flatnonzero(np.diff(starts) >= _LEAST)
    if len(rows) > _MOST:
        rows = np.sort(rng.choice(rows, _MOST, replace=False))
    if min(len(rows), terms) <= dimensions + 1:
        return rng.normal(0, spread, shape).astype(np.float32)
    held, informative = _held(grams, starts, rows, terms)
    # the first axis is how usual a block's n-grams are
    _, strength, axes = randomized_svd(
        held, dimensions + 1, n_iter=_ROUNDS, random_state=0, power_iteration_normalizer="QR"
    )
    vectors = (axes.T * informative[:, None])[:, 1:]
    vectors *= np.sqrt(strength[1:] / strength[1]) / (vectors.std(0) + 1e-12)
    scaled: Floats = (vectors * (spread / vectors.std())).astype(np.float32)
    return scaled


def _held(grams: NDArray[np.uint32], starts: Ints, rows: Ints, terms: int) -> tuple[sp.csr_matrix, Floats]:
    """Which terms each of these blocks holds, weighed by how few blocks hold a term, blocks of unit length: (rows,
    terms), and that weight (terms,)."""
    number = np.diff(starts)[rows]
    ends = np.cumsum(number)
    chosen = grams[np.arange(ends[-1]) + np.repeat(starts[rows] - ends + number, number)]
    held = sp.csr_matrix(
        (np.ones(len(chosen), np.float32), chosen.astype(np.int32), np.concatenate(([0], ends))), (len(rows), terms)
    )
    held.sum_duplicates()
    informative = np.log(len(rows) / (np.bincount(held.indices, minlength=terms) + 1)).astype(np.float32)
    held.data = informative[held.indices]
    length = np.sqrt(np.add.reduceat(held.data**2, held.indptr[:-1])) + np.float32(1e-6)
    held.data /= np.repeat(length, np.diff(held.indptr))
    return held, informative
