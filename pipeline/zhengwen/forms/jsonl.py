"""JSON Lines: every line is a record with an article in one of its fields.

A line is edited as it stands: what goes of the text goes from the characters between the quotes, escapes included,
and no other byte of the line changes.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from zhengwen.articles import Article
from zhengwen.errors import UnreadableInputError
from zhengwen.forms.form import MARK, Edit, spans
from zhengwen.forms.records import Fields, Flaw, Line, Piece, Record, Rewriting, key, own, record_of
from zhengwen.forms.streams import is_compressed, reading, writing

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned
    from zhengwen.stages.edit import Deletion

_SPACE = re.compile(r"[ \t\n\r]*")
_UNIT = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]+", re.DOTALL
)
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
"""Numbers stay as they are written: an id of 1.0 is not 1."""


def parse(data: bytes, number: int, name: str, shown: str, fields: Fields, encoding: str) -> Record | Flaw | None:
    """The record of a line, from its bytes and its number from 1; None for a blank line."""
    if not data.strip():
        return None
    try:
        source = data.decode(encoding)
        text, value, id_ = _found(source, fields)
        text.encode()
    except UnicodeEncodeError:
        what = f'"{fields.text}" holds half a character (a lone surrogate)'
    except UnicodeDecodeError as e:
        what = f"byte {e.start + 1} is not {encoding}"
    except RecursionError:
        what = "is nested too deeply"
    except json.JSONDecodeError as e:
        what = f"is not JSON at character {e.pos + 1} ({e.msg})"
    except ValueError as e:
        what = str(e)
    else:
        id_ = str(number) if id_ is None else id_
        whole = f"{name}:{key(number, id_)}"
        return Record(
            name=whole,
            text=text,
            encoding=encoding,
            record=id_,
            line=number,
            source=source,
            value=value,
            field=fields.text,
        )
    return Flaw(number, data, UnreadableInputError(f"{shown}:{number}: {what}; the line is kept as it is"))


def _found(line: str, fields: Fields) -> tuple[str, "Deletion", str | None]:
    """The text, its place, and the id. Raises `ValueError` and says what is wrong."""
    text: str | None = None
    id_: str | None = None
    place = (0, 0)
    for name, value, start, end in _members(line):
        if name == fields.text:
            if text is not None:
                raise ValueError(f'has two fields "{name}"')
            if not isinstance(value, str) or line[start] != '"':
                raise ValueError(f'"{name}" is not a string')
            text, place = value, (start + 1, end - 1)
        if name == fields.id:
            if not isinstance(value, str):
                raise ValueError(f'"{name}" is neither a string nor a number')
            id_ = value
    if text is None:
        raise ValueError(f'has no field "{fields.text}" (--text-field names another)')
    if fields.id is not None and id_ is None:
        raise ValueError(f'has no field "{fields.id}" (--id-field names another)')
    return text, place, id_


def _members(line: str) -> Iterator[tuple[str, object, int, int]]:
    """Name, value and place of each member of the object that is the line. Raises `ValueError`."""
    at = _past(line, int(line.startswith(MARK)), "{", "is not a JSON object")
    if line[at : at + 1] == "}":
        _end(line, at)
        return
    while True:
        if line[at : at + 1] != '"':
            raise _wrong(at)
        name, at = _DECODER.raw_decode(line, at)
        start = _past(line, at, ":")
        value, at = _DECODER.raw_decode(line, start)
        yield name, value, start, at
        at = _spaces(line, at)
        if line[at : at + 1] == "}":
            _end(line, at)
            return
        at = _past(line, at, ",")


def _past(line: str, at: int, mark: str, otherwise: str = "") -> int:
    at = _spaces(line, at)
    if line[at : at + 1] != mark:
        raise ValueError(otherwise) if otherwise else _wrong(at)
    return _spaces(line, at + 1)


def _spaces(line: str, at: int) -> int:
    found = _SPACE.match(line, at)
    return found.end() if found else at


def _end(line: str, at: int) -> None:
    if _spaces(line, at + 1) != len(line):
        raise _wrong(at + 1)


def _wrong(at: int) -> ValueError:
    return ValueError(f"is not JSON at character {at + 1}")


def places(record: Record, texts: Sequence["Deletion"]) -> tuple["Deletion", ...]:
    """Where in the line spans of the text stand."""
    begin, end = record.value
    raw = record.source[begin:end]
    if "\\" not in raw:
        return tuple((begin + a, begin + b) for a, b in texts)
    starts: list[int] = []
    for unit in _UNIT.finditer(raw):
        if unit[0][0] == "\\":
            starts.append(begin + unit.start())
        else:
            starts += range(begin + unit.start(), begin + unit.end())
    starts.append(end)
    return tuple((starts[a], starts[b]) for a, b in texts)


class _Tally:
    """Hash and size of the bytes that go by."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._size = 0

    def add(self, data: bytes) -> bytes:
        """Counts some; the same."""
        self._hash.update(data)
        self._size += len(data)
        return data

    @property
    def found(self) -> tuple[str, int]:
        """SHA-256 in hexadecimal digits, and bytes."""
        return self._hash.hexdigest(), self._size


