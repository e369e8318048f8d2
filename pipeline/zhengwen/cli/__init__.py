"""The command line: one module a command, one boundary for errors.

Exit codes: 0 clean or done; 1 findings, or a change under ``--diff``; 2 the job could not be done; 130 interrupted.
"""

import contextlib
import errno
import functools
import importlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

import click

from zhengwen import __version__
from zhengwen.errors import ZhengwenError
from zhengwen.reports.terminal import harmless, harmless_line

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy is: its threads wait in a loop for products too small to share

_settings = {"verbose": False}
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_COMMANDS = ("clean", "check", "explain", "config", "dedup", "restore", "report", "label", "train", "evaluate", "model")


class _Commands(click.Group):
    """Imports a command's module when it is called: start-up is a feature of a tool for CI."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        return _loaded(cmd_name) if cmd_name in _COMMANDS else None


@functools.cache
def _loaded(name: str) -> click.Command:
    command: click.Command = importlib.import_module(f"zhengwen.cli.{name}").command
    return _general(command)


def _general(command: click.Command) -> click.Command:
    """The command, and those below it, with the options of all commands: they may stand before its name or after."""
    command.params += [
        click.Option([*names], expose_value=False, callback=_heed, **settings) for names, settings in _OPTIONS
    ]
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _general(inner)
    return command


_OPTIONS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("-q", "--quiet"), {"is_flag": True, "help": "Print no progress and no summary."}),
    (("-v", "--verbose"), {"is_flag": True, "help": "Say more; show the traceback of an unexpected error."}),
    (
        ("--color",),
        {"type": click.Choice(["auto", "always", "never"]), "help": "Colour of the output.  [default: auto]"},
    ),
)


def _heed(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Heeds an option that was given, wherever it stands; of two colours the last one."""
    heard: dict[str, bool] = ctx.ensure_object(dict)
    if param.name == "color":
        if value or not ctx.parent:
            ctx.color = _color(value or "auto")
        return
    heard[param.name or ""] = bool(value) or heard.get(param.name or "", False)
    _settings["verbose"] = heard.get("verbose", False)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="zhengwen")
def cli() -> None:
    """Gives scraped Chinese articles their main text back.

    Finds advertisements, pleas, notices and navigation that grew into the text, and removes them.
    """


_general(cli)


def _color(choice: str) -> bool | None:
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def main(args: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code. What is not a finding never returns 1."""
    _settings["verbose"] = False
    try:
        for output in (sys.stdout, sys.stderr):
            if isinstance(output, io.TextIOWrapper):
                output.reconfigure(encoding="utf-8", errors="backslashreplace")
        with _stoppable():
            code = _run(args)
        if sys.stdout:
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except OSError:
        return _unheard()


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """A request to end (SIGTERM: a cancelled job) ends a run as Ctrl-C does, with what it made cleared away."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    try:
        before = {signal.SIGTERM: signal.signal(signal.SIGTERM, end)}
    except ValueError:  # not the main thread: a program that holds this one decides
        yield
        return
    watching = signal.getsignal(signal.SIGINT) is signal.default_int_handler and hasattr(signal, "setitimer")
    if watching:
        before |= {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGALRM)}
    try:
        yield
    finally:
        if watching:
            signal.setitimer(signal.ITIMER_REAL, 0)  # an alarm that came later would kill
        for number, handler in before.items():
            signal.signal(number, handler)


_IMPORTING = "<frozen importlib"
_SOON = 0.02
"""Seconds."""


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Ctrl-C, put off while Python is at importing: it drops what is raised in a callback of its locks, with a message,
    and goes on."""
    if frame is not None and frame.f_code.co_filename.startswith(_IMPORTING):
        signal.setitimer(signal.ITIMER_REAL, _SOON)
    else:
        signal.default_int_handler(number, frame)


def _run(args: Sequence[str] | None) -> int:
    """The exit code; an error of standard output or standard error themselves is passed on."""
    try:
        return int(cli.main(None if args is None else list(args), prog_name="zhengwen", standalone_mode=False) or 0)
    except SystemExit as e:
        return _unheard() if e.code == 1 else int(e.code or 0)
    except click.ClickException as e:
        _tell_usage(e)
    except (click.Abort, KeyboardInterrupt):
        click.echo("zhengwen: interrupted", err=True)
        return 130
    except ZhengwenError as e:
        click.echo(f"zhengwen: error: {harmless(str(e))}", err=True)
    except BrokenPipeError:
        raise
    except Exception as e:
        _tell_unexpected(e)
    return 2


def _tell_usage(error: click.ClickException) -> None:
    """What is wrong with the usage, without what the arguments would have a terminal or a log obey."""
    told = io.StringIO()
    error.show(told)
    for line in told.getvalue().splitlines():
        click.echo(harmless_line(line), err=True)


def _tell_unexpected(error: Exception) -> None:
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        click.echo(f"zhengwen: error: the output cannot be written ({error.strerror})", err=True)
        _unheard()
        return
    if _settings["verbose"]:
        import traceback

        traceback.print_exception(error)
    what = harmless(f"{type(error).__name__}: {error}")
    click.echo(f"zhengwen: internal error: {what} (-v shows where; please report it)", err=True)


def _unheard() -> int:
    """Nobody reads on: what is still buffered goes nowhere (click turns a closed pipe into ``SystemExit(1)``)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in (sys.stdout, sys.stderr):
        try:
            output.flush()
        except (OSError, ValueError, AttributeError):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                os.dup2(nowhere, output.fileno())
    return 2
