"""Paths of this machine, where a URL would otherwise be taken for a folder of that name."""

from pathlib import Path
from typing import Any

import click

from zhengwen.storage import is_url


class LocalPath(click.Path):
    """A file or folder of this machine, as a `Path`."""

    def __init__(self, *, exists: bool = False, file_okay: bool = True) -> None:
        super().__init__(exists=exists, file_okay=file_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Fails for a URL."""
        if isinstance(value, str):
            check_local(value)
        return super().convert(value, param, ctx)


def check_local(path: str) -> None:
    """Raises `click.UsageError` for a URL, unless a file is called so."""
    if is_url(path) and not Path(path).exists():
        raise click.UsageError(f"{path}: only `clean` and `restore` work by URL; copy the files here first")
