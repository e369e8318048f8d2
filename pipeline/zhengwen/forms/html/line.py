"""A line of Markdown in the making: text with its place in the source, and marks that open and close."""

import re
from dataclasses import dataclass, field
from html import unescape

from zhengwen.forms.html.tree import Element

Part = tuple[str, int, int]
"""Text and where in the source it came from; -1, -1 for Markdown's own marks."""

_RUN = re.compile(r"[ \t\n\r\f]+|&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);?|[^ \t\n\r\f&]+|&")
_MARK = re.compile(r"[\\`*]|(?<![^\W_])_|_(?![^\W_])|<(?=[a-zA-Z/!?])|\](?=[(\[:])|(?<=!)\[")
_NAMED = re.compile(r"#?[0-9a-zA-Z]+;")
_LINE_MARK = re.compile(r"#{1,6}(?=\s|$)|>|=+\s*$|-{2,}\s*$|(?:-\s*){3,}$|~~~")
"""What makes a heading, a quote, a rule or code of a line. Items of lists that people typed by hand stay items."""


@dataclass(slots=True)
class Line:
    """What is written since the last block ended.

    marks: open marks, outermost first: the element, what opens and what closes.
    breaks: line breaks since the last text.
    """

    parts: list[Part] = field(default_factory=list)
    marks: list[tuple[Element, str, str]] = field(default_factory=list)
    breaks: int = 0

    def says(self) -> bool:
        """Whether there is anything to read."""
        return says(self.parts)

    def restart(self) -> None:
        """Begins anew, with the marks that are still open."""
        self.parts = [(opening, -1, -1) for _, opening, _ in self.marks]
        self.breaks = 0

    def prose(self, source: str, start: int, end: int) -> None:
        """Adds text of the source: white space collapsed, references replaced, Markdown's marks escaped."""
        for run in _RUN.finditer(source, start, end):
            text = run[0]
            if text[0] in " \t\n\r\f":
                self.space(run.start(), run.end())
            elif text[0] == "&":
                ahead = _NAMED.match(source, run.end())
                self._reference(unescape(text), run.start(), run.end(), named=bool(ahead))
            elif self._in_code():
                self.text(text, run.start(), run.end())
            else:
                self._run(text, run.start())

    def _reference(self, text: str, start: int, end: int, *, named: bool) -> None:
        """Adds what a reference stands for; ``named``: the text after it would make a reference of an ampersand."""
        if not text.strip(" \t\r\n\f"):
            self.space(start, end)
        elif self._in_code():
            self.text(text, start, end)
        elif text == "<" or (text == "&" and named):
            self.text("\\" + text, start, end)
        else:
            self.text(_MARK.sub(r"\\\g<0>", " ".join(text.split("\n"))), start, end)

    def _in_code(self) -> bool:
        return any(opening[0] == "`" for _, opening, _ in self.marks)

    def _run(self, text: str, start: int) -> None:
        place = 0
        for mark in _MARK.finditer(text):
            self.text(text[place : mark.start()], start + place, start + mark.start())
            self.text("\\" + mark[0], start + mark.start(), start + mark.end())
            place = mark.end()
        self.text(text[place:], start + place, start + len(text))

    def text(self, text: str, start: int, end: int) -> None:
        """Adds text as it is."""
        if text:
            self.breaks = 0
            self.parts.append((text, start, end))

    def space(self, start: int, end: int) -> None:
        """Adds white space: one space, before marks that open, none at the beginning."""
        place = len(self.parts)
        while place and self.parts[place - 1][1] == -1 and self._opens(self.parts[place - 1][0]):
            place -= 1
        if place and not self.parts[place - 1][0].endswith((" ", "\n")):
            self.parts.insert(place, (" ", start, end))

    def _opens(self, text: str) -> bool:
        return any(text == opening for _, opening, _ in self.marks)

    def hard_break(self, start: int, end: int) -> None:
        """Adds a line break within the paragraph."""
        self.trim()
        self.parts += [("  ", -1, -1), ("\n", start, end)]

    def open(self, element: Element, opening: str, closing: str) -> None:
        """Opens a mark that is not open yet; in code there are no others."""
        if not self._opens(opening) and not self._in_code():
            self.marks.append((element, opening, closing))
            self.parts.append((opening, -1, -1))

    def close(self, element: Element) -> None:
        """Closes the mark of an element, if it has one."""
        if self.marks and self.marks[-1][0] is element:
            _, opening, closing = self.marks.pop()
            self._put_closing(opening, closing)

    def close_all(self) -> None:
        """Writes what closes the open marks; they stay open for what follows `restart`."""
        for _, opening, closing in reversed(self.marks):
            self._put_closing(opening, closing)

    def _put_closing(self, opening: str, closing: str) -> None:
        spaces = []
        while self.parts and not self.parts[-1][0].strip():
            spaces.append(self.parts.pop())
        if self.parts and self.parts[-1] == (opening, -1, -1):
            self.parts.pop()
        else:
            self.parts.append((closing, -1, -1))
        self.parts.extend(reversed(spaces))

    def trim(self) -> None:
        """Drops white space at both ends."""
        while self.parts and not self.parts[-1][0].strip(" \n"):
            self.parts.pop()
        while self.parts and not self.parts[0][0].strip(" \n"):
            self.parts.pop(0)

    def escaped(self) -> list[Part]:
        """The parts, with a mark escaped where text happens to begin a line with it."""
        parts: list[Part] = []
        fresh = True
        for number, (text, start, end) in enumerate(self.parts):
            ahead = "".join(t for t, _, _ in self.parts[number : number + 3]) if fresh else ""
            if start >= 0 and ahead and _LINE_MARK.match(ahead.split("\n")[0]):
                parts.append(("\\", -1, -1))
            parts.append((text, start, end))
            fresh = text.endswith("\n")
        return parts


def says(parts: list[Part]) -> bool:
    """Whether there is anything to read in the parts."""
    return any(start >= 0 and text.strip() for text, start, _ in parts)
