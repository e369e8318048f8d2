"""`restore --passage` and `--list` for records: a line of JSON or a row of Parquet gets its passage back."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import PLAIN, TAILED, Run
from pyarrow import parquet
from test_jsonl import ADVERT, unpacked
from test_restore import listed

from zhengwen.errors import LedgerError
from zhengwen.ledger.store import Ledger, opened
from zhengwen.restoring import put_back

NAMES = ("a.jsonl", "a.jsonl.gz", "a.parquet")
TEXTS = [PLAIN, ADVERT, TAILED, "", TAILED]
PLEA = "觉得文章有用的话"


def made(folder: Path, name: str) -> bytes:
    """What a file of five records holds."""
    rows = [{"id": f"r{n}", "text": text, "n": n} for n, text in enumerate(TEXTS)]
    path = folder / name
    if name.endswith(".parquet"):
        parquet.write_table(pa.Table.from_pylist(rows), path, row_group_size=2)
    else:
        data = b"\n".join(json.dumps(row, ensure_ascii=bool(row["n"] % 2)).encode() for row in rows)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return unpacked(path)


def texts(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return [str(t) for t in parquet.read_table(path).column("text").to_pylist()]
    return [json.loads(line)["text"] for line in unpacked(path).splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_a_record_gets_its_passages_back_one_by_one_and_keeps_them(zhengwen: Run, tmp_path: Path, name: str) -> None:
    before = made(tmp_path, name)
    how = ("clean", name, "-o", "out", "--drop-adverts", "--id-field", "id")
    assert zhengwen(*how).returncode == 0
    assert texts(tmp_path / "out" / name) == [PLAIN, PLAIN, "", PLAIN]
    found = listed(zhengwen, "out")
    assert all(f" {name}:{line} " in said for line, (_, said) in zip((3, 3, 5, 5), found, strict=True))
    done = zhengwen("restore", "out", "--passage", next(p for p, said in found if ":5 engagement" in said))
    assert done.returncode == 0, done.stderr.decode()
    after = texts(tmp_path / "out" / name)
    assert after[:3] == [PLAIN, PLAIN, ""]
    assert PLEA in after[3]
    assert "扫描下方二维码" not in after[3]
    assert zhengwen(*how).returncode == 0
    assert zhengwen(*how, "--max-removed", "99").returncode == 0
    again = texts(tmp_path / "out" / name)
    assert [t.replace("\n", "") for t in again] == [t.replace("\n", "") for t in after]
    for passage, _ in listed(zhengwen, "out"):
        assert zhengwen("restore", "out", "--passage", passage).returncode == 0
    assert texts(tmp_path / "out" / name) == [PLAIN, TAILED, "", TAILED]
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert (tmp_path / "back" / name).read_bytes() == (tmp_path / name).read_bytes()
    assert unpacked(tmp_path / name) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_kill_before_the_ledger_is_told_costs_another_try_at_most(
    zhengwen: Run, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = made(tmp_path, name)
    zhengwen("clean", name, "-o", "out", "--drop-adverts")
    passage, out = listed(zhengwen, "out")[-1][0], tmp_path / "out"

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, opened(out) as ledger:
        patched.setattr(Ledger, "put_back", killed)
        with pytest.raises(KeyboardInterrupt):
            put_back(ledger, out, passage)
    assert PLEA in texts(out / name)[3]
    with opened(out) as ledger:
        put_back(ledger, out, passage)
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert unpacked(tmp_path / "back" / name) == before
    assert [p for p in out.iterdir() if p.name.startswith(".zhengwen-")] == []


def test_nothing_is_put_into_a_file_that_was_changed_or_lost(zhengwen: Run, tmp_path: Path) -> None:
    made(tmp_path, "a.jsonl")
    zhengwen("clean", "a.jsonl", "-o", "out")
    passage, path = listed(zhengwen, "out")[0][0], tmp_path / "out" / "a.jsonl"
    path.write_bytes(path.read_bytes() + b"\n{}")
    with opened(tmp_path / "out") as ledger:
        with pytest.raises(LedgerError, match=r"changed since it was cleaned.*restore .*out --list"):
            put_back(ledger, tmp_path / "out", passage)
        path.unlink()
        with pytest.raises(LedgerError, match="is missing"):
            put_back(ledger, tmp_path / "out", passage)


def test_a_place_is_a_line_of_the_original(zhengwen: Run, articles: Path) -> None:
    (articles / "crlf.md").write_bytes(("开头。\n" * 3 + TAILED).replace("\n", "\r\n").encode("gb18030"))
    zhengwen("clean", articles, "--in-place")
    first = TAILED[: TAILED.index("## 写在最后")].count("\n") + 1
    said = " ".join(line for _, line in listed(zhengwen, articles))
    assert f" tail.md:{first} promotion" in said
    assert f" crlf.md:{first + 3} promotion" in said
    (articles / "tail.md").write_text("mine")
    assert " tail.md:? promotion" in " ".join(line for _, line in listed(zhengwen, articles))
    told = zhengwen("clean", articles, "--in-place").stderr.decode()
    assert f"`zhengwen restore {articles} --list` shows what was removed from it" in told
