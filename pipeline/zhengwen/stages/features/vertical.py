"""A text written one or two characters a line says as one what its lines do not say alone."""

from itertools import pairwise

import numpy as np

from zhengwen.blocks import Blocks, BlockType, Flags, Ints
from zhengwen.stages.features.codes import Stream

SHORT = 2
"""Characters of a line that may belong to a vertical text."""
LEAST = 4
"""Lines of a vertical text."""
AROUND = 20
"""Lines before and after that a line reads as its own."""
_HAN = (0x3400, 0xA000)


def unrolled(stream: Stream, blocks: Blocks) -> Stream:
    """The stream in which each line of a vertical text reads the lines around it too, as if they were one line.

    Blank lines between them do not count; the lines stand in one article.
    """
    rows = np.flatnonzero(blocks.types != BlockType.BLANK)
    runs = _runs(_short(stream, blocks)[rows], blocks.owner()[rows])
    if not runs:
        return stream
    pieces: list[np.ndarray[tuple[int], np.dtype[np.uint32]]] = []
    lengths = np.diff(stream.starts)
    done = 0
    for first, end in runs:
        members = rows[first:end]
        for n, block in enumerate(members.tolist()):
            start = int(stream.starts[block])
            window = members[max(n - AROUND, 0) : n + AROUND + 1]
            text = np.concatenate([stream.codes[stream.starts[b] + 1 : stream.starts[b + 1]] for b in window])
            pieces += [stream.codes[done : start + 1], text]
            lengths[block] = len(text) + 1
            done = int(stream.starts[block + 1])
    pieces.append(stream.codes[done:])
    return Stream(np.concatenate(pieces), np.concatenate(([0], np.cumsum(lengths))))


def _short(stream: Stream, blocks: Blocks) -> Flags:
    """Lines of prose that hold one or two characters, a Chinese one first."""
    lengths = stream.lengths()
    first = stream.codes[np.minimum(stream.starts[:-1] + 1, len(stream.codes) - 1)]
    prose = np.isin(blocks.types, (BlockType.PARAGRAPH, BlockType.ITEM))
    short: Flags = prose & (lengths >= 1) & (lengths <= SHORT) & (first >= _HAN[0]) & (first < _HAN[1])
    return short


def _runs(short: Flags, owner: Ints) -> list[tuple[int, int]]:
    """First and end of each run of at least `LEAST` short rows of one article."""
    if not short.any():
        return []
    change = np.flatnonzero(np.concatenate(([True], (short[1:] != short[:-1]) | (owner[1:] != owner[:-1]), [True])))
    return [(a, b) for a, b in pairwise(change.tolist()) if short[a] and b - a >= LEAST]
