"""The vocabulary everything shares: kinds of boilerplate, articles, findings."""

import hashlib
import unicodedata
from dataclasses import dataclass

CONTENT = "content"
BOILERPLATE = ("promotion", "engagement", "notice", "navigation")
KINDS = (CONTENT, *BOILERPLATE)
"""Class ``i`` of every array of kinds or probabilities is ``KINDS[i]``."""
DEFAULT_SELECTION = ("promotion", "engagement", "navigation")
"""Notices stay unless asked for: licences require them."""

Span = tuple[int, int, str]
"""Start and end (code points, end exclusive) and kind."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article as it came.

    name: path relative to the input folder, with ``/``; or ``<stdin>``.
    text: decoded, line ends and byte order mark untouched.
    encoding: the one by which ``text.encode(encoding)`` is the file.
    record, line: id and line, from 1, of an article in a file of many; else empty and 0.
    """

    name: str
    text: str
    encoding: str = "utf-8"
    record: str = ""
    line: int = 0

    @property
    def file(self) -> str:
        """The name of its file, in a file of many that of all of them."""
        return self.name

    @property
    def origin(self) -> str:
        """The decoded file, in which places are counted; for other forms than text not the article's text."""
        return self.text

    def locate(self, start: int, end: int) -> tuple[int, int]:
        """Where a span of the text stands in the origin."""
        return start, end


def folder_of(name: str) -> str:
    """The folder of a file, as it is named below the input; ``.`` for the input itself."""
    return name.rpartition("/")[0] or "."


@dataclass(frozen=True, slots=True)
class Finding:
    """A passage of boilerplate: ``text[start:end]``, a run of whole blocks of one kind.

    score: mean calibrated probability of boilerplate, of whichever kind, over the passage, weighted by readable
        characters; 0 to 1.
    """

    start: int
    end: int
    kind: str
    score: float


def fingerprint(passage: str) -> str:
    """Sixteen hexadecimal digits of the passage's letters and digits, width and case folded: the same wherever it
    stands and however it is set."""
    return digest(letters(passage) or _folded(passage))


def letters(passage: str) -> str:
    """The passage's letters and digits, width and case folded."""
    return "".join(c for c in _folded(passage) if c.isalnum())


def digest(folded: str) -> str:
    """The fingerprint of folded letters."""
    return hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _folded(passage: str) -> str:
    return unicodedata.normalize("NFKC", passage).casefold()
