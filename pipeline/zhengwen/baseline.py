"""Findings that a team knows of and lives with, in a file that git merges without conflicts.

A line an occurrence, sorted, without line numbers: it holds wherever the passage moves within its article, and follows
it into the file that took the place of one that is gone.
"""

import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zhengwen.articles import BOILERPLATE
from zhengwen.errors import BaselineError
from zhengwen.reports.findings import Record, encoded

_HEAD = '{"zhengwen-baseline": 1}'


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A known occurrence. path: relative to the folder of the file, with ``/``. excerpt: for people."""

    path: str
    kind: str
    fingerprint: str
    excerpt: str = field(compare=False)


def write(entries: Iterable[Entry]) -> str:
    """The text of a baseline."""
    lines = (
        encoded({"path": e.path, "kind": e.kind, "fingerprint": e.fingerprint, "excerpt": e.excerpt})
        for e in sorted(entries)
    )
    return "".join(f"{line}\n" for line in (_HEAD, *lines))


def read(path: Path) -> list[Entry]:
    """The entries of a baseline. Raises `BaselineError`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise BaselineError(f"{path}: there is no baseline here; --write-baseline {path} makes one") from None
    except (OSError, UnicodeDecodeError) as e:
        reason = e.strerror if isinstance(e, OSError) else "not UTF-8"
        raise BaselineError(f"{path}: the baseline cannot be read ({reason}); mend it or write it anew") from None
    if not lines or lines[0].strip() != _HEAD:
        raise BaselineError(f"{path}: is no baseline, its first line is not {_HEAD}; --write-baseline makes one")
    return [_entry(line, f"{path}, line {n}") for n, line in enumerate(lines[1:], 2) if line.strip()]


def _entry(line: str, where: str) -> Entry:
    try:
        row = json.loads(line)
        found = Entry(row["path"], row["kind"], row["fingerprint"], row.get("excerpt", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        wrong = "is a conflict of a merge" if line.startswith(("<<<<<<<", "=======", ">>>>>>>")) else "is no entry"
        raise BaselineError(f"{where}: {wrong}; mend it or write the baseline anew") from None
    if not all(isinstance(part, str) for part in (found.path, found.kind, found.fingerprint, found.excerpt)):
        raise BaselineError(f"{where}: is no entry, its members must be strings; write the baseline anew")
    if found.kind not in BOILERPLATE:
        raise BaselineError(f"{where}: unknown kind {found.kind!r}; choose from {', '.join(BOILERPLATE)}")
    return found


def place(path: Path, folder: Path) -> str:
    """The path of an article as an entry has it, for a baseline in a folder."""
    return os.path.relpath(os.path.abspath(path), os.path.abspath(folder)).replace(os.sep, "/")  # noqa: PTH100


def entries(path: str, records: Iterable[Record]) -> Iterator[Entry]:
    """Findings of an article as entries."""
    return (Entry(path, r.kind, r.fingerprint, r.excerpt) for r in records)


class Baseline:
    """The known occurrences, used up as they are met: a passage that comes up once more is a new finding."""

    def __init__(self, known: Sequence[Entry], folder: Path) -> None:
        self._left = Counter((e.path, e.kind, e.fingerprint) for e in known)
        self._gone = {p for p in {e.path for e in known} if not (folder / p).exists()}
        self._moved: dict[tuple[str, str], list[str]] = {}
        for e in known:
            if e.path in self._gone:
                self._moved.setdefault((e.kind, e.fingerprint), []).append(e.path)
        self._met: set[str] = set()

    def unknown(self, path: str, records: Sequence[Record]) -> list[Record]:
        """The findings of an article, all that there are, without those that are known."""
        self._met.add(path)
        return [r for r in records if not self._knows(path, r)]

    def _knows(self, path: str, record: Record) -> bool:
        here = (path, record.kind, record.fingerprint)
        if not self._left[here]:
            moved = self._moved.get((record.kind, record.fingerprint))
            if not moved:
                return False
            here = (moved.pop(), record.kind, record.fingerprint)
        self._left[here] -= 1
        return True

    def stale(self, kinds: Collection[str]) -> list[tuple[str, str, str]]:
        """Path, kind and fingerprint of entries of these kinds that nothing answers to any more, in articles that were
        met or are gone."""
        return sorted(
            key
            for key, left in self._left.items()
            for _ in range(left)
            if key[1] in kinds and (key[0] in self._met or key[0] in self._gone)
        )
