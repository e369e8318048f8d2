"""What a form is."""

from typing import Protocol

from zhengwen.articles import Article
from zhengwen.cleaning import Cleaned

MARKDOWN, HTML = "markdown", "html"
TARGETS = (MARKDOWN, HTML)
"""What cleaned pages can be written as."""


class Form(Protocol):
    """Reads the bytes of an article and says which bytes a cleaned one becomes."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How names of its files end, in lower case."""

    def read(self, data: bytes, name: str, shown: str) -> Article:
        """The article that a file's bytes hold; ``shown`` is how messages call the file.

        Raises `UnreadableInputError`.
        """

    def target(self, name: str, to: str) -> str:
        """The name of the output, given that of the input; ``to`` is one of `TARGETS`."""

    def write(self, cleaned: Cleaned, shown: str, to: str) -> bytes:
        """The bytes of the output. Raises `UnreadableInputError` if the input held nothing to write."""

    def sides(self, cleaned: Cleaned, to: str) -> tuple[str, str]:
        """The text before and after cleaning, for a reader to compare."""
