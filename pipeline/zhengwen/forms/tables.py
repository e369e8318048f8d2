"""Tables in Parquet files, through pyarrow: opened, written as they were, compared."""

import io
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zhengwen.errors import OutputError, UnreadableInputError

_ARROW = b"ARROW:schema"
_VALUES = 4096
"""Values of a column that are compared, or made, at a time."""


@contextmanager
def opened(path: Path, shown: str) -> Iterator[Any]:
    """A `pyarrow.parquet.ParquetFile`. Raises `UnreadableInputError`, also while it is read."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UnreadableInputError(
            f"{shown}: reading and writing Parquet needs pyarrow; pip install 'zhengwen[parquet]'"
        ) from None
    try:
        file = parquet.ParquetFile(path, pre_buffer=False)
    except OSError as e:
        if e.errno:
            what = f"cannot be read ({(e.strerror or str(e)).lower()}); mend or exclude it"
        else:
            what = f"is not Parquet that pyarrow reads ({_first_line(e)}); bring a whole copy, or exclude it"
        raise UnreadableInputError(f"{shown}: {what}") from None
    except (pyarrow.ArrowException, ValueError) as e:
        what = f"is not Parquet that pyarrow reads ({_first_line(e)}); bring a whole copy, or exclude it"
        raise UnreadableInputError(f"{shown}: {what}") from None
    with file:
        try:
            yield file
        except (pyarrow.ArrowException, OSError) as e:
            if isinstance(e, OSError) and e.errno:
                raise
            raise UnreadableInputError(f"{shown}: cannot be read ({_first_line(e)}); bring a whole copy") from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def is_text(type_: Any) -> bool:
    """Whether a column of this type holds text."""
    from pyarrow import types

    inner = type_.value_type if types.is_dictionary(type_) else type_
    return bool(types.is_string(inner) or types.is_large_string(inner) or types.is_string_view(inner))


def is_id(type_: Any) -> bool:
    """Whether a column of this type names records."""
    from pyarrow import types

    return is_text(type_) or bool(types.is_integer(type_))


def texts(column: Any) -> list[bytes | None]:
    """The bytes of the texts in a column: it may hold some that are not UTF-8."""
    import pyarrow

    plain = column.cast(pyarrow.large_string()) if not pyarrow.types.is_large_string(column.type) else column
    found: list[bytes | None] = plain.cast(pyarrow.large_binary()).to_pylist()
    return found


def values(column: Any) -> list[Any]:
    """What a column holds; texts that are not UTF-8 as they can be shown."""
    if not is_text(column.type):
        return list(column.to_pylist())
    return [None if data is None else data.decode("utf-8", "backslashreplace") for data in texts(column)]


def replaced(table: Any, column: str, changed: Mapping[int, str], left_out: Set[int]) -> Any:
    """A table with other texts in some rows, and without some rows."""
    import pyarrow

    place = table.schema.get_field_index(column)
    field = table.schema.field(place)
    found = texts(table.column(place))
    for row, text in changed.items():
        found[row] = text.encode()
    parts = [_array(found[n : n + _VALUES], field.type) for n in range(0, len(found), _VALUES)]
    table = table.set_column(place, field, pyarrow.chunked_array(parts, field.type))
    return _kept(table, left_out)


def _array(found: list[bytes | None], type_: Any) -> Any:
    import pyarrow

    plain = pyarrow.array(found, pyarrow.large_binary())
    if not pyarrow.types.is_dictionary(type_):
        return _as_text(plain, type_)
    coded = plain.dictionary_encode()
    words = _as_text(coded.dictionary, type_.value_type)
    return pyarrow.DictionaryArray.from_arrays(coded.indices.cast(type_.index_type), words, ordered=type_.ordered)


def _as_text(plain: Any, type_: Any) -> Any:
    """Binary as text, whatever it holds: what is not UTF-8 stays what it was."""
    import pyarrow
    from pyarrow import compute

    loose = compute.CastOptions(target_type=pyarrow.large_string(), allow_invalid_utf8=True)
    text = plain.cast(options=loose)
    return text if text.type == type_ else text.cast(options=compute.CastOptions(type_, allow_invalid_utf8=True))


class _Writer:
    """Writes each table as a row group."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def write(self, table: Any) -> None:
        """A row group."""
        self._writer.write_table(table, row_group_size=max(table.num_rows, 1))


@contextmanager
def writer(file: Any, to: Path, shown: str, text: str) -> Iterator[_Writer]:
    """Writes row groups to a new file as ``file`` was written. Raises `OutputError` if its schema cannot be."""
    from pyarrow import parquet

    how = _settings(file, shown, text)
    with to.open("xb") as stream, parquet.ParquetWriter(stream, file.schema_arrow, **how) as out:
        yield _Writer(out)


def _settings(file: Any, shown: str, text: str) -> dict[str, Any]:
    """The first settings with which an empty file has the columns of this one."""
    from pyarrow import parquet

    found = ""
    for how in _ways(file, text):
        stream = io.BytesIO()
        parquet.ParquetWriter(stream, file.schema_arrow, **how).close()
        found = _difference(file, parquet.ParquetFile(stream))
        if not found:
            return how
    raise OutputError(f"{shown}: cannot be written as it is ({found}); it is left alone")


