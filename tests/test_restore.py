"""`zhengwen restore`: every input byte for byte, one passage, and what stands in the way."""

import os
import sqlite3
from pathlib import Path

import pytest
from conftest import APART, PLAIN, ROOT, TAILED, Run
from test_cli_clean import tree
from test_in_place import powerless

SAMPLES = ROOT / "samples" / "articles"


def listed(zhengwen: Run, folder: object) -> list[tuple[str, str]]:
    """Id and line of each removed passage."""
    lines = zhengwen("restore", folder, "--list").stdout.decode().splitlines()
    return [(line.split()[0], line) for line in lines]


def everything(articles: Path) -> dict[str, bytes]:
    """A folder with all that can happen to an article."""
    (articles / "advert.md").write_bytes((SAMPLES / "tutorials" / "from-manual-to-sdet.md").read_bytes())
    (articles / "broken.md").write_bytes(TAILED.encode()[:-2])
    (articles / "picture.md").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (articles / "gb.txt").write_bytes(TAILED.replace("\n", "\r\n").encode("gb18030"))
    (articles / "wide.md").write_bytes(("\ufeff" + TAILED).encode("utf-16-be"))
    (articles / "empty.md").write_bytes(b"")
    (articles / "returns.md").write_bytes(TAILED.replace("\n", "\r").encode())
    return tree(articles)


@pytest.mark.parametrize("where", [("-o", "out"), ("--in-place",)])
@pytest.mark.parametrize("how", [(), ("--drop-adverts", "--select", "ALL"), ("--to-encoding", "utf-16-le")])
def test_every_input_comes_back_byte_for_byte(
    zhengwen: Run, articles: Path, tmp_path: Path, where: tuple[str, ...], how: tuple[str, ...]
) -> None:
    before = everything(articles)
    assert zhengwen("clean", *APART, articles, *where, *how, "--max-removed", "100").returncode == 2
    folder = articles if where == ("--in-place",) else tmp_path / "out"
    assert tree(folder) != before
    assert zhengwen("restore", folder, "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == before
    assert zhengwen("restore", folder, "-o", "back").returncode == 0


def test_the_samples_come_back(zhengwen: Run, tmp_path: Path) -> None:
    zhengwen("clean", *APART, SAMPLES, "-o", "out", "--select", "ALL", "--drop-adverts")
    done = zhengwen("restore", "out", "-o", "back")
    assert done.returncode == 0
    assert f"{len(tree(SAMPLES))} originals in back" in done.stderr.decode()
    assert tree(tmp_path / "back") == tree(SAMPLES)


def test_a_cleaned_file_that_was_changed_or_lost_is_named_and_the_others_come_back(
    zhengwen: Run, articles: Path, tmp_path: Path
) -> None:
    before = tree(articles)
    zhengwen("clean", *APART, articles, "-o", "out")
    (tmp_path / "out" / "tail.md").write_text(PLAIN + "mine")
    (tmp_path / "out" / "sub" / "same.txt").unlink()
    done = zhengwen("restore", "out", "-o", "back")
    assert done.returncode == 2
    assert "tail.md: changed since it was cleaned" in done.stderr.decode()
    assert "same.txt: the cleaned file is missing" in done.stderr.decode()
    assert tree(tmp_path / "back") == {"plain.md": before["plain.md"]}


def test_what_is_in_the_way_is_kept_unless_told_to_overwrite(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    zhengwen("clean", *APART, articles, "-o", "out")
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "tail.md").write_text("mine")
    done = zhengwen("restore", "out", "-o", "back")
    assert done.returncode == 2
    assert "tail.md: is there already and is not the original" in done.stderr.decode()
    assert (tmp_path / "back" / "tail.md").read_text() == "mine"
    assert zhengwen("restore", "out", "-o", "back", "--overwrite").returncode == 0
    assert tree(tmp_path / "back") == tree(articles)


def test_one_passage_goes_back_and_stays(zhengwen: Run, tmp_path: Path) -> None:
    repost = SAMPLES / "classic" / "python-generator-repost.md"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.md").write_bytes(repost.read_bytes())
    zhengwen("clean", *APART, "in", "-o", "out")
    before = tree(tmp_path / "out")["a.md"].decode()
    _, (last, line) = listed(zhengwen, "out")
    assert "a.md:73 engagement" in line
    assert zhengwen("restore", "out", "--passage", last).returncode == 0
    after = tree(tmp_path / "out")["a.md"].decode()
    assert after.startswith(before)
    assert repost.read_bytes().decode().endswith(after.removeprefix(before))
    assert "觉得有收获" in after
    assert "点击上方蓝字" not in after
    for how in ((), ("--select", "ALL")):
        assert zhengwen("clean", *APART, "in", "-o", "out", *how).returncode == 0
        assert "觉得有收获" in tree(tmp_path / "out")["a.md"].decode()
        assert "点击上方蓝字" not in tree(tmp_path / "out")["a.md"].decode()
    assert zhengwen("clean", *APART, "in", "--diff", "-o", "out").stdout.decode().count("\n-") == 2
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == tree(tmp_path / "in")
    assert zhengwen("restore", "out", "--passage", last).returncode == 2


def test_every_passage_put_back_one_by_one_gives_the_originals(zhengwen: Run, tmp_path: Path) -> None:
    names = ("classic/retention-sql.md", "classic/python-generator-repost.md")
    for name in names:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes((SAMPLES / name).read_bytes())
    zhengwen("clean", *APART, "in", "-o", "out", "--select", "ALL")
    found = listed(zhengwen, "out")
    assert len(found) >= 5
    for passage, _ in found:
        assert zhengwen("restore", "out", "--passage", passage).returncode == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "in")
    assert "not done again: 2" in zhengwen("clean", *APART, "in", "-o", "out", "--select", "ALL").stderr.decode()
    again = zhengwen("clean", *APART, "in", "-o", "out", "--select", "ALL", "--max-removed", "99")
    assert again.returncode == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "in")


