"""Text to blocks: a partition of the text into the units that are kept or removed as a whole.

A block is a physical line, or a sentence of a long line of prose, or a whole code fence, formula or front matter.
Markdown is read with pulldown-cmark (CommonMark 0.31), so that what is code or a table is decided by a real parser.
"""

import re
from typing import Any

import numpy as np
import pyromark
from numpy.typing import NDArray

from zhengwen.blocks import IS_ATOMIC, Blocks, BlockType, Ints

_Options = pyromark.Options
_MARKDOWN = pyromark.Markdown(options=_Options.ENABLE_TABLES | _Options.ENABLE_MATH | _Options.ENABLE_FOOTNOTES)
_BREAK = r"(?>\r\n|\n|\r)"
_FRONT_MATTER = re.compile(
    rf"\ufeff?(---|\+\+\+)[ \t]*{_BREAK}(?![ \t]*{_BREAK})(?:[^\r\n]*{_BREAK})*?\1[ \t]*(?:{_BREAK}|\Z)"
)
_LONE_RETURN = re.compile(r"\r(?!\n)")
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
    tail = [] if (len(ends) and ends[-1] == len(codes)) or not len(codes) else [len(codes)]
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
        skip = front.end() if front else int(self.text[0] == "\ufeff")
        if front:
            self.types[: self._line_of(skip - 1) + 1] = BlockType.FRONT_MATTER
        body = _LONE_RETURN.sub("\n", self.text[skip:])
        events = _Events(body)
        leaves = events.leaves
        places = skip + _code_points(body, [edge for span in (*leaves, *events.spans) for edge in span[:2]])
        split = 2 * len(leaves)
        self.spans = list(zip(places[split::2].tolist(), places[split + 1 :: 2].tolist(), strict=True))
        first = np.searchsorted(self.lines, places[0:split:2], side="right") - 1
        last = np.searchsorted(self.lines, places[1:split:2], side="left")
        runs = zip(leaves, first.tolist(), last.tolist(), strict=True)
        for number, ((_, _, kind, level, quoted), a, b) in enumerate(runs, 1):
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
            blank &= ~IS_ATOMIC[self.types]
            self.types[blank] = BlockType.BLANK

    def blocks(self) -> Blocks:
        """Joins the lines of atomic blocks and cuts long lines of prose at sentence ends."""
        n = len(self.types)
        joined = np.zeros(n, np.bool_)
        if n:
            same = (self.types[1:] == self.types[:-1]) & (self.leaves[1:] == self.leaves[:-1])
            joined[1:] = IS_ATOMIC[self.types[1:]] & same
        line = np.flatnonzero(~joined)
        starts = self.lines[line]
        cuts, owners = self._cuts()
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

    def _cuts(self) -> tuple[Ints, Ints]:
        """Places inside long lines of prose where a sentence ends, and the line of each."""
        prose = ((self.types == BlockType.PARAGRAPH) | (self.types == BlockType.ITEM)) & (
            np.diff(self.lines) > LONG_LINE
        )
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


_Leaf = tuple[int, int, int, int, bool]
_LEAVES = {
    "Paragraph": BlockType.PARAGRAPH,
    "HtmlBlock": BlockType.HTML,
    "Table": BlockType.TABLE_HEAD,
    "TableRow": BlockType.TABLE_ROW,
}
_INLINE = frozenset(("Emphasis", "Strong", "Strikethrough", "Link", "Image"))
_INLINE_LEAVES = frozenset(("Code", "InlineMath", "InlineHtml"))


class _Events:
    """What the parser's events say of one text, in bytes.

    leaves: leaf blocks (start, end, type, level, quoted); a later one overrides an earlier one that holds it.
    spans: outermost inline spans (start, end), in order.
    """

    def __init__(self, text: str) -> None:
        self.leaves: list[_Leaf] = []
        self.spans: list[tuple[int, int]] = []
        self._quotes = self._items = 0
        self._covered = -1
        event: Any
        for event, where in _MARKDOWN.events_with_range(text, merge_text=True):
            if type(event) is str:
                if event == "Rule":
                    self._leaf(where, BlockType.RULE)
                continue
            ((name, value),) = event.items()
            if name == "Start":
                self._start(value if type(value) is str else next(iter(value)), value, where)
            elif name == "End":
                if value == "Item":
                    self._items -= 1
                elif type(value) is dict and "BlockQuote" in value:
                    self._quotes -= 1
            elif name in _INLINE_LEAVES:
                self._span(where)
            elif name == "DisplayMath":
                self._leaf(where, BlockType.MATH)

    def _start(self, tag: str, value: Any, where: Any) -> None:
        if tag in _INLINE:
            self._span(where)
        elif tag == "Paragraph" and self._items:
            self._leaf(where, BlockType.ITEM, self._items)
        elif tag in _LEAVES:
            self._leaf(where, _LEAVES[tag])
        elif tag == "Item":
            self._items += 1
            self._leaf(where, BlockType.ITEM, self._items)
        elif tag == "BlockQuote":
            self._quotes += 1
        elif tag == "Heading":
            self._leaf(where, BlockType.HEADING, int(value["Heading"]["level"][1]))
        elif tag == "CodeBlock":
            self._leaf(where, BlockType.INDENTED if value["CodeBlock"] == "Indented" else BlockType.CODE)

    def _leaf(self, where: Any, kind: BlockType, level: int = 0) -> None:
        self.leaves.append((where["start"], where["end"], kind, min(level, 255), self._quotes > 0))

    def _span(self, where: Any) -> None:
        if where["start"] >= self._covered:
            self._covered = where["end"]
            self.spans.append((where["start"], self._covered))


def _code_points(text: str, places: list[int]) -> Ints:
    """UTF-8 byte offsets to code point offsets."""
    at = np.array(places, np.int64)
    if text.isascii():
        return at
    raw = np.frombuffer(text.encode(), np.uint8)
    before = np.concatenate(([0], np.cumsum((raw & 0xC0) != 0x80)))
    return before[at]
