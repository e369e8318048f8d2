"""Bad input gets a sentence and exit code 2, and the other files are done."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from conftest import APART, PLAIN, ROOT, TAILED, Run

from zhengwen.model import default_path


def others_done(out: Path) -> bool:
    return (out / "plain.md").read_text() == PLAIN and (out / "tail.md").read_text() == PLAIN


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("binary.md", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "NUL bytes"),
        ("noise.md", bytes(range(0x80, 0xA0)) * 4, "byte 0 (0x80) is not UTF-8"),
        ("cut.txt", "正文甲".encode()[:-1], "byte 6 (0xe7) is not UTF-8"),
    ],
)
def test_files_that_are_no_text(
    zhengwen: Run, articles: Path, tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    (articles / name).write_bytes(data)
    done = zhengwen("clean", *APART, articles, "-o", "out")
    assert done.returncode == 2
    assert name in done.stderr.decode()
    assert said in done.stderr.decode()
    assert not (tmp_path / "out" / name).exists()
    assert others_done(tmp_path / "out")
    assert zhengwen("check", articles).returncode == 2


def test_a_path_that_is_missing(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    done = zhengwen("clean", *APART, articles / "plain.md", articles / "tail.md", articles / "gone.md", "-o", "out")
    assert done.returncode == 2
    assert "gone.md: cannot be read (no such file or directory)" in done.stderr.decode()
    assert others_done(tmp_path / "out")


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_file_that_may_not_be_read(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (articles / "loop.md").symlink_to("loop.md")
    (articles / "secret.md").write_text(TAILED)
    (articles / "secret.md").chmod(0)
    done = zhengwen("clean", *APART, articles, "-o", "out")
    assert done.returncode == 2
    assert "loop.md: cannot be read" in done.stderr.decode()
    assert "1 input could not be done" in done.stderr.decode() or os.geteuid()
    if os.geteuid():
        assert "secret.md: cannot be read (permission denied)" in done.stderr.decode()
    assert others_done(tmp_path / "out")


def test_an_empty_file_is_an_empty_article(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (articles / "empty.md").write_bytes(b"")
    assert zhengwen("clean", *APART, articles, "-o", "out").returncode == 0
    assert (tmp_path / "out" / "empty.md").read_bytes() == b""


def test_a_folder_without_articles(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(b"\0")
    done = zhengwen("check", "pictures")
    assert done.returncode == 2
    assert (
        "no .md, .markdown, .txt, .html, .htm, .jsonl, .jsonl.gz, .jsonl.zst or .parquet file here"
        in done.stderr.decode()
    )


def test_one_line_of_50_megabytes(zhengwen: Run, tmp_path: Path) -> None:
    sentence = "这一行没有尽头，它讲的是水库里的水怎样一级一级地流下去。"
    source = (sentence * (50_000_000 // len(sentence.encode()) + 1)).encode()
    (tmp_path / "long.md").write_bytes(source)
    done = zhengwen("clean", *APART, "long.md", "-o", "out")
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "out" / "long.md").read_bytes() == source


def test_one_line_of_50_megabytes_without_a_sentence_end(zhengwen: Run, tmp_path: Path) -> None:
    clause = "水库里的水一级一级地流下去，闸门的开度由下游的水位决定，".encode()
    source = clause * (50_000_000 // len(clause))
    (tmp_path / "long.txt").write_bytes(source)
    done = zhengwen("clean", *APART, "long.txt", "-o", "out")
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "out" / "long.txt").read_bytes() == source


@pytest.mark.parametrize("damage", ["truncated", "altered", "a file"])
def test_a_damaged_model(zhengwen: Run, articles: Path, tmp_path: Path, damage: str) -> None:
    model = tmp_path / "model"
    shutil.copytree(default_path(), model)
    weights = model / "embedding.axes.npy"
    if damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:100])
    elif damage == "altered":
        weights.write_bytes(weights.read_bytes()[:-2] + b"zz")
    else:
        model = weights
    done = zhengwen("clean", *APART, articles, "-o", "out", "--model", model)
    assert done.returncode == 2
    assert "axes.npy" in done.stderr.decode()
    assert not (tmp_path / "out").exists()
    assert zhengwen("check", articles, "--model", model).returncode == 2


LABEL = {"id": "a", "text": "正文广告尾巴", "label": []}


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([[0, 3, "notice"], [2, 4, "notice"]], "overlap"),
        ([[0, 99, "notice"]], "is not a span of a text of 6 characters"),
        ([[0, 2, "spam"]], "unknown kind 'spam'"),
    ],
)
@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_bad_labels(zhengwen: Run, tmp_path: Path, spans: list[object], said: str, command: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(LABEL) + "\n" + json.dumps(LABEL | {"id": "b", "label": spans}) + "\n")
    done = zhengwen(command, path, *(["-o", "model"] if command == "train" else []))
    assert done.returncode == 2
    assert "bad.jsonl, line 2: field label" in done.stderr.decode()
    assert said in done.stderr.decode()
    assert not (tmp_path / "model").exists()


def test_a_disk_that_refuses(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "tail.md").mkdir()
    done = zhengwen("clean", *APART, articles, "-o", out, "--overwrite")
    assert done.returncode == 2
    assert "tail.md: cannot be written" in done.stderr.decode()
    assert (out / "plain.md").read_text() == PLAIN
    assert not list(out.rglob(".zhengwen-[0-9]*"))


def test_training_on_too_few_sources(zhengwen: Run, tmp_path: Path) -> None:
    lines = (ROOT / "samples" / "labelled" / "hard.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) | {"source": "one"} for line in lines]
    (tmp_path / "one.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = zhengwen("train", "one.jsonl", "-o", "model")
    assert done.returncode == 2
    assert "sources" in done.stderr.decode()
    assert not (tmp_path / "model").exists()


def test_a_pipe_in_a_folder_does_not_block(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    os.mkfifo(articles / "pipe.md")
    done = zhengwen("clean", *APART, articles, "-o", "out")
    assert done.returncode == 2
    assert "pipe.md: is not a regular file" in done.stderr.decode()
    assert others_done(tmp_path / "out")


def test_a_mistyped_path_does_not_move_the_others(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    assert zhengwen("clean", *APART, articles, articles, "/nowhere/x.md", "-o", "out").returncode == 2
    assert others_done(tmp_path / "out")


def test_a_file_name_that_is_not_utf_8(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    odd = os.fsencode(articles) + b"/" + "文章".encode("gbk") + b".md"
    Path(os.fsdecode(odd)).write_text(TAILED, encoding="utf-8")
    checked = zhengwen("check", articles, "--format", "concise", PYTHONIOENCODING="utf-8:strict")
    assert checked.returncode == 1
    assert b"internal error" not in checked.stderr
    assert zhengwen("clean", *APART, articles, "-o", "out").returncode == 0
    assert (tmp_path / "out" / os.fsdecode("文章".encode("gbk") + b".md")).read_text() == PLAIN


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("decoder", {"change": 0.1, "caution": -30, "whole": 0.8}),
        ("calibration", {"said": "x"}),
        ("files", []),
        ("format", None),
    ],
)
def test_an_altered_card(zhengwen: Run, articles: Path, tmp_path: Path, change: str, value: object) -> None:
    model = tmp_path / "model"
    shutil.copytree(default_path(), model)
    card = json.loads((model / "card.json").read_text())
    (model / "card.json").write_text(json.dumps(card | {change: value}))
    for args in (("check", articles, "--model", model), ("model", "info", model), ("model", "verify", model)):
        done = zhengwen(*args)
        assert done.returncode == 2
        assert b"internal error" not in done.stderr


@pytest.mark.parametrize(
    ("row", "said"),
    [({"text": "正文\ud800"}, "surrogate"), ({"text": "正文广告尾巴"}, "mark nothing")],
)
def test_labels_that_cannot_teach(zhengwen: Run, tmp_path: Path, row: dict[str, str], said: str) -> None:
    rows = [{"id": n, "source": n, "label": []} | row for n in range(8)]
    (tmp_path / "l.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = zhengwen("train", "l.jsonl", "-o", "model")
    assert done.returncode == 2
    assert said in done.stderr.decode()
