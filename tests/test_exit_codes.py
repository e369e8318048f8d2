"""One contract in every format: 0 nothing, 1 findings, 2 could not be done, 130 interrupted; nothing else is 1."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COMMAND, TAILED, Run

from zhengwen.model import default_path
from zhengwen.reports.formats import FORMATS

every_format = pytest.mark.parametrize("form", FORMATS)


@every_format
def test_findings_errors_and_neither(zhengwen: Run, articles: Path, form: str) -> None:
    def code(*args: object) -> int:
        return zhengwen("check", "--format", form, *args).returncode

    assert code(articles / "plain.md") == 0
    assert code(articles / "tail.md") == 1
    assert code(articles / "tail.md", "gone.md") == 2
    assert code(articles / "plain.md", "gone.md", "--exit-zero") == 2
    assert code("gone.md") == 2
    assert code() == 2
    assert code("--no-such-option", articles) == 2
    assert code("--min-score", "x", articles) == 2


@every_format
def test_a_crash_is_no_finding(articles: Path, form: str) -> None:
    code = (
        "import sys; from zhengwen import cleaning\n"
        "def crash(*a): raise RuntimeError('\\x1b[2J\\n::error::forged')\n"
        "cleaning.Cleaner.clean = crash\n"
        "from zhengwen.cli import main; sys.exit(main(['check', '--no-cache', '--report', 'sarif=r', *sys.argv[1:]]))"
    )
    command = [sys.executable, "-c", code, "--format", form, str(articles)]
    done = subprocess.run(command, capture_output=True, check=False, cwd=articles)
    assert done.returncode == 2
    assert b"internal error: RuntimeError" in done.stderr
    assert b"\x1b" not in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith(b"::")]
    assert not [p for p in articles.iterdir() if p.name in ("r",) or p.name.startswith(".zhengwen-")]


@every_format
def test_an_interrupt_is_130_and_leaves_no_report(articles: Path, tmp_path: Path, form: str) -> None:
    model = tmp_path / "model"
    shutil.copytree(default_path(), model)
    (model / "tagger.output_bias.npy").unlink()
    os.mkfifo(model / "tagger.output_bias.npy")
    args = [COMMAND, "check", articles, "--format", form, "--report", "json=r.json", "--model", model, "--no-cache"]
    run = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    with (model / "tagger.output_bias.npy").open("wb"):
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=30)
    assert run.returncode == 130
    assert b"interrupted" in said
    assert b"Traceback" not in said
    assert not [p.name for p in tmp_path.iterdir() if p.name == "r.json" or p.name.startswith(".zhengwen-")]


@every_format
def test_a_closed_pipe_is_2_and_quiet(articles: Path, tmp_path: Path, form: str) -> None:
    for n in range(200):
        (articles / f"{n}.md").write_text(TAILED, encoding="utf-8")
    args = [COMMAND, "-q", "check", articles, "--format", form]
    run = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    assert run.stdout
    assert run.stderr
    run.stdout.close()
    said = run.stderr.read()
    assert run.wait(timeout=60) == 2
    assert said == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@every_format
def test_a_full_disk_is_2(articles: Path, tmp_path: Path, form: str) -> None:
    with Path("/dev/full").open("wb") as full:
        args = [COMMAND, "check", articles, "--format", form]
        done = subprocess.run(args, stdout=full, stderr=subprocess.PIPE, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_an_interrupt_that_python_would_drop_while_importing_still_interrupts(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        """
import os, signal, sys, time, weakref
from zhengwen import cli

def importing(*_, **__):
    code = compile("os.kill(os.getpid(), signal.SIGINT); done = 1; x = 1", "<frozen importlib._bootstrap>", "exec")
    class Lock: pass
    lock = Lock()
    hold = weakref.ref(lock, lambda _: exec(code, {"os": os, "signal": signal}))
    del lock
    time.sleep(10)

cli.cli.main = importing
sys.exit(cli.main([]))
""",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (130, "zhengwen: interrupted\n")
    script.write_text(
        script.read_text(encoding="utf-8")
        .replace("    time.sleep(10)\n", "")
        .replace("sys.exit(cli.main([]))", "code = cli.main([]); time.sleep(0.2); sys.exit(code)"),
        encoding="utf-8",
    )
    assert subprocess.run([sys.executable, script], check=False, timeout=30).returncode == 0, "the run was over"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "2>&1 | true"])
def test_closed_streams_are_no_findings(articles: Path, tmp_path: Path, closed: str) -> None:
    script = f'set -o pipefail; "$0" check gone.md "$1" {closed}; echo $? > code'
    subprocess.run(["bash", "-c", script, COMMAND, articles / "tail.md"], cwd=tmp_path, check=False)
    assert (tmp_path / "code").read_text().strip() == "2"


def test_usage_errors_repeat_nothing_that_a_log_would_obey(zhengwen: Run) -> None:
    for args in (("check", "--format", "\n::error::x"), ("\n##[error]x",), ("check", "a\n::error::x\x1b[2J.md")):
        done = zhengwen(*args)
        assert done.returncode == 2
        assert b"\x1b" not in done.stderr
        assert b"##[" not in done.stderr
        assert not [line for line in done.stderr.splitlines() if line.lstrip().startswith(b"::")]
