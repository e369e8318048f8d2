"""What a form is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from zhengwen.articles import Article
from zhengwen.errors import OutputError

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned
    from zhengwen.stages.edit import Deletion

MARKDOWN, HTML = "markdown", "html"
TARGETS = (MARKDOWN, HTML)
"""What cleaned pages can be written as."""
MARK = "\ufeff"
"""The byte order mark."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What cleaning does to a file.

    before: a text; the output is what is left of it.
    gone: the spans of it that go, sorted and disjoint.
    found: where in it the findings stand, in their order; an empty span for one that cannot be placed.
    encoding: of the output.
    reversible: ``before`` is the decoded input, so that the output and what went give the input back.
    fixed: the output names its encoding itself and cannot be written in another.
    unmarked: the byte order mark goes, too.
    """

    before: str
    gone: tuple["Deletion", ...]
    found: tuple["Deletion", ...]
    encoding: str
    reversible: bool = True
    fixed: bool = False
    unmarked: bool = False

    @property
    def after(self) -> str:
        """What is left."""
        from zhengwen.stages.edit import apply

        left = apply(self.before, list(self.gone))
        return left.removeprefix(MARK) if self.unmarked else left

    def converted(self, encoding: str | None) -> "Edit":
        """The same in another encoding, if one is given; UTF-16's byte order mark says nothing there and goes.

        Raises `OutputError`.
        """
        if not encoding or encoding == self.encoding:
            return self
        if self.fixed:
            raise OutputError(
                f"a page names its encoding itself and stays in {self.encoding}; leave --to-encoding out, or take "
                f"--to markdown"
            )
        marked = self.before.startswith(MARK) and self.encoding.startswith("utf-")
        return replace(self, encoding=encoding, unmarked=marked)

    @property
    def output(self) -> bytes:
        """The bytes of what is left. Raises `OutputError`."""
        try:
            return self.after.encode(self.encoding)
        except UnicodeEncodeError as e:
            raise OutputError(f"character {e.object[e.start]!r} cannot be written in {self.encoding}") from None


def spans(cleaned: "Cleaned") -> tuple["Deletion", ...]:
    """The findings' places in the article's text."""
    return tuple((f.start, f.end) for f in cleaned.findings)


class Form(Protocol):
    """Reads the bytes of an article and says what becomes of a cleaned one."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How names of its files end, in lower case."""

    @property
    def name(self) -> str:
        """How the ledger calls it."""

    @property
    def many(self) -> bool:
        """Whether a file holds many articles, each a record; `read` then refuses."""

    def read(self, data: bytes, name: str, shown: str, encoding: str | None = None) -> Article:
        """The article that a file's bytes hold, in ``encoding`` or the one found; ``shown`` is how messages call the
        file.

        Raises `UnreadableInputError`.
        """

    def target(self, name: str, to: str) -> str:
        """The name of the output, given that of the input; ``to`` is one of `TARGETS`."""

    def edit(self, cleaned: "Cleaned", shown: str, to: str) -> Edit:
        """What becomes of the file. Raises `UnreadableInputError` if the input held nothing to write."""

    def remaining(self, source: str, gone: Sequence["Deletion"], others: Sequence["Deletion"]) -> list["Deletion"]:
        """What still goes of the source, of all that goes, if only ``others`` of it is to go."""
