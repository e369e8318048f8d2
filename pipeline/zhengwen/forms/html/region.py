"""Where on a page the main text stands: what the extractor took, found again in the source."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape

from zhengwen.forms.html.scan import Token, TokenType
from zhengwen.forms.html.tree import BLOCKS, Element
from zhengwen.forms.html.visible import shown

_SILENT = re.compile(r"[\W_]+")
ANCHOR = 8
"""Characters, at least, of a text that says by itself where it stands."""
HELD = 0.95
"""Part of the extracted text that the region's element holds, at least; it is the smallest that does."""
TAKEN = 0.5
"""Part of the element's text that the extractor took, at least, for the element to be the article as a whole: what the
extractor left of it is then tables, lists and code more often than boilerplate. Of other elements only what was taken
is read."""
SHOWN = 0.5
"""Part of the extracted text that the page shows, at least."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Text between two block elements or line breaks.

    element: the innermost block element that holds it.
    text: its letters and digits.
    """

    element: Element
    text: str


@dataclass(frozen=True, slots=True)
class Region:
    """The element that holds the main text, and elements in it that do not belong to it."""

    element: Element
    left_out: frozenset[Element]


def find(source: str, root: Element, extracted: str) -> Region | None:
    """Where on the page the extracted text stands; None if the page shows no such text."""
    texts = chunks(source, root)
    main = letters(extracted)
    marks = taken([chunk.text for chunk in texts], main)
    took, says = Counter[Element](), Counter[Element]()
    for chunk, mark in zip(texts, marks, strict=True):
        for element in chunk.element.ancestors():
            says[element] += len(chunk.text)
            took[element] += len(chunk.text) * mark
    if not took[root] or took[root] < SHOWN * len(main):
        return None
    element = root
    while inner := next((e for e in _elements(element) if took[e] >= HELD * took[root]), None):
        element = inner
    if took[element] >= TAKEN * says[element]:
        return Region(element, frozenset())
    return Region(element, frozenset(e for e in says if not took[e]))


def _elements(element: Element) -> list[Element]:
    return [child for child in element.children if isinstance(child, Element)]


def letters(text: str) -> str:
    """Letters and digits."""
    return _SILENT.sub("", text)


def chunks(source: str, root: Element) -> list[Chunk]:
    """The texts that a page shows, in order."""
    found: list[Chunk] = []
    parts: list[str] = []
    holder = root
    for node, begins in shown(root):
        if isinstance(node, Token):
            if node.type == TokenType.TEXT:
                parts.append(source[node.start : node.end])
        elif node.name in BLOCKS or node.name == "br" or node is root:
            said = letters(unescape("".join(parts)))
            if said:
                found.append(Chunk(holder, said))
            parts = []
            holder = _block(node if begins else node.parent or root)
    return found


def _block(element: Element) -> Element:
    return next((e for e in element.ancestors() if e.name in BLOCKS or not e.parent), element)


def taken(texts: Sequence[str], main: str) -> list[bool]:
    """Which of a page's texts stand in the main text (letters and digits), in order.

    Texts that stand once on the page and once in the main text are anchors, the longest rising sequence of them is
    kept (patience diff); between two anchors texts follow each other.
    """
    places = _anchors(texts, main)
    found = [False] * len(texts)
    place, number = 0, 0
    for anchor, start in [*places, (len(texts), len(main))]:
        for between in range(number, anchor):
            text = texts[between]
            at = main.find(text, place, start)
            if at >= 0 and (len(text) >= ANCHOR or at - place <= ANCHOR):
                found[between] = True
                place = at + len(text)
        if anchor < len(texts):
            found[anchor] = True
            place, number = start + len(texts[anchor]), anchor + 1
    return found


def _anchors(texts: Sequence[str], main: str) -> list[tuple[int, int]]:
    """Numbers of anchors and where they stand in the main text; both rise."""
    count: dict[str, int] = {}
    for text in texts:
        count[text] = count.get(text, 0) + 1
    places = []
    for number, text in enumerate(texts):
        if len(text) >= ANCHOR and count[text] == 1:
            at = main.find(text)
            if at >= 0 and main.find(text, at + 1) < 0:
                places.append((number, at))
    return _rising(places)


def _rising(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence whose second values rise."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, (_, at) in enumerate(places):
        length = bisect_left(tails, at)
        before.append(ends[length - 1] if length else -1)
        if length == len(tails):
            tails.append(at)
            ends.append(index)
        else:
            tails[length], ends[length] = at, index
    chain = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chain.append(places[index])
        index = before[index]
    return chain[::-1]
