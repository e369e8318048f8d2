"""``zhengwen config``: which settings are in force, and where each comes from."""

from pathlib import Path
from typing import Any

import click

from zhengwen.cli.configured import Configured, current, parameter, source
from zhengwen.cli.shared import check_options
from zhengwen.configuration import KEYS
from zhengwen.reports.terminal import harmless


@click.command("config", cls=Configured)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@check_options
@click.option("--drop-adverts", is_flag=True, help="As of `clean`.")
def command(paths: tuple[str, ...], **values: Any) -> int:  # noqa: ARG001
    """Show the settings for these paths (or the working folder) as TOML, with where each value comes from.

    The command line has the last word, then the environment (ZHENGWEN_SELECT for --select), then the nearest
    zhengwen.toml or pyproject.toml with a table [tool.zhengwen], from the folder that holds all paths upward.
    """
    found = current()
    click.echo(f"# file: {harmless(str(found.file)) if found.file else 'none'}")
    lines = [(f"{key} = {_toml(values[parameter(key)])}", source(key)) for key in KEYS]
    column = max(len(line) for line, _ in lines)
    for line, where in lines:
        shown = f"# {line}" if line.endswith("= ") else line
        click.echo(f"{harmless(shown):<{column + 2}}  # {harmless(where)}")
    for entry in found.per_path:
        click.echo("\n[[per-path]]")
        for key, value in {"paths": entry.paths, **entry.values}.items():
            click.echo(harmless(f"{key} = {_toml(value)}"))
    return 0


def _toml(value: Any) -> str:
    """A value as TOML writes it; nothing for one that is not set."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str | Path):
        import json

        return json.dumps(str(value), ensure_ascii=False)
    return str(value)
