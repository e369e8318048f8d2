"""A part of a page to Markdown that knows where in the source each of its characters stands.

Nothing is guessed about meaning here: elements become the Markdown they mean, white space collapses as in a browser,
characters that Markdown would read as marks are escaped.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from html import unescape

from zhengwen.forms.html.line import Line, Part, says
from zhengwen.forms.html.markdown import address, fenced, head, is_data, picture, row
from zhengwen.forms.html.scan import Token, TokenType
from zhengwen.forms.html.tree import BLOCKS, Element, walk
from zhengwen.forms.html.visible import hidden, tex

_ADDRESSED = re.compile(r"<!--\s*zhengwen:[^<>]*-->")
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*"}
_HEADINGS = {f"h{n}": n for n in range(1, 7)}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the Markdown: ``text[start:end]`` came from ``source[origin:limit]``.

    exact: both are the same characters, so that a part of one is a part of the other.
    """

    start: int
    end: int
    origin: int
    limit: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """Markdown and where it came from; what no piece covers is Markdown's own."""

    text: str
    pieces: tuple[Piece, ...]


def render(source: str, region: Element, left_out: Collection[Element] = ()) -> Rendered:
    """The Markdown of an element without some of the elements in it and without what is hidden."""
    writer = _Writer(source)
    skipping: Element | None = None
    for node, begins in walk(region):
        if skipping is not None:
            skipping = None if node is skipping else skipping
        elif isinstance(node, Token):
            writer.token(node)
        elif not begins:
            writer.finish(node)
        elif node is region:
            writer.begin(node)
        elif node not in left_out and (formula := tex(source, node)):
            writer.formula(node, formula)
            skipping = node
        elif node in left_out or hidden(node):
            skipping = node
            writer.skip(node)
        else:
            writer.begin(node)
    return writer.done()


@dataclass(slots=True)
class _Container:
    """A quote or a list item: what its first line and the others begin with."""

    element: Element
    first: str
    rest: str
    used: bool = False


@dataclass(slots=True)
class _Table:
    """A table of data. cells: those of the row that is being written, None between rows."""

    element: Element
    rows: int = 0
    cells: list[list[Part]] | None = None


