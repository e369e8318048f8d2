"""Parquet: every row is a record with an article in one of its columns.

A file is read and written row group by row group, and keeps all that pyarrow can write as it was read: columns, their
types and order, metadata, row groups, codecs. That is tried on an empty file before anything is cleaned, and what was
written is read again and compared. How another writer laid out its bytes cannot be written again, so the original is
kept as pieces: bytes of the output where a column's are the same there, its own bytes elsewhere.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhengwen.articles import Article
from zhengwen.errors import OutputError, UnreadableInputError
from zhengwen.forms import tables
from zhengwen.forms.form import Edit, spans
from zhengwen.forms.records import Fields, Flaw, Line, Piece, Record, Rewriting, key, own, record_of

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned
    from zhengwen.stages.edit import Deletion

_ROWS = 64
"""Rows of which Python holds the texts at a time."""
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ParquetForm:
    """See `CorpusForm`."""

    name: str = "parquet"
    suffixes: tuple[str, ...] = (".parquet",)
    many: bool = True
    by_lines: bool = False

    def read(self, data: bytes, name: str, shown: str, encoding: str | None = None) -> Article:  # noqa: ARG002
        """Raises `UnreadableInputError`: the file is no article."""
        raise UnreadableInputError(f"{shown}: holds many articles; only clean and check read such files")

    def target(self, name: str, to: str) -> str:  # noqa: ARG002
        """The same name."""
        return name

    def edit(self, cleaned: "Cleaned", shown: str, to: str) -> Edit:  # noqa: ARG002
        """The text less what is removed."""
        return Edit(record_of(cleaned).source, cleaned.removed, spans(cleaned), "utf-8")

    def remaining(self, source: str, gone: Sequence["Deletion"], others: Sequence["Deletion"]) -> list["Deletion"]:  # noqa: ARG002
        """The others."""
        return list(others)

    def groups(
        self,
        path: Path,
        name: str,
        shown: str,
        fields: Fields,
        encoding: str | None,  # noqa: ARG002
    ) -> Iterator[Iterable[Line]]:
        """The rows of each row group, of which only text and id are read."""
        with tables.opened(path, shown) as file:
            wanted = _columns(file, shown, fields)
            first = 1
            for number in range(file.num_row_groups):
                table = file.read_row_group(number, columns=wanted)
                yield _rows(table, first, name, shown, fields)
                first += table.num_rows

    @contextmanager
    def rewriting(
        self,
        path: Path,
        to: Path,
        name: str,
        shown: str,
        fields: Fields,
        encoding: str | None,  # noqa: ARG002
    ) -> Iterator[Rewriting]:
        """Row group by row group."""
        with tables.opened(path, shown) as file:
            _columns(file, shown, fields)
            with tables.writer(file, to, shown, fields.text) as out:
                rows = _Rows(file, path, to, out, name, shown, fields)
                yield rows
            if not rows.alike:
                tables.compare(file, to, shown, fields.text, rows.left_out)
                rows.prove()

    def holds(self, output: bytes, record: Record) -> str | None:  # noqa: ARG002
        """The output is the text."""
        return output.decode()

    def differences(self, original: Path, output: Path) -> Iterator[Piece]:
        """A column's bytes in a row group are a piece, and so is what lies between two."""
        theirs = tables.chunks(output)
        with original.open("rb") as before, output.open("rb") as after:
            place = 0
            for which, (start, size) in sorted(tables.chunks(original).items(), key=lambda item: item[1]):
                there = theirs.get(which)
                if start < place or not there or there[1] != size or not _same(before, start, after, there[0], size):
                    continue
                yield from own(original, place, start)
                yield Piece(there[0], size)
                place = start + size
            yield from own(original, place)


