"""What authors keep is not found, is counted and listed; and no result of before hides a change of it."""

import json
from pathlib import Path

import pytest
from conftest import PLAIN, TAILED, Run
from test_cache import imported
from test_cli_clean import tree

MARKED = TAILED.replace("看到这里的同学", "<!-- zhengwen: keep -->\n看到这里的同学")


def listed(run: Run, *args: object) -> list[str]:
    out = run("check", *args, "--show-kept", "--format", "jsonl").stdout.decode().splitlines()
    return [json.loads(line)["fingerprint"] for line in out]


def test_a_comment_holds_back_what_is_listed(zhengwen: Run, articles: Path) -> None:
    (articles / "tail.md").write_text(MARKED, encoding="utf-8")
    shown = zhengwen("check", articles / "tail.md", "--show-kept").stdout.decode()
    assert "看到这里的同学" in shown
    assert "一键三连" not in shown
    assert "hint" not in shown
    found = zhengwen("check", articles / "tail.md", "--format", "jsonl").stdout.decode()
    assert "看到这里的同学" not in found
    assert "一键三连" in found


def test_statistics_count_what_is_kept(zhengwen: Run, articles: Path) -> None:
    assert b"kept" not in zhengwen("check", articles, "--statistics").stdout
    (articles / "tail.md").write_text(MARKED, encoding="utf-8")
    last = zhengwen("check", articles, "--statistics").stdout.decode().splitlines()[-1]
    assert last.split()[:5] == ["1", "kept", "in", "1", "articles,"]
    rows = json.loads(zhengwen("check", articles, "--statistics", "--format", "json").stdout)
    assert rows[-1]["kind"] == "kept"
    assert rows[-1]["passages"] == 1


def test_findings_and_what_is_kept_are_all_that_would_be_found(zhengwen: Run, articles: Path) -> None:
    every = [json.loads(x) for x in zhengwen("check", articles, "--format", "jsonl").stdout.splitlines()]
    marks = {f["fingerprint"] for f in every}
    for mark in marks:
        (articles / ".zhengwen-keep").write_text(f"{mark}\n")
        assert set(listed(zhengwen, articles)) == {mark}
        left = [json.loads(x) for x in zhengwen("check", articles, "--format", "jsonl").stdout.splitlines()]
        assert {f["fingerprint"] for f in left} == marks - {mark}
    assert zhengwen("check", articles, "--show-kept").returncode == 1
    (articles / ".zhengwen-keep").write_text("".join(f"{m}\n" for m in marks))
    assert zhengwen("check", articles, "--show-kept").returncode == 0


def test_a_change_of_what_is_kept_beats_the_cache(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    assert imported(tmp_path, "in").endswith(" 1")
    found = zhengwen("check", articles / "tail.md", "--format", "jsonl").stdout.splitlines()
    marks = {json.loads(line)["fingerprint"] for line in found}
    (articles / ".zhengwen-keep").write_text("".join(f"{m}\n" for m in marks))
    assert "numpy" in imported(tmp_path, "in")
    assert imported(tmp_path, "in") == "[] 0"
    assert imported(tmp_path, "in", "--statistics") == "[] 0"
    (tmp_path / "none").touch()
    assert imported(tmp_path, "in", "--keep-list", "none") == "[] 1"
    (articles / ".zhengwen-keep").unlink()
    assert imported(tmp_path, "in") == "[] 1"


def test_another_encoding_is_another_result(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(TAILED.encode("gb18030"))
    assert zhengwen("check", "a.md").returncode == 1
    assert zhengwen("check", "a.md", "--encoding", "utf-8").returncode == 2
    assert zhengwen("check", "a.md", "--encoding", "gb18030").returncode == 1
    assert zhengwen("check", "a.md", "--diff").stdout.decode().count("资料大礼包") == 1


def test_what_was_put_back_is_kept_where_it_lies(zhengwen: Run, articles: Path) -> None:
    zhengwen("clean", articles, "--in-place")
    assert zhengwen("check", articles).returncode == 0
    listing = zhengwen("restore", articles, "--list").stdout.decode().splitlines()
    id_ = next(line.split()[0] for line in listing if " tail.md:" in line and " promotion " in line)
    assert zhengwen("restore", articles, "--passage", id_).returncode == 0
    done = zhengwen("check", articles, "--show-kept", "--format", "concise")
    assert "tail.md" in done.stdout.decode()
    assert done.returncode == 0
    assert zhengwen("check", articles, "--fix").returncode == 0
    assert b"\xe8\xb5\x84\xe6\x96\x99" in tree(articles)["tail.md"]


@pytest.mark.parametrize("args", [("--diff",), ("--statistics",), ("--format", "sarif")])
def test_only_one_thing_takes_the_place_of_the_findings(zhengwen: Run, articles: Path, args: tuple[str, ...]) -> None:
    assert zhengwen("check", articles, "--show-kept", *args).returncode == 2


def test_neither_ledger_nor_cache_is_read_as_input(zhengwen: Run, articles: Path) -> None:
    for name in (".zhengwen", ".zhengwen_cache"):
        (articles / name).mkdir()
        (articles / name / "a.md").write_text(TAILED, encoding="utf-8")
    (articles / "tail.md").write_text(PLAIN, encoding="utf-8")
    (articles / "sub" / "same.txt").unlink()
    assert zhengwen("check", articles, "--no-exclude").returncode == 0
