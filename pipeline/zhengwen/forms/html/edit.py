"""What goes from the Markdown of a page, as spans of its source."""

from collections.abc import Sequence
from itertools import islice

from zhengwen.forms.html.region import Region
from zhengwen.forms.html.render import Piece
from zhengwen.forms.html.scan import Token, TokenType, names
from zhengwen.forms.html.tree import Element, walk
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
        for cut in islice(removed, first, None):
            if cut[0] >= piece.end:
                break
            start, end = max(cut[0], piece.start), min(cut[1], piece.end)
            if piece.exact:
                spans.append((piece.origin + start - piece.start, piece.origin + end - piece.start))
            elif (start, end) == (piece.start, piece.end):
                spans.append((piece.origin, piece.limit))
    return _joined(spans)


def with_emptied(source: str, region: Region, gone: Sequence[Span]) -> list[Span]:
    """The spans, and the elements of the region that they leave without anything to show: sorted and disjoint."""
    cover = _Cover(gone)
    left: dict[Element, list[int]] = {}
    emptied: list[Span] = []
    holders: list[Element] = []
    skipping: Element | None = None
    for node, begins in walk(region.element):
        if skipping is not None:
            skipping = None if node is skipping else skipping
        elif isinstance(node, Token):
            if node.type == TokenType.TEXT:
                shown = not cover.takes(source, node)
                _count(left, holders, shown, cover.touches(node.start, node.end))
        elif begins and (node.name in _STAYS or node in region.left_out or hidden(node)):
            skipping = node
            lost = cover.holds(node.start, node.end)
            _count(left, holders, not lost and (node.name in _STAYS or node in region.left_out), lost)
        elif begins:
            left[node] = [0, 0]
            holders.append(node)
        else:
            holders.pop()
            showing, losses = left[node]
            if losses and not showing and node is not region.element and node.name not in _CELLS:
                emptied.append((node.start, node.end))
    return _joined([*gone, *emptied])


def _count(left: dict[Element, list[int]], holders: Sequence[Element], shows: bool, lost: bool) -> None:
    for element in holders:
        left[element][0] += shows
        left[element][1] += lost


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
            if source[place : self._spans[index][0]].strip():
                return False
            place = max(place, self._spans[index][1])
            index += 1
        return not source[place : text.end].strip()


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined
