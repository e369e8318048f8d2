"""What a block is about, beside what its neighbours and its article are about: an advertisement changes the subject."""

import numpy as np

from zhengwen.blocks import Blocks, Floats
from zhengwen.stages.features.runs import Runs, Windows, changes, shifted

_FAR = 8
_COSINES = 9


def meaning(vectors: Floats, blocks: Blocks) -> Floats:
    """Feature rows (readable blocks, features) from the blocks' vectors (readable blocks, dimensions).

    Of each row: its vector, the means of the eight after and the eight before, and the cosines between these, the
    means of the two after and the two before, and the article's.
    """
    width = vectors.shape[1]
    if not len(vectors):
        return np.zeros((0, 3 * width + _COSINES), np.float32)
    owner = blocks.owner()[np.flatnonzero(blocks.readable())]
    articles = Runs.split(changes(owner))
    windows = Windows(vectors, articles)
    whole = windows.wholes()[2]
    after, before = ((shifted(vectors, k, owner) + shifted(vectors, 2 * k, owner)) / 2 for k in (1, -1))
    later, earlier = windows.after(_FAR), windows.before(_FAR)
    pairs = (
        (vectors, whole),
        (vectors, after),
        (vectors, before),
        (after, whole),
        (later, whole),
        (earlier, whole),
        (earlier, later),
        (vectors, later),
        (vectors, earlier),
    )
    cosines = np.stack([_cosine(a, b) for a, b in pairs], axis=1)
    return np.concatenate((vectors, later, earlier, cosines), axis=1, dtype=np.float32)


def _cosine(one: Floats, other: Floats) -> Floats:
    dots, squares, others = ((a * b).sum(1) for a, b in ((one, other), (one, one), (other, other)))
    cosine: Floats = dots / np.maximum(np.sqrt(squares * others), np.float32(1e-6))
    return cosine