def _ways(file: Any, text: str) -> Iterator[dict[str, Any]]:
    """Settings that may write a file like this one, the likeliest first."""
    meta = file.metadata
    full = next((n for n in range(meta.num_row_groups) if meta.row_group(n).num_rows), None)
    paths = {} if full is None else {c.path: c for c in (_chunk(meta, full, n) for n in range(meta.num_columns))}
    schema = [meta.schema.column(n) for n in range(meta.num_columns)]
    common: dict[str, Any] = {
        "compression": {path: _CODECS.get(c.compression, c.compression) for path, c in paths.items()} or "snappy",
        "use_dictionary": [path for path, c in paths.items() if any("DICTIONARY" in e for e in c.encodings)],
        "write_statistics": [path for path, c in paths.items() if c.is_stats_set],
        "write_page_index": any(c.has_offset_index for c in paths.values()),
        "store_schema": _ARROW in (meta.metadata or {}),
        "use_deprecated_int96_timestamps": any(c.physical_type == "INT96" for c in schema),
        "use_compliant_nested_type": not any(".list.item" in c.path for c in schema),
        "sorting_columns": _sorting(file, text),
    }
    for version in dict.fromkeys((meta.format_version, "2.6", "2.4", "1.0")):
        if version in ("1.0", "2.4", "2.6"):
            yield {**common, "version": version}
            yield {**common, "version": version, "store_decimal_as_integer": True}


_CODECS = {"UNCOMPRESSED": "none", "LZ4_RAW": "lz4"}


def _chunk(meta: Any, group: int, column: int) -> Any:
    return _Chunk(meta.row_group(group).column(column))


class _Chunk:
    """What the metadata say of a column in a row group."""

    def __init__(self, column: Any) -> None:
        self.path: str = column.path_in_schema
        self.compression: str = column.compression
        self.encodings: tuple[str, ...] = column.encodings
        self.is_stats_set: bool = column.is_stats_set
        self.has_offset_index: bool = column.has_offset_index
        first = [column.data_page_offset, column.dictionary_page_offset]
        self.start: int = min((place for place in first if place), default=0)
        self.size: int = column.total_compressed_size


def _sorting(file: Any, text: str) -> Any:
    """How the rows are said to be sorted; nothing if it is by the text, which changes."""
    meta = file.metadata
    found = meta.row_group(0).sorting_columns if meta.num_row_groups else ()
    names = [meta.schema.column(s.column_index).path for s in found]
    return list(found) if found and text not in names else None


def _difference(one: Any, other: Any) -> str:
    """What tells the columns or the metadata of two files apart; empty if nothing does."""
    a, b = one.metadata, other.metadata
    if a.num_columns != b.num_columns:
        return f"it has {a.num_columns} columns, pyarrow writes {b.num_columns}"
    for n in range(a.num_columns):
        mine, theirs = _column(a.schema.column(n)), _column(b.schema.column(n))
        if mine != theirs:
            return f"column {mine[0]} is {' '.join(map(str, mine[1:3]))}, pyarrow writes {' '.join(map(str, theirs))}"
    if not one.schema_arrow.equals(other.schema_arrow, check_metadata=True):
        return "pyarrow reads other types or metadata from what it writes"
    if {**(a.metadata or {}), _ARROW: b""} != {**(b.metadata or {}), _ARROW: b""}:
        return "pyarrow writes other metadata"
    return ""


def _column(column: Any) -> tuple[object, ...]:
    logical = str(column.logical_type).partition(", is_from_converted_type")[0].rstrip(")")
    levels = column.max_definition_level, column.max_repetition_level
    return column.path, column.physical_type, logical, *levels, column.length, column.precision, column.scale


def compare(file: Any, to: Path, shown: str, text: str, left_out: Mapping[int, Set[int]]) -> None:
    """Raises `OutputError` if a written file does not hold the other columns, metadata or row groups of the original.

    left_out: the rows that were, by row group.
    """
    from pyarrow import parquet

    with parquet.ParquetFile(to, pre_buffer=False) as written:
        found = _difference(file, written)
        if not found and written.num_row_groups != file.num_row_groups:
            found = f"{file.num_row_groups} row groups became {written.num_row_groups}"
        if found:
            raise OutputError(f"{shown}: cannot be written as it is ({found}); it is left alone")
        for name in (name for name in file.schema_arrow.names if name != text):
            for number in range(file.num_row_groups):
                one = _kept(file.read_row_group(number, columns=[name]), left_out.get(number, frozenset()))
                other = written.read_row_group(number, columns=[name])
                if not _equal(one.column(0), other.column(0)):
                    raise OutputError(f"{shown}: column {name} would not be the same when written; it is left alone")


def _kept(table: Any, left_out: Set[int]) -> Any:
    """A table without some of its rows."""
    import pyarrow

    if not left_out:
        return table
    return table.filter(pyarrow.array([row not in left_out for row in range(table.num_rows)]))


def _equal(one: Any, other: Any) -> bool:
    return bool(one.equals(other)) or (len(one) == len(other) and all(map(_alike, _slices(one), _slices(other))))


def _alike(one: Any, other: Any) -> bool:
    """Whether two columns hold the same, where a number that is none counts as itself."""
    return repr(one.to_pylist()) == repr(other.to_pylist())


def _slices(column: Any) -> Iterator[Any]:
    return (column.slice(n, _VALUES) for n in range(0, len(column), _VALUES))


def chunks(path: Path) -> dict[tuple[int, int], tuple[int, int]]:
    """Where the bytes of each column of each row group stand in a file: start and size, by their numbers."""
    from pyarrow import parquet

    with parquet.ParquetFile(path, pre_buffer=False) as file:
        return chunks_of(file.metadata)


def chunks_of(meta: Any) -> dict[tuple[int, int], tuple[int, int]]:
    """The same, from a file's metadata."""
    found = {
        (group, column): _chunk(meta, group, column)
        for group in range(meta.num_row_groups)
        for column in range(meta.num_columns)
    }
    return {which: (chunk.start, chunk.size) for which, chunk in found.items() if chunk.start and chunk.size}
