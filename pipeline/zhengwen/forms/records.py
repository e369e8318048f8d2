"""Files of many articles: what a record is, and how such a file is read and written without holding it.

    file ─ groups ─ batches of lines ─ outputs ─ file

A line is whatever holds a record: a line of JSON, a row of a table. A group is what a file writes as a whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from zhengwen.articles import Article
from zhengwen.errors import UnreadableInputError
from zhengwen.forms.form import Form

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned
    from zhengwen.stages.edit import Deletion


_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Fields:
    """Where in a record its text and its id stand; without a field for ids, the number of the line is the id."""

    text: str = "text"
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Article):
    """An article that is a field of a line.

    source: the line, its end included, or the text of a row; ``source.encode(encoding)`` are its bytes.
    value: where in it the field's characters stand, without the quotes.
    field: the field's name.
    """

    source: str
    value: "Deletion"
    field: str

    @property
    def file(self) -> str:
        """The name of the file that holds the line."""
        return self.name[: -len(self.key) - 1]

    @property
    def key(self) -> str:
        """The record in the ledger: number of the line, in ten digits, and id if it has one."""
        return key(self.line, self.record)


@dataclass(frozen=True, slots=True)
class Flaw:
    """A line that is kept as it is, and why."""

    line: int
    data: bytes
    fault: UnreadableInputError


Line = Record | Flaw | bytes
"""What a line holds; one without a record (blank, or null) is its bytes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file: ``size`` bytes that stand at ``start`` in another, or ``data`` where that has none alike."""

    start: int
    size: int
    data: bytes | None = None


class Rewriting(Protocol):
    """A file on its way to another one, group by group.

    All lines that were taken from a group are answered by `write`, in their order, before the next group is taken.
    """

    @property
    def before(self) -> tuple[str, int]:
        """Hash and size of what was read, once all is."""

    @property
    def after(self) -> tuple[str, int]:
        """Hash and size of what was written, once all is and the rewriting is closed."""

    def groups(self) -> Iterator[Iterable[Line]]:
        """The lines, in order. Raises `UnreadableInputError`."""

    def write(self, outputs: Sequence[bytes | None]) -> None:
        """What becomes of the next lines; None for one that is left out."""


class CorpusForm(Form, Protocol):
    """Reads and writes files of many articles."""

    @property
    def by_lines(self) -> bool:
        """Whether what a file holds is its lines put together; if not, it is the output's bytes and `differences`."""

    def groups(
        self, path: Path, name: str, shown: str, fields: Fields, encoding: str | None
    ) -> Iterator[Iterable[Line]]:
        """The lines of a file. Raises `UnreadableInputError`."""

    def rewriting(
        self, path: Path, to: Path, name: str, shown: str, fields: Fields, encoding: str | None
    ) -> AbstractContextManager[Rewriting]:
        """A file that is written to another one. Raises `UnreadableInputError`."""

    def holds(self, output: bytes, record: Record) -> str | None:
        """The text in what became of a record; None if none can be read from it."""

    def differences(self, original: Path, output: Path) -> Iterator[Piece]:
        """The original in pieces of the output and of its own."""


def own(path: Path, start: int = 0, end: int | None = None) -> Iterator[Piece]:
    """A part of a file, up to its end if none is given, in pieces of its own."""
    with path.open("rb") as file:
        file.seek(start)
        while data := file.read(_CHUNK if end is None else min(_CHUNK, end - start)):
            yield Piece(start, len(data), data)
            start += len(data)


def key(line: int, id_: str) -> str:
    """Keys sort as the lines do."""
    return f"{line:010}" if id_ == str(line) else f"{line:010}:{id_}"


def line_of(key: str) -> int:
    """The number of the line of a key."""
    return int(key.partition(":")[0])


def record_of(cleaned: "Cleaned") -> Record:
    """The record that was cleaned."""
    if not isinstance(cleaned.article, Record):
        raise TypeError(f"{cleaned.article.name} was not read as a record")
    return cleaned.article
