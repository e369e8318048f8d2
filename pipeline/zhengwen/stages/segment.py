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
from typing import Any

import numpy as np
import pyromark
from numpy.typing import NDArray

from zhengwen.blocks import IS_ATOMIC, Blocks, BlockType, Flags, Ints
from zhengwen.stages.columns import columns
from zhengwen.stages.lines import CLASS, Leaves, Lines

_Options = pyromark.Options
_MARKDOWN = pyromark.Markdown(options=_Options.ENABLE_TABLES | _Options.ENABLE_MATH | _Options.ENABLE_FOOTNOTES)
_BREAK = r"(?>\r\n|\n|\r)"
_FRONT_MATTER = re.compile(
    rf"\ufeff?(---|\+\+\+)[ \t]*{_BREAK}(?![ \t]*{_BREAK})(?:[^\r\n]*{_BREAK})*?\1[ \t]*(?:{_BREAK}|\Z)"
)
_LONE_RETURN = re.compile(r"\r(?!\n)")
LONG_LINE = 40
"""Lines of prose longer than this (characters) are cut at sentence ends; measured on labelled articles."""
SHORT_SENTENCE = 8
"""No cut leaves a piece shorter than this (characters)."""


def segment(texts: Sequence[str]) -> Blocks:
    """The blocks of a batch of texts, end to end. Plain text is read as Markdown too: its lines come out as lines."""
    whole = "".join(texts)
    codes = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    begins = np.cumsum([0, *map(len, texts)])
    lines = Lines.of(codes, begins)
    events = _Events()
    for text, begin in zip(texts, begins[:-1].tolist(), strict=True):
        front = _FRONT_MATTER.match(text)
        if front:
            lines.paint_front_matter(begin, begin + front.end())
        events.read(text, front.end() if front else int(text.startswith("\ufeff")))
    leaves, spans = events.places(whole)
    lines.paint(leaves)
    lines.paint_blanks(codes)
    return _blocks(lines, columns(codes, lines), _cuts(codes, lines, spans), begins)


def _blocks(lines: Lines, going_on: Flags, cuts: Ints, begins: Ints) -> Blocks:
    """Joins the lines of atomic blocks, and those that go on a column (lines,), and parts long lines at the cuts."""
    types, leaves = lines.types, lines.leaves
    joined = np.zeros(len(types), np.bool_)
    joined[1:] = IS_ATOMIC[types[1:]] & (types[1:] == types[:-1]) & (leaves[1:] == leaves[:-1])
    joined |= going_on
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


def _cuts(codes: NDArray[np.uint32], lines: Lines, spans: Ints) -> Ints:
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
    classes = np.append(CLASS.take(codes, mode="clip"), np.uint8(0))
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

    def places(self, whole: str) -> tuple[Leaves, Ints]:
        """Leaves, and spans (spans, 2), in code points of the joined texts."""
        leaves = np.array(self.leaves, np.int64).reshape(-1, 5)
        spans = np.array(self.spans, np.int64)
        edges = _code_points(whole, np.concatenate((leaves[:, 0], leaves[:, 1], spans)))
        starts, ends, spans = np.split(edges, (len(leaves), 2 * len(leaves)))
        _, _, types, levels, quotes = leaves.T
        return Leaves(starts, ends, types, np.minimum(levels, 255), quotes > 0), spans.reshape(-1, 2)


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
