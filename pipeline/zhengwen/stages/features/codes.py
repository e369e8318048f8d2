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
SIMPLIFIED = Path(__file__).with_name("simplified.txt")
"""Pairs of a traditional character and its simplified form, after OpenCC; benchmarks/simplified.py writes them."""
_COMPATIBLE = ((0x21, 0x180), (0x2010, 0x2070), (0x2460, 0x2500), (0x3000, 0x3400), (0xF900, 0x10000))


def _fold_table() -> NDArray[np.uint32]:
    """Folded code of each code point of the basic plane: NFKC and lower case where that is a single character,
    digits to ``0``; white space, variation selectors and invisible characters to `DROPPED`."""
    table = np.arange(0x10000, dtype=np.uint32)
    for low, high in _COMPATIBLE:
        for code in range(low, high):
            folded = unicodedata.normalize("NFKC", chr(code)).casefold()
            if len(folded) == 1 and ord(folded) < 0x10000:
                table[code] = ord(folded)
    table[np.isin(table, np.array([*b"0123456789"]))] = ord("0")
    table[:0x21] = table[0xFE00:0xFE10] = DROPPED
    table[list(_INVISIBLE)] = DROPPED
    return table


def _simplified(table: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A table that maps traditional characters to simplified ones too."""
    forms = np.arange(0x10000, dtype=np.uint32)
    pairs = np.array([*map(ord, SIMPLIFIED.read_text(encoding="utf-8").replace("\n", ""))], np.uint32)
    forms[pairs[::2]] = pairs[1::2]
    return forms[table]


_PLAIN = _fold_table()
_FOLD = _simplified(_PLAIN)
_IS_MARKUP = np.isin(np.arange(0x80), np.array([*map(ord, _MARKUP)]))


def fold(raw: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Folded codes of code points, traditional characters as simplified ones."""
    return _looked_up(_FOLD, raw)


def plain(raw: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Folded codes of code points as a reader knows them: traditional characters stay."""
    return _looked_up(_PLAIN, raw)


def _looked_up(table: NDArray[np.uint32], raw: NDArray[np.uint32]) -> NDArray[np.uint32]:
    folded = table.take(raw, mode="clip")
    beyond = np.flatnonzero(raw > 0xFFFF)
    folded[beyond] = raw[beyond]
    return folded


@dataclass(frozen=True, slots=True)
class Codes:
    """The texts of a batch, end to end.

    raw: uint32 (characters,), code points as they stand.
    folded: uint32 (characters,), see `fold`, with disguised words rewritten (`zhengwen.stages.features.disguise`).
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
    links, tags, images, spans, hosts = _targets(whole)
    shown = folded.copy()
    shown[_IS_MARKUP.take(folded, mode="clip")] = DROPPED
    shown[_inside(spans)] = DROPPED
    shown[links], shown[tags] = LINK, TAG
    named = _inside(hosts)
    shown[named] = folded[named]
    pictures = np.flatnonzero((raw[:-1] == ord("!")) & (raw[1:] == ord("[")))
    return Codes(raw, folded, shown, links, np.sort(np.concatenate((pictures, images))))


def _targets(whole: str) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Targets of links, HTML tags and those of them that are pictures, by their places; spans (spans, 2) of all targets
    and tags, and of the hosts that they name."""
    links, tags, images, spans, hosts = [], [], [], [], []
    for match in _TARGET.finditer(whole):
        said, start = match[0], match.start()
        if said[0] != "<" or said.startswith("<http"):
            links.append(start)
        else:
            tags.append(start)
            if said[1:4].lower() == "img":
                images.append(start)
        spans.append(match.span())
        if "//" in said and (host := _HOST.search(said)):
            hosts.append((start + host.start(1), start + host.end(1)))
    one, two, three, *pairs = (np.array(found, np.int64) for found in (links, tags, images, spans, hosts))
    return one, two, three, pairs[0].reshape(-1, 2), pairs[1].reshape(-1, 2)


def _inside(spans: Ints) -> Ints:
    """All places within spans (spans, 2)."""
    lengths = spans[:, 1] - spans[:, 0]
    return np.arange(lengths.sum()) + np.repeat(spans[:, 1] - np.cumsum(lengths), lengths)


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
