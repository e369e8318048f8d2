"""Blocks: the units that are kept or removed as a whole."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class BlockType(IntEnum):
    """What a block is in the document's structure."""

    BLANK = 0
    FRONT_MATTER = 1
    CODE = 2
    MATH = 3
    RULE = 4
    HEADING = 5
    PARAGRAPH = 6
    ITEM = 7
    TABLE_HEAD = 8
    TABLE_ROW = 9
    HTML = 10
    INDENTED = 11


ATOMIC = (
    BlockType.FRONT_MATTER,
    BlockType.CODE,
    BlockType.INDENTED,
    BlockType.MATH,
    BlockType.TABLE_HEAD,
    BlockType.HEADING,
)
"""Types whose lines form one block, never cut into: a table's head goes with its delimiter row, a setext heading with
its underline."""
FIXED = (BlockType.BLANK, BlockType.FRONT_MATTER, BlockType.RULE)
"""Types that carry no decision of their own."""
IS_ATOMIC: Flags = np.isin(np.arange(256), ATOMIC)
"""Whether a type (uint8, as an index) is atomic."""
_IS_FIXED: Flags = np.isin(np.arange(256), FIXED)


@dataclass(frozen=True, slots=True)
class Blocks:
    """A partition of one text, or of the texts of a batch end to end: block ``i`` is ``text[bounds[i]:bounds[i + 1]]``.

    bounds: int64 (blocks + 1,), strictly increasing, from 0 to the length of the text; line ends belong to their line.
    types: uint8 (blocks,), values of `BlockType`.
    levels: uint8 (blocks,), level of a heading, nesting depth of a list item, else 0.
    quoted: bool (blocks,), inside a block quote.
    continued: bool (blocks,), a sentence on the same line as the block before.
    leaves: int32 (blocks,), number of the Markdown leaf block that holds the line; 0 for none.
    articles: int64 (articles + 1,), the block at which each article begins.
    """

    bounds: Ints
    types: NDArray[np.uint8]
    levels: NDArray[np.uint8]
    quoted: Flags
    continued: Flags
    leaves: NDArray[np.int32]
    articles: Ints

    def __len__(self) -> int:
        return len(self.types)

    def readable(self) -> Flags:
        """Which blocks carry a decision."""
        readable: Flags = ~_IS_FIXED[self.types]
        return readable

    def owner(self) -> Ints:
        """The article of each block."""
        return np.repeat(np.arange(len(self.articles) - 1), np.diff(self.articles))

    def article(self, number: int) -> "Blocks":
        """The blocks of one article of the batch, with bounds from 0."""
        a, b = self.articles[number], self.articles[number + 1]
        return Blocks(
            self.bounds[a : b + 1] - self.bounds[a],
            self.types[a:b],
            self.levels[a:b],
            self.quoted[a:b],
            self.continued[a:b],
            self.leaves[a:b],
            np.array([0, b - a]),
        )
