"""Tokens to a tree of elements that know their place in the source."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

from zhengwen.forms.html.scan import Token, TokenType, attributes, names, scan

VOID = names("area base br col embed hr img input link meta param source track wbr")
BLOCKS = names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre search section summary table "
    "tbody td tfoot th thead tr ul xmp listing plaintext"
)
"""Elements that begin and end a line of text."""
_ENDS_PARAGRAPH = BLOCKS - names("body caption html legend tbody td tfoot th thead tr")
_SCOPES = names("table td th caption template html body object marquee button select")
"""Elements that no end tag and no implied end reaches through, but those of tables."""
_TABLE = names("table caption colgroup thead tbody tfoot tr td th")
_IMPLIED = {
    "li": (names("li"), names("ul ol menu dir")),
    "dt": (names("dt dd"), names("dl")),
    "dd": (names("dt dd"), names("dl")),
    "option": (names("option"), names("select")),
    "a": (names("a"), BLOCKS),
    "tr": (names("tr"), names("table")),
    "td": (names("td th"), names("table")),
    "th": (names("td th"), names("table")),
    "thead": (names("thead tbody tfoot caption"), names("table")),
    "tbody": (names("thead tbody tfoot caption"), names("table")),
    "tfoot": (names("thead tbody tfoot caption"), names("table")),
}
"""A start tag: the elements it closes, and the elements that hide them."""
DEPTH = 256
"""Elements nested deeper than this are leaves: what they hold is their parent's."""


@dataclass(slots=True, eq=False)
class Element:
    """An element: its start tag, children and end tag are ``source[start:end]``.

    inner: the attributes as they stand in the start tag.
    inside: end of the start tag.
    outside: start of the end tag; where the element ends, if it has none.
    """

    name: str
    parent: "Element | None"
    inner: str
    start: int
    inside: int
    outside: int = -1
    end: int = -1
    children: "list[Element | Token]" = field(default_factory=list)

    def attribute(self, name: str) -> str:
        """The value of an attribute, references replaced; empty if there is none."""
        return unescape(attributes(self.inner).get(name, ""))

    def ancestors(self) -> "Iterator[Element]":
        """The element, its parent and so on."""
        element: Element | None = self
        while element is not None:
            yield element
            element = element.parent


def parse(source: str) -> Element:
    """The root that holds all of the source. Never fails: what is malformed is read in one of the ways browsers do."""
    root = Element("", None, "", 0, 0)
    stack, deep = [root], list[str]()
    for token in scan(source):
        if token.type == TokenType.START or (token.type == TokenType.END and token.name == "br"):
            _open(stack, deep, token)
        elif token.type == TokenType.END:
            _close(stack, deep, token)
        else:
            stack[-1].children.append(token)
    _pop(stack, 1, len(source), len(source))
    root.outside = root.end = len(source)
    return root


def _open(stack: list[Element], deep: list[str], token: Token) -> None:
    """Adds an element; ``deep`` holds the names of open elements that are nested too deeply to be in the tree."""
    if not deep:
        if token.name in _ENDS_PARAGRAPH:
            _imply(stack, names("p"), frozenset[str](), token.start)
        if token.name in _IMPLIED:
            _imply(stack, *_IMPLIED[token.name], token.start)
    element = Element(token.name, stack[-1], token.inner, token.start, token.end, token.end, token.end)
    stack[-1].children.append(element)
    if token.name in VOID or (token.inner.endswith("/") and _foreign(stack)):
        return
    if len(stack) > DEPTH:
        deep.append(token.name)
    else:
        stack.append(element)


def _foreign(stack: list[Element]) -> bool:
    return any(e.name in ("svg", "math") for e in stack)


def _imply(stack: list[Element], closes: frozenset[str], hidden_by: frozenset[str], place: int) -> None:
    for depth in range(len(stack) - 1, 0, -1):
        name = stack[depth].name
        if name in closes:
            _pop(stack, depth, place, place)
            return
        if name in hidden_by or (name in _SCOPES and not (name in _TABLE and closes <= _TABLE)):
            return


def _close(stack: list[Element], deep: list[str], token: Token) -> None:
    """Ends the innermost open element of the name; an end tag without one is left alone."""
    for depth in range(0 if deep else len(stack) - 1, 0, -1):
        name = stack[depth].name
        if name == token.name:
            _pop(stack, depth, token.start, token.end)
            return
        if (name in _SCOPES and token.name not in _TABLE) or (name in BLOCKS and token.name not in BLOCKS):
            break
    if deep and deep[-1] == token.name:
        deep.pop()
    stack[-1].children.append(Token(TokenType.COMMENT, token.start, token.end))


def _pop(stack: list[Element], depth: int, outside: int, end: int) -> None:
    """Ends the elements from ``depth`` on: the outermost with its end tag, the others where that begins."""
    for element in stack[depth + 1 :]:
        element.outside = element.end = outside
    if depth < len(stack):
        stack[depth].outside, stack[depth].end = outside, end
    del stack[depth:]


def walk(root: Element) -> "Iterator[tuple[Element | Token, bool]]":
    """Everything below an element, itself included, in the order of the source: elements twice, as they begin (True)
    and end (False), tokens once (True)."""
    pending: list[tuple[Element | Token, bool]] = [(root, True)]
    while pending:
        node, begins = pending.pop()
        yield node, begins
        if begins and isinstance(node, Element):
            pending.append((node, False))
            pending.extend((child, True) for child in reversed(node.children))
