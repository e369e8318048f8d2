"""Paths that are left out: by patterns of the user, and by what git ignores."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zhengwen.patterns import Patterns

_GITIGNORE = ".gitignore"


@dataclass
class Excludes:
    """What is left out of the inputs, also of those named one by one.

    patterns: of the user, as in ``.gitignore``; they count from ``folder``.
    gitignore: whether what git ignores is left out too: ``.gitignore`` files of the repository that a path lies in, and
        its ``.git/info/exclude``.
    noted: the named paths that were left out, with the reason.
    """

    patterns: Sequence[str] = ()
    folder: Path = field(default_factory=Path.cwd)
    gitignore: bool = True
    noted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._own = _patterns(self.folder, self.patterns) if self.patterns else None
        self._rules: dict[str, tuple[Patterns, ...]] = {}
        self._ignored: dict[str, bool] = {}
        self._roots: dict[str, str] = {}

    def leaves_out(self, path: str, *, is_folder: bool = False) -> str:
        """What leaves an absolute path out, in words; empty if nothing does."""
        if self._own and self._own.match(path, is_folder=is_folder):
            return "exclude"
        if self.gitignore and self._is_ignored(path, is_folder=is_folder):
            return _GITIGNORE
        return ""

    def leaves_out_named(self, path: str) -> bool:
        """Whether a path that the user named is left out; then it is noted."""
        by = self.leaves_out(os.path.abspath(path), is_folder=os.path.isdir(path))  # noqa: PTH100, PTH112
        if by:
            self.noted.append(f"{path}: left out by {by}; --no-exclude reads it")
        return bool(by)

    def _is_ignored(self, path: str, *, is_folder: bool) -> bool:
        """As git decides: what lies in an ignored folder is ignored; else the nearest rule that says something."""
        parent = os.path.dirname(path)  # noqa: PTH120
        rules = self._rules_of(parent)
        if not rules and parent not in self._ignored:
            return False
        if self._is_folder_ignored(parent):
            return True
        for patterns in rules:
            verdict = patterns.verdict(path, is_folder=is_folder)
            if verdict is not None:
                return verdict
        return False

    def _is_folder_ignored(self, folder: str) -> bool:
        if folder not in self._ignored:
            root = self._root_of(folder)
            outside = not root or folder == root
            self._ignored[folder] = not outside and self._is_ignored(folder, is_folder=True)
        return self._ignored[folder]

    def _rules_of(self, folder: str) -> "tuple[Patterns, ...]":
        """The rules for what lies directly in a folder, the nearest first."""
        if folder not in self._rules:
            root = self._root_of(folder)
            if not root:
                self._rules[folder] = ()
            else:
                above = self._rules_of(os.path.dirname(folder)) if folder != root else _from(root, ".git/info/exclude")  # noqa: PTH120
                self._rules[folder] = _from(folder, _GITIGNORE) + above
        return self._rules[folder]

    def _root_of(self, folder: str) -> str:
        """The root of the repository that a folder lies in; empty outside of one."""
        if folder not in self._roots:
            parent = os.path.dirname(folder)  # noqa: PTH120
            here = os.path.exists(os.path.join(folder, ".git"))  # noqa: PTH110, PTH118
            self._roots[folder] = folder if here else "" if parent == folder else self._root_of(parent)
        return self._roots[folder]


def _from(folder: str, name: str) -> "tuple[Patterns, ...]":
    """The patterns of a file in a folder, from which they count; a file that cannot be read holds none."""
    try:
        text = Path(folder, name).read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return ()
    lines = text.splitlines()
    return (_patterns(Path(folder), lines),) if any(lines) else ()


def _patterns(folder: Path, lines: Sequence[str]) -> "Patterns":
    from zhengwen.patterns import Patterns

    return Patterns(folder, lines)
