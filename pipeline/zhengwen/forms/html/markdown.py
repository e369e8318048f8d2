"""Code, tables, pictures and addresses of a page as Markdown writes them."""

import re
from collections.abc import Sequence

from zhengwen.forms.html.line import Part
from zhengwen.forms.html.scan import names
from zhengwen.forms.html.tree import Element, walk

_PICTURE_SOURCES = ("data-src", "data-original", "data-actualsrc", "data-original-src", "data-lazy-src", "src")
"""Where sites that load pictures late keep the address, before the place of a placeholder."""
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|brush:)[-:]?\s*([A-Za-z0-9+#-]+)")
_NO_CELL = names("table ul ol pre blockquote hr h1 h2 h3 h4 h5 h6")
"""Blocks that a cell of a Markdown table cannot hold."""


def fenced(element: Element, code: Sequence[Part]) -> list[Part]:
    """An element of code, in a fence that it does not hold; nothing if there is nothing to read in it."""
    text = "".join(t for t, _, _ in code)
    if not text.strip():
        return []
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    inner = next((c for c in element.children if isinstance(c, Element)), element)
    language = _LANGUAGE.search(f"{element.attribute('class')} {inner.attribute('class')}")
    parts: list[Part] = [(f"{fence}{language[1] if language else ''}\n", -1, -1)]
    for part in code:
        parts += _lines(*part)
    if not parts[-1][0].endswith("\n"):
        parts.append(("\n", -1, -1))
    return [*parts, (fence, -1, -1)]


def _lines(text: str, start: int, end: int) -> list[Part]:
    """The lines of a part of code, each ending with a line feed where the source's line ends."""
    exact = end - start == len(text)
    parts: list[Part] = []
    for line in re.finditer(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+", text):
        shown = line[0].rstrip("\r\n") + ("\n" if line[0][-1] in "\r\n" else "")
        parts.append((shown, start + line.start(), start + line.end()) if exact else (shown, start, end))
    return parts


def head(cells: Sequence[list[Part]]) -> list[Part]:
    """The first row of a table, and the line that makes it one."""
    return [*row(cells), ("\n", -1, -1), ("|" + " --- |" * len(cells), -1, -1)]


def row(cells: Sequence[list[Part]]) -> list[Part]:
    """A row of a table. White space at the ends of cells goes."""
    parts: list[Part] = [("|", -1, -1)]
    for cell in cells:
        while cell and not cell[-1][0].strip():
            cell.pop()
        parts.append((" ", -1, -1))
        parts += [(text.replace("|", "\\|"), start, end) for text, start, end in cell]
        parts.append((" |", -1, -1))
    return parts


def is_data(table: Element) -> bool:
    """Whether a table holds data and not the page's layout: two rows and columns or more, no blocks in its cells."""
    columns: list[int] = []
    for node, begins in walk(table):
        if not begins or not isinstance(node, Element) or node is table:
            continue
        if node.name in _NO_CELL:
            return False
        if node.name == "tr":
            columns.append(0)
        elif node.name in ("td", "th") and columns:
            columns[-1] += 1
    return len(columns) > 1 and max(columns) > 1


def picture(element: Element) -> str:
    """A picture, by its address and its name."""
    found = next((a for a in map(element.attribute, _PICTURE_SOURCES) if a and not a.startswith("data:")), "")
    name = re.sub(r"[\\\[\]]", r"\\\g<0>", " ".join(element.attribute("alt").split()))
    return f"![{name}]({address(found)})"


def address(found: str) -> str:
    """An address as it can stand in parentheses."""
    cleaned = re.sub(r"[\s<>]", lambda m: f"%{ord(m[0]):02X}" if m[0].isascii() else "", found)
    return f"<{cleaned}>" if re.search(r"[()]", cleaned) else cleaned