def test_a_passage_is_not_put_into_a_file_that_was_changed(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    zhengwen("clean", *APART, articles, "-o", "out")
    passage = next(p for p, line in listed(zhengwen, "out") if " tail.md:" in line)
    cleaned = (tmp_path / "out" / "tail.md").read_bytes()
    (tmp_path / "out" / "tail.md").write_text("mine")
    done = zhengwen("restore", "out", "--passage", passage)
    assert done.returncode == 2
    assert "tail.md: changed since it was cleaned" in done.stderr.decode()
    assert (tmp_path / "out" / "tail.md").read_text() == "mine"
    (tmp_path / "out" / "tail.md").write_bytes(cleaned)
    assert zhengwen("restore", "out", "--passage", passage).returncode == 0


def test_a_passage_put_back_by_a_run_that_was_killed_before_it_was_recorded(
    zhengwen: Run, articles: Path, tmp_path: Path
) -> None:
    (articles / "tail.md").write_text(TAILED.partition("\n觉得文章")[0], encoding="utf-8")
    zhengwen("clean", *APART, articles / "tail.md", "-o", "out")
    ((passage, _),) = listed(zhengwen, "out")
    (tmp_path / "out" / "tail.md").write_bytes((articles / "tail.md").read_bytes())
    assert zhengwen("restore", "out", "--passage", passage).returncode == 0
    assert listed(zhengwen, "out") == []
    assert zhengwen("clean", *APART, articles / "tail.md", "-o", "out", "--overwrite").returncode == 0
    assert (tmp_path / "out" / "tail.md").read_bytes() == (articles / "tail.md").read_bytes()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "say what to give back"),
        (("-o", "x", "--list"), "say what to give back"),
        (("--passage", "0123456789abcdef"), "no removed passage"),
        (("-o", "out/x"), "lies inside"),
    ],
)
def test_usage_errors(zhengwen: Run, articles: Path, args: tuple[str, ...], said: str) -> None:
    zhengwen("clean", *APART, articles, "-o", "out")
    done = zhengwen("restore", "out", *args)
    assert done.returncode == 2
    assert said in done.stderr.decode()


def test_a_folder_without_a_ledger(zhengwen: Run, articles: Path) -> None:
    for folder in (articles, "nowhere"):
        done = zhengwen("restore", folder, "-o", "back")
        assert done.returncode == 2
        assert "holds no ledger" in done.stderr.decode()


@pytest.mark.parametrize("name", ["../escaped.md", "/escaped.md", ""])
def test_a_ledger_that_names_files_outside_writes_none(
    zhengwen: Run, articles: Path, tmp_path: Path, name: str
) -> None:
    zhengwen("clean", *APART, articles / "plain.md", "-o", "out")
    with sqlite3.connect(tmp_path / "out" / ".zhengwen" / "ledger.sqlite") as database:
        database.execute("UPDATE articles SET path = ?", (name,))
    database.close()
    done = zhengwen("restore", "out", "-o", "back/deep")
    assert done.returncode == 2
    assert "outside of the folder" in done.stderr.decode()
    assert not (tmp_path / "back").exists()


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_folder_that_may_only_be_read_gives_its_originals(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    zhengwen("clean", *APART, articles, "-o", "out")
    ledger = tmp_path / "out" / ".zhengwen"
    (ledger / "ledger.sqlite").chmod(0o444)
    ledger.chmod(0o555)
    done = powerless("restore", "out", "-o", "back", cwd=tmp_path)
    ledger.chmod(0o755)
    assert done.returncode == 0, done.stderr.decode()
    assert tree(tmp_path / "back") == tree(articles)
