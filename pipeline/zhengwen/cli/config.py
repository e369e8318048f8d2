"""``zhengwen config``: which settings are in force, and where each comes from."""

from pathlib import Path
from typing import Any

import click

from zhengwen.cli.configured import Configured, current, parameter, source, value
from zhengwen.cli.shared import check_options, copies_option, limit_options, max_removed_option, to_option
from zhengwen.configuration import KEYS
from zhengwen.reports.terminal import harmless


@click.command("config", cls=Configured)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@check_options
@click.option("--drop-adverts", is_flag=True, help="As of `clean`.")
@to_option
@max_removed_option
@copies_option
@limit_options
def command(paths: tuple[str, ...], **values: Any) -> int:
    """Show the settings for these paths (or the working folder) as TOML, with where each value comes from.

    The command line has the last word, then the environment (ZHENGWEN_SELECT for --select), then the nearest
    zhengwen.toml or pyproject.toml with a table [tool.zhengwen], from the folder that holds all paths upward.
    """
    for path in paths:
        if not Path(path).exists():
            raise click.UsageError(f"{path}: no such file or folder; name what exists, or nothing")
    found = current()
    click.echo(f"# file: {harmless(str(found.file)) if found.file else 'none'}")
    lines = [(f"{key} = {_toml(_value(values, key))}", source(key)) for key in KEYS]
    column = max(len(line) for line, _ in lines)
    for line, where in lines:
        shown = f"# {line}" if line.endswith("= ") else line
        click.echo(f"{harmless(shown):<{column + 2}}  # {harmless(where)}")
    for entry in found.per_path:
        click.echo("\n[[per-path]]")
        for key, said in {"paths": entry.paths, **entry.values}.items():
            click.echo(harmless(f"{key} = {_toml(said)}"))
    return 0


def _value(values: dict[str, Any], key: str) -> Any:
    name = parameter(key)
    return values[name] if name in values else value(key)


def _toml(said: Any) -> str:
    """A value as TOML writes it; nothing for one that is not set."""
    if said is None:
        return ""
    if isinstance(said, bool):
        return str(said).lower()
    if isinstance(said, tuple):
        return f"[{', '.join(map(_toml, said))}]"
    if isinstance(said, str | Path):
        import json

        return json.dumps(str(said), ensure_ascii=False)
    return str(said)
