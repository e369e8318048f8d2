"""Cleaning leaves copies out of the output, says who stands for them, and keeps them whole in the ledger."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from conftest import PLAIN, Run
from pages import BODY, wechat
from test_cli_clean import tree

from zhengwen.ledger.store import location

OTHER = """# 水温与萃取

同一支豆子，九十二度和八十八度冲出来是两杯东西。高温先把酸和苦一起拉出来，低温留住花香，却容易显得单薄。
我用同一台磨、同一个刻度试了四天，每天三杯，记下时间、水量和浓度。结果比想象中整齐：水温每低两度，到达同样浓度要多用十一秒。
真正让人意外的是粉层。布粉不平的那几杯，不管水温多少，浓度都低了百分之零点一以上，舌头能明显觉出来。
所以先学会把粉铺平，再谈水温；先把磨豆机调好，再谈手法。顺序反了，花多少钱买壶都补不回来。
"""
PLEA = "\n喜欢的话欢迎点赞、收藏、关注，你的支持是我更新的动力！\n"


@pytest.fixture
def scraped(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.md").write_text(PLAIN, encoding="utf-8")
    (folder / "b.md").write_text("转载于某处\n\n" + PLAIN.replace("，", ",") + PLEA, encoding="utf-8")
    (folder / "c.md").write_text(OTHER, encoding="utf-8")
    return folder


def entries(folder: Path) -> dict[str, tuple[str, str | None, str | None, float | None]]:
    with closing(sqlite3.connect(location(folder))) as database:
        rows = database.execute("SELECT path, status, keeper_path, alike, jaccard FROM articles").fetchall()
    return {row[0]: row[1:] for row in rows}


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*.md")}


def test_a_copy_is_left_out_and_restore_gives_it_back(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    done = zhengwen("clean", scraped, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    found = entries(tmp_path / "out")
    (left,) = (name for name, row in found.items() if row[0] == "duplicate left out")
    _, keeper, alike, jaccard = found[left]
    assert {left, keeper} == {"a.md", "b.md"}
    assert names(tmp_path / "out") == {keeper, "c.md"}
    assert alike in ("exact", "near", "contained")
    assert jaccard is not None
    assert jaccard > 0.7
    assert f"{left}: left out, {keeper} says the same" in done.stderr.decode()
    assert "left out as copies of others: 1" in done.stderr.decode()
    assert zhengwen("restore", tmp_path / "out", "-o", tmp_path / "back").returncode == 0
    assert tree(tmp_path / "back") == tree(scraped)


def test_the_same_command_again_changes_nothing(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("clean", scraped, "-o", tmp_path / "out")
    before, ledger = names(tmp_path / "out"), entries(tmp_path / "out")
    again = zhengwen("clean", scraped, "-o", tmp_path / "out")
    assert again.returncode == 0, again.stderr
    assert "finished by an earlier run, not done again: 3" in again.stderr.decode()
    assert names(tmp_path / "out") == before
    assert entries(tmp_path / "out") == ledger


def test_a_new_article_is_compared_with_those_of_earlier_nights(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("clean", scraped, "-o", tmp_path / "out")
    (scraped / "d.md").write_text(OTHER.replace("。", ". ") + PLEA, encoding="utf-8")
    done = zhengwen("clean", scraped, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert entries(tmp_path / "out")["d.md"][:2] == ("duplicate left out", "c.md")
    assert "d.md" not in names(tmp_path / "out")


def test_a_copy_comes_back_when_its_keeper_says_something_else(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("clean", scraped, "-o", tmp_path / "out")
    left, keeper = next((n, row[1]) for n, row in entries(tmp_path / "out").items() if row[1])
    (scraped / str(keeper)).write_text(OTHER[:150] + "另一件事，说的是杯子和碟子。\n" * 9, encoding="utf-8")
    done = zhengwen("clean", scraped, "-o", tmp_path / "out", "--overwrite")
    assert done.returncode == 0, done.stderr
    assert entries(tmp_path / "out")[left][0] in ("cleaned", "unchanged")
    assert names(tmp_path / "out") == {"a.md", "b.md", "c.md"}
    zhengwen("restore", tmp_path / "out", "-o", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(scraped)


@pytest.mark.parametrize("options", [["--dedup", "off"], ["--dedup", "exact"], ["--similarity", "1"]])
def test_less_may_be_asked_for(zhengwen: Run, scraped: Path, tmp_path: Path, options: list[str]) -> None:
    extra = ["--containment", "1"] if "--similarity" in options else []
    text = (scraped / "b.md").read_text(encoding="utf-8")
    (scraped / "b.md").write_text(text.replace("的", "底"), encoding="utf-8")
    zhengwen("clean", scraped, "-o", tmp_path / "out", *options, *extra)
    assert names(tmp_path / "out") == {"a.md", "b.md", "c.md"}


def test_a_stopped_run_leaves_copies_that_the_next_takes_away(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    """As if it was killed after the ledger was written and before the file went."""
    whole = tmp_path / "whole"
    zhengwen("clean", scraped, "-o", whole)
    left = next(n for n, row in entries(whole).items() if row[1])
    zhengwen("clean", scraped, "-o", tmp_path / "off", "--dedup", "off")
    (whole / left).write_bytes((tmp_path / "off" / left).read_bytes())
    done = zhengwen("clean", scraped, "-o", whole)
    assert done.returncode == 0, done.stderr
    assert left not in names(whole)


def test_copies_are_never_taken_from_the_user(zhengwen: Run, scraped: Path) -> None:
    done = zhengwen("clean", scraped, "--in-place", "--dedup", "near")
    assert done.returncode == 2
    assert "name one with -o" in done.stderr.decode()
    assert zhengwen("clean", scraped, "--in-place").returncode == 0
    assert len(list(scraped.glob("*.md"))) == 3


def test_dedup_reports_what_clean_leaves_out(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("clean", scraped, "-o", tmp_path / "out")
    zhengwen("clean", scraped, "-o", tmp_path / "all", "--dedup", "off")
    done = zhengwen("dedup", tmp_path / "all", "--report", tmp_path / "report.jsonl")
    assert done.returncode == 0, done.stderr
    (row,) = map(json.loads, (tmp_path / "report.jsonl").read_text(encoding="utf-8").splitlines())
    left, keeper = next((n, r[1]) for n, r in entries(tmp_path / "out").items() if r[1])
    assert (Path(row["path"]).name, Path(row["keeper"]).name) == (left, keeper)


def test_pages_that_become_markdown_are_compared_and_come_back(zhengwen: Run, tmp_path: Path) -> None:
    for name, page in (("in/a.html", wechat()), ("in/b.html", wechat() + "<!-- again -->")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(page, encoding="utf-8")
    done = zhengwen("clean", "in", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "out") == {"a.md"}
    assert "b.html: left out, a.html says the same" in done.stderr.decode()
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == tree(tmp_path / "in")
    (tmp_path / "in" / "a.html").write_text(wechat().replace(BODY[0], OTHER).replace(BODY[1], OTHER), encoding="utf-8")
    again = zhengwen("clean", "in", "-o", "out", "--overwrite")
    assert again.returncode == 0, again.stderr
    assert names(tmp_path / "out") == {"a.md", "b.md"}
    assert zhengwen("restore", "out", "-o", "once more").returncode == 0
    assert tree(tmp_path / "once more") == tree(tmp_path / "in")


def test_records_and_pages_that_stay_pages_are_not_compared(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    line = json.dumps({"text": PLAIN}, ensure_ascii=False)
    (scraped / "corpus.jsonl").write_text(f"{line}\n{line}\n", encoding="utf-8")
    for name in ("one.html", "two.html"):
        (scraped / name).write_text(wechat(), encoding="utf-8")
    done = zhengwen("clean", scraped, "-o", "out", "--to", "html")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "one.html").exists()
    assert (tmp_path / "out" / "two.html").exists()
    assert (tmp_path / "out" / "corpus.jsonl").read_text(encoding="utf-8").count("\n") == 2
    assert "left out as copies of others: 1 " in done.stderr.decode()


def test_a_copy_comes_back_when_its_keeper_is_gone(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("clean", scraped, "-o", tmp_path / "out")
    left, keeper = next((n, str(row[1])) for n, row in entries(tmp_path / "out").items() if row[1])
    (scraped / keeper).unlink()
    (tmp_path / "out" / keeper).unlink()
    done = zhengwen("clean", scraped, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "out") == {left, "c.md"}


def test_an_empty_path_is_no_folder(zhengwen: Run) -> None:
    done = zhengwen("clean", "", "--in-place")
    assert done.returncode == 2
    assert "is a variable not set?" in done.stderr.decode()


def test_a_report_never_takes_the_place_of_a_device_and_follows_a_link(
    zhengwen: Run, scraped: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for command in (("dedup", scraped, "--report", "pipe"), ("check", scraped, "--report", "sarif=pipe")):
        done = zhengwen(*command)
        assert done.returncode == 2
        assert "is not a regular file" in done.stderr.decode()
    assert zhengwen("dedup", scraped, "--report", "link").returncode == 0
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").is_file()
