"""The git repository around the inputs, as far as the file system shows it: git itself is not run."""

import os
from collections.abc import Sequence
from pathlib import Path

from zhengwen.readers import STDIN


def common_parent(paths: Sequence[str]) -> Path:
    """The nearest folder that holds all inputs (a folder holds itself), absolute; the working folder if there is none
    but standard input."""
    folders = [p if os.path.isdir(p) else os.path.dirname(p) for p in map(_absolute, paths) if p]  # noqa: PTH112, PTH120
    return Path(os.path.commonpath(folders)) if folders else Path.cwd()


def _absolute(path: str) -> str:
    return "" if path == STDIN else os.path.abspath(path)  # noqa: PTH100  (resolve() would follow symbolic links)


def root(folder: Path) -> Path | None:
    """The root of the repository that the folder lies in; None outside of one."""
    return next((f for f in (folder, *folder.parents) if (f / ".git").exists()), None)
