"""What a command would ignore is a usage error, and an error says the way out."""

import pytest
from conftest import TAILED, Run

from zhengwen.reports.findings import graded


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("config", "nope"), "nope: no such file or folder"),
        (("clean", "--diff", "in", "-o", "out"), "--diff writes nothing, and out holds nothing that was put back"),
        (("clean", "--diff", "in", "--overwrite"), "leave --overwrite out"),
        (("clean", "--diff", "in", "--dedup", "near"), "--diff does not compare articles"),
        (("check", "in", "-q"), "-q goes before the command: zhengwen -q check"),
        (("clean", "in", "--verbose"), "--verbose goes before the command: zhengwen --verbose clean"),
    ],
)
def test_what_would_be_ignored_is_refused(zhengwen: Run, articles: object, args: tuple[str, ...], said: str) -> None:  # noqa: ARG001
    done = zhengwen(*args)
    assert done.returncode == 2
    assert said in done.stderr.decode()


def test_one_thing_is_not_called_several(zhengwen: Run, tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path)) / "in"
    folder.mkdir()
    (folder / "tail.md").write_text(TAILED, encoding="utf-8")
    fixed = zhengwen("check", "in", "--fix").stderr.decode()
    assert "fixed: 1 passage in 1 article; `zhengwen restore in --list` shows what went" in fixed
    assert "1 original in back" in zhengwen("restore", "in", "-o", "back").stderr.decode()


@pytest.mark.parametrize(
    ("score", "said"), [(0.8955, "0.89"), (0.9, "0.90"), (0.8999, "0.89"), (1, "1.00"), (0, "0.00")]
)
def test_a_score_is_never_shown_higher_than_it_is(score: float, said: str) -> None:
    assert graded(score) == said
