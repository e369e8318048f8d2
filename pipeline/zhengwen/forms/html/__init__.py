"""Saved HTML pages: the main region as Markdown, and every removal back to the source it came from.

What reads a page is imported with the first one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from zhengwen.errors import UnreadableInputError
from zhengwen.forms.form import HTML, Edit, spans

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned
    from zhengwen.forms.html.edit import Span
    from zhengwen.forms.html.page import Page


@dataclass(frozen=True, slots=True)
class HtmlForm:
    """See `Form`."""

    name: str = HTML
    suffixes: tuple[str, ...] = (".html", ".htm")
    many: bool = False

    def read(self, data: bytes, name: str, shown: str, encoding: str | None = None) -> "Page":
        """The page and its main region."""
        from zhengwen.forms.html.page import read

        return read(data, name, shown, encoding)

    def target(self, name: str, to: str) -> str:
        """``page.md`` for ``page.html`` if it becomes Markdown."""
        return name if to == HTML else str(PurePosixPath(name).with_suffix(".md"))

    def edit(self, cleaned: "Cleaned", shown: str, to: str) -> Edit:
        """The main region as Markdown less what is removed, in UTF-8; or the page, in its encoding: every other byte is
        the input's."""
        page = _page(cleaned)
        if to == HTML:
            found = tuple(page.locate(*span) for span in spans(cleaned))
            return Edit(page.source, tuple(page.removed(cleaned)), found, page.encoding, fixed=True)
        if page.region is None:
            raise UnreadableInputError(f"{shown}: shows no main text; exclude it, or keep it as it is with --to html")
        return Edit(page.text, cleaned.removed, spans(cleaned), "utf-8", reversible=False)

    def remaining(self, source: str, gone: Sequence["Span"], others: Sequence["Span"]) -> "list[Span]":
        """The texts and pictures of the others, and the elements that are empty without them."""
        from zhengwen.forms.html.edit import remaining

        return remaining(source, gone, others)


def _page(cleaned: "Cleaned") -> "Page":
    from zhengwen.forms.html.page import Page

    if not isinstance(cleaned.article, Page):
        raise TypeError(f"{cleaned.article.name} was not read as a page")
    return cleaned.article
