"""What a command would ignore is a usage error, and an error says the way out."""

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
        (("check", "in", "-q"), "-q goes before the command: zhengwen -q check"),
        (("clean", "in", "--verbose"), "--verbose goes before the command: zhengwen --verbose clean"),
    ],
)
def test_what_would_be_ignored_is_refused(zhengwen: Run, articles: Path, args: tuple[str, ...], said: str) -> None:  # noqa: ARG001
    done = zhengwen(*args)
    assert done.returncode == 2
    assert said in done.stderr.decode()


def test_one_thing_is_not_called_several(zhengwen: Run, articles: Path) -> None:
    assert [counted(n, "passage") for n in (0, 1, 2000)] == ["0 passages", "1 passage", "2,000 passages"]
    zhengwen("clean", articles / "tail.md", "-o", "out")
    assert "1 original in back" in zhengwen("restore", "out", "-o", "back").stderr.decode()


@pytest.mark.parametrize(
    ("score", "said"), [(0.8955, "0.89"), (0.9, "0.90"), (0.8999, "0.89"), (1, "1.00"), (0, "0.00")]
)
def test_a_score_is_never_shown_higher_than_it_is(score: float, said: str) -> None:
    assert graded(score) == said
