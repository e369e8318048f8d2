"""`zhengwen check`, as installed: findings, formats, exit codes, start-up."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COMMAND, PLAIN, TAILED, Run

KEYS = ["path", "start", "end", "line", "end_line", "kind", "score", "excerpt", "fingerprint", "reasons"]


def test_exit_codes(zhengwen: Run, articles: Path) -> None:
    assert zhengwen("check", articles / "plain.md").returncode == 0
    assert zhengwen("check", articles).returncode == 1
    assert zhengwen("check", articles, "nowhere").returncode == 2


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_jsonl_is_the_contract(zhengwen: Run, tmp_path: Path, newline: str) -> None:
    text = TAILED.replace("\n", newline)
    (tmp_path / "文 章.md").write_bytes(text.encode())
    done = zhengwen("check", "文 章.md", "--format", "jsonl")
    assert done.returncode == 1
    found = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert found
    for f in found:
        assert list(f) == KEYS
        assert f["path"] == "文 章.md"
        passage = text[f["start"] : f["end"]]
        assert passage == passage.strip() != ""
        assert f["line"] == text.count("\n", 0, f["start"]) + 1
        assert f["end_line"] == text.count("\n", 0, f["end"]) + 1
        assert passage.startswith(f["excerpt"].split()[0][:10])
        assert f["kind"] in ("promotion", "engagement", "navigation")
        assert 0 <= f["score"] <= 1
        assert isinstance(f["reasons"], list)
    assert "扫描下方二维码" in text[found[0]["start"] : found[0]["end"]]
    assert any("领取" in word or "扫描" in word or "免费" in word for f in found for word in f["reasons"])


def test_a_fingerprint_is_the_passages_own(zhengwen: Run, tmp_path: Path) -> None:
    tail = TAILED.removeprefix(PLAIN)
    for name, text in (("a", TAILED), ("b", "# 另一篇\n\n" + PLAIN.removeprefix("# ") + tail)):
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")

    def prints(name: str) -> list[str]:
        out = zhengwen("check", f"{name}.md", "--format", "jsonl").stdout.decode().splitlines()
        return [json.loads(line)["fingerprint"] for line in out]

    assert prints("a") == prints("b")


def test_concise_is_a_line_a_finding_and_full_says_more(zhengwen: Run, articles: Path) -> None:
    concise = zhengwen("check", articles / "tail.md", "--format", "concise").stdout.decode().splitlines()
    full = zhengwen("check", articles / "tail.md").stdout.decode()
    assert all(line.startswith(f"{articles / 'tail.md'}:") for line in concise)
    for line in concise:
        place, _, said = line.partition(": ")
        kind, score, excerpt = said.split(" ", 2)
        assert f"{place}: {kind} {score}\n" in full
        assert excerpt in full
    assert "hint:" in full
    assert "words:" in full


def test_no_colour_and_no_progress_unless_on_a_terminal(zhengwen: Run, articles: Path) -> None:
    done = zhengwen("check", articles)
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"it/s" not in done.stderr
    assert b"\x1b[" in zhengwen("--color", "always", "check", articles).stdout
    assert b"\x1b[" in zhengwen("check", articles, FORCE_COLOR="1").stdout
    assert b"\x1b" not in zhengwen("check", articles, NO_COLOR="1", FORCE_COLOR="1").stdout


def test_scraped_text_cannot_drive_the_terminal(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(TAILED.replace("扫描下方二维码", "扫描\x1b[2J下方\u202e二维码"), encoding="utf-8")
    for args in (("check", "a.md"), ("clean", "--diff", "a.md"), ("check", "--format", "jsonl", "a.md")):
        out = zhengwen(*args).stdout
        assert b"\x1b" not in out
        assert "\u202e" not in out.decode()


def test_standard_input(zhengwen: Run) -> None:
    done = zhengwen("check", "-", "--format", "concise", stdin=TAILED.encode())
    assert done.returncode == 1
    assert done.stdout.startswith(b"<stdin>:")


def test_a_closed_pipe_is_quiet(articles: Path) -> None:
    check = subprocess.Popen([COMMAND, "check", articles], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert check.stdout
    assert check.stderr
    check.stdout.close()
    assert check.wait() == 2
    assert b"Traceback" not in check.stderr.read()
    check.stderr.close()


def test_checking_imports_neither_scikit_learn_nor_joblib(articles: Path) -> None:
    code = (
        "import sys; from zhengwen.cli import main; main(['-q', 'check', sys.argv[1]]);"
        "print([m for m in ('sklearn', 'joblib', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, articles], capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1] == "[]"


def test_one_small_file_costs_under_half_a_second_of_processor_time(articles: Path) -> None:
    def once(cache: Path) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        args = [COMMAND, "check", articles / "tail.md", "--cache-dir", cache]
        subprocess.run(args, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(once(articles / f".cache{n}") for n in range(3)) < 0.5
    assert min(once(articles / ".cache0") for _ in range(3)) < 0.3
