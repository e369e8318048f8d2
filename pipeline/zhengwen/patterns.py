"""Patterns of paths, as ``.gitignore`` has them."""

import os
from collections.abc import Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec


class Patterns:
    """Patterns that count from a folder; of those that match a path, or a folder that it lies in, the last decides."""

    def __init__(self, folder: Path, lines: Sequence[str]) -> None:
        self._folder = os.path.abspath(folder)  # noqa: PTH100  (resolve() would follow symbolic links)
        self._spec = GitIgnoreSpec.from_lines(lines)

    def verdict(self, path: str | Path, *, is_folder: bool = False) -> bool | None:
        """True if the patterns match, False if one with ``!`` takes that back, None if they say nothing."""
        absolute = os.path.abspath(path)  # noqa: PTH100
        if not absolute.startswith(self._folder.rstrip(os.sep) + os.sep):
            return None
        inside = os.path.relpath(absolute, self._folder).replace(os.sep, "/")
        return self._spec.check_file(f"{inside}/" if is_folder else inside).include

    def match(self, path: str | Path, *, is_folder: bool = False) -> bool:
        """Whether the patterns match."""
        return self.verdict(path, is_folder=is_folder) is True
