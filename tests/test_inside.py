"""Progress inside of a large file: shown on a terminal, and nowhere else."""

import io
import sys
import time
from pathlib import Path

import click
import pytest

from zhengwen.cli.inside import Inside
from zhengwen.readers import Source

LARGE = Source("sub/large.jsonl", Path("large.jsonl"), 100_000_000)
SMALL = Source("small.jsonl", Path("small.jsonl"), 1000)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, source: Source, *, quiet: bool = False) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    with click.Context(click.Command("clean"), obj={"quiet": quiet}), Inside() as inside:
        for _ in range(3):
            inside.add(source, 10_000_000)
            time.sleep(0.11)
    return stream.getvalue()


def test_a_terminal_sees_records_and_bytes_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    said = told(monkeypatch, Terminal(), LARGE)
    assert "sub/large.jsonl" in said
    assert "2 records" in said
    assert "B/s" in said


def test_others_see_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, io.StringIO(), LARGE) == ""
    assert told(monkeypatch, Terminal(), LARGE, quiet=True) == ""
    assert told(monkeypatch, Terminal(), SMALL) == ""
