"""JSON Lines: the text in a field is cleaned, and no other byte of a line changes."""

import gzip
import json
import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from backports import zstd
from conftest import PLAIN, ROOT, TAILED, Run, git
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from test_cli_clean import tree
from test_killed import command, content, left_over

from zhengwen.articles import Finding
from zhengwen.cleaning import Cleaned
from zhengwen.forms import Fields, form_of
from zhengwen.forms.jsonl import parse
from zhengwen.forms.records import Flaw, Record
from zhengwen.ledger.entries import itemise, rebuild

ADVERT = (ROOT / "samples" / "articles" / "tutorials" / "from-manual-to-sdet.md").read_text(encoding="utf-8")
SPLIT = len(PLAIN)
LINES = (
    json.dumps({"id": "a1", "text": TAILED, "n": 1.0}, ensure_ascii=False),
    json.dumps({"url": "https://a.example/\u4e2d", "text": TAILED, "id": "a2"}),
    '{"text" :  "'
    + PLAIN.replace("\n", "\\n").replace('"', '\\"').replace("后", "\\u540E")
    + '" , "id":7, "z":[1,{"text":"x"}]}',
    json.dumps({"id": "ad", "text": ADVERT}),
    "",
    json.dumps({"id": "a5", "text": "短。"}, ensure_ascii=False) + "\r",
)
DATA = "\n".join(LINES).encode() + b"\n"
BAD = (
    (b'{"text": "a"', "is not JSON at character"),
    (b'["text"]', "is not a JSON object"),
    (b'{"id": "x"}', 'has no field "text" (--text-field names another)'),
    (b'{"text": 5}', '"text" is not a string'),
    (b'{"text": null}', '"text" is not a string'),
    (b'{"text": "a", "text": "b"}', 'has two fields "text"'),
    (b'{"text": "\\ud83d"}', '"text" holds half a character'),
    (b'{"text": "a"} x', "is not JSON at character"),
    ('{"text": "正文"}'.encode("gbk"), "byte 11 is not utf-8"),
    (b"[" * 100_000, "is not a JSON object"),
    (b'{"a": ' + b"[" * 100_000, "is nested too deeply"),
)


def packed(data: bytes, suffix: str) -> bytes:
    return {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}[suffix](data)


def unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    return {".gz": gzip.decompress, ".zst": zstd.decompress}.get(path.suffix, bytes)(data)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for suffix in ("", ".gz", ".zst"):
        (folder / "sub" / f"part.jsonl{suffix}").write_bytes(packed(DATA, suffix))
    (folder / "plain.md").write_text(PLAIN, encoding="utf-8")
    return folder


