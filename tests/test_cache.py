"""What was found once is found again without the classifier; nothing else changes, whatever happens to the cache."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COMMAND, PLAIN, ROOT, TAILED, Run, git

from zhengwen import stamps
from zhengwen.model import default_path

SAMPLES = ROOT / "samples" / "articles"
CODE = (
    "import sys; from zhengwen.cli import main; code = main(['-q', 'check', '--format', 'jsonl', *sys.argv[1:]]);"
    "print([m for m in ('numpy', 'pyromark', 'zhengwen.model', 'zhengwen.cleaning') if m in sys.modules], code)"
)


def imported(cwd: Path, *args: str) -> str:
    done = subprocess.run([sys.executable, "-c", CODE, *args], capture_output=True, check=True, cwd=cwd)
    return done.stdout.decode().splitlines()[-1]


@pytest.mark.parametrize("form", ["full", "jsonl", "sarif"])
def test_a_warm_run_says_the_same(zhengwen: Run, form: str) -> None:
    cold = zhengwen("check", SAMPLES, "--format", form, "--cache-dir", "c")
    warm = zhengwen("check", SAMPLES, "--format", form, "--cache-dir", "c")
    without = zhengwen("check", SAMPLES, "--format", form, "--no-cache")
    assert (cold.returncode, cold.stdout, cold.stderr) == (warm.returncode, warm.stdout, warm.stderr)
    assert without.stdout == warm.stdout
    for option in (("--diff",), ("--statistics",), ("--min-score", "0.9")):
        args = ("check", SAMPLES, *option)
        assert zhengwen(*args, "--cache-dir", "c").stdout == zhengwen(*args, "--no-cache").stdout


def test_a_warm_run_loads_no_model_and_no_numpy(articles: Path, tmp_path: Path) -> None:
    assert "numpy" in imported(tmp_path, "in")
    assert imported(tmp_path, "in") == "[] 1"
    (articles / "plain.md").write_text(PLAIN + "多一句。\n", encoding="utf-8")
    assert "numpy" in imported(tmp_path, "in")
    assert imported(tmp_path, "in") == "[] 1"


def test_content_decides_not_name_or_date(articles: Path, tmp_path: Path) -> None:
    imported(tmp_path, "in")
    (articles / "tail.md").rename(articles / "other.md")
    os.utime(articles / "other.md", (1, 1))
    assert imported(tmp_path, "in") == "[] 1"


@pytest.mark.parametrize("change", [("--select", "ALL"), ("--ignore", "promotion"), ("--model", "mine")])
def test_whatever_decides_a_result_is_in_its_key(articles: Path, tmp_path: Path, change: tuple[str, str]) -> None:
    assert articles.exists()
    shutil.copytree(default_path(), tmp_path / "mine")
    card = json.loads((tmp_path / "mine" / "card.json").read_text())
    (tmp_path / "mine" / "card.json").write_text(json.dumps(card))
    imported(tmp_path, "in")
    assert "numpy" in imported(tmp_path, "in", *change)
    assert imported(tmp_path, "in", *change).startswith("[]")
    assert imported(tmp_path, "in", "--min-score", "0.9").startswith("[]")


def test_the_stamp_of_a_model_tells_an_altered_one(tmp_path: Path) -> None:
    shutil.copytree(default_path(), tmp_path / "m")
    assert stamps.of_model(tmp_path / "m") == stamps.of_model(None) != ""
    (tmp_path / "m" / "tagger.output_bias.npy").write_bytes(b"")
    assert stamps.of_model(tmp_path / "m") not in ("", stamps.of_model(None))
    assert stamps.of_model(tmp_path / "gone") == ""


def test_the_cache_lies_with_the_project_and_out_of_gits_way(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    git(tmp_path, "init")
    zhengwen("check", ".", cwd=articles)
    assert (tmp_path / ".zhengwen_cache" / "CACHEDIR.TAG").exists()
    assert not (articles / ".zhengwen_cache").exists()
    assert b".zhengwen_cache" not in git(tmp_path, "status", "--porcelain", "--untracked-files=all")
    (articles / "zhengwen.toml").touch()
    zhengwen("check", ".", cwd=articles)
    assert (articles / ".zhengwen_cache").exists()
    shutil.rmtree(articles / ".zhengwen_cache")
    zhengwen("check", ".", "--no-cache", cwd=articles)
    zhengwen("check", "-", cwd=articles, stdin=TAILED.encode())
    zhengwen("check", ".", cwd=articles, ZHENGWEN_CACHE="0")
    assert not (articles / ".zhengwen_cache").exists()


@pytest.mark.parametrize("damage", ["noise", "empty", "table", "values", "folder", "file", "later"])
def test_a_damaged_cache_costs_time_and_nothing_else(
    zhengwen: Run, articles: Path, tmp_path: Path, damage: str
) -> None:
    first = zhengwen("check", articles)
    cache = tmp_path / ".zhengwen_cache"
    base = cache / "results.sqlite"
    if damage == "noise":
        base.write_bytes(os.urandom(5000))
    elif damage == "empty":
        base.write_bytes(b"")
    elif damage in ("folder", "file"):
        shutil.rmtree(cache)
        (cache / "results.sqlite").mkdir(parents=True) if damage == "folder" else cache.write_text("")
    else:
        with sqlite3.connect(base) as connection:
            connection.executescript(
                {
                    "table": "DROP TABLE results",
                    "values": "UPDATE results SET value = '[1, 2]' WHERE value <> ''",
                    "later": "PRAGMA user_version = 99",
                }[damage]
            )
        connection.close()
    again = zhengwen("check", articles)
    assert (again.returncode, again.stdout, again.stderr) == (first.returncode, first.stdout, first.stderr)
    if damage not in ("folder", "file", "table"):
        assert imported(tmp_path, "in") == "[] 1"


def test_a_cache_that_another_process_holds_is_done_without(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    first = zhengwen("check", articles)
    (articles / "new.md").write_text(TAILED + "\n", encoding="utf-8")
    connection = sqlite3.connect(tmp_path / ".zhengwen_cache" / "results.sqlite")
    connection.execute("BEGIN EXCLUSIVE")
    held = zhengwen("check", articles)
    connection.close()
    assert held.returncode == 1
    assert len(held.stdout) > len(first.stdout)
    assert b"error" not in held.stderr


def test_several_at_once_agree(articles: Path, tmp_path: Path) -> None:
    runs = [subprocess.Popen([COMMAND, "check", articles], stdout=subprocess.PIPE, cwd=tmp_path) for _ in range(3)]
    outputs = {run.communicate()[0] for run in runs}
    assert len(outputs) == 1
    assert {run.returncode for run in runs} == {1}


def test_unreadable_files_are_named_in_every_run(zhengwen: Run, articles: Path) -> None:
    (articles / "bad.md").write_bytes(PLAIN.encode() + b"\xff")
    assert [zhengwen("check", articles).returncode for _ in range(2)] == [2, 2]


def test_the_field_of_a_record_and_its_line_are_in_the_key(zhengwen: Run, articles: Path) -> None:
    line = json.dumps({"text": PLAIN, "content": TAILED, "id": "k"}, ensure_ascii=False)
    (articles / "corpus.jsonl").write_text(f"{line}\n\n{line}\nno json\n", encoding="utf-8")
    args = ("check", articles / "corpus.jsonl", "--format", "concise")
    for options in ((), ("--text-field", "content"), ("--text-field", "content", "--id-field", "id")):
        runs = [zhengwen(*args, *options, *cached) for cached in ((), (), ("--no-cache",))]
        assert len({(run.returncode, run.stdout, run.stderr) for run in runs}) == 1
        assert b"corpus.jsonl:4" in runs[0].stderr
        places = [told.partition(": ")[0] for told in runs[0].stdout.decode().splitlines()]
        assert {p.rpartition("corpus.jsonl:")[2].partition(":")[0] for p in places} == (
            {"1", "3"} if options else set()
        )
        assert all(p.endswith(" [k]") for p in places) or "--id-field" not in options


def test_the_same_bytes_in_another_form_are_another_article(zhengwen: Run, articles: Path) -> None:
    page = f"<html><body><article><p>{PLAIN * 5}</p><p>{TAILED}</p></article></body></html>"
    for name in ("page.html", "page.txt"):
        (articles / name).write_text(page, encoding="utf-8")
    args = ("check", articles, "--format", "jsonl")
    assert zhengwen(*args).stdout == zhengwen(*args).stdout == zhengwen(*args, "--no-cache").stdout
