"""Lists of passages to keep, by fingerprint; apart from `zhengwen.keeping`, so that reading one needs no NumPy."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from zhengwen.errors import KeepListError, OutputError

KEEP_LIST = ".zhengwen-keep"
"""Name of the list that is found beside the inputs."""
_HEAD = "# passages that zhengwen keeps: a mark, then what you like"
_MARK = re.compile(r"[0-9a-f]{16}(?:~[0-9a-f]{32}\.[0-9]{1,9})?")


def read_list(path: Path) -> frozenset[str]:
    """The marks of a list: one a line, the rest of the line and lines that begin with ``#`` are comments.

    Raises `KeepListError`.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        reason = e.strerror if isinstance(e, OSError) else "not UTF-8"
        raise KeepListError(f"{path}: the list of kept passages cannot be read ({reason}); mend or remove it") from None
    found = set()
    for number, line in enumerate(lines, 1):
        said = line.split()
        if not said or said[0].startswith("#"):
            continue
        if not _MARK.fullmatch(said[0]):
            raise KeepListError(
                f"{path}, line {number}: {said[0]!r} is not a fingerprint of 16 hexadecimal digits; take it from "
                f"`zhengwen check --format jsonl`"
            )
        found.add(said[0])
    return frozenset(found)


def add(path: Path, said: Mapping[str, str]) -> int:
    """Adds marks to a list, each with what is said of it, and returns how many it did not hold yet.

    The lines that are there stay as they are. New ones take their place in the order of marks, which looks random: so
    what two people add on two branches seldom stands in the same place. Raises `KeepListError`, `OutputError`.
    """
    known = read_list(path) if path.exists() else frozenset[str]()
    fresh = sorted(f"{mark}  {' '.join(text.split())}".rstrip() for mark, text in said.items() if mark not in known)
    if not fresh:
        return 0
    lines = path.read_bytes().decode("utf-8-sig").splitlines(keepends=True) if path.exists() else [f"{_HEAD}\n"]
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n"
    merged: list[str] = []
    for line in lines:
        while _MARK.match(line) and fresh and fresh[0] < line:
            merged.append(f"{fresh.pop(0)}\n")
        merged.append(line)
    merged += (f"{line}\n" for line in fresh)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes("".join(merged).encode())
        partial.replace(path)
    except OSError as e:
        partial.unlink(missing_ok=True)
        raise OutputError(f"{path}: the list of kept passages cannot be written ({e.strerror})") from None
    return len(merged) - len(lines)