strings = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | strings, st.lists, max_leaves=4)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A line, and its text as it was set: any character may be escaped, in either case."""
    text = draw(strings)
    parts = []
    for c in text:
        units = c.encode("utf-16-be").hex()
        escaped = "".join(f"\\u{units[n : n + 4]}" for n in range(0, len(units), 4))
        plain = c if c not in '"\\' and c >= " " else escaped
        parts.append(draw(st.sampled_from([plain, plain, escaped, escaped.upper().replace("\\U", "\\u")])))
    others = draw(st.dictionaries(strings.filter(lambda k: k != "text"), values, max_size=3))
    before, after = ([f"{json.dumps(k)}{draw(gaps)}:{json.dumps(v)}" for k, v in d] for d in _halves(others))
    members = [*before, f'"text"{draw(gaps)}:{draw(gaps)}"{"".join(parts)}"', *after]
    return draw(gaps) + "{" + f"{draw(gaps)},{draw(gaps)}".join(members) + "}" + draw(
        st.sampled_from(["", "\n", "\r\n"])
    ), text


gaps = st.sampled_from(["", " ", "\t"])


def _halves(fields: dict[str, object]) -> tuple[Sequence[tuple[str, object]], Sequence[tuple[str, object]]]:
    items = list(fields.items())
    return items[::2], items[1::2]


@given(written(), st.lists(st.integers(0, 30), max_size=6))
def test_only_bytes_between_the_quotes_of_the_text_go_and_they_come_back(
    line: tuple[str, str], places: list[int]
) -> None:
    source, text = line
    record = parse(source.encode(), 3, "a.jsonl", "a.jsonl", Fields(), "utf-8")
    assert isinstance(record, Record)
    assert record.text == text
    ends = sorted({min(p, len(text)) for p in places})
    spans = tuple(zip(ends[::2], ends[1::2], strict=False))
    cleaned = Cleaned(record, tuple(Finding(a, b, "promotion", 0.5) for a, b in spans), spans, False)
    edit = form_of("a.jsonl").edit(cleaned, "a.jsonl", "markdown")
    begin, end = record.value
    assert edit.after[:begin] == source[:begin]
    assert edit.after.endswith(source[end:])
    again = parse(edit.after.encode(), 3, "a.jsonl", "a.jsonl", Fields(), "utf-8")
    assert isinstance(again, Record)
    assert again.text == cleaned.text
    _, cuts = itemise(cleaned, ("a.jsonl", record.key), edit)
    assert rebuild(edit.after, cuts) == source


@given(st.binary(max_size=60) | st.text('{}[]":,\\utex 1', max_size=30).map(lambda t: t.encode()))
def test_any_line_is_a_record_or_is_kept(data: bytes) -> None:
    found = parse(data, 1, "a.jsonl", "a.jsonl", Fields(), "utf-8")
    if isinstance(found, Record):
        assert json.loads(data.decode().removeprefix("\ufeff"))["text"] == found.text
    else:
        assert found is None or (isinstance(found, Flaw) and found.data == data)


@pytest.mark.parametrize("where", [("-o", "out"), ("--in-place",)])
def test_shards_become_shards_and_come_back(
    zhengwen: Run, corpus: Path, tmp_path: Path, where: tuple[str, ...]
) -> None:
    before = tree(corpus)
    done = zhengwen("clean", corpus, *where)
    assert done.returncode == 0, done.stderr.decode()
    folder = corpus if where == ("--in-place",) else tmp_path / "out"
    assert set(tree(folder)) == set(before)
    for suffix in ("", ".gz", ".zst"):
        after = unpacked(folder / "sub" / f"part.jsonl{suffix}").split(b"\n")
        lines = DATA.split(b"\n")
        assert [n for n, (a, b) in enumerate(zip(lines, after, strict=True)) if a != b] == [0, 1]
        for line, other in zip(lines[:2], after[:2], strict=True):
            assert json.loads(other) == json.loads(line) | {"text": PLAIN}
            assert list(json.loads(other)) == list(json.loads(line))
            assert other.isascii() == line.isascii()
    assert f"not done again: {len(before)}" in zhengwen("clean", corpus, *where).stderr.decode()
    assert zhengwen("restore", folder, "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == before
    assert zhengwen("restore", folder, "-o", folder, "--overwrite").returncode == 0
    assert tree(folder) == before


@pytest.mark.parametrize("where", [("-o", "out"), ("--in-place",)])
def test_another_configuration_starts_from_the_original(
    zhengwen: Run, corpus: Path, tmp_path: Path, where: tuple[str, ...]
) -> None:
    before = {name: unpacked(corpus / name) for name in tree(corpus)}
    folder = corpus if where == ("--in-place",) else tmp_path / "out"
    zhengwen("clean", corpus, *where, "--select", "engagement")
    first = tree(folder)
    assert zhengwen("clean", corpus, *where, "--select", "ALL", "--drop-adverts").returncode == 0
    assert tree(folder) != first
    assert b"a5" in unpacked(folder / "sub" / "part.jsonl.gz")
    assert b'"ad"' not in unpacked(folder / "sub" / "part.jsonl.gz")
    assert zhengwen("restore", folder, "-o", "back").returncode == 0
    assert {name: unpacked(tmp_path / "back" / name) for name in tree(tmp_path / "back")} == before


def test_a_file_in_which_nothing_changes_is_the_same_file(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": PLAIN}).encode(), 1, mtime=7))
    assert zhengwen("clean", "a.jsonl.gz", "-o", "out").returncode == 0
    assert (tmp_path / "out" / "a.jsonl.gz").read_bytes() == (tmp_path / "a.jsonl.gz").read_bytes()


def test_other_fields_can_be_named(zhengwen: Run, tmp_path: Path) -> None:
    rows = [{"body": TAILED, "key": "k-1", "text": TAILED}, {"body": PLAIN, "key": 2.50}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    how = ("--text-field", "body", "--id-field", "key")
    assert zhengwen("clean", "a.jsonl", "-o", "out", *how).returncode == 0
    after = [json.loads(line) for line in (tmp_path / "out" / "a.jsonl").read_text().split("\n")]
    assert after == [rows[0] | {"body": PLAIN}, rows[1]]
    with sqlite3.connect(tmp_path / "out" / ".zhengwen" / "ledger.sqlite") as database:
        found = database.execute("SELECT record, status, form FROM articles ORDER BY record").fetchall()
    database.close()
    records = [("0000000001:k-1", "cleaned", "jsonl"), ("0000000002:2.5", "unchanged", "jsonl")]
    assert found == [("", "cleaned", "jsonl"), *records]


def test_bad_lines_are_named_and_kept_and_the_others_are_done(zhengwen: Run, tmp_path: Path) -> None:
    good = json.dumps({"text": TAILED}).encode()
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([good, *(data for data, _ in BAD), good]))
    for _ in range(2):
        done = zhengwen("clean", "a.jsonl", "-o", "out")
        assert done.returncode == 2
        for number, (_, said) in enumerate(BAD, 2):
            assert f"a.jsonl:{number}: {said}" in done.stderr.decode()
        after = (tmp_path / "out" / "a.jsonl").read_bytes().split(b"\n")
        assert after[1:-1] == [data for data, _ in BAD]
        assert json.loads(after[0])["text"] == json.loads(after[-1])["text"] == PLAIN
    checked = zhengwen("check", "a.jsonl")
    assert checked.returncode == 2
    assert "a.jsonl:4: has no field" in checked.stderr.decode()
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert tree(tmp_path / "back")["a.jsonl"] == (tmp_path / "a.jsonl").read_bytes()


@pytest.mark.parametrize(
    "args",
    [
        ("check", "a.jsonl"),
        ("check", "a.jsonl", "--jobs", "2"),
        ("clean", "--diff", "a.jsonl"),
        ("clean", "a.jsonl", "-o", "out"),
        ("clean", "a.jsonl", "--in-place"),
        ("label", "a.jsonl", "-o", "todo.jsonl"),
        ("explain", "a.jsonl"),
    ],
    ids=" ".join,
)
def test_lines_without_the_text_are_named_once_and_counted(
    zhengwen: Run, tmp_path: Path, args: tuple[str, ...]
) -> None:
    lines = [json.dumps({"text": PLAIN}), *["{}"] * 1500, *['{"text": 5}'] * 2, "{}"]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    for _ in range(2 if "out" in args else 1):  # again from the ledger
        done = zhengwen(*args)
        said = done.stderr.decode()
        assert done.returncode == 2
        assert [line for line in said.splitlines() if "error: a.jsonl" in line] == [
            'zhengwen: error: a.jsonl:2: has no field "text" (--text-field names another); the line is kept as it is',
            'zhengwen: error: a.jsonl:1502: "text" is not a string; the line is kept as it is',
            'zhengwen: error: a.jsonl:1503: "text" is not a string; the line is kept as it is',
            "zhengwen: error: a.jsonl: like line 2, 1,501 lines in all: "
            'has no field "text" (--text-field names another); they are kept as they are',
        ]
    assert "1,503 inputs could not be done" in said or args[0] in ("label", "explain")


def test_explain_names_a_line_without_the_text(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n{}\n")
    done = zhengwen("explain", "a.jsonl:2")
    assert (done.returncode, done.stderr.count(b"error"), b"a.jsonl:2: has no field" in done.stderr) == (2, 1, True)


def test_a_flood_of_bad_lines_is_summed_up(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": 5}\n' * 100)
    (tmp_path / "b.jsonl").write_text("{}\n")
    for args in (("check", "."), ("clean", "a.jsonl", "-o", "out"), ("clean", "a.jsonl", "-o", "out")):
        done = zhengwen(*args)
        assert done.returncode == 2
        assert done.stderr.count(b"a.jsonl:") - done.stderr.count(b"a.jsonl: ") == 20
        assert "a.jsonl: 80 more lines kept as they are" in done.stderr.decode()


def test_a_report_has_the_reason_and_the_count_of_lines_without_the_text(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n" * 100)
    zhengwen("check", "a.jsonl", "--report", "junit=all.xml")
    report = (tmp_path / "all.xml").read_text()
    assert report.count("has no field") == 2
    assert "like line 1, 100 lines in all" in report


@pytest.mark.parametrize(("name", "cut"), [("a.jsonl.gz", 40), ("a.jsonl.zst", 40), ("b.jsonl.gz", 0)])
def test_a_torn_file_is_named_and_nothing_of_it_is_written(
    zhengwen: Run, articles: Path, tmp_path: Path, name: str, cut: int
) -> None:
    data = packed(DATA * 3, name[7:])
    (articles / name).write_bytes(data[:-cut] if cut else b"no gzip")
    done = zhengwen("clean", articles, "-o", "out", "--dedup", "off")
    assert done.returncode == 2
    assert f"{name}: cannot be decompressed" in done.stderr.decode()
    assert set(tree(tmp_path / "out")) == {"tail.md", "plain.md", "sub/same.txt"}
    assert zhengwen("clean", articles, "--in-place").returncode == 2
    assert (articles / name).read_bytes() == (data[:-cut] if cut else b"no gzip")


def test_check_names_file_line_and_record(zhengwen: Run, corpus: Path) -> None:
    path = corpus / "sub" / "part.jsonl.zst"
    done = zhengwen("check", path, "--format", "jsonl", "--id-field", "id")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(r["line"], r["record"]) for r in records} == {(1, "a1"), (2, "a2"), (4, "ad")}
    first = records[0]
    assert TAILED[first["start"] : first["end"]].startswith("## 写在最后")
    assert f"{path}:1:" in zhengwen("check", path, "--format", "concise").stdout.decode()
    shown = zhengwen("clean", "--diff", path)
    assert shown.returncode == 1
    assert f"--- {path}:2\n" in shown.stdout.decode()


def test_what_stands_in_the_way_is_refused(zhengwen: Run, corpus: Path, tmp_path: Path) -> None:
    source = corpus / "sub" / "part.jsonl"
    zhengwen("clean", source, "-o", "out")
    cleaned = (tmp_path / "out" / "part.jsonl").read_bytes()
    (tmp_path / "out" / "part.jsonl").write_bytes(b"mine")
    assert "changed since it was written" in zhengwen("clean", source, "-o", "out").stderr.decode()
    assert zhengwen("restore", "out", "-o", "back").returncode == 2
    (tmp_path / "out" / "part.jsonl").write_bytes(cleaned)
    source.write_bytes(DATA + LINES[0].encode())
    assert "another version of its input" in zhengwen("clean", source, "-o", "out").stderr.decode()
    assert (tmp_path / "out" / "part.jsonl").read_bytes() == cleaned
    assert zhengwen("clean", source, "-o", "new", "--to-encoding", "gbk").returncode == 2


def test_lines_in_another_encoding(zhengwen: Run, tmp_path: Path) -> None:
    data = "\n".join(LINES).encode("gb18030")
    (tmp_path / "a.jsonl").write_bytes(data)
    assert zhengwen("clean", "a.jsonl", "-o", "out", "--encoding", "gb18030").returncode == 0
    assert TAILED[SPLIT + 10 : SPLIT + 30].encode("gb18030") not in (tmp_path / "out" / "a.jsonl").read_bytes()
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert (tmp_path / "back" / "a.jsonl").read_bytes() == data
    assert "cannot be told apart" in zhengwen("check", "a.jsonl", "--encoding", "utf-16-le").stderr.decode()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
@pytest.mark.parametrize("in_place", [False, True])
def test_a_run_killed_inside_a_file_ends_as_one_that_was_left_alone(
    corpus: Path, tmp_path: Path, *, in_place: bool
) -> None:
    for path in (corpus / "sub").iterdir():
        path.write_bytes(packed(DATA * 20, path.suffix if path.suffix != ".jsonl" else ""))
    rows = [{"n": n, "text": text} for n, text in enumerate([TAILED, PLAIN, ADVERT] * 20)]
    parquet.write_table(pa.Table.from_pylist(rows), corpus / "sub" / "rows.parquet", row_group_size=25)
    before = {name: unpacked(corpus / name) for name in tree(corpus)}

    def args(number: int) -> tuple[object, ...]:
        folder = tmp_path / f"place{number}"
        if in_place:
            if not folder.exists():
                shutil.copytree(corpus, folder)
                os.waitpid(command("clean", folder, "--in-place", "--select", "engagement"), 0)
            return "clean", folder, "--in-place", "--drop-adverts"
        return "clean", corpus, "-o", folder, "--drop-adverts"

    whole = args(0)
    started = time.perf_counter()
    assert os.waitpid(command(*whole), 0)[1] == 0
    longest = time.perf_counter() - started
    chance = random.Random(6)
    for number in range(1, 4):
        killed = 0
        for _ in range(4):
            again = args(number)
            child = command(*again, step=chance.randint(1, 40)) if chance.random() < 0.5 else command(*again)
            time.sleep(chance.uniform(0, longest))
            os.kill(child, signal.SIGKILL)
            killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        assert os.waitpid(command(*args(number)), 0)[1] == 0
        folder = tmp_path / f"place{number}"
        assert tree(folder) == tree(tmp_path / "place0")
        assert content(folder) == content(tmp_path / "place0")
        assert left_over(folder) == []
        os.waitpid(command("restore", folder, "-o", tmp_path / f"back{number}"), 0)
        back = tmp_path / f"back{number}"
        assert {name: unpacked(back / name) for name in tree(back)} == before


def test_only_records_on_changed_lines_are_reported_and_a_report_tells_them_apart(
    zhengwen: Run, tmp_path: Path
) -> None:
    line = json.dumps({"text": TAILED}, ensure_ascii=False)
    git(tmp_path, "init")
    (tmp_path / "a.jsonl").write_text(f"{line}\n", encoding="utf-8")
    git(tmp_path, "add", "a.jsonl")
    git(tmp_path, "commit", "-m", "one")
    (tmp_path / "a.jsonl").write_text(f"{line}\n{line}\n", encoding="utf-8")
    done = zhengwen("check", "a.jsonl", "--since", "HEAD", "--format", "jsonl", "--report", "gitlab=all.json")
    assert {json.loads(found)["line"] for found in done.stdout.splitlines()} == {2}
    zhengwen("check", "a.jsonl", "--report", "gitlab=all.json")
    marks = [issue["fingerprint"] for issue in json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))]
    assert len(marks) == len(set(marks)) == 2 * len(done.stdout.splitlines())
