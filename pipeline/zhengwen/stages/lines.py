"""The physical lines of a batch of texts, and what single characters are to them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import IS_ATOMIC, BlockType, Flags, Ints

_STOPS, _CLOSERS, _MARKS, _SPACES = "。！？!?；…", "”’」』）)】]", "*_`", " \t\u3000"
SAYS = np.ones(0x10000, np.bool_)
SAYS[[*range(33), 0x3000, 0xA0, 0xFEFF, ord(">")]] = False
"""Whether a character of the basic plane says anything: all but white space and quote marks."""
CLASS = np.zeros(0x10000, np.uint8)
for _number, _characters in enumerate((_STOPS, _CLOSERS, _MARKS, _SPACES), 1):
    CLASS[[*map(ord, _characters)]] = _number
"""Class of a character of the basic plane: stops 1, closing quotes and brackets 2, Markdown's marks 3, spaces 4."""


@dataclass(frozen=True, slots=True)
class Leaves:
    """Leaf blocks of a batch, in code points, in the parser's order: one that holds others comes before them."""

    starts: Ints
    ends: Ints
    types: Ints
    levels: Ints
    quoted: Flags


@dataclass(frozen=True, slots=True)
class Lines:
    """The physical lines of a batch.

    bounds: int64 (lines + 1,). first: int64 (articles + 1,), the line at which each article begins.
    types, levels, quoted, leaves: (lines,), see `Blocks`.
    """

    bounds: Ints
    first: Ints
    types: NDArray[np.uint8]
    levels: NDArray[np.uint8]
    quoted: Flags
    leaves: NDArray[np.int32]

    @classmethod
    def of(cls, codes: NDArray[np.uint32], begins: Ints) -> "Lines":
        """Lines end after a line feed, a return without one, and at the end of their article."""
        feeds = codes == 10
        returns = np.flatnonzero(codes == 13)
        ends = np.zeros(len(codes) + 1, np.bool_)
        ends[1:] = feeds
        ends[begins] = True
        after = returns + 1
        ends[after] |= ~np.append(feeds, False)[after]
        bounds = np.flatnonzero(ends)
        n = len(bounds) - 1
        return cls(
            bounds,
            np.searchsorted(bounds, begins),
            np.full(n, BlockType.PARAGRAPH, np.uint8),
            np.zeros(n, np.uint8),
            np.zeros(n, np.bool_),
            np.zeros(n, np.int32),
        )

    def paint_front_matter(self, start: int, end: int) -> None:
        """Marks the lines of a span."""
        first, last = np.searchsorted(self.bounds, (start, end))
        self.types[first:last] = BlockType.FRONT_MATTER

    def paint(self, leaves: Leaves) -> None:
        """Marks every line with the leaf block that holds it; a later leaf overrides an earlier one."""
        first = np.searchsorted(self.bounds, leaves.starts, side="right") - 1
        count = np.maximum(np.searchsorted(self.bounds, leaves.ends, side="left") - first, 0)
        rows = np.arange(count.sum()) + np.repeat(first - np.cumsum(count) + count, count)
        self.types[rows] = np.repeat(leaves.types, count)
        self.levels[rows] = np.repeat(leaves.levels, count)
        self.quoted[rows] = np.repeat(leaves.quoted, count)
        self.leaves[rows] = np.repeat(np.arange(1, len(count) + 1), count)

    def paint_blanks(self, codes: NDArray[np.uint32]) -> None:
        """Marks lines without anything to read, outside of code, formulas and front matter."""
        if len(self.types):
            blank = ~np.logical_or.reduceat(SAYS.take(codes, mode="clip"), self.bounds[:-1])
            self.types[blank & ~IS_ATOMIC[self.types]] = BlockType.BLANK
