"""The vocabulary everything shares: kinds of boilerplate, articles, findings."""

from dataclasses import dataclass

from zhengwen.errors import UnreadableInputError

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
    """

    name: str
    text: str

    @property
    def origin(self) -> str:
        """The decoded file, in which places are counted; for other forms than text not the article's text."""
        return self.text

    def locate(self, start: int, end: int) -> tuple[int, int]:
        """Where a span of the text stands in the origin."""
        return start, end


@dataclass(frozen=True, slots=True)
class Finding:
    """A passage of boilerplate: ``text[start:end]``, a run of whole blocks of one kind.

    score: mean calibrated probability of the kind over the passage, weighted by readable characters; 0 to 1.
    """

    start: int
    end: int
    kind: str
    score: float


def decode(data: bytes, name: str) -> str:
    """The text of a file, so that ``text.encode()`` gives ``data`` back.

    Raises `UnreadableInputError` for what is not UTF-8 text.
    """
    if b"\0" in data[:8192]:
        raise UnreadableInputError(
            f"{name}: holds NUL bytes, so it is not a text file; exclude it, or convert to UTF-8"
        )
    try:
        return data.decode()
    except UnicodeDecodeError as e:
        raise UnreadableInputError(
            f"{name}: byte {e.start} (0x{data[e.start]:02x}) is not UTF-8; convert the file first, "
            f"e.g. iconv -f GB18030 -t UTF-8"
        ) from None
