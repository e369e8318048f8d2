"""The command line: one module a command, one boundary for errors.

Exit codes: 0 clean or done; 1 findings, or a change under ``--diff``; 2 the job could not be done; 130 interrupted.
"""

import importlib
import io
import os
import sys
from collections.abc import Sequence

import click

from zhengwen import __version__
from zhengwen.errors import ZhengwenError

_settings = {"verbose": False}
_COMMANDS = ("clean", "check", "config", "train", "evaluate", "model")


class _Commands(click.Group):
    """Imports a command's module when it is called: start-up is a feature of a tool for CI."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"zhengwen.cli.{cmd_name}").command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="zhengwen")
@click.option("-q", "--quiet", is_flag=True, help="Print no progress and no summary.")
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an unexpected error.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour of the output.")
@click.pass_context
def cli(ctx: click.Context, quiet: bool, verbose: bool, color: str) -> None:
    """Gives scraped Chinese articles their main text back.

    Finds advertisements, pleas, notices and navigation that grew into the text, and removes them.
    """
    ctx.obj = {"quiet": quiet}
    _settings["verbose"] = verbose
    ctx.color = _color(color)


def _color(choice: str) -> bool | None:
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def main(args: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, io.TextIOWrapper):
            output.reconfigure(encoding="utf-8", errors="backslashreplace")
    _settings["verbose"] = False
    try:
        code = cli.main(None if args is None else list(args), prog_name="zhengwen", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except SystemExit as e:
        return _closed_pipe() if e.code == 1 else int(e.code or 0)
    except click.ClickException as e:
        e.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("zhengwen: interrupted", err=True)
        return 130
    except ZhengwenError as e:
        click.echo(f"zhengwen: error: {e}", err=True)
        return 2
    except BrokenPipeError:
        return _closed_pipe()
    except Exception as e:
        if _settings["verbose"]:
            import traceback

            traceback.print_exc()
        click.echo(f"zhengwen: internal error: {type(e).__name__}: {e} (-v shows where; please report it)", err=True)
        return 2


def _closed_pipe() -> int:
    """Nobody reads on: what is still buffered goes nowhere (click turns the error into ``SystemExit(1)``)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 2
