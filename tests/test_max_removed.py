"""`--max-removed` guards every form of output in the same way: what is over it stays as it is and is named."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import APART, PLAIN, TAILED, Run
from pyarrow import parquet

SAID = "more than --max-removed 20 allows"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An article of which much would go, and one of which little would, in every form of many and of one."""
    little = f"{PLAIN}\n{PLAIN}\n{PLAIN}\n{TAILED}"
    where = tmp_path / "in"
    where.mkdir()
    (where / "much.md").write_text(TAILED, encoding="utf-8")
    (where / "little.md").write_text(little, encoding="utf-8")
    rows = [{"text": TAILED}, {"text": little}]
    (where / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    parquet.write_table(pa.Table.from_pylist(rows), where / "a.parquet")
    return where


def texts(where: Path) -> dict[str, str]:
    lines = (where / "a.jsonl").read_text(encoding="utf-8").splitlines()
    rows = parquet.read_table(where / "a.parquet").column("text").to_pylist()
    return {
        **{path.name: path.read_text(encoding="utf-8") for path in where.glob("*.md")},
        **{f"a.jsonl:{number}": json.loads(line)["text"] for number, line in enumerate(lines, 1)},
        **{f"a.parquet:{number}": text for number, text in enumerate(rows, 1)},
    }


MUCH, LITTLE = {"much.md", "a.jsonl:1", "a.parquet:1"}, {"little.md", "a.jsonl:2", "a.parquet:2"}


@pytest.mark.parametrize("form", ["folder", "in place", "by URL"])
def test_what_is_over_the_limit_is_written_as_it_is_and_the_rest_is_cleaned(
    zhengwen: Run, folder: Path, tmp_path: Path, form: str
) -> None:
    before = texts(folder)
    out = folder if form == "in place" else tmp_path / "out"
    where = {
        "folder": (folder, "-o", out),
        "in place": (folder, "--in-place"),
        "by URL": (folder.as_uri(), "-o", out.as_uri()),
    }[form]
    done = zhengwen("clean", *APART, *where, "--max-removed", 20)
    said = done.stderr.decode()
    assert done.returncode == 2
    assert said.count(SAID) == len(MUCH)
    assert all(f"{name}: " in said for name in MUCH)
    after = texts(out)
    assert {name for name in before if after[name] == before[name]} == MUCH
    assert "3 inputs could not be done" in said


def test_a_diff_does_not_show_what_would_not_go(zhengwen: Run, folder: Path) -> None:
    done = zhengwen("clean", "--diff", folder, "--max-removed", 20)
    assert done.returncode == 2
    assert done.stderr.decode().count(SAID) == len(MUCH)
    shown = done.stdout.decode()
    assert {name for name in MUCH | LITTLE if f"--- {folder / name}\n" in shown} == LITTLE


def test_a_filter_lets_it_through(zhengwen: Run) -> None:
    done = zhengwen("clean", "-", "--max-removed", 20, stdin=TAILED.encode())
    assert (done.returncode, done.stdout, SAID in done.stderr.decode()) == (2, TAILED.encode(), True)


def test_unasked_only_what_is_replaced_is_guarded(zhengwen: Run, tmp_path: Path) -> None:
    tail = TAILED.removeprefix(PLAIN)
    (tmp_path / "a.md").write_text(PLAIN[:120] + "\n" + tail * 2, encoding="utf-8")
    before = (tmp_path / "a.md").read_bytes()
    assert zhengwen("clean", "a.md", "-o", "out").returncode == 0
    assert len((tmp_path / "out" / "a.md").read_bytes()) < 0.4 * len(before)
    assert zhengwen("clean", "a.md", "--in-place").returncode == 2
    assert (tmp_path / "a.md").read_bytes() == before
