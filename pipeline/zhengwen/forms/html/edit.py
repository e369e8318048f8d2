"""What goes from the Markdown of a page, as spans of its source."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape

from zhengwen.forms.html.region import Region
from zhengwen.forms.html.render import Piece
from zhengwen.forms.html.scan import Token, TokenType, names
from zhengwen.forms.html.tree import VOID, Element, parse, walk
from zhengwen.forms.html.visible import hidden

Span = tuple[int, int]
"""Start and end, end exclusive, in code points."""

_STAYS = names(
    "img audio video iframe object embed canvas svg input textarea select button math "
    "script style link meta template noscript"
)
"""Elements that show something without text, or work unseen: only pictures and formulas are ever removed."""
_CELLS = names("td th caption body html head")
"""Elements that stay when they are emptied: a row without one of its cells would shift."""


def source_spans(pieces: Sequence[Piece], removed: Sequence[Span]) -> list[Span]:
    """Where in the source what is removed of the Markdown stands: a span a piece, sorted and disjoint.

    Of a piece that is not its source's very characters (an entity, a picture, collapsed white space) a part stays.
    """
    spans: list[Span] = []
    first = 0
    for piece in pieces:
        while first < len(removed) and removed[first][1] <= piece.start:
            first += 1
        index = first
        while index < len(removed) and removed[index][0] < piece.end:
            start, end = max(removed[index][0], piece.start), min(removed[index][1], piece.end)
            if piece.exact:
                spans.append((piece.origin + start - piece.start, piece.origin + end - piece.start))
            elif (start, end) == (piece.start, piece.end):
                spans.append((piece.origin, piece.limit))
            index += 1
    return _joined(spans)


@dataclass(frozen=True, slots=True)
class _State:
    """What the spans do to a node. shows: something to show is left. lost: something went."""

    shows: bool
    lost: bool

    @property
    def emptied(self) -> bool:
        """Whether everything there was to show went."""
        return self.lost and not self.shows


def with_emptied(source: str, region: Region, gone: Sequence[Span]) -> list[Span]:
    """The spans, and what they leave without anything to show: elements of the region, and the line breaks after lines
    of text. Sorted and disjoint."""
    cover = _Cover(gone)
    states: dict[Element | Token, _State] = {}
    also: list[Span] = []
    skipping: Element | None = None
    for node, begins in walk(region.element):
        if skipping is not None:
            skipping = None if node is skipping else skipping
        elif isinstance(node, Token):
            text = node.type == TokenType.TEXT
            states[node] = _State(text and not cover.takes(source, node), text and cover.touches(node.start, node.end))
        elif begins and (node.name in _STAYS or node in region.left_out or hidden(node)):
            skipping = node
            lost = cover.holds(node.start, node.end)
            states[node] = _State(not lost and (node.name in _STAYS or node in region.left_out), lost)
        elif not begins:
            children = [states[child] for child in node.children]
            states[node] = _State(any(c.shows for c in children), any(c.lost for c in children))
            if not states[node].emptied:
                also += _breaks(node, states)
            elif node is not region.element and node.name not in _CELLS:
                also.append((node.start, node.end))
    return _joined([*gone, *also])


def _breaks(element: Element, states: Mapping[Element | Token, _State]) -> Iterator[Span]:
    """The line breaks that only emptied lines of an element needed: those after them, and those before the last."""
    before: list[Element] = []
    emptied = content = False
    for child in element.children:
        if isinstance(child, Element) and child.name == "br":
            if emptied:
                yield child.start, child.end
            else:
                before = [] if content else before
                before.append(child)
            content = False
        elif states[child].shows or states[child].lost:
            emptied = states[child].emptied and (emptied or not content)
            content = True
    if emptied:
        yield from ((b.start, b.end) for b in before)


def remaining(source: str, gone: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What still goes of a page, of all that goes, if only ``others`` of it is to go: an element that both emptied
    together comes back, and one that the others empty alone goes."""
    root = parse(source)
    shown: list[Span] = []
    for node, begins in walk(root):
        text = isinstance(node, Token) and node.type == TokenType.TEXT
        if begins and (text or (isinstance(node, Element) and (node.name in _STAYS or node.name in VOID))):
            shown.append((node.start, node.end))
    parts = _common(shown, others)
    whole = set(shown)
    bare = [p for p in parts if source[p[0]] != "<" or p in whole]
    return _common(_joined(with_emptied(source, Region(root, frozenset()), _joined(bare))), _joined(gone))


def _common(ones: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What is in both (each sorted and disjoint)."""
    found: list[Span] = []
    first = 0
    for start, end in ones:
        while first < len(others) and others[first][1] <= start:
            first += 1
        index = first
        while index < len(others) and others[index][0] < end:
            found.append((max(start, others[index][0]), min(end, others[index][1])))
            index += 1
    return [span for span in found if span[0] < span[1]]


class _Cover:
    """Spans, asked for from left to right."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._first = 0

    def _reach(self, start: int) -> None:
        while self._first < len(self._spans) and self._spans[self._first][1] <= start:
            self._first += 1

    def touches(self, start: int, end: int) -> bool:
        """Whether any span meets the given one."""
        self._reach(start)
        return self._first < len(self._spans) and self._spans[self._first][0] < end

    def holds(self, start: int, end: int) -> bool:
        """Whether one span holds the given one."""
        return self.touches(start, end) and self._spans[self._first][0] <= start and end <= self._spans[self._first][1]

    def takes(self, source: str, text: Token) -> bool:
        """Whether nothing but white space is left of a text."""
        self._reach(text.start)
        place, index = text.start, self._first
        while index < len(self._spans) and self._spans[index][0] < text.end:
            if _says(source[place : self._spans[index][0]]):
                return False
            place = max(place, self._spans[index][1])
            index += 1
        return not _says(source[place : text.end])


def _says(text: str) -> bool:
    return bool(text.strip() and unescape(text).strip().strip("\u200b\u200c\u200d\u2060\ufeff").strip())


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined
