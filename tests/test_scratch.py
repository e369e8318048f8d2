"""A temporary folder goes with its process: at once when it ends, with the next run when it was killed."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from zhengwen.engines.scratch import FRESH, LOCK, PREFIX, Scratch, sweep

HOLDS = """
import sys
from zhengwen.engines.scratch import Scratch

scratch = Scratch()
print(scratch.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def aged(folder: Path) -> Path:
    """The folder, locked longer ago than what is left alone."""
    before = time.time() - 2 * FRESH
    os.utime(folder / LOCK, (before, before))
    return folder


def holder() -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen([sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_a_folder_goes_when_it_is_closed(there: Path) -> None:
    scratch = Scratch()
    (scratch.path / "model").write_bytes(b"x")
    scratch.close()
    assert not list(there.iterdir())


def test_what_a_killed_process_left_goes_with_the_next_run_and_what_a_living_one_holds_stays(there: Path) -> None:
    (living, held), (killed, left) = holder(), holder()
    try:
        (left / "model").write_bytes(b"x")
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        aged(held), aged(left)
        own = Scratch()
        assert set(there.iterdir()) == {held, own.path}
        aged(own.path)
        sweep(there)
        assert set(there.iterdir()) == {held, own.path}  # nor does a process take its own
        own.close()
    finally:
        for process in (living, killed):
            process.kill()
            process.wait()


def test_nothing_else_is_touched(there: Path) -> None:
    fresh, bare, other = (there / name for name in (f"{PREFIX}fresh", f"{PREFIX}bare", "other"))
    for folder in (fresh, bare, other):
        folder.mkdir()
    (fresh / LOCK).touch()
    (other / LOCK).touch()
    aged(other)
    (there / f"{PREFIX}file").touch()
    (there / f"{PREFIX}link").symlink_to(other)
    before = set(there.iterdir())
    sweep(there)
    assert set(there.iterdir()) == before
    assert (other / LOCK).exists()
