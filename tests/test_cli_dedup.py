"""`zhengwen dedup`, as installed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COMMAND, ROOT, Run
from copies import article, edited, family, folded, likeness, retypeset
from test_cli_clean import tree

ONE, TWO, THREE = article(1), article(2), article(3)


@pytest.fixture
def scraped(tmp_path: Path) -> Path:
    """Three texts, in eight articles."""
    folder = tmp_path / "scraped"
    for name, text in {
        "a/original.md": f"---\ndate: 2024-01-02\n---\n{ONE}",
        "a/repost.md": f"---\ndate: 2024-01-01\ntitle: 转\n---\n# 转载\n\n{ONE}",
        "b/retypeset.md": retypeset(ONE),
        "b/half.txt": ONE[: len(ONE) // 2],
        "c/two.md": TWO,
        "c/two-again.md": TWO,
        "c/two-edited.md": edited(TWO, 0.01, 0),
        "three.md": "\ufeff" + THREE.replace("\n", "\r\n"),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return folder


def kept(folder: Path) -> set[str]:
    return {name for name in tree(folder) if not name.startswith(".zhengwen/")}


def test_one_article_a_text_stays_with_its_bytes(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    done = zhengwen("dedup", scraped, "-o", "out", "--report", "left-out.jsonl")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b""
    longest = max(("c/two.md", "c/two-again.md", "c/two-edited.md"), key=lambda n: len((scraped / n).read_text()))
    assert kept(tmp_path / "out") == {"a/repost.md", longest, "three.md"}
    assert all((tmp_path / "out" / n).read_bytes() == (scraped / n).read_bytes() for n in kept(tmp_path / "out"))
    assert "8 articles, 3 kept, 5 left out" in done.stderr.decode()
    rows = [json.loads(line) for line in (tmp_path / "left-out.jsonl").read_text().splitlines()]
    assert {Path(r["path"]).name: r["reason"] for r in rows}["half.txt"] == "contained"
    assert {Path(r["path"]).name: Path(r["keeper"]).name for r in rows}["original.md"] == "repost.md"
    assert len(rows) == 5
    assert all(r["jaccard"] >= 0.8 or r["containment"] >= 0.9 for r in rows)


def test_what_the_command_leaves_out_verifies_with_a_keeper_that_it_kept_and_stays_so(
    zhengwen: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    texts = {f"{seed}-{n:02}.md": text for seed in range(4) for n, text in enumerate(family(seed, 150))}
    for name, text in texts.items():
        (folder / name).write_text(text, newline="")
    rows = [json.loads(line) for line in zhengwen("dedup", "in", "-o", "out", "--report", "-").stdout.splitlines()]
    pairs = {Path(row["path"]).name: Path(row["keeper"]).name for row in rows}
    assert len(pairs) > 20
    assert kept(tmp_path / "out") == texts.keys() - pairs.keys()
    assert set(pairs.values()) <= kept(tmp_path / "out")
    for row in rows:
        one, other = folded([texts[Path(row[side]).name] for side in ("path", "keeper")])
        jaccard, containment = likeness(one, other)
        assert (row["jaccard"], row["containment"]) == (round(jaccard, 4), round(containment, 4))
        assert jaccard >= 0.8 or containment >= 0.9
    assert zhengwen("dedup", "out", "--report", "-").stdout == b""


def test_exact_copies_alone(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    assert zhengwen("dedup", scraped, "-o", "out", "--dedup", "exact").returncode == 0
    assert kept(scraped) - kept(tmp_path / "out") == {"b/retypeset.md", "c/two.md"}


def test_looking_writes_no_article(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    done = zhengwen("dedup", scraped, "--report", "-")
    assert done.returncode == 0
    assert len(done.stdout.decode().splitlines()) == 5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["scraped"]


def test_the_output_again_stays_as_it_is(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("dedup", scraped, "-o", "out")
    assert zhengwen("dedup", "out", "-o", "again").returncode == 0
    assert kept(tmp_path / "again") == kept(tmp_path / "out")
    assert zhengwen("dedup", scraped, "-o", "out").returncode == 0
    assert kept(tmp_path / "again") == kept(tmp_path / "out")


def test_any_order_of_paths_gives_the_same(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("dedup", scraped, "-o", "one")
    zhengwen("dedup", *sorted(scraped.iterdir(), reverse=True), "-o", "two")
    assert {n: b for n, b in tree(tmp_path / "one").items() if n in kept(tmp_path / "one")} == {
        n: b for n, b in tree(tmp_path / "two").items() if n in kept(tmp_path / "two")
    }


def test_night_by_night_only_what_is_new_is_kept(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("dedup", scraped, "-o", "out")
    before = kept(tmp_path / "out")
    tonight = tmp_path / "tonight"
    tonight.mkdir()
    (tonight / "new.md").write_text(article(4))
    (tonight / "copy.md").write_text(retypeset(THREE))
    done = zhengwen("dedup", tonight, "-o", "out", "--report", "-")
    assert done.returncode == 0, done.stderr.decode()
    assert kept(tmp_path / "out") == before | {"new.md"}
    row = json.loads(done.stdout)
    assert (Path(row["path"]).name, row["keeper"], row["reason"]) == ("copy.md", "out/three.md", "exact")


def test_a_kept_article_that_comes_again_longer_is_replaced(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("dedup", scraped, "-o", "out")
    (scraped / "three.md").write_text(THREE + article(30, 30))
    (scraped / "a" / "longer.md").write_text(ONE + article(31, 20))
    assert zhengwen("dedup", scraped, "-o", "out", "--overwrite").returncode == 0
    assert (tmp_path / "out" / "three.md").read_bytes() == (scraped / "three.md").read_bytes()
    assert "a/longer.md" in kept(tmp_path / "out")
    assert "a/repost.md" not in kept(tmp_path / "out")


def test_another_article_of_the_same_name_replaces_none(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("dedup", scraped, "-o", "out")
    tonight = tmp_path / "tonight"
    tonight.mkdir()
    (tonight / "three.md").write_text(article(50))
    (tonight / "new.md").write_text(article(51))
    done = zhengwen("dedup", tonight, "-o", "out")
    assert done.returncode == 2
    assert "three.md from an earlier run says something else" in done.stderr.decode()
    assert (tmp_path / "out" / "three.md").read_bytes() == (scraped / "three.md").read_bytes()
    assert "new.md" in kept(tmp_path / "out")
    (tmp_path / "copy.md").write_text(THREE)
    assert "1 left out" in zhengwen("dedup", "copy.md", "-o", "out").stderr.decode()


def test_a_page_that_comes_again_with_another_read_count_is_a_copy_of_the_one_that_is_kept(
    zhengwen: Run, scraped: Path, tmp_path: Path
) -> None:
    zhengwen("dedup", scraped, "-o", "out")
    before = tree(tmp_path / "out")
    tonight = tmp_path / "tonight"
    tonight.mkdir()
    (tonight / "three.md").write_text(f"{THREE}\n\n阅读 1,024\n")
    (tonight / "new.md").write_text(article(51))
    done = zhengwen("dedup", tonight, "-o", "out", "--report", "-")
    assert done.returncode == 0, done.stderr.decode()
    row = json.loads(done.stdout)
    assert (row["path"], row["keeper"]) == (str(Path(tonight, "three.md")), str(Path("out", "three.md")))
    assert row["reason"] in ("near", "contained")
    after = tree(tmp_path / "out")
    assert kept(tmp_path / "out") == {name for name in before if not name.startswith(".zhengwen/")} | {"new.md"}
    assert after["three.md"] == before["three.md"]
    assert zhengwen("dedup", tonight, "-o", "out", "--report", "-").returncode == 0
    assert {n: after[n] for n in kept(tmp_path / "out")} == {
        n: b for n, b in tree(tmp_path / "out").items() if not n.startswith(".zhengwen/")
    }
    assert "1 left out" in zhengwen("dedup", scraped / "three.md", "-o", "again", "--against", "out").stderr.decode()


def test_the_same_text_under_the_same_name_leaves_the_file_as_it_is(
    zhengwen: Run, scraped: Path, tmp_path: Path
) -> None:
    zhengwen("dedup", scraped, "-o", "out")
    before = (tmp_path / "out" / "three.md").read_bytes()
    (tmp_path / "three.md").write_text(f"---\nread: 1024\n---\n{THREE}")
    done = zhengwen("dedup", "three.md", "-o", "out")
    assert (done.returncode, (tmp_path / "out" / "three.md").read_bytes()) == (0, before), done.stderr.decode()
    assert zhengwen("dedup", "three.md", "-o", "out", "--overwrite").returncode == 0
    assert (tmp_path / "out" / "three.md").read_bytes() == (tmp_path / "three.md").read_bytes()


def test_what_cannot_be_kept_because_of_its_name_stands_for_nobody(
    zhengwen: Run, scraped: Path, tmp_path: Path
) -> None:
    zhengwen("dedup", scraped, "-o", "out")
    tonight = tmp_path / "tonight"
    tonight.mkdir()
    (tonight / "three.md").write_text(f"{article(50)}\n\n阅读 1,024")
    (tonight / "copy.md").write_text(retypeset(article(50)))
    (tonight / "part.md").write_text(article(50)[:500])
    done = zhengwen("dedup", tonight, "-o", "out", "--report", "-")
    assert done.returncode == 2
    said = done.stderr.decode()
    assert f"{Path(tonight, 'three.md')}: " in said
    assert f"{Path('out', 'three.md')}" in said
    assert "--overwrite" in said
    assert "copy.md" in kept(tmp_path / "out")
    assert (tmp_path / "out" / "three.md").read_bytes() == (scraped / "three.md").read_bytes()
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (Path(row["path"]).name, row["keeper"]) == ("part.md", str(Path(tonight, "copy.md")))


def test_a_kept_file_that_was_deleted_is_in_nobodys_way(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("dedup", scraped, "-o", "out")
    (tmp_path / "out" / "three.md").unlink()
    (tmp_path / "three.md").write_text(article(50))
    done = zhengwen("dedup", "three.md", "-o", "out")
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "out" / "three.md").read_text() == article(50)


def test_a_folder_that_was_moved_remembers_what_it_keeps(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("dedup", scraped, "-o", "out")
    (tmp_path / "out").rename(tmp_path / "moved")
    (tmp_path / "copy.md").write_text(THREE)
    row = json.loads(zhengwen("dedup", "copy.md", "-o", "moved", "--report", "-").stdout)
    assert row["keeper"] == str(Path("moved", "three.md"))


def test_a_keeper_that_was_deleted_stands_for_nobody(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("dedup", scraped, "-o", "out")
    (tmp_path / "out" / "three.md").unlink()
    (tmp_path / "copy.md").write_text(THREE)
    assert zhengwen("dedup", "copy.md", "-o", "out").returncode == 0
    assert "copy.md" in kept(tmp_path / "out")


@pytest.mark.parametrize("indexed", [True, False])
def test_against_another_collection(zhengwen: Run, scraped: Path, tmp_path: Path, indexed: bool) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.md").write_text(TWO + article(40, 20))
    if indexed:
        zhengwen("dedup", other, "-o", "collection")
    done = zhengwen("dedup", scraped, "-o", "out", "--against", "collection" if indexed else other)
    assert done.returncode == 0, done.stderr.decode()
    assert kept(tmp_path / "out") == {"a/repost.md", "three.md"}


def test_repeated_lines_are_listed(zhengwen: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(4):
        (folder / f"{n}.md").write_text(article(n, 50) + "\n\n觉得有用，请点个在看吧\x1b[31m！\n")
    done = zhengwen("dedup", "in", "--repeated", 4)
    assert done.returncode == 0
    (line,) = done.stdout.decode().splitlines()
    assert line.split()[0] == "4"
    assert "觉得有用" in line
    assert "\x1b" not in line
    assert zhengwen("dedup", folder, "--repeated", 5).stdout == b""
    zhengwen("dedup", "in", "--repeated", 4, "--report", "lines.jsonl")
    row = json.loads((tmp_path / "lines.jsonl").read_text())
    assert (row["articles"], row["sources"], row["line"]) == (4, 1, len((folder / "0.md").read_text().splitlines()))
    assert row["examples"] == [str(Path("in", name)) for name in ("0.md", "3.md")]


def test_the_samples_hold_no_copies_that_a_reader_would_miss(zhengwen: Run, tmp_path: Path) -> None:
    samples = ROOT / "samples" / "articles"
    done = zhengwen("dedup", samples, "-o", "out", "--report", "-")
    assert done.returncode == 0
    assert len(kept(tmp_path / "out")) + len(done.stdout.splitlines()) == len(kept(samples))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["in"], "say where to write"),
        (["-", "-o", "out"], "standard input"),
        (["in", "-o", "out", "--similarity", "0.3"], "0.3"),
        (["in", "-o", "out", "--against", "nowhere"], "nowhere"),
        (["in", "-o", "out", "--against", "in"], "holds the input"),
        (["in", "-o", "out", "--against", "out"], "leave --against out"),
        (["in", "-o", "in/out"], "lies inside the input"),
        (["in", "-o", "full"], "not empty"),
        (["in", "-o", "out", "--repeated", "3"], "--repeated"),
        (["nowhere", "-o", "out"], "cannot be read"),
        (["in", "--report", "in/tail.md/x.jsonl"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(
    zhengwen: Run, articles: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    if "--against" in arguments:
        (tmp_path / "out").mkdir()
    before = tree(articles)
    done = zhengwen("dedup", *arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert b"internal error" not in done.stderr
    assert tree(articles) == before


def test_bad_files_are_named_and_the_others_done(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    (scraped / "binary.md").write_bytes(b"\x89PNG\0")
    (scraped / "torn.md").write_bytes("正文".encode()[:-1])
    (scraped / "empty.md").write_bytes(b"")
    (scraped / "loop.md").symlink_to("loop.md")
    os.mkfifo(scraped / "pipe.md")
    done = zhengwen("dedup", scraped, "-o", "out")
    assert done.returncode == 2
    said = done.stderr.decode()
    assert all(name in said for name in ("binary.md", "torn.md", "loop.md", "pipe.md"))
    assert "4 inputs could not be done" in said
    assert {"three.md", "empty.md", "a/repost.md"} <= kept(tmp_path / "out")
    assert not kept(tmp_path / "out") & {"binary.md", "torn.md", "loop.md", "pipe.md"}


def test_a_disk_that_refuses_one_article(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "three.md").mkdir(parents=True)
    done = zhengwen("dedup", scraped, "-o", "out", "--overwrite")
    assert done.returncode == 2
    assert "three.md: cannot be written" in done.stderr.decode()
    (tmp_path / "out" / "three.md").rmdir()
    (tmp_path / "copy.md").write_text(THREE)
    assert zhengwen("dedup", "copy.md", "-o", "out").returncode == 0
    assert "copy.md" in kept(tmp_path / "out")


def test_a_damaged_index_stops_before_anything_is_written(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("dedup", scraped, "-o", "out")
    manifest = tmp_path / "out" / ".zhengwen" / "dedup" / "manifest.json"
    manifest.write_text("{")
    before = tree(tmp_path / "out")
    done = zhengwen("dedup", scraped, "-o", "out")
    assert done.returncode == 2
    assert "the index is damaged" in done.stderr.decode()
    assert tree(tmp_path / "out") == before


def locked(output: Path) -> subprocess.Popen[bytes]:
    """Another process that holds the lock of an output folder."""
    script = "import pathlib, sys, time; from zhengwen.dedup.lock import held\nwith held(pathlib.Path(sys.argv[1])):\n"
    script += "    print(flush=True)\n    time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", script, output], stdout=subprocess.PIPE)
    assert other.stdout
    assert other.stdout.readline()
    return other


@pytest.mark.parametrize("command", ["dedup", "clean"])
def test_where_another_run_deduplicates_it_waits_its_turn_and_no_lock_goes_stale(
    zhengwen: Run, scraped: Path, tmp_path: Path, command: str
) -> None:
    next_to_nothing = ["--select", "notice"] if command == "clean" else []
    other = locked(tmp_path / "out")
    before = tree(tmp_path / "out")
    done = zhengwen(command, scraped, "-o", "out", *next_to_nothing)
    assert done.returncode == 2
    assert "out: another zhengwen deduplicates here; wait until it is done" in done.stderr.decode()
    assert kept(tmp_path / "out") == set()
    assert before.items() <= tree(tmp_path / "out").items()
    other.kill()
    other.communicate()
    assert zhengwen(command, scraped, "-o", "out", *next_to_nothing).returncode == 0
    assert len(kept(tmp_path / "out")) == 3


def test_a_folder_that_cannot_be_locked_is_named(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / ".zhengwen" / "dedup" / "lock.sqlite").mkdir(parents=True)
    done = zhengwen("dedup", scraped, "-o", "out")
    assert done.returncode == 2
    assert "lock.sqlite: cannot be locked" in done.stderr.decode()


def test_runs_that_start_together_end_as_if_one_had_come_after_the_other(tmp_path: Path, zhengwen: Run) -> None:
    for name, first in (("one", 0), ("two", 60)):
        (tmp_path / name).mkdir()
        for n in range(first, first + 90):
            (tmp_path / name / f"{n:03}.md").write_text(article(n, 40))
            (tmp_path / name / f"{n:03}-{name}.md").write_text(article(n, 40))
    runs = [
        subprocess.Popen([COMMAND, "dedup", tmp_path / name, "-o", tmp_path / "out"], stderr=subprocess.PIPE)
        for name in ("one", "two")
    ]
    said = [run.communicate(timeout=60)[1] for run in runs]
    assert {run.returncode for run in runs} <= {0, 2}
    assert any(run.returncode == 0 for run in runs), said
    assert all(b"another zhengwen" in err for run, err in zip(runs, said, strict=True) if run.returncode)
    for name in ("one", "two"):
        assert zhengwen("dedup", name, "-o", "out").returncode == 0
    texts = [(tmp_path / "out" / name).read_text() for name in kept(tmp_path / "out")]
    assert len(texts) == len(set(texts)) == 150


def test_interrupted_it_says_so_and_the_next_run_ends_as_if_nothing_had_been(tmp_path: Path, zhengwen: Run) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for n in range(1500):
        (many / f"{n:04}.md").write_text(article(n % 1400, 40))
    run = subprocess.Popen([COMMAND, "dedup", many, "-o", tmp_path / "out"], stderr=subprocess.PIPE)
    while not list((tmp_path / "out").glob("*.md")):
        assert run.poll() is None
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert b"Traceback" not in said
    assert zhengwen("dedup", many, "-o", "out", "--overwrite").returncode == 0
    assert len(kept(tmp_path / "out")) == 1400
    assert not list((tmp_path / "out").rglob(".zhengwen-*"))
