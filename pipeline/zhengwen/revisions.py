"""What changed since a revision of git: files and their lines, as git itself tells."""

import os
import re
import subprocess
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zhengwen.errors import RevisionError

_HUNK = re.compile(rb"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
Lines = tuple[tuple[int, int], ...]
"""First and last line (from 1, as git counts: a line ends with a line feed) of each changed stretch, sorted."""
_ALL: Lines = ((1, 1 << 62),)


@dataclass(frozen=True, slots=True)
class Changes:
    """Files that differ from a revision, new ones included, by absolute path; of each the lines that are not in it."""

    files: Mapping[str, Lines]

    def has(self, path: Path) -> bool:
        """Whether the file changed or is new."""
        return _real(path) in self.files

    def touch(self, path: Path, text: str, start: int, end: int) -> bool:
        """Whether a passage of the file, in code points, holds a changed line."""
        first = text.count("\n", 0, start) + 1
        return self.hold(path, first, first + text.count("\n", start, max(start, end - 1)))

    def hold(self, path: Path, first: int, last: int) -> bool:
        """Whether one of these lines of the file, from 1, changed."""
        lines = self.files.get(_real(path), ())
        at = bisect_right(lines, (last, 1 << 62)) - 1
        return at >= 0 and lines[at][1] >= first


def _real(path: Path) -> str:
    """The path with links in its folders followed: git knows files below its root by that name."""
    return os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118


def changes(folder: Path, revision: str) -> Changes:
    """What changed in the repository of a folder since the revision, or since the branch left it: committed, staged,
    not staged, and files that git does not know. Renamed files are followed. Raises `RevisionError`.
    """
    while not folder.is_dir():
        folder = folder.parent
    wrong = f"{folder} lies in no git repository, so --since says nothing; leave it out"
    top = _git(folder, "rev-parse", "--show-toplevel", wrong=wrong)
    root = Path(os.path.realpath(os.fsdecode(top.rstrip(b"\n"))))
    commit = _commit(root, revision)
    found = dict(_changed(root, commit))
    for name in _git(root, "ls-files", "-z", "--others", "--exclude-standard").split(b"\0"):
        if name:
            found[name] = _ALL
    return Changes({os.path.join(root, os.fsdecode(name)): lines for name, lines in found.items()})  # noqa: PTH118


def _commit(root: Path, revision: str) -> str:
    """The commit to compare with: where the branch left the revision, if they have one in common."""
    wrong = f"{revision!r} names no commit in {root}; fetch it first (a shallow clone holds few), or name another"
    named = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", wrong=wrong)
    commit = named.decode().strip()
    try:
        return _git(root, "merge-base", commit, "HEAD").decode().strip()
    except RevisionError:
        return commit


def _changed(root: Path, commit: str) -> Iterator[tuple[bytes, Lines]]:
    """Names and lines of the files that git knows; those that it cannot compare count as changed in every line.

    The names come from the raw part, where nothing is quoted; the patches follow in the same order.
    """
    options = ("--raw", "--patch", "-z", "--unified=0", "--find-renames", "--diff-filter=ACMR", "--abbrev=40")
    plain = ("--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules")
    told = _git(root, "diff", *options, *plain, commit, "--")
    names: list[bytes] = []
    place = 0
    while told[place : place + 1] == b":":
        status, name, place = _field(told, place)
        if status.rsplit(b" ", 1)[1][:1] in b"RC":
            _, name, place = _second(told, place)
        names.append(name)
    patches = re.split(rb"(?m)^diff --git ", told[place:].lstrip(b"\0"))[1:]
    if len(patches) != len(names):
        yield from ((name, _ALL) for name in names)
        return
    for name, patch in zip(names, patches, strict=True):
        yield name, _ALL if b"\nBinary files " in patch else tuple(_hunks(patch))


def _field(told: bytes, place: int) -> tuple[bytes, bytes, int]:
    """A status and the name after it, and where they end."""
    middle = told.index(b"\0", place)
    end = told.index(b"\0", middle + 1)
    return told[place:middle], told[middle + 1 : end], end + 1


def _second(told: bytes, place: int) -> tuple[bytes, bytes, int]:
    """The new name of a renamed file, and where it ends."""
    end = told.index(b"\0", place)
    return b"", told[place:end], end + 1


def _hunks(patch: bytes) -> Iterator[tuple[int, int]]:
    for line in patch.split(b"\n"):
        hunk = _HUNK.match(line) if line.startswith(b"@@ ") else None
        if hunk:
            first, count = int(hunk[1]), int(hunk[2] or b"1")
            if count:
                yield first, first + count - 1


def _git(folder: Path, *args: str, wrong: str = "") -> bytes:
    """The output of git, which runs no program that the repository names. Raises `RevisionError`."""
    settings: Sequence[str] = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "diff.noprefix=false")
    command = ["git", "-C", str(folder), *settings, *args]
    environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, env=environment)
    except OSError as e:
        raise RevisionError(f"git cannot be run ({e.strerror}); --since needs it") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[0] if said else f"exit code {done.returncode}"
        raise RevisionError(
            wrong if wrong and "dubious" not in reason else f"git {args[0]} failed in {folder}: {reason}"
        )
    return done.stdout
