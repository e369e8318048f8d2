"""Several processes do what one does: the same bytes, whatever is interrupted or killed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import COMMAND, ROOT, TAILED, Run
from test_cli_clean import tree
from test_killed import content, left_over

from zhengwen import readers
from zhengwen.cli import main
from zhengwen.engines import Engine, Here
from zhengwen.engines.processes import Processes
from zhengwen.engines.shared import share
from zhengwen.errors import EngineError

SAMPLES = ROOT / "samples" / "articles"
COPIES = 18
"""Of the samples, so that there are several batches of a megabyte."""
on_linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")


@pytest.fixture
def some(tmp_path: Path) -> Path:
    """Articles and shards of records in several small batches."""
    folder = tmp_path / "some"
    shutil.copytree(SAMPLES, folder)
    articles = [p.read_text(encoding="utf-8") for p in sorted(SAMPLES.rglob("*.md"))]
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in articles]
    (folder / "records.jsonl").write_text("\n".join([*lines, "not a record", *lines]) + "\n", encoding="utf-8")
    (folder / "broken.md").write_bytes(b"\xff\xfe\xff\xfe\xff" + TAILED.encode("gb18030"))
    return folder


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So many articles that a run of them can be met in its middle."""
    folder = tmp_path_factory.mktemp("heap")
    for number in range(COPIES):
        shutil.copytree(SAMPLES, folder / f"{number:02}")
    return folder


def without_progress(said: str) -> list[str]:
    return [line for line in re.split(r"[\r\n]", said) if line and "article/s" not in line]


def test_the_same_bytes_with_any_number_of_jobs(
    some: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(readers, "SHARD_ARTICLES", 6)
    monkeypatch.chdir(tmp_path)
    told: dict[int, list[object]] = {}
    for jobs in (1, 2, 4):
        commands = [["clean", str(some), "-o", f"out{jobs}", "--drop-adverts"]]
        if jobs < 4:
            commands += [["check", str(some), "--format=jsonl", "--no-cache"], ["clean", str(some), "--diff"]]
        codes = [main([*command, f"--jobs={jobs}"]) for command in commands]
        said = capfd.readouterr()
        out = tmp_path / f"out{jobs}"
        told[jobs] = [tree(out), content(out), codes, said.out, without_progress(said.err)]
    assert len(tree(tmp_path / "out1")) > 30
    assert told[1][2] == [2, 2, 2]
    assert "removed" in str(told[1][4])
    assert told[2] == told[1]
    assert told[4][:2] == told[1][:2]


def test_a_file_that_is_cleaned_or_checked_alone_starts_no_process_and_imports_no_joblib(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(TAILED, encoding="utf-8")
    code = (
        "import sys; from zhengwen.cli import main; code = main(['-q', *sys.argv[1:]]);"
        "print([m for m in ('joblib', 'multiprocessing', 'sklearn', 'scipy', 'tqdm') if m in sys.modules], code)"
    )
    for args, expected in ((["check", "--no-cache", "a.md"], "[] 1"), (["clean", "--in-place", "a.md"], "[] 0")):
        done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, check=True, cwd=tmp_path)
        assert done.stdout.decode().splitlines()[-1] == expected


def test_jobs_that_are_no_number_are_refused(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(TAILED, encoding="utf-8")
    for wrong in ("0", "-1", "many"):
        done = zhengwen("check", "a.md", "--jobs", wrong)
        assert done.returncode == 2
        assert "neither a number of processes, 1 or more, nor auto" in done.stderr.decode()


def started(*args: object) -> subprocess.Popen[bytes]:
    """The command in a session of its own, as a shell in a terminal would start it."""
    return subprocess.Popen(
        [COMMAND, *map(str, args)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )


def processes(session: int) -> Iterator[int]:
    """The living processes of a session."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, found, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
            except (OSError, ValueError):
                continue
            if int(found) == session and state != "Z":
                yield int(entry.name)


def eventually(so: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not (found := so()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def in_its_middle(heap: Path, out: Path, *options: object) -> subprocess.Popen[bytes]:
    """A run of which some outputs are there, and others not."""
    run = started("clean", heap, "-o", out, "--dedup", "off", "--jobs", 2, *options)
    assert eventually(lambda: len(list(out.rglob("*.md"))) > 0)
    return run


def is_taken_up(zhengwen: Run, heap: Path, out: Path, before: int) -> None:
    """The same command, given again, ends as a run does that nothing happened to."""
    assert 0 < before < len(list(heap.rglob("*.md")))
    assert left_over(out) == []
    done = zhengwen("clean", heap, "-o", out, "--dedup", "off", "--jobs", "1")
    assert done.returncode == 0
    assert "finished by an earlier run, not done again" in done.stderr.decode()
    zhengwen("clean", heap, "-o", "whole", "--dedup", "off", "--jobs", "1")
    assert tree(out) == tree(out.parent / "whole")
    assert content(out) == content(out.parent / "whole")


@on_linux
def linger(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(60)


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_work_that_is_interrupted_is_dropped_in_silence(tmp_path: Path) -> None:
    def interrupt() -> None:
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.01)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt), Processes(2) as engine:
        list(engine.map(linger, [tmp_path] * 6))


def test_an_interrupted_run_ends_at_once_and_can_be_taken_up(zhengwen: Run, heap: Path, tmp_path: Path) -> None:
    run = in_its_middle(heap, tmp_path / "out")
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=60)
    before = len(list((tmp_path / "out").rglob("*.md")))
    assert run.returncode == 130
    assert b"Traceback" not in said
    assert said.decode().splitlines()[-1].startswith("zhengwen: interrupted")
    assert eventually(lambda: not list(processes(run.pid)))
    is_taken_up(zhengwen, heap, tmp_path / "out", before)


@on_linux
def test_a_cancelled_run_leaves_no_process_and_no_file_behind(
    zhengwen: Run, heap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "temporary"
    there.mkdir()
    monkeypatch.setenv("TMPDIR", str(there))
    run = in_its_middle(heap, tmp_path / "out")
    os.kill(run.pid, signal.SIGTERM)
    _, said = run.communicate(timeout=60)
    before = len(list((tmp_path / "out").rglob("*.md")))
    assert run.returncode == 128 + signal.SIGTERM
    assert b"Traceback" not in said
    assert eventually(lambda: not list(processes(run.pid)))
    assert not [p for p in there.rglob("*") if p.is_file()]
    is_taken_up(zhengwen, heap, tmp_path / "out", before)


@on_linux
def test_a_killed_worker_is_told_and_the_run_can_be_taken_up(zhengwen: Run, heap: Path, tmp_path: Path) -> None:
    run = in_its_middle(heap, tmp_path / "out")
    workers = [p for p in processes(run.pid) if b"popen_loky" in Path(f"/proc/{p}/cmdline").read_bytes()]
    os.kill(workers[0], signal.SIGKILL)
    _, said = run.communicate(timeout=60)
    before = len(list((tmp_path / "out").rglob("*.md")))
    assert run.returncode == 2
    assert "one of 2 worker processes was killed" in said.decode()
    assert "give the same command again" in said.decode()
    assert b"Traceback" not in said
    is_taken_up(zhengwen, heap, tmp_path / "out", before)


@on_linux
def test_workers_end_when_nobody_is_left_to_work_for(heap: Path, tmp_path: Path) -> None:
    run = in_its_middle(heap, tmp_path / "out")
    run.kill()
    run.communicate()
    assert eventually(lambda: not list(processes(run.pid)), seconds=20)


def halves(numbers: list[int]) -> list[float]:
    return [1 / n for n in numbers]


@pytest.mark.parametrize("engine", [Here(), Processes(2)], ids=["here", "processes"])
def test_results_and_errors_come_in_the_order_of_the_items(engine: Engine) -> None:
    found = engine.map(halves, ([n, n] for n in (1, 2, 4, 0, 5)))
    assert [next(found) for _ in range(3)] == [[1, 1], [0.5, 0.5], [0.25, 0.25]]
    with pytest.raises(ZeroDivisionError):
        next(found)
    if isinstance(engine, Processes):
        engine.__exit__()


def test_items_are_taken_only_so_far_ahead() -> None:
    taken = []

    def items() -> Iterator[list[int]]:
        for number in range(1, 100):
            taken.append(number)
            yield [number]

    with Processes(2) as engine:
        found = engine.map(halves, items())
        next(found)
        assert len(taken) <= 6 + 1


def die(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_dies_is_an_error_of_its_own() -> None:
    with Processes(2) as engine, pytest.raises(EngineError, match="was killed"):
        list(engine.map(die, [[1], [2]]))


def test_a_shared_value_is_mapped_and_not_copied(tmp_path: Path) -> None:
    given = {"big": np.arange(1_000_000, dtype=np.float32), "odd": np.arange(5, dtype=np.uint8), "text": "正文"}
    shared = share(given, tmp_path / "value")
    found = shared.value()
    assert found["text"] == given["text"]
    for name in ("big", "odd"):
        assert np.array_equal(found[name], given[name])
        assert not found[name].flags.owndata
        assert not found[name].flags.writeable
    assert sum(end - start for start, end in shared.spans[1:]) == 4_000_005
