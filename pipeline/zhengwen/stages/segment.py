"""Texts to blocks: a partition of each text into the units that are kept or removed as a whole.

A block is a physical line, or a sentence of a long line of prose, or a whole code fence, formula or front matter, or
a sentence written one or two characters a line.
Markdown is read with pulldown-cmark (CommonMark 0.31), so that what is code or a table is decided by a real parser.

    texts ─ events ─ leaves, spans (bytes) ─ lines with a type each ─ blocks

Only the parser's events are walked one by one; all else is arrays over the whole batch.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pyromark
from numpy.typing import NDArray

from zhengwen.blocks import IS_ATOMIC, Blocks, BlockType, Flags, Ints

_Options = pyromark.Options
_MARKDOWN = pyromark.Markdown(options=_Options.ENABLE_TABLES | _Options.ENABLE_MATH | _Options.ENABLE_FOOTNOTES)
_BREAK = r"(?>\r\n|\n|\r)"
_FRONT_MATTER = re.compile(
    rf"\ufeff?(---|\+\+\+)[ \t]*{_BREAK}(?![ \t]*{_BREAK})(?:[^\r\n]*{_BREAK})*?\1[ \t]*(?:{_BREAK}|\Z)"
)
_LONE_RETURN = re.compile(r"\r(?!\n)")
_STOPS, _CLOSERS, _MARKS, _SPACES = "。！？!?；…", "”’」』）)】]", "*_`", " \t\u3000"
_SAYS = np.ones(0x10000, np.bool_)
_SAYS[[*range(33), 0x3000, 0xA0, 0xFEFF, ord(">")]] = False
_CLASS = np.zeros(0x10000, np.uint8)
_HAN = (0x3400, 0xA000)
_SHOWS = _SAYS.copy()
_SHOWS[[0x7F, 0xAD, *range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x205F, 0x2060, *range(0xFE00, 0xFE10)]] = False
for _number, _characters in enumerate((_STOPS, _CLOSERS, _MARKS, _SPACES), 1):
    _CLASS[[*map(ord, _characters)]] = _number

LONG_LINE = 40
"""Lines of prose longer than this (characters) are cut at sentence ends; measured on labelled articles."""
SHORT_SENTENCE = 8
"""No cut leaves a piece shorter than this (characters)."""
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


def segment(texts: Sequence[str]) -> Blocks:
    """The blocks of a batch of texts, end to end. Plain text is read as Markdown too: its lines come out as lines."""
    whole = "".join(texts)
    codes = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    begins = np.cumsum([0, *map(len, texts)])
    lines = _Lines.of(codes, begins)
    events = _Events()
    for text, begin in zip(texts, begins[:-1].tolist(), strict=True):
        front = _FRONT_MATTER.match(text)
        if front:
            lines.paint_front_matter(begin, begin + front.end())
        events.read(text, front.end() if front else int(text.startswith("\ufeff")))
    leaves, spans = events.places(whole)
    lines.paint(leaves)
    lines.paint_blanks(codes)
    return _blocks(lines, _columns(codes, lines), _cuts(codes, lines, spans), begins)


@dataclass(frozen=True, slots=True)
class _Lines:
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
    def of(cls, codes: NDArray[np.uint32], begins: Ints) -> "_Lines":
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

    def paint(self, leaves: "_Leaves") -> None:
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
            blank = ~np.logical_or.reduceat(_SAYS.take(codes, mode="clip"), self.bounds[:-1])
            self.types[blank & ~IS_ATOMIC[self.types]] = BlockType.BLANK


def _blocks(lines: _Lines, columns: Flags, cuts: Ints, begins: Ints) -> Blocks:
    """Joins the lines of atomic blocks, and those that go on a column (lines,), and parts long lines at the cuts."""
    types, leaves = lines.types, lines.leaves
    joined = np.zeros(len(types), np.bool_)
    joined[1:] = IS_ATOMIC[types[1:]] & (types[1:] == types[:-1]) & (leaves[1:] == leaves[:-1])
    joined |= columns
    joined[lines.first[:-1][lines.first[:-1] < len(types)]] = False
    line = np.flatnonzero(~joined)
    starts = np.concatenate((lines.bounds[line], cuts))
    order = np.argsort(starts, kind="stable")
    source = np.concatenate((line, np.searchsorted(lines.bounds, cuts, side="right") - 1))[order]
    bounds = np.append(starts[order], begins[-1])
    return Blocks(
        bounds,
        types[source],
        lines.levels[source],
        lines.quoted[source],
        order >= len(line),
        leaves[source],
        np.searchsorted(bounds, begins),
    )


def _columns(codes: NDArray[np.uint32], lines: _Lines) -> Flags:
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
    character. marks: the class (`_CLASS`) of the last character. alone: those whose paragraph has no other lines.
    """

    lines: Ints
    places: Ints
    chinese: Flags
    marks: NDArray[np.uint8]
    alone: Flags

    @classmethod
    def of(cls, codes: NDArray[np.uint32], lines: _Lines) -> "_Narrow":
        """Finds them."""
        found = np.flatnonzero((lines.types == BlockType.PARAGRAPH) & (np.diff(lines.bounds) <= _WIDEST))
        lengths = lines.bounds[found + 1] - lines.bounds[found]
        line = np.repeat(np.arange(len(found)), lengths)
        held = codes[np.arange(lengths.sum()) + np.repeat(lines.bounds[found] - np.cumsum(lengths) + lengths, lengths)]
        says = _SHOWS.take(held, mode="clip")
        number = np.bincount(line, says, len(found))
        chinese = np.bincount(line, says & (held >= _HAN[0]) & (held < _HAN[1]), len(found)) > 0
        marks = np.zeros(len(found), np.uint8)
        marks[line[says]] = _CLASS.take(held[says], mode="clip")
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


