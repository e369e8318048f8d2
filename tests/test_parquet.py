"""Parquet: the text in a column is cleaned, all else stays, and every byte comes back."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PLAIN, TAILED, Run
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cli_clean import tree
from test_jsonl import ADVERT

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402
from tables import TEXTS, table, written  # noqa: E402

from zhengwen.forms import Fields  # noqa: E402
from zhengwen.forms.parquet import ParquetForm  # noqa: E402
from zhengwen.forms.records import Record  # noqa: E402

CLEAN = [PLAIN if t == TAILED else t for t in TEXTS]
TYPES = {
    "string": pa.string(),
    "large": pa.large_string(),
    "view": pa.string_view(),
    "coded": pa.dictionary(pa.int8(), pa.string(), ordered=True),
}
HOW: dict[str, dict[str, object]] = {
    "as pyarrow writes": {},
    "zstd, pages of version 2, with an index": {
        "compression": "zstd",
        "data_page_version": "2.0",
        "write_page_index": True,
    },
    "no codec, no dictionaries, no statistics": {
        "compression": "none",
        "use_dictionary": False,
        "write_statistics": False,
    },
    "a codec for each column": {"compression": {"text": "gzip", "id": "zstd", "number": "none"}},
    "the first format, no Arrow schema": {"version": "1.0", "store_schema": False, "compression": "gzip"},
    "sorted, with a checksum": {
        "sorting_columns": [parquet.SortingColumn(0)],
        "write_page_checksum": True,
        "compression": "lz4",
    },
    "old timestamps and names of elements": {
        "use_deprecated_int96_timestamps": True,
        "use_compliant_nested_type": False,
    },
    "decimals as integers": {"store_decimal_as_integer": True},
}


def others(path: Path) -> list[list[object]]:
    """All columns but the text, as Python values that compare."""
    found = parquet.read_table(path)
    return [[repr(v) for v in found.column(n).to_pylist()] for n in found.column_names if n != "text"]


def clean(zhengwen: Run, *args: object) -> str:
    done = zhengwen("clean", *args)
    assert done.returncode == 0, done.stderr.decode()
    return done.stderr.decode()


@pytest.mark.parametrize("how", HOW.values(), ids=HOW)
def test_all_but_the_text_stays_and_every_byte_comes_back(
    zhengwen: Run, tmp_path: Path, how: dict[str, object]
) -> None:
    source, target = tmp_path / "a.parquet", tmp_path / "out" / "a.parquet"
    before = written(source, **how)
    clean(zhengwen, source, "-o", "out", "--id-field", "id")
    one, other = parquet.ParquetFile(source), parquet.ParquetFile(target)
    assert parquet.read_table(target).column("text").to_pylist() == CLEAN
    assert others(target) == others(source)
    assert other.schema_arrow.equals(one.schema_arrow, check_metadata=True)
    assert [str(other.schema.column(n)) for n in range(len(other.schema.names))] == [
        str(one.schema.column(n)) for n in range(len(one.schema.names))
    ]
    assert other.metadata.num_row_groups == 3
    for group in range(3):
        mine, theirs = other.metadata.row_group(group), one.metadata.row_group(group)
        assert mine.num_rows == theirs.num_rows
        assert mine.sorting_columns == theirs.sorting_columns
        for n in range(mine.num_columns):
            assert mine.column(n).compression == theirs.column(n).compression
            assert mine.column(n).has_offset_index == theirs.column(n).has_offset_index
            if theirs.column(n).path_in_schema != "text":
                assert mine.column(n).is_stats_set == theirs.column(n).is_stats_set
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert (tmp_path / "back" / "a.parquet").read_bytes() == before


@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
def test_a_text_keeps_its_type(zhengwen: Run, tmp_path: Path, kind: pa.DataType) -> None:
    before = written(tmp_path / "a.parquet", table(kind))
    clean(zhengwen, "a.parquet", "-o", "out")
    found = parquet.read_table(tmp_path / "out" / "a.parquet")
    assert found.schema.field("text").type == parquet.read_schema(tmp_path / "a.parquet").field("text").type
    assert found.column("text").to_pylist() == CLEAN
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert (tmp_path / "back" / "a.parquet").read_bytes() == before


def test_in_place_again_with_other_settings_and_back(zhengwen: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    advert = pa.table({"text": [ADVERT, TAILED, PLAIN], "n": [1, 2, 3]})
    before = {
        "a.parquet": written(folder / "a.parquet"),
        "sub/b.parquet": written(folder / "sub" / "b.parquet", advert, 2),
        "none.parquet": written(folder / "none.parquet", advert.slice(0, 0)),
        "plain.parquet": written(folder / "plain.parquet", pa.table({"text": [PLAIN, None]})),
    }
    clean(zhengwen, folder, "--in-place", "--select", "engagement")
    first = tree(folder)
    assert first["plain.parquet"] == before["plain.parquet"]
    assert first["none.parquet"] == before["none.parquet"]
    clean(zhengwen, folder, "--in-place", "--drop-adverts")
    assert parquet.read_table(folder / "sub" / "b.parquet").to_pylist() == [
        {"text": PLAIN, "n": 2},
        {"text": PLAIN, "n": 3},
    ]
    assert parquet.ParquetFile(folder / "sub" / "b.parquet").metadata.num_row_groups == 2
    assert "not done again: 4" in clean(zhengwen, folder, "--in-place", "--drop-adverts")
    assert zhengwen("restore", folder, "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == before
    assert zhengwen("restore", folder, "-o", folder, "--overwrite").returncode == 0
    assert tree(folder) == before


def test_records_are_named_by_row_and_id(zhengwen: Run, tmp_path: Path) -> None:
    written(tmp_path / "a.parquet")
    done = zhengwen("check", "a.parquet", "--format", "jsonl", "--id-field", "id")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(r["line"], r["record"]) for r in found} == {(1, "r0"), (5, "r4"), (7, "r6")}
    assert TAILED[found[0]["start"] : found[0]["end"]].startswith("## 写在最后")
    assert "a.parquet:5" in zhengwen("clean", "--diff", "a.parquet").stdout.decode()
    clean(zhengwen, "a.parquet", "-o", "out", "--id-field", "id", "--text-field", "text")
    with sqlite3.connect(tmp_path / "out" / ".zhengwen" / "ledger.sqlite") as database:
        rows = database.execute("SELECT record, status FROM articles ORDER BY record").fetchall()
    database.close()
    assert [r for r in rows if r[0]][:3] == [
        ("0000000001:r0", "cleaned"),
        ("0000000002:r1", "unchanged"),
        ("0000000004:r3", "unchanged"),
    ]


def test_bad_rows_are_named_and_kept(zhengwen: Run, tmp_path: Path) -> None:
    wrong = pa.array([TAILED.encode(), b"\xff\xfe" * 9, TAILED.encode()]).cast(
        options=pa.compute.CastOptions(pa.string(), allow_invalid_utf8=True)
    )
    found = pa.table({"text": wrong, "id": pa.array([1, 2, None])})
    before = written(tmp_path / "a.parquet", found)
    for _ in range(2):
        done = zhengwen("clean", "a.parquet", "-o", "out", "--id-field", "id")
        assert done.returncode == 2
        assert "a.parquet:2: byte 1 is not utf-8; the row is kept as it is" in done.stderr.decode()
        assert 'a.parquet:3: has no "id"; the row is kept as it is' in done.stderr.decode()
    raw = parquet.read_table(tmp_path / "out" / "a.parquet").column("text").cast(pa.binary()).to_pylist()
    assert raw == [PLAIN.encode(), b"\xff\xfe" * 9, TAILED.encode()]
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert (tmp_path / "back" / "a.parquet").read_bytes() == before


def test_files_that_cannot_be_done_are_named_and_the_others_are_done(zhengwen: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    good = written(folder / "good.parquet")
    (folder / "torn.parquet").write_bytes(good[:-20])
    (folder / "hurt.parquet").write_bytes(good[:40] + bytes(400) + good[440:])
    (folder / "none.parquet").write_bytes(b"")
    written(folder / "other.parquet", pa.table({"body": [TAILED]}))
    written(folder / "number.parquet", pa.table({"text": [1], "id": [1]}))
    written(folder / "share.parquet", pa.table({"text": ["a"], "id": [0.5]}))
    before = tree(folder)
    for where, out in ((("-o", "out"), tmp_path / "out"), (("--in-place",), folder)):
        done = zhengwen("clean", folder, *where, "--id-field", "id")
        said = done.stderr.decode()
        assert done.returncode == 2
        assert "internal error" not in said
        for name in ("torn", "none"):
            assert f"{name}.parquet: is not Parquet that pyarrow reads" in said
        assert "hurt.parquet: cannot be read" in said
        assert 'other.parquet: has no column "text" (--text-field names another); it is left alone' in said
        assert 'number.parquet: column "text" holds int64, not text' in said
        assert 'share.parquet: column "id" holds double, neither text nor whole numbers' in said
        assert parquet.read_table(out / "good.parquet").column("text").to_pylist() == CLEAN
        left = tree(out)
        assert {n: d for n, d in left.items() if n != "good.parquet"} == (
            {n: d for n, d in before.items() if n != "good.parquet"} if out == folder else {}
        )


def test_without_pyarrow_the_remedy_is_said(zhengwen: Run, tmp_path: Path) -> None:
    written(tmp_path / "a.parquet")
    (tmp_path / "hidden" / "pyarrow").mkdir(parents=True)
    (tmp_path / "hidden" / "pyarrow" / "__init__.py").write_text("raise ImportError")
    done = zhengwen("clean", "a.parquet", "-o", "out", PYTHONPATH=str(tmp_path / "hidden"))
    assert done.returncode == 2
    said = "a.parquet: reading and writing Parquet needs pyarrow; pip install 'zhengwen[parquet]'"
    assert said in done.stderr.decode()
    clean(zhengwen, "a.parquet", "-o", "new")
    assert zhengwen("restore", "new", "-o", "back", PYTHONPATH=str(tmp_path / "hidden")).returncode == 0
    assert (tmp_path / "back" / "a.parquet").read_bytes() == (tmp_path / "a.parquet").read_bytes()


def test_nothing_loads_pyarrow_where_there_is_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(TAILED, encoding="utf-8")
    told = "import sys; from zhengwen.cli import main; main(['-q', 'clean', 'a.md', '-o', 'out']); "
    told += "assert 'pyarrow' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", told], cwd=tmp_path, check=False)
    assert done.returncode == 0


@settings(max_examples=40)
@given(st.lists(st.none() | st.text(max_size=4), max_size=9), st.integers(1, 4), st.data())
def test_any_rewriting_comes_back_from_its_pieces(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str | None], rows: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("rewriting")
    one, other = folder / "a.parquet", folder / "b.parquet"
    found = pa.table({"n": list(range(len(texts))), "text": pa.array(texts, pa.string())})
    before = written(one, found, rows, compression=data.draw(st.sampled_from(["none", "snappy", "zstd"])))
    expected: list[tuple[int, str | None]] = []
    form, n = ParquetForm(), 0
    with form.rewriting(one, other, "a.parquet", "a.parquet", Fields(), None) as file:
        for group in file.groups():
            for line in group:
                if not isinstance(line, Record):
                    file.write([line])
                    expected.append((n, None))
                elif data.draw(st.booleans()):
                    file.write([b"" if len(line.text) == 1 else line.text[1:].encode()])
                    expected.append((n, line.text[1:]))
                else:
                    file.write([None])
                n += 1
    after = parquet.read_table(other)
    assert list(zip(after.column("n").to_pylist(), after.column("text").to_pylist(), strict=True)) == expected
    data_ = other.read_bytes()
    pieces = form.differences(one, other)
    assert b"".join(p.data or data_[p.start : p.start + p.size] for p in pieces) == before


def test_equal_columns_are_not_kept_twice(zhengwen: Run, tmp_path: Path) -> None:
    found = pa.table({"text": [TAILED] * 4, "vector": [os.urandom(200_000) for _ in range(4)]})
    before = written(tmp_path / "a.parquet", found)
    clean(zhengwen, "a.parquet", "-o", "out")
    assert (tmp_path / "out" / ".zhengwen" / "ledger.sqlite").stat().st_size < 250_000 < len(before)
