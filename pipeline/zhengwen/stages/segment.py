"""Text to blocks: a partition of the text into the units that are kept or removed as a whole.

A block is a physical line, or a sentence of a long line of prose, or a whole code fence, formula or front matter.
Markdown is read with pulldown-cmark (CommonMark 0.31), so that what is code or a table is decided by a real parser.
"""

import re
from typing import Any

import numpy as np
import pyromark
from numpy.typing import NDArray

from zhengwen.blocks import ATOMIC, Blocks, BlockType, Flags, Ints

_Options = pyromark.Options
_MARKDOWN = pyromark.Markdown(options=_Options.ENABLE_TABLES | _Options.ENABLE_MATH | _Options.ENABLE_FOOTNOTES)
_FRONT_MATTER = re.compile(r"\ufeff?(---|\+\+\+)[ \t]*(\r\n|\n|\r)(?:.*(?:\r\n|\n|\r))*?\1[ \t]*(?:\r\n|\n|\r|\Z)")
_SENTENCE_END = re.compile(r"([。！？!?；…]+[”’」』）)】\]]*)[*_`]*[ \t\u3000]*")

LONG_LINE = 40
"""Lines of prose longer than this (characters) are cut at sentence ends; measured on labelled articles."""
SHORT_SENTENCE = 8
"""No cut leaves a piece shorter than this (characters)."""


def segment(text: str) -> Blocks:
    """Cuts ``text`` into blocks. Plain text is read as Markdown too: its lines come out as lines."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    lines = _line_bounds(codes)
    paint = _Paint(text, codes, lines)
    paint.markdown()
    paint.blanks()
    return paint.blocks()


def _line_bounds(codes: NDArray[np.uint32]) -> Ints:
    feeds = codes == 10
    returns = codes == 13
    returns[:-1] &= ~feeds[1:]
    ends = np.flatnonzero(feeds | returns) + 1
    tail = [] if len(ends) and ends[-1] == len(codes) or not len(codes) else [len(codes)]
    return np.concatenate(([0], ends, tail)).astype(np.int64)


class _Paint:
    """Line-wise marks of one text, filled from the parser's events."""

    def __init__(self, text: str, codes: NDArray[np.uint32], lines: Ints) -> None:
        n = len(lines) - 1
        self.text, self.codes, self.lines = text, codes, lines
        self.types = np.full(n, BlockType.PARAGRAPH, np.uint8)
        self.levels = np.zeros(n, np.uint8)
        self.quoted = np.zeros(n, np.bool_)
        self.leaves = np.zeros(n, np.int32)
        self.spans: list[tuple[int, int]] = []

    def markdown(self) -> None:
        """Marks every line with the leaf block that holds it, and notes the inline spans."""
        if not self.text:
            return
        front = _FRONT_MATTER.match(self.text)
        skip = front.end() if front else 0
        if skip:
            self.types[: self._line_of(skip - 1) + 1] = BlockType.FRONT_MATTER
        body = self.text[skip:]
        leaves, spans = _parse(body)
        places = _code_points(body, [b for s, e, *_ in leaves for b in (s, e)] + [b for se in spans for b in se]) + skip
        split = 2 * len(leaves)
        self.spans = list(zip(places[split::2].tolist(), places[split + 1 :: 2].tolist(), strict=True))
        first = np.searchsorted(self.lines, places[0:split:2], side="right") - 1
        last = np.searchsorted(self.lines, places[1:split:2], side="left")
        for number, ((_, _, kind, level, quoted), a, b) in enumerate(zip(leaves, first.tolist(), last.tolist(), strict=True), 1):
            self.types[a:b] = kind
            self.levels[a:b] = level
            self.quoted[a:b] = quoted
            self.leaves[a:b] = number

    def _line_of(self, place: int) -> int:
        return int(np.searchsorted(self.lines, place, side="right")) - 1

    def blanks(self) -> None:
        """Marks lines without anything to read, outside of code, formulas and front matter."""
        space = (self.codes <= 32) | (self.codes == 0x3000) | (self.codes == 0xA0) | (self.codes == 0xFEFF)
        space |= self.codes == ord(">")
        if len(self.types):
            blank = np.logical_and.reduceat(space, self.lines[:-1])
            blank &= ~np.isin(self.types, ATOMIC)
            self.types[blank] = BlockType.BLANK

    def blocks(self) -> Blocks:
        """Joins the lines of atomic blocks and cuts long lines of prose at sentence ends."""
        n = len(self.types)
        joined = np.zeros(n, np.bool_)
        if n:
            joined[1:] = np.isin(self.types[1:], ATOMIC) & (self.types[1:] == self.types[:-1]) & (self.leaves[1:] == self.leaves[:-1])
        line = np.flatnonzero(~joined)
        starts = self.lines[line]
        cuts, owners = self._cuts(joined)
        order = np.argsort(np.concatenate((starts, cuts)), kind="stable")
        source = np.concatenate((line, owners))[order]
        continued = np.concatenate((np.zeros(len(starts), np.bool_), np.ones(len(cuts), np.bool_)))[order]
        bounds = np.concatenate((np.concatenate((starts, cuts))[order], [len(self.text)])).astype(np.int64)
        return Blocks(
            bounds,
            self.types[source],
            self.levels[source],
            self.quoted[source],
            continued,
            self.leaves[source],
            np.array([0, len(source)]),
        )

    def _cuts(self, joined: Flags) -> tuple[Ints, Ints]:
        """Places inside long lines of prose where a sentence ends, and the line of each."""
        prose = np.isin(self.types, (BlockType.PARAGRAPH, BlockType.ITEM)) & (np.diff(self.lines) > LONG_LINE)
        if not prose.any():
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        stops = [(m.end(1), m.end()) for m in _SENTENCE_END.finditer(self.text)]
        ends = _outside(np.array(stops, np.int64).reshape(-1, 2), self.spans)
        owner = np.searchsorted(self.lines, ends, side="right") - 1
        fits = owner < len(prose)
        ends, owner = ends[fits], owner[fits]
        fits = prose[owner] & (ends > self.lines[owner])
        ends, owner = ends[fits], owner[fits]
        kept, previous, line = [], 0, -1
        stops = self.lines[owner + 1].tolist()
        for i, (end, own, stop) in enumerate(zip(ends.tolist(), owner.tolist(), stops, strict=True)):
            if own != line:
                line, previous = own, int(self.lines[own])
            if end - previous >= SHORT_SENTENCE and stop - end > SHORT_SENTENCE:
                kept.append(i)
                previous = end
        return ends[kept], owner[kept]


