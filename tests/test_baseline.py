"""Findings that a team lives with: known wherever they move, stale when they are gone, merged by git."""

import json
from pathlib import Path

import pytest
from conftest import PLAIN, ROOT, TAILED, Run, git

TAIL = TAILED.removeprefix(PLAIN)
SAMPLES = ROOT / "samples" / "articles" / "finance"


def entries(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[1:]]


def test_known_findings_are_none(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    written = zhengwen("check", articles, "--write-baseline", "known.jsonl")
    assert written.returncode == 0
    known = entries(tmp_path / "known.jsonl")
    assert {e["path"] for e in known} == {"in/tail.md", "in/sub/same.txt"}
    assert all(set(e) == {"path", "kind", "fingerprint", "excerpt"} for e in known)
    done = zhengwen("check", articles, "--baseline", "known.jsonl")
    assert (done.returncode, done.stdout) == (0, b"")
    assert f"{len(known)} known from known.jsonl" in done.stderr.decode()
    (tmp_path / "zhengwen.toml").write_text('baseline = "known.jsonl"')
    assert zhengwen("check", "../in", cwd=articles).returncode == 0


def test_lines_do_not_matter(zhengwen: Run, articles: Path) -> None:
    zhengwen("check", articles, "--write-baseline", "known.jsonl")
    text = "# 另一个题目\n\n" + PLAIN.removeprefix("# ") + "\n再补充一句说明。\n" + TAIL
    (articles / "tail.md").write_text(text, encoding="utf-8")
    assert zhengwen("check", articles, "--baseline", "known.jsonl").returncode == 0


def test_a_passage_that_comes_up_once_more_is_new(zhengwen: Run, articles: Path) -> None:
    zhengwen("check", articles, "--write-baseline", "known.jsonl")
    (articles / "copy.md").write_text(TAILED, encoding="utf-8")
    done = zhengwen("check", articles, "--baseline", "known.jsonl", "--format", "concise")
    assert done.returncode == 1
    assert {line.partition(b":")[0].rpartition(b"/")[2] for line in done.stdout.splitlines()} == {b"copy.md"}


def test_a_renamed_article_keeps_what_is_known(zhengwen: Run, articles: Path) -> None:
    zhengwen("check", articles, "--write-baseline", "known.jsonl")
    (articles / "tail.md").rename(articles / "a 新.md")
    done = zhengwen("check", articles, "--baseline", "known.jsonl")
    assert (done.returncode, done.stdout) == (0, b"")
    assert "stale" not in done.stderr.decode()


def test_stale_entries_are_named_and_fail_nothing(zhengwen: Run, articles: Path) -> None:
    zhengwen("check", articles, "--write-baseline", "known.jsonl")
    (articles / "tail.md").write_text(PLAIN, encoding="utf-8")
    done = zhengwen("check", articles, "--baseline", "known.jsonl")
    assert done.returncode == 0
    assert "known.jsonl: stale, not found any more: in/tail.md promotion" in done.stderr.decode()
    assert "--write-baseline known.jsonl leaves them out" in done.stderr.decode()
    partial = zhengwen("check", articles / "plain.md", "--baseline", "known.jsonl")
    assert "stale" not in partial.stderr.decode()
    (articles / "tail.md").unlink()
    assert "stale" in zhengwen("check", articles / "plain.md", "--baseline", "known.jsonl").stderr.decode()


def test_a_score_below_the_least_does_not_make_an_entry_stale(zhengwen: Run, articles: Path) -> None:
    zhengwen("check", articles, "--write-baseline", "known.jsonl")
    done = zhengwen("check", articles, "--baseline", "known.jsonl", "--min-score", "1")
    assert "stale" not in done.stderr.decode()


def test_the_file_is_sorted_and_two_branches_merge(zhengwen: Run, tmp_path: Path) -> None:
    git(tmp_path, "init")
    names = sorted(path.name for path in SAMPLES.iterdir())
    for name in (names[0], names[2]):
        (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())

    def commit(branch: str, *new: str) -> list[str]:
        git(tmp_path, "checkout", "-B", branch)
        for name in new:
            (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
        assert zhengwen("check", ".", "--no-cache", "--write-baseline", "known.jsonl").returncode == 0
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-m", branch)
        lines = (tmp_path / "known.jsonl").read_text(encoding="utf-8").splitlines()[1:]
        keys = [(e["path"], e["kind"], e["fingerprint"]) for e in map(json.loads, lines)]
        assert keys == sorted(keys)
        return lines

    commit("main")
    one = commit("one", names[1])
    git(tmp_path, "checkout", "main")
    (tmp_path / "~.md").write_text(TAILED, encoding="utf-8")
    two = commit("two")
    git(tmp_path, "merge", "-m", "m", "one")
    merged = (tmp_path / "known.jsonl").read_text(encoding="utf-8").splitlines()[1:]
    assert set(merged) == {*one, *two}
    assert zhengwen("check", ".", "--baseline", "known.jsonl").returncode == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no baseline here"),
        ("", "is no baseline"),
        ('{"a": 1}\n', "is no baseline"),
        ('{"zhengwen-baseline": 1}\n<<<<<<< HEAD\n', "line 2: is a conflict of a merge"),
        ('{"zhengwen-baseline": 1}\n[]\n', "line 2: is no entry"),
        ('{"zhengwen-baseline": 1}\n{"path": 1, "kind": "notice", "fingerprint": ""}\n', "line 2: is no entry"),
        ('{"zhengwen-baseline": 1}\n{"path": "a", "kind": "x", "fingerprint": ""}\n', "unknown kind 'x'"),
    ],
)
def test_a_broken_baseline_is_an_error(
    zhengwen: Run, articles: Path, tmp_path: Path, text: str | None, said: str
) -> None:
    if text is not None:
        (tmp_path / "known.jsonl").write_text(text)
    done = zhengwen("check", articles, "--baseline", "known.jsonl")
    assert done.returncode == 2
    assert said in done.stderr.decode()


def test_no_baseline_is_written_that_would_forget(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (tmp_path / "known.jsonl").write_text("as it was")
    (articles / "bad.md").write_bytes(PLAIN.encode() + b"\xff")
    done = zhengwen("check", articles, "--write-baseline", "known.jsonl")
    assert done.returncode == 2
    assert "not written" in done.stderr.decode()
    assert (tmp_path / "known.jsonl").read_text() == "as it was"
    assert zhengwen("check", articles, "--write-baseline", "x", "--since", "HEAD").returncode == 2


def test_the_order_of_reading_decides_nothing(zhengwen: Run, articles: Path) -> None:
    (articles / "tail.md").rename(articles / "z.md")
    zhengwen("check", articles / "z.md", "--write-baseline", "known.jsonl")
    (articles / "a.md").write_text(TAILED, encoding="utf-8")
    done = zhengwen("check", articles / "a.md", articles / "z.md", "--baseline", "known.jsonl", "--format", "concise")
    assert {line.partition(b":")[0].rpartition(b"/")[2] for line in done.stdout.splitlines()} == {b"a.md"}
