"""JSON Lines: every line is a record with an article in one of its fields.

A line is edited as it stands: what goes of the text goes from the characters between the quotes, escapes included,
and no other byte of the line changes.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zhengwen.articles import Article
from zhengwen.errors import UnreadableInputError
from zhengwen.forms.form import MARK, Edit, spans

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned
    from zhengwen.stages.edit import Deletion

_SPACE = re.compile(r"[ \t\n\r]*")
_UNIT = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]+", re.DOTALL
)
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
"""Numbers stay as they are written: an id of 1.0 is not 1."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Where in a record its text and its id stand; without a field for ids, the number of the line is the id."""

    text: str = "text"
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Article):
    """An article that is a field of a line.

    source: the line, its end included; ``source.encode(encoding)`` are its bytes.
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


def key(line: int, id_: str) -> str:
    """Keys sort as the lines do."""
    return f"{line:010}" if id_ == str(line) else f"{line:010}:{id_}"


def line_of(key: str) -> int:
    """The number of the line of a key."""
    return int(key.partition(":")[0])


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
        raise ValueError(f'has no field "{fields.id}"')
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


@dataclass(frozen=True, slots=True)
class JsonlForm:
    """See `Form`."""

    name: str = "jsonl"
    suffixes: tuple[str, ...] = (".jsonl", ".jsonl.gz", ".jsonl.zst")
    many: bool = True

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


def record_of(cleaned: "Cleaned") -> Record:
    """The record that was cleaned."""
    if not isinstance(cleaned.article, Record):
        raise TypeError(f"{cleaned.article.name} was not read as a record")
    return cleaned.article
