"""What a block is about, beside what its neighbours and its article are about: an advertisement changes the subject."""

import numpy as np

from zhengwen.blocks import Blocks, Floats
from zhengwen.stages.features.runs import Runs, Windows, changes, shifted

_FAR = 8
_OWN, _WHOLE, _AFTER, _BEFORE, _LATER, _EARLIER = range(6)
_PAIRS = (
    (_OWN, _WHOLE),
    (_OWN, _AFTER),
    (_OWN, _BEFORE),
    (_AFTER, _WHOLE),
    (_LATER, _WHOLE),
    (_EARLIER, _WHOLE),
    (_EARLIER, _LATER),
    (_OWN, _LATER),
    (_OWN, _EARLIER),
)


def meaning(vectors: Floats, blocks: Blocks) -> Floats:
    """Feature rows (readable blocks, features) from the blocks' vectors (readable blocks, dimensions).

    Of each row: its vector, the means of the eight after and the eight before, and the cosines between these, the
    means of the two after and the two before, and the article's.
    """
    width = vectors.shape[1]
    if not len(vectors):
        return np.zeros((0, 3 * width + len(_PAIRS)), np.float32)
    owner = blocks.owner()[np.flatnonzero(blocks.readable())]
    articles = Runs.split(changes(owner))
    windows = Windows(vectors, articles)
    after, before = ((shifted(vectors, k, owner) + shifted(vectors, 2 * k, owner)) / 2 for k in (1, -1))
    views = (vectors, windows.whole(), after, before, windows.after(_FAR), windows.before(_FAR))
    lengths = [np.sqrt(_dots(v, v)) for v in views]
    cosines = [_dots(views[a], views[b]) / np.maximum(lengths[a] * lengths[b], np.float32(1e-6)) for a, b in _PAIRS]
    return np.concatenate((vectors, *views[-2:], np.stack(cosines, axis=1)), axis=1, dtype=np.float32)


def _dots(one: Floats, other: Floats) -> Floats:
    dots: Floats = np.einsum("ij,ij->i", one, other)
    return dots
