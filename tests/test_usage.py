"""What a command would ignore is a usage error, and an error says the way out."""

import shutil
from pathlib import Path

import pytest
from conftest import Run

from zhengwen.reports.findings import graded
from zhengwen.reports.summary import counted


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("config", "nope"), "nope: no such file or folder"),
        (("clean", "--diff", "in", "-o", "out"), "--diff writes nothing, and out holds nothing that was put back"),
        (("clean", "--diff", "in", "--overwrite"), "leave --overwrite out"),
        (("clean", "--diff", "in", "--dedup", "near"), "--diff does not compare articles"),
    ],
)
def test_what_would_be_ignored_is_refused(zhengwen: Run, articles: Path, args: tuple[str, ...], said: str) -> None:  # noqa: ARG001
    done = zhengwen(*args)
    assert done.returncode == 2
    assert said in done.stderr.decode()


@pytest.mark.parametrize(
    "args",
    [
        ("check", "in"),
        ("clean", "in", "-o", "out"),
        ("explain", "in/tail.md"),
        ("config", "in"),
        ("dedup", "in", "-o", "kept"),
        ("label", "in", "-o", "todo.jsonl"),
        ("restore", "done", "-o", "back"),
        ("report", "done", "-o", "report.html"),
        ("model", "info"),
        ("evaluate", "labels.jsonl"),
        ("train", "nothing.jsonl", "-o", "model"),
    ],
    ids=" ".join,
)
def test_what_all_commands_understand_stands_before_the_command_or_after(
    zhengwen: Run, articles: Path, tmp_path: Path, args: tuple[str, ...]
) -> None:
    if "done" in args:
        zhengwen("clean", articles, "-o", "done")
    (tmp_path / "labels.jsonl").write_text('{"id": "1", "text": "正文在此。", "label": []}\n')
    general = ("-v", "--quiet", "--color", "always")
    before = zhengwen(*general, *args)
    for name in ("out", "kept", "back"):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
    (tmp_path / "todo.jsonl").unlink(missing_ok=True)
    after = zhengwen(*args, *general)
    assert (after.returncode, after.stdout, after.stderr) == (before.returncode, before.stdout, before.stderr)
    assert b"No such option" not in after.stderr


def test_the_advice_to_say_more_can_be_followed(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(30):
        (tmp_path / "in" / f"{number}.md").write_text("编译器先把源码读成语法树，再逐层变换，最后生成机器码。")
    advised = zhengwen("clean", "in", "-o", "out").stderr.decode()
    assert advised.count("left out, ") == 20
    assert "--verbose shows all" in advised
    told = zhengwen("clean", "in", "-o", "other", "--verbose").stderr.decode()
    assert (told.count("left out, "), "--verbose" in told) == (29, False)


def test_one_thing_is_not_called_several(zhengwen: Run, articles: Path) -> None:
    assert [counted(n, "passage") for n in (0, 1, 2000)] == ["0 passages", "1 passage", "2,000 passages"]
    zhengwen("clean", articles / "tail.md", "-o", "out")
    assert "1 original in back" in zhengwen("restore", "out", "-o", "back").stderr.decode()


@pytest.mark.parametrize(
    ("score", "said"), [(0.8955, "0.89"), (0.9, "0.90"), (0.8999, "0.89"), (1, "1.00"), (0, "0.00")]
)
def test_a_score_is_never_shown_higher_than_it_is(score: float, said: str) -> None:
    assert graded(score) == said
