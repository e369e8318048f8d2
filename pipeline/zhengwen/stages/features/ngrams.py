"""Hashed character n-grams of blocks, vectorised over a batch (feature hashing, Weinberger et al., ICML 2009)."""

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Flags, Ints
from zhengwen.stages.features.codes import Stream

ORDERS = (1, 2, 3)
"""Lengths of the n-grams that the tagger reads."""
READ = 512
"""N-grams of each order that are read of a block, from its beginning: a long code fence needs no more."""
_SALTS = (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35)
_MIX = np.uint32(0x2C1B3C6D)
_FINISH = np.uint32(0x7FEB352D)


def _rolled(codes: NDArray[np.uint32], order: int) -> NDArray[np.uint32]:
    """A 32-bit hash of each run of ``order`` codes."""
    n = len(codes) - order + 1
    hashed = codes[:n] * np.uint32(_SALTS[0])
    hashed += np.uint32(order)
    for k in range(1, order):
        hashed ^= hashed >> np.uint32(15)
        hashed *= _MIX
        hashed += codes[k : n + k] * np.uint32(_SALTS[k])
    hashed ^= hashed >> np.uint32(16)
    hashed *= _FINISH
    hashed ^= hashed >> np.uint32(15)
    return hashed


def hashes(source: Stream, order: int, bits: int, wanted: Flags | None = None) -> tuple[NDArray[np.uint32], Ints]:
    """Buckets (``bits`` wide) of the n-grams of one order, block by block, and where each block's begin (blocks + 1).

    The boundary marks on both sides count as characters, except for single characters. At most `READ` of a block;
    none of those that are not ``wanted`` (blocks,).
    """
    edge = order == 1
    begins = source.starts[:-1] + edge
    lengths = np.clip(source.starts[1:] - edge - begins - order + 2, 0, READ)
    if wanted is not None:
        lengths[~wanted] = 0
    starts = np.concatenate(([0], np.cumsum(lengths)))
    if not starts[-1]:
        return np.zeros(0, np.uint32), starts
    rolled = _rolled(source.codes, order)
    change = np.zeros(len(rolled) + 1, np.int8)
    some = lengths > 0
    change[begins[some]] += 1
    change[(begins + lengths)[some]] -= 1
    return rolled[np.cumsum(change[:-1], dtype=np.int8) > 0] >> np.uint32(32 - bits), starts


def places(source: Stream, order: int, starts: Ints) -> Ints:
    """Where in the stream each n-gram of `hashes` begins; ``starts`` as `hashes` gives them."""
    offset = source.starts[:-1] + (order == 1) - starts[:-1]
    at: Ints = np.arange(starts[-1]) + np.repeat(offset, np.diff(starts))
    return at
