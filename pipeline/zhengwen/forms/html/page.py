"""A page as an article that knows its source."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zhengwen.articles import Article
from zhengwen.charsets import decode
from zhengwen.forms.html.edit import Span, source_spans, with_emptied
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
