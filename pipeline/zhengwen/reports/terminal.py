"""Scraped text on a terminal, and in the log of a CI service, which obeys lines of text too."""

import re
import unicodedata
from collections.abc import Sequence

from click import style

COMMAND = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))")
"""What GitHub's runner, Azure Pipelines and TeamCity obey wherever it stands in a line."""
_LEADING = re.compile(r"\A(\s*):(?=:)")
"""What GitHub's runner obeys at the beginning of a line."""
Marks = Sequence[tuple[int, int]]
"""Places of telling words in a line: start and end, sorted and disjoint."""


def harmless(text: str) -> str:
    """The text with a replacement character for whatever a terminal or the log of a CI service would obey: escapes,
    controls, direction marks, the opening of a command in a line."""
    safe = text if text.isprintable() else "".join(c if _is_harmless(c) else "\ufffd" for c in text)
    return COMMAND.sub("\ufffd", safe) if "##" in safe else safe


def harmless_line(text: str) -> str:
    """The same for a text that begins a line, or stands there after white space."""
    return _LEADING.sub("\\1\ufffd", harmless(text))


def _is_harmless(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def width(text: str) -> int:
    """Columns that the text takes: two for a wide character, none for one that combines with its neighbour."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def emphasised(line: str, marks: Marks) -> str:
    """The line with the marked places in bold and underlined."""
    pieces, place = [], 0
    for start, end in marks:
        pieces += [line[place:start], style(line[start:end], bold=True, underline=True)]
        place = end
    return "".join((*pieces, line[place:]))


def pointers(line: str, marks: Marks) -> str:
    """A line to stand below: ``^`` under each column of the marked places."""
    pieces, place = [], 0
    for start, end in marks:
        pieces += [" " * width(line[place:start]), "^" * width(line[start:end])]
        place = end
    return "".join(pieces)
