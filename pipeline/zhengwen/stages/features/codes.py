"""The characters of a batch as arrays, normalised for features; the output never sees a normalised character."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Blocks, Floats, Ints
from zhengwen.stages.features.disguise import reveal

_TARGET = re.compile(r"\]\([^)\n]{0,2000}\)|https?://[^\s)>\]）】」]+|<[^>\n]{1,2000}>")
_HOST = re.compile(r"//([^/?#\s)>\"']+)")
DROPPED = 0
BOUNDARY = 1
LINK = 2
TAG = 3
"""Folded codes below the printable ones: nothing said, edge of a block, target of a link, HTML tag."""

_INVISIBLE = (0x7F, 0xA0, 0xAD, 0x205F, 0x2060, 0x3000, 0xFEFF, *range(0x2000, 0x2010), *range(0x2028, 0x2030))
_MARKUP = "*_~`>#\\"
_SIMPLIFIED = Path(__file__).with_name("simplified.txt")
"""Pairs of a traditional character and its simplified form, after OpenCC; benchmarks/simplified.py writes them."""
_COMPATIBLE = ((0x21, 0x180), (0x2010, 0x2070), (0x2460, 0x2500), (0x3000, 0x3400), (0xF900, 0x10000))


def _fold_table() -> NDArray[np.uint32]:
    """Folded code of each code point of the basic plane: NFKC and lower case where that is a single character,
    traditional characters to simplified ones, digits to ``0``; white space, variation selectors and invisible
    characters to `DROPPED`."""
    table = np.arange(0x10000, dtype=np.uint32)
    for low, high in _COMPATIBLE:
        for code in range(low, high):
            folded = unicodedata.normalize("NFKC", chr(code)).casefold()
            if len(folded) == 1 and ord(folded) < 0x10000:
                table[code] = ord(folded)
    simplified = np.arange(0x10000, dtype=np.uint32)
    pairs = np.array([*map(ord, _SIMPLIFIED.read_text(encoding="utf-8").replace("\n", ""))], np.uint32)
    simplified[pairs[::2]] = pairs[1::2]
    table = simplified[table]
    table[np.isin(table, np.array([*b"0123456789"]))] = ord("0")
    table[:0x21] = table[0xFE00:0xFE10] = DROPPED
    table[list(_INVISIBLE)] = DROPPED
    return table


_FOLD = _fold_table()
_IS_MARKUP = np.isin(np.arange(0x80), np.array([*map(ord, _MARKUP)]))


def fold(raw: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Folded codes of code points."""
    folded = _FOLD[np.minimum(raw, 0xFFFF)]
    beyond = np.flatnonzero(raw > 0xFFFF)
    folded[beyond] = raw[beyond]
    return folded


@dataclass(frozen=True, slots=True)
class Codes:
    """The texts of a batch, end to end.

    raw: uint32 (characters,), code points as they stand.
    folded: uint32 (characters,), see `fold`.
    shown: uint32 (characters,), as ``folded``, but without Markdown's marks, and of a link's target or a tag only a
        mark (`LINK`, `TAG`) and the host.
    links, images: int64, places in ``raw`` of link targets and of pictures, sorted.
    """

    raw: NDArray[np.uint32]
    folded: NDArray[np.uint32]
    shown: NDArray[np.uint32]
    links: Ints
    images: Ints


def encode(texts: Sequence[str]) -> Codes:
    """Puts a batch of texts into arrays."""
    whole = "".join(texts)
    raw = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    folded = fold(raw)
    reveal(folded, raw, np.cumsum([0, *map(len, texts)]))
    shown = np.where(_IS_MARKUP[np.minimum(folded, 0x7F)], np.uint32(DROPPED), folded)
    links, images = [], []
    for match in _TARGET.finditer(whole):
        start, end = match.span()
        is_tag = whole[start] == "<" and not whole.startswith("<http", start)
        if not is_tag:
            links.append(start)
        elif whole[start + 1 : start + 4].lower() == "img":
            images.append(start)
        shown[start:end] = DROPPED
        shown[start] = TAG if is_tag else LINK
        if host := _HOST.search(match[0]):
            place = slice(start + host.start(1), start + host.end(1))
            shown[place] = folded[place]
    pictures = np.flatnonzero((raw[:-1] == ord("!")) & (raw[1:] == ord("[")))
    all_images = np.sort(np.concatenate((pictures, np.array(images, np.int64))))
    return Codes(raw, folded, shown, np.array(links, np.int64), all_images)


@dataclass(frozen=True, slots=True)
class Stream:
    """The folded characters of a batch that say something, with a boundary mark before each block and one at the end.

    codes: uint32 (kept characters + blocks + 1,).
    starts: int64 (blocks + 1,), place of each boundary mark.
    """

    codes: NDArray[np.uint32]
    starts: Ints

    def lengths(self) -> Ints:
        """Number of characters kept of each block."""
        return np.diff(self.starts) - 1


def stream(folded: NDArray[np.uint32], blocks: Blocks) -> Stream:
    """Leaves out what says nothing (`DROPPED`) and marks where blocks begin."""
    kept = folded != DROPPED
    before = np.concatenate(([0], np.cumsum(kept)))
    starts = before[blocks.bounds] + np.arange(len(blocks.bounds))
    out = np.full(int(before[-1]) + len(starts), BOUNDARY, np.uint32)
    inside = np.ones(len(out), np.bool_)
    inside[starts] = False
    out[inside] = folded[kept]
    return Stream(out, starts)


def count(blocks: Blocks, places: Ints) -> Floats:
    """How many of the places (sorted) lie in each block."""
    return np.diff(np.searchsorted(places, blocks.bounds)).astype(np.float32)