def _outside(candidates: Ints, spans: list[tuple[int, int]]) -> Ints:
    """Of each pair of places (sentence ends, 2), without and with the marks that follow, the one that lies inside none
    of the spans (sorted, disjoint): marks close one span or open the next. Pairs with no such place are left out."""
    if not spans:
        return candidates[:, 1]
    edges = np.array(spans, np.int64)
    index = np.searchsorted(edges[:, 0], candidates, side="left") - 1
    free = (index < 0) | (candidates >= edges[index, 1])
    chosen: Ints = np.where(free[:, 1], candidates[:, 1], candidates[:, 0])[free.any(axis=1)]
    return chosen


_LEAF = {
    "Paragraph": BlockType.PARAGRAPH,
    "HtmlBlock": BlockType.HTML,
    "Table": BlockType.TABLE_HEAD,
    "TableRow": BlockType.TABLE_ROW,
}
_INLINE = frozenset(("Emphasis", "Strong", "Strikethrough", "Link", "Image"))
_Leaf = tuple[int, int, int, int, bool]


def _parse(text: str) -> tuple[list[_Leaf], list[tuple[int, int]]]:
    """Leaf blocks (start, end, type, level, quoted) and outermost inline spans, in bytes."""
    leaves: list[_Leaf] = []
    spans: list[tuple[int, int]] = []
    quotes = items = 0
    covered = -1
    for event, where in _MARKDOWN.events_with_range(text):
        if type(event) is str:
            if event == "Rule":
                leaves.append((where["start"], where["end"], BlockType.RULE, 0, quotes > 0))
            continue
        name, value = next(iter(event.items()))
        if name == "Start":
            tag = value if type(value) is str else next(iter(value))
            if tag == "Item":
                items += 1
                leaves.append((where["start"], where["end"], BlockType.ITEM, items, quotes > 0))
            elif tag == "BlockQuote":
                quotes += 1
            elif tag in _INLINE:
                if where["start"] >= covered:
                    covered = where["end"]
                    spans.append((where["start"], covered))
            else:
                kind, level = _leaf(tag, value)
                if kind is not None:
                    if kind == BlockType.PARAGRAPH and items:
                        kind, level = BlockType.ITEM, items
                    leaves.append((where["start"], where["end"], kind, level, quotes > 0))
        elif name == "End":
            tag = value if type(value) is str else next(iter(value))
            items -= tag == "Item"
            quotes -= tag == "BlockQuote"
        elif name in ("Code", "InlineMath", "InlineHtml") and where["start"] >= covered:
            covered = where["end"]
            spans.append((where["start"], covered))
        elif name == "DisplayMath":
            leaves.append((where["start"], where["end"], BlockType.MATH, 0, quotes > 0))
    return leaves, spans


def _leaf(tag: str, value: Any) -> tuple[BlockType | None, int]:
    if tag == "Heading":
        return BlockType.HEADING, int(value["Heading"]["level"][1])
    if tag == "CodeBlock":
        return (BlockType.INDENTED if value["CodeBlock"] == "Indented" else BlockType.CODE), 0
    return _LEAF.get(tag), 0


def _code_points(text: str, places: list[int]) -> Ints:
    """UTF-8 byte offsets to code point offsets."""
    at = np.array(places, np.int64)
    if text.isascii():
        return at
    raw = np.frombuffer(text.encode(), np.uint8)
    before = np.concatenate(([0], np.cumsum((raw & 0xC0) != 0x80)))
    return before[at]
