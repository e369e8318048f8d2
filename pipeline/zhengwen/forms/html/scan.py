"""HTML source to tokens that partition it: joined, they are the source.

Follows the tokenizer of the WHATWG standard (HTML, section 13.2.5) as far as a page's text and elements need it. The
standard library's parser gives lines and columns and reads differently from one patch release to the next; lxml,
selectolax and resiliparse give no place or a line, turbohtml places of elements only; html5lib is no longer kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

_ATTRIBUTES = r"(?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|(?![\"'])))*+"
_TAG = re.compile(rf"<(/?)([a-zA-Z][^\s/>]*+)({_ATTRIBUTES})>")
_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)
_BOGUS = re.compile(r"<(?:[!?]|/[^a-zA-Z])[^>]*+(?:>|\Z)|</>")
_ATTRIBUTE = re.compile(r"([^\s/=][^\s/=]*+)(?:\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s]*+))?")


def names(listed: str) -> frozenset[str]:
    """The names of elements in a list."""
    return frozenset(listed.split())


RAW = names("script style textarea title xmp iframe noembed noframes")
"""Elements whose content holds no tags."""


class TokenType(IntEnum):
    """What a token is."""

    TEXT = 0
    START = 1
    END = 2
    COMMENT = 3
    RAW_TEXT = 4


@dataclass(frozen=True, slots=True)
class Token:
    """``source[start:end]``, in code points.

    name: of a tag, in lower case; else empty.
    inner: what stands between name and end of a start tag.
    """

    type: TokenType
    start: int
    end: int
    name: str = ""
    inner: str = ""


def scan(source: str) -> Iterator[Token]:
    """The tokens of a page, in order, without gaps. Time grows with the length of the source, whatever it holds."""
    place = text = 0
    while (mark := source.find("<", place)) >= 0:
        token = _markup(source, mark)
        if token is None:
            place = mark + 1
            continue
        if text < mark:
            yield Token(TokenType.TEXT, text, mark)
        yield token
        place = text = token.end
        if token.type == TokenType.START and token.name in RAW:
            place = text = _raw_end(source, place, token.name)
            if token.end < place:
                yield Token(TokenType.RAW_TEXT, token.end, place)
    if text < len(source):
        yield Token(TokenType.TEXT, text, len(source))


def _markup(source: str, mark: int) -> Token | None:
    """The token that begins at a ``<``; None where that is text."""
    follows = source[mark + 1 : mark + 3]
    if follows[:1] in "!?" and follows:
        found = _COMMENT.match(source, mark) or _BOGUS.match(source, mark)
        return Token(TokenType.COMMENT, mark, found.end()) if found else None
    name = follows[1:] if follows.startswith("/") else follows[:1]
    if name.isascii() and name.isalpha():
        tag = _TAG.match(source, mark)
        if not tag:  # never closed: the rest of the source belongs to it
            return Token(TokenType.COMMENT, mark, len(source))
        kind = TokenType.END if tag[1] else TokenType.START
        return Token(kind, mark, tag.end(), tag[2].lower(), tag[3])
    if follows.startswith("/") and name:
        found = _BOGUS.match(source, mark)
        return Token(TokenType.COMMENT, mark, found.end()) if found else None
    return None


def _raw_end(source: str, place: int, name: str) -> int:
    end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(source, place)
    return end.start() if end else len(source)


def attributes(inner: str) -> dict[str, str]:
    """The attributes of a start tag by name, in lower case; values as they stand, references not replaced."""
    found: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(inner):
        found.setdefault(name.lower(), value[1:-1] if value[:1] in "\"'" and value else value)
    return found