def _cuts(codes: NDArray[np.uint32], lines: _Lines, spans: Ints) -> Ints:
    """Places inside long lines of prose where a sentence ends."""
    prose = np.isin(lines.types, (BlockType.PARAGRAPH, BlockType.ITEM)) & (np.diff(lines.bounds) > LONG_LINE)
    ends = _outside(_sentence_ends(codes), spans)
    line = np.searchsorted(lines.bounds, ends, side="right") - 1
    fits = line < len(prose)
    ends, line = ends[fits], line[fits]
    stop = lines.bounds[line + 1]
    fits = prose[line] & (ends > lines.bounds[line]) & (stop - ends > SHORT_SENTENCE)
    ends, line = ends[fits], line[fits]
    while len(ends):
        before = np.append(-SHORT_SENTENCE, ends[:-1])
        short = ends - np.maximum(before, lines.bounds[line]) < SHORT_SENTENCE
        short[1:] &= ~short[:-1]
        if not short.any():
            break
        ends, line = ends[~short], line[~short]
    return ends


def _sentence_ends(codes: NDArray[np.uint32]) -> Ints:
    """Where sentences end (ends, 2): after the stops and closing quotes, and after the marks and spaces that follow."""
    classes = np.append(_CLASS.take(codes, mode="clip"), np.uint8(0))
    is_stop = classes == 1
    ends = np.flatnonzero(is_stop[:-1] & ~is_stop[1:]) + 1

    def beyond(places: Ints, kind: int) -> Ints:
        while (more := classes[places] == kind).any():
            places = places + more
        return places

    closed = beyond(ends, 2)
    return np.stack((closed, beyond(beyond(closed, 3), 4)), axis=1)


def _outside(candidates: Ints, spans: Ints) -> Ints:
    """Of each pair of places (sentence ends, 2), without and with the marks that follow, the one that lies inside none
    of the spans (sorted, disjoint; (spans, 2)): marks close one span or open the next. Pairs with no such place are
    left out."""
    if not len(spans):
        return candidates[:, 1]
    index = np.searchsorted(spans[:, 0], candidates, side="left") - 1
    free = (index < 0) | (candidates >= spans[index, 1])
    chosen: Ints = np.where(free[:, 1], candidates[:, 1], candidates[:, 0])[free.any(axis=1)]
    return chosen


_LEAVES = {
    "HtmlBlock": int(BlockType.HTML),
    "Table": int(BlockType.TABLE_HEAD),
    "TableRow": int(BlockType.TABLE_ROW),
}
_PARAGRAPH, _ITEM, _HEADING, _RULE, _MATH, _CODE, _INDENTED = (
    int(BlockType[name]) for name in ("PARAGRAPH", "ITEM", "HEADING", "RULE", "MATH", "CODE", "INDENTED")
)
"""Types as plain numbers, of which NumPy makes an array five times as fast."""
_INLINE = frozenset(("Emphasis", "Strong", "Strikethrough", "Link", "Image"))
_INLINE_LEAVES = frozenset(("Code", "InlineMath", "InlineHtml"))


