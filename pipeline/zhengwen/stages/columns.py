"""Columns: texts written downwards, one or two characters a line."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import BlockType, Flags, Ints
from zhengwen.stages.lines import CLASS, SAYS, Lines

NARROW = 2
"""Characters of a line that may belong to a column, a text written downwards."""
LEAST_NARROW = 4
"""Lines of a column that hold a Chinese character; a quarter of its lines at least."""
SHORT_COLUMN = 8
"""No cut at a sentence's end leaves a column of fewer lines."""
LONG_COLUMN = 64
"""Lines of a column at most."""
_WIDEST = 24
"""Characters of a line of a column with those that say nothing, and its break."""
_HAN = (0x3400, 0xA000)
_SHOWS = SAYS.copy()
_SHOWS[[0x7F, 0xAD, *range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x205F, 0x2060, *range(0xFE00, 0xFE10)]] = False


def columns(codes: NDArray[np.uint32], lines: Lines) -> Flags:
    """Lines (lines,) that go on a column begun above them, a text written one or two characters a line. What is blank
    between them goes with them. Where a sentence ends, or after `LONG_COLUMN` lines, another column begins."""
    goes_on = np.zeros(len(lines.types), np.bool_)
    found = _Narrow.of(codes, lines)
    if len(found.lines) < LEAST_NARROW:
        return goes_on
    narrow = found.lines
    article = np.searchsorted(lines.first, narrow, side="right")
    parted = (np.diff(found.places) != 1) | (np.diff(article) != 0) | (np.diff(lines.quoted[narrow]) != 0)
    parted |= np.diff(codes[lines.bounds[narrow]] == ord(" "))
    parted |= (np.diff(lines.leaves[narrow]) != 0) & ~(found.alone[1:] & found.alone[:-1])
    for one, other in pairwise([0, *(np.flatnonzero(parted) + 1).tolist(), len(narrow)]):
        gaps = np.diff(narrow[one:other])
        wider = np.flatnonzero(gaps > gaps.min(initial=len(goes_on))) + one + 1
        for first, end in pairwise([one, *wider.tolist(), other]):
            if found.chinese[first:end].sum() >= max(LEAST_NARROW, (end - first) / 4):
                for start, stop in pairwise(_column_edges(found.marks, first, end)):
                    goes_on[narrow[start] + 1 : narrow[stop - 1] + 1] = True
    return goes_on


@dataclass(frozen=True, slots=True)
class _Narrow:
    """Lines of paragraphs that hold a character or two.

    lines: their numbers. places: their places among the lines that say something. chinese: those that hold a Chinese
    character. marks: the class (`CLASS`) of the last character. alone: those whose paragraph has no other lines.
    """

    lines: Ints
    places: Ints
    chinese: Flags
    marks: NDArray[np.uint8]
    alone: Flags

    @classmethod
    def of(cls, codes: NDArray[np.uint32], lines: Lines) -> "_Narrow":
        """Finds them."""
        found = np.flatnonzero((lines.types == BlockType.PARAGRAPH) & (np.diff(lines.bounds) <= _WIDEST))
        lengths = lines.bounds[found + 1] - lines.bounds[found]
        line = np.repeat(np.arange(len(found)), lengths)
        held = codes[np.arange(lengths.sum()) + np.repeat(lines.bounds[found] - np.cumsum(lengths) + lengths, lengths)]
        says = _SHOWS.take(held, mode="clip")
        number = np.bincount(line, says, len(found))
        chinese = np.bincount(line, says & (held >= _HAN[0]) & (held < _HAN[1]), len(found)) > 0
        marks = np.zeros(len(found), np.uint8)
        marks[line[says]] = CLASS.take(held[says], mode="clip")
        leaves = np.bincount(lines.leaves)
        alone = leaves == np.bincount(lines.leaves[found[number <= NARROW]], minlength=len(leaves))
        silent = lines.types == BlockType.BLANK
        silent[found[number == 0]] = True
        fits = (number >= 1) & (number <= NARROW)
        narrow = found[fits]
        return cls(narrow, np.cumsum(~silent)[narrow], chinese[fits], marks[fits], alone[lines.leaves[narrow]])


def _column_edges(marks: NDArray[np.uint8], first: int, end: int) -> list[int]:
    """Where columns begin among narrow lines, and the end of the last."""
    edges = [first]
    ended = False
    for n in range(first + 1, end):
        ended = marks[n - 1] == 1 or (ended and marks[n - 1] == 2)
        sentence = ended and marks[n] not in (1, 2) and min(n - edges[-1], end - n) >= SHORT_COLUMN
        if sentence or n - edges[-1] == LONG_COLUMN:
            edges.append(n)
    return [*edges, end]
