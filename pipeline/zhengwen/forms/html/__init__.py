"""Saved HTML pages: the main region as Markdown, and every removal back to the source it came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from zhengwen.articles import Article
from zhengwen.charsets import decode
from zhengwen.errors import UnreadableInputError
from zhengwen.forms.form import HTML, Edit, spans
from zhengwen.forms.html.edit import Span, remaining, source_spans, with_emptied
from zhengwen.forms.html.extractor import main_text
from zhengwen.forms.html.region import Region, find
from zhengwen.forms.html.render import Piece, render
from zhengwen.forms.html.tree import parse

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Article):
    """The main region of a page as Markdown (``text``), which knows its source.

    source: the page, decoded; ``source.encode(encoding)`` is the file.
    region: None if the page shows no main text; ``text`` is empty then.
    pieces: where in the source the characters of ``text`` stand.
    """

    source: str
    region: Region | None
    pieces: tuple[Piece, ...]

    @property
    def origin(self) -> str:
        """The page's source."""
        return self.source

    def locate(self, start: int, end: int) -> Span:
        """From the first to the last character of the source that a span of the text came from."""
        spans = source_spans(self.pieces, [(start, end)])
        return (spans[0][0], spans[-1][1]) if spans else (0, 0)

    def removed(self, cleaned: "Cleaned") -> list[Span]:
        """The spans of the source that go: what was removed of the text, and the elements that are empty without it."""
        if not cleaned.removed or self.region is None:
            return []
        return with_emptied(self.source, self.region, source_spans(self.pieces, cleaned.removed))


def read(data: bytes, name: str, shown: str, encoding: str | None = None) -> Page:
    """The page that a file holds. Raises `UnreadableInputError`."""
    decoded = decode(data, shown, encoding)
    source = decoded.text
    root = parse(source)
    extracted = main_text(source.removeprefix("\ufeff"), shown)
    region = find(source, root, extracted)
    rendered = render(source, region.element, region.left_out) if region else None
    text, pieces = (rendered.text, rendered.pieces) if rendered else ("", ())
    return Page(name=name, text=text, source=source, encoding=decoded.encoding, region=region, pieces=pieces)


@dataclass(frozen=True, slots=True)
class HtmlForm:
    """See `Form`."""

    name: str = HTML
    suffixes: tuple[str, ...] = (".html", ".htm")
    many: bool = False

    def read(self, data: bytes, name: str, shown: str, encoding: str | None = None) -> Page:
        """The page and its main region."""
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

    def remaining(self, source: str, gone: Sequence[Span], others: Sequence[Span]) -> list[Span]:
        """The texts and pictures of the others, and the elements that are empty without them."""
        return remaining(source, gone, others)


def _page(cleaned: "Cleaned") -> Page:
    if not isinstance(cleaned.article, Page):
        raise TypeError(f"{cleaned.article.name} was not read as a page")
    return cleaned.article