@dataclass(frozen=True, slots=True)
class _Leaves:
    """Leaf blocks of a batch, in code points, in the parser's order: one that holds others comes before them."""

    starts: Ints
    ends: Ints
    types: Ints
    levels: Ints
    quoted: Flags


@dataclass(slots=True)
class _Events:
    """What the parser's events say of a batch, in bytes of the joined texts.

    leaves: start, end, type, level and quotes around, one leaf block after the other.
    spans: start and end of the outermost inline spans, in order.
    """

    leaves: list[int] = field(default_factory=list)
    spans: list[int] = field(default_factory=list)
    _base: int = 0
    _quotes: int = 0
    _items: int = 0

    def read(self, text: str, skip: int) -> None:
        """Adds the next text of the batch, without its first ``skip`` characters."""
        size = len(text.encode())
        if skip:
            head = len(text[:skip].encode())
            self._base += head
            size -= head
            text = text[skip:]
        if "\r" in text:
            text = _LONE_RETURN.sub("\n", text)
        self._quotes = self._items = 0
        self._walk(text)
        self._base += size

    def _walk(self, text: str) -> None:
        """Half of the time of segmentation goes by here: frequent events are told apart first, by what is cheapest."""
        covered = -1
        event: Any
        for event, where in _MARKDOWN.events_with_range(text, merge_text=True):
            if type(event) is str:
                if event == "Rule":
                    self._leaf(where, _RULE)
            elif "Text" in event:
                pass
            elif "End" in event:
                self._end(event["End"])
            elif "Start" in event and (tag := _tag(event["Start"])) not in _INLINE:
                self._start(tag, event["Start"], where)
            elif "DisplayMath" in event:
                self._leaf(where, _MATH)
            elif where["start"] >= covered and ("Start" in event or not _INLINE_LEAVES.isdisjoint(event)):
                covered = where["end"]
                self.spans += (self._base + where["start"], self._base + covered)

    def _end(self, value: Any) -> None:
        if value == "Item":
            self._items -= 1
        elif type(value) is dict and "BlockQuote" in value:
            self._quotes -= 1

    def _start(self, tag: str, value: Any, where: Any) -> None:
        if tag == "Paragraph":
            self._leaf(where, _ITEM if self._items else _PARAGRAPH, self._items)
        elif tag in _LEAVES:
            self._leaf(where, _LEAVES[tag])
        elif tag == "Item":
            self._items += 1
            self._leaf(where, _ITEM, self._items)
        elif tag == "BlockQuote":
            self._quotes += 1
        elif tag == "Heading":
            self._leaf(where, _HEADING, int(value["Heading"]["level"][1]))
        elif tag == "CodeBlock":
            self._leaf(where, _INDENTED if value["CodeBlock"] == "Indented" else _CODE)

    def _leaf(self, where: Any, kind: int, level: int = 0) -> None:
        self.leaves += (self._base + where["start"], self._base + where["end"], kind, level, self._quotes)

    def places(self, whole: str) -> tuple[_Leaves, Ints]:
        """Leaves, and spans (spans, 2), in code points of the joined texts."""
        leaves = np.array(self.leaves, np.int64).reshape(-1, 5)
        spans = np.array(self.spans, np.int64)
        edges = _code_points(whole, np.concatenate((leaves[:, 0], leaves[:, 1], spans)))
        starts, ends, spans = np.split(edges, (len(leaves), 2 * len(leaves)))
        _, _, types, levels, quotes = leaves.T
        return _Leaves(starts, ends, types, np.minimum(levels, 255), quotes > 0), spans.reshape(-1, 2)


def _tag(value: Any) -> str:
    """What starts, by name."""
    return value if type(value) is str else next(iter(value))


def _code_points(text: str, places: Ints) -> Ints:
    """UTF-8 byte offsets into ``text`` as code point offsets: less the bytes before them that go on a character, which
    are counted by 64."""
    if text.isascii():
        return places
    bits = np.packbits(np.frombuffer(text.encode(), np.int8) < -64, bitorder="little")  # set: the byte goes on
    words = np.frombuffer(bits.tobytes().ljust((len(bits) // 8 + 1) * 8, b"\0"), "<u8")
    before = np.concatenate(([0], np.cumsum(np.bitwise_count(words), dtype=np.int64)))
    word, below = places >> 6, (np.uint64(1) << (places & 63).astype(np.uint64)) - np.uint64(1)
    points: Ints = places - before[word] - np.bitwise_count(words[word] & below)
    return points