@dataclass(slots=True)
class _Writer:
    """Elements and texts in, parts of Markdown out.

    counters: of the lists around: the next number, 0 for bullets.
    tight: the last block was in a list item.
    """

    source: str
    out: list[Part] = field(default_factory=list)
    line: Line = field(default_factory=Line)
    containers: list[_Container] = field(default_factory=list)
    counters: list[int] = field(default_factory=list)
    heading: int = 0
    code: Element | None = None
    table: _Table | None = None
    tight: bool = False

    @property
    def _in_row(self) -> bool:
        return self.table is not None and self.table.cells is not None

    def token(self, token: Token) -> None:
        """Adds a text, or a comment that is addressed to zhengwen."""
        if token.type == TokenType.COMMENT and _ADDRESSED.match(self.source, token.start):
            self._comment(token)
        if token.type != TokenType.TEXT:
            return
        if self.code is not None:
            for run in re.finditer(r"&[#a-zA-Z0-9]+;?|[^&]+|&", self.source[token.start : token.end]):
                text = unescape(run[0]) if run[0][0] == "&" else run[0]
                self.line.text(text, token.start + run.start(), token.start + run.end())
            return
        if self.table and self.table.cells == [] and self.source[token.start : token.end].strip():
            self._new_cell()  # text between the row and its first cell
        self.line.prose(self.source, token.start, token.end)

    def _comment(self, token: Token) -> None:
        if self.code is None and not self._in_row:
            self._end_line()
            self._put_lines([(self.source[token.start : token.end], token.start, token.end)])

    def formula(self, element: Element, code: str) -> None:
        """Adds a formula in TeX."""
        self.line.text(f"${' '.join(code.split())}$", element.start, element.end)

    def skip(self, element: Element) -> None:
        """Leaves an element out."""
        if element.name in BLOCKS and not self._in_row and self.code is None:
            self._end_line()

    def begin(self, element: Element) -> None:
        """Enters an element."""
        name = element.name
        if self.code is not None:
            self._begin_in_code(element)
        elif self._in_row and name in BLOCKS:
            self._begin_in_row(element)
        elif name in BLOCKS:
            self._begin_block(element)
        elif name == "br":
            self._break(element)
        elif name == "img":
            self._picture(element)
        elif name == "a":
            self._link(element)
        elif name == "code":
            self._inline_code(element)
        elif name in _MARKS and not self.heading:
            self.line.open(element, _MARKS[name], _MARKS[name])

    def finish(self, element: Element) -> None:
        """Leaves an element."""
        if self.code is not None:
            if element is self.code:
                self._put_code(element)
            return
        self.line.close(element)
        if element.name in BLOCKS and (not self._in_row or element.name in ("tr", "table")):
            self._finish_block(element)

    # blocks

    def _begin_block(self, element: Element) -> None:
        name = element.name
        if name != "tr" or self.table is None:
            self._end_line()
        if name in _HEADINGS:
            self.heading = _HEADINGS[name]
        elif name == "pre":
            self.code = element
            self.line.parts = []
        elif name in ("ul", "ol"):
            self.counters.append(int(name == "ol"))
        elif name == "li":
            self.containers.append(self._item(element))
        elif name == "blockquote":
            self.containers.append(_Container(element, "> ", "> "))
        elif name == "hr":
            self._put_lines([("---", element.start, element.end)])
        else:
            self._begin_table(element)

    def _item(self, element: Element) -> _Container:
        number = self.counters[-1] if self.counters else 0
        if number:
            self.counters[-1] += 1
        marker = f"{number}. " if number else "- "
        return _Container(element, marker, " " * len(marker))

    def _begin_table(self, element: Element) -> None:
        if element.name == "table" and is_data(element):
            self.table = _Table(element)
        elif element.name == "tr" and self.table is not None:
            self.table.cells = []

    def _finish_block(self, element: Element) -> None:
        if self._in_row:
            self._put_row()
        else:
            self._end_line()
        if self.table is not None and element is self.table.element:
            self.table = None
        if element.name in _HEADINGS:
            self.heading = 0
        elif element.name in ("ul", "ol"):
            self.counters.pop()
        elif self.containers and self.containers[-1].element is element:
            self.containers.pop()

    def _end_line(self) -> None:
        """Ends the paragraph, heading or item that is being written; marks that are open begin again after it."""
        self.line.close_all()
        self.line.trim()
        if self.line.says():
            head: list[Part] = [("#" * self.heading + " ", -1, -1)]
            self._put_lines(head + self.line.parts if self.heading else self.line.escaped())
        self.line.restart()

    def _put_lines(self, parts: list[Part]) -> None:
        """Writes a block below the one before, each line with the prefix of its containers."""
        items = [c for c in self.containers if c.element.name == "li"]
        if self.out:
            self.out.append(("\n", -1, -1))
            if not (self.tight and items and not items[-1].used):
                self.out.append(("".join(c.rest for c in self.containers if c.used).rstrip() + "\n", -1, -1))
        self.tight = bool(items)
        self._prefix()
        for number, part in enumerate(parts):
            self.out.append(part)
            if part[0].endswith("\n") and number + 1 < len(parts):
                self._prefix()

    def _prefix(self) -> None:
        for container in self.containers:
            self.out.append((container.rest if container.used else container.first, -1, -1))
            container.used = True

    # code

    def _begin_in_code(self, element: Element) -> None:
        parts = self.line.parts
        if element.name == "br":
            self.line.text("\n", element.start, element.end)
        elif element.name in ("code", "li", "div") and parts and not parts[-1][0].endswith("\n"):
            self.line.text("\n", -1, -1)

    def _put_code(self, element: Element) -> None:
        self.code = None
        code = self.line.parts
        self.line.restart()
        if parts := fenced(element, code):
            self._put_lines(parts)

    # tables

    def _begin_in_row(self, element: Element) -> None:
        if element.name in ("td", "th"):
            self._new_cell()
        elif self.line.parts and not self.line.parts[-1][0].endswith(" "):
            self.line.parts.append((" ", -1, -1))

    def _new_cell(self) -> None:
        if self.table is not None and self.table.cells is not None:
            self.line.close_all()
            self.line.restart()
            self.table.cells.append(self.line.parts)

    def _put_row(self) -> None:
        if self.table is None:
            return
        self.line.close_all()
        self.line.restart()
        cells, self.table.cells = self.table.cells or [], None
        if not any(says(cell) for cell in cells):
            return
        if self.table.rows == 0:
            self._put_lines(head(cells))
        else:
            self.out.append(("\n", -1, -1))
            self._prefix()
            self.out += row(cells)
        self.table.rows += 1

    # within a line

    def _break(self, element: Element) -> None:
        """A line break; two of them end the paragraph."""
        if self._in_row:
            self.line.space(element.start, element.end)
            return
        self.line.breaks += 1
        if self.line.breaks > 1 or self.heading:
            self._end_line()
        elif self.line.says():
            self.line.hard_break(element.start, element.end)

    def _picture(self, element: Element) -> None:
        self.line.text(picture(element), element.start, element.end)

    def _link(self, element: Element) -> None:
        place = element.attribute("href").strip()
        if place and not place.lower().startswith(("#", "javascript:")):
            self.line.open(element, "[", f"]({address(place)})")

    def _inline_code(self, element: Element) -> None:
        runs = re.findall(r"`+", self.source[element.inside : element.outside])
        fence = "`" * (1 + max((len(run) for run in runs), default=0))
        self.line.open(element, f"{fence} " if runs else fence, f" {fence}" if runs else fence)

    def done(self) -> Rendered:
        """What was written."""
        self._end_line()
        if self.out:
            self.out.append(("\n", -1, -1))
        pieces, place = [], 0
        for text, start, end in self.out:
            if start >= 0 and text:
                exact = text == self.source[start:end]
                pieces.append(Piece(place, place + len(text), start, end, exact))
            place += len(text)
        return Rendered("".join(text for text, _, _ in self.out), tuple(pieces))