class _Rows:
    """See `Rewriting`: a row group is written when all of its rows have been answered."""

    def __init__(self, file: Any, path: Path, to: Path, out: Any, name: str, shown: str, fields: Fields) -> None:
        self._file, self._path, self._to, self._out = file, path, to, out
        self._name, self._shown, self._fields = name, shown, fields
        self._unanswered: deque[bytes] = deque()
        self._row = 0
        self._changed: dict[int, str] = {}
        self._now: set[int] = set()
        self.left_out: dict[int, set[int]] = {}
        self.alike = True
        self._texts = hashlib.sha256()

    @property
    def before(self) -> tuple[str, int]:
        """Of the file."""
        return _hash(self._path), self._path.stat().st_size

    @property
    def after(self) -> tuple[str, int]:
        """Of the file that was written, or of the one that was read if it would hold the same."""
        return self.before if self.alike else (_hash(self._to), self._to.stat().st_size)

    def groups(self) -> Iterator[Iterable[Line]]:
        """The row groups."""
        first = 1
        for number in range(self._file.num_row_groups):
            table = self._file.read_row_group(number)
            self._row, self._changed, self._now = 0, {}, set()
            yield self._noted(_rows(table, first, self._name, self._shown, self._fields))
            if self._changed or self._now:
                self.alike = False
                self.left_out[number] = self._now
                table = tables.replaced(table, self._fields.text, self._changed, self._now)
            self._out.write(table)
            first += self._row

    def write(self, outputs: Sequence[bytes | None]) -> None:
        """Notes which rows change."""
        for output in outputs:
            before = self._unanswered.popleft()
            if output is None:
                self._now.add(self._row)
            else:
                self._texts.update(b"%d " % len(output) + output)
                if output != before:
                    self._changed[self._row] = output.decode()
            self._row += 1

    def prove(self) -> None:
        """Raises `OutputError` if the written file does not hold the texts that it was given."""
        found = hashlib.sha256()
        with tables.opened(self._to, self._shown) as written:
            for number in range(written.num_row_groups):
                table = written.read_row_group(number, columns=[self._fields.text])
                for begin in range(0, table.num_rows, _ROWS):
                    for data in tables.texts(table.column(0).slice(begin, _ROWS)):
                        found.update(b"%d " % len(data or b"") + (data or b""))
        if found.digest() != self._texts.digest():
            raise OutputError(f"{self._shown}: the written texts would not be the cleaned ones; it is left alone")

    def _noted(self, lines: Iterable[Line]) -> Iterator[Line]:
        for line in lines:
            data = line.source.encode() if isinstance(line, Record) else line.data if isinstance(line, Flaw) else line
            self._unanswered.append(data)
            yield line


def _columns(file: Any, shown: str, fields: Fields) -> list[str]:
    """The columns of text and id. Raises `UnreadableInputError` if they are not there or hold something else."""
    schema = file.schema_arrow
    for field, option in ((fields.text, "--text-field"), (fields.id, "--id-field")):
        found = schema.get_all_field_indices(field) if field is not None else [0]
        if len(found) != 1:
            what = f"has {len(found)} columns" if found else "has no column"
            raise UnreadableInputError(f'{shown}: {what} "{field}" ({option} names another); it is left alone')
    if not tables.is_text(schema.field(fields.text).type):
        what = f'column "{fields.text}" holds {schema.field(fields.text).type}, not text'
        raise UnreadableInputError(f"{shown}: {what} (--text-field names another); it is left alone")
    if fields.id is not None and not tables.is_id(schema.field(fields.id).type):
        what = f'column "{fields.id}" holds {schema.field(fields.id).type}, neither text nor whole numbers'
        raise UnreadableInputError(f"{shown}: {what} (--id-field names another); it is left alone")
    return list(dict.fromkeys(f for f in (fields.text, fields.id) if f is not None))


def _rows(table: Any, first: int, name: str, shown: str, fields: Fields) -> Iterator[Line]:
    """The rows of a table, numbered from ``first``; one without a text is no record."""
    for begin in range(0, table.num_rows, _ROWS):
        part = table.slice(begin, _ROWS)
        texts = tables.texts(part.column(fields.text))
        ids = tables.values(part.column(fields.id)) if fields.id is not None else [None] * len(texts)
        for number, (data, id_) in enumerate(zip(texts, ids, strict=True), first + begin):
            yield b"" if data is None else _row(data, number, id_, name, shown, fields)


def _row(data: bytes, number: int, id_: object, name: str, shown: str, fields: Fields) -> Record | Flaw:
    if fields.id is not None and id_ is None:
        what = f'has no "{fields.id}"; the row is kept as it is'
        return Flaw(number, data, UnreadableInputError(f"{shown}:{number}: {what}"))
    try:
        text = data.decode()
    except UnicodeDecodeError as e:
        what = f"byte {e.start + 1} is not utf-8; the row is kept as it is"
        return Flaw(number, data, UnreadableInputError(f"{shown}:{number}: {what}"))
    called = str(number) if id_ is None else str(id_)
    return Record(
        name=f"{name}:{key(number, called)}",
        text=text,
        record=called,
        line=number,
        source=text,
        value=(0, len(text)),
        field=fields.text,
    )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _same(one: Any, start: int, other: Any, begin: int, size: int) -> bool:
    one.seek(start)
    other.seek(begin)
    while size:
        data = one.read(min(_CHUNK, size))
        if not data or data != other.read(len(data)):
            return False
        size -= len(data)
    return True