class _Lines:
    """See `Rewriting`: the file is one group, and a line is written as it comes."""

    def __init__(self, lines: Iterable[bytes], out: BinaryIO, form: "JsonlForm", *how: object) -> None:
        self._read, self._written = _Tally(), _Tally()
        self._lines, self._out, self._form, self._how = lines, out, form, how

    @property
    def before(self) -> tuple[str, int]:
        """Of the decompressed bytes."""
        return self._read.found

    @property
    def after(self) -> tuple[str, int]:
        """Of the bytes before they are compressed."""
        return self._written.found

    def groups(self) -> Iterator[Iterable[Line]]:
        """The file."""
        yield self._form.lines(map(self._read.add, self._lines), *self._how)  # type: ignore[arg-type]

    def write(self, outputs: Sequence[bytes | None]) -> None:
        """Writes the lines that are not left out."""
        for data in outputs:
            if data is not None:
                self._out.write(self._written.add(data))


@dataclass(frozen=True, slots=True)
class JsonlForm:
    """See `CorpusForm`."""

    name: str = "jsonl"
    suffixes: tuple[str, ...] = (".jsonl", ".jsonl.gz", ".jsonl.zst")
    many: bool = True
    by_lines: bool = True

    def read(self, data: bytes, name: str, shown: str, encoding: str | None = None) -> Article:  # noqa: ARG002
        """Raises `UnreadableInputError`: the file is no article."""
        raise UnreadableInputError(f"{shown}: holds many articles; only clean and check read such files")

    def target(self, name: str, to: str) -> str:  # noqa: ARG002
        """The same name."""
        return name

    def edit(self, cleaned: "Cleaned", shown: str, to: str) -> Edit:  # noqa: ARG002
        """The line less what is removed of the text in it."""
        record = record_of(cleaned)
        found = spans(cleaned)
        placed = places(record, (*found, *cleaned.removed))
        return Edit(record.source, placed[len(found) :], placed[: len(found)], record.encoding)

    def remaining(self, source: str, gone: Sequence["Deletion"], others: Sequence["Deletion"]) -> list["Deletion"]:  # noqa: ARG002
        """The others."""
        return list(others)

    def groups(
        self, path: Path, name: str, shown: str, fields: Fields, encoding: str | None
    ) -> Iterator[Iterable[Line]]:
        """The file is one group."""
        with reading(path, shown) as stream:
            yield self.lines(stream, name, shown, fields, encoding)

    def lines(
        self, stream: Iterable[bytes], name: str, shown: str, fields: Fields, encoding: str | None
    ) -> Iterator[Line]:
        """What each line holds. Raises `UnreadableInputError`."""
        encoding = encoding or "utf-8"
        if "\n".encode(encoding) != b"\n":
            raise UnreadableInputError(f"{shown}: lines of JSON cannot be told apart in {encoding}; convert to UTF-8")
        for number, line in enumerate(stream, 1):
            yield parse(line, number, name, shown, fields, encoding) or line

    @contextmanager
    def rewriting(
        self, path: Path, to: Path, name: str, shown: str, fields: Fields, encoding: str | None
    ) -> Iterator[Rewriting]:
        """Line by line; the new file is compressed as the old one's name says."""
        with reading(path, shown) as stream, to.open("xb") as file, writing(file, path.name) as out:
            yield _Lines(stream, out, self, name, shown, fields, encoding)

    def holds(self, output: bytes, record: Record) -> str | None:
        """Parses the line."""
        again = parse(output, record.line, "", "", Fields(record.field), record.encoding)
        return again.text if isinstance(again, Record) else None

    def differences(self, original: Path, output: Path) -> Iterator[Piece]:  # noqa: ARG002
        """None: the lines and their cuts are enough. A compressed file is kept as it is, because nothing says how
        another program would compress the same lines."""
        if is_compressed(original):
            yield from own(original)
