"""Markdown and plain text: the file is the article."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zhengwen.articles import Article
from zhengwen.charsets import decode
from zhengwen.forms.form import Edit, spans

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned
    from zhengwen.stages.edit import Deletion


@dataclass(frozen=True, slots=True)
class TextForm:
    """See `Form`."""

    name: str
    suffixes: tuple[str, ...]
    many: bool = False

    def read(self, data: bytes, name: str, shown: str, encoding: str | None = None) -> Article:
        """The decoded file."""
        decoded = decode(data, shown, encoding)
        return Article(name, decoded.text, decoded.encoding)

    def target(self, name: str, to: str) -> str:  # noqa: ARG002
        """The same name."""
        return name

    def edit(self, cleaned: "Cleaned", shown: str, to: str) -> Edit:  # noqa: ARG002
        """The text less what is removed."""
        return Edit(cleaned.article.text, cleaned.removed, spans(cleaned), cleaned.article.encoding)

    def remaining(self, source: str, gone: Sequence["Deletion"], others: Sequence["Deletion"]) -> list["Deletion"]:  # noqa: ARG002
        """The others."""
        return list(others)
