"""Markdown and plain text: the file is the article."""

from dataclasses import dataclass

from zhengwen.articles import Article, decode
from zhengwen.cleaning import Cleaned


@dataclass(frozen=True, slots=True)
class TextForm:
    """See `Form`."""

    suffixes: tuple[str, ...] = (".md", ".markdown", ".txt")

    def read(self, data: bytes, name: str, shown: str) -> Article:
        """The decoded file."""
        return Article(name, decode(data, shown))

    def target(self, name: str, to: str) -> str:  # noqa: ARG002
        """The same name."""
        return name

    def write(self, cleaned: Cleaned, shown: str, to: str) -> bytes:  # noqa: ARG002
        """What is kept."""
        return cleaned.text.encode()

    def sides(self, cleaned: Cleaned, to: str) -> tuple[str, str]:  # noqa: ARG002
        """The text with and without what is removed."""
        return cleaned.article.text, cleaned.text
