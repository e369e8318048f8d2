"""Results by content, in one SQLite file. Whatever goes wrong with it, the run goes on without."""

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

_FORMAT = 1
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# https://bford.info/cachedir/\n"
_DAYS = 30
"""Results that no run asked for in so many days are forgotten."""
_PATIENCE = 2.0
"""Seconds to wait for another process that writes."""
_AT_ONCE = 500
_TABLES = """
CREATE TABLE contexts (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE results (context INTEGER, key BLOB, day INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (context, key))
    WITHOUT ROWID;
"""


class Cache:
    """Texts by context (what decided them) and key (what they were decided about)."""

    def __init__(self, folder: Path) -> None:
        self._today = int(time.time() // 86400)
        self._contexts: dict[str, int] = {}
        self._fresh: list[tuple[int, bytes, int, str]] = []
        self._stale = False
        self._base = self._opened(folder)

    def get(self, context: str, keys: Sequence[bytes]) -> dict[bytes, str]:
        """What is known of the keys."""
        found: dict[bytes, str] = {}
        with self._forgiven():
            number = self._number(context)
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, value, day FROM results WHERE context = ? AND key IN ({marks})"
                for key, value, day in self._rows(query, (number, *some)):
                    found[key] = value
                    self._stale |= day != self._today
            if self._stale and found:
                self._fresh += [(number, key, self._today, value) for key, value in found.items()]
                self._stale = False
        return found

    def put(self, context: str, values: Mapping[bytes, str]) -> None:
        """Remembers values; they are written now and then, and when the cache is closed."""
        with self._forgiven():
            number = self._number(context)
            self._fresh += [(number, key, self._today, value) for key, value in values.items()]
            if len(self._fresh) >= _AT_ONCE:
                self._write()

    def close(self) -> None:
        """Writes what is left."""
        with self._forgiven():
            self._write()
        if self._base:
            self._base.close()
            self._base = None

    def __enter__(self) -> "Cache":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self, folder: Path) -> sqlite3.Connection | None:
        path = folder / "results.sqlite"
        with contextlib.suppress(OSError, sqlite3.Error):
            _prepare(folder)
            try:
                return _connected(path)
            except sqlite3.DatabaseError as e:
                if isinstance(e, sqlite3.OperationalError):
                    return None
                path.unlink()
                return _connected(path)
        return None

    def _rows(self, query: str, values: Sequence[object]) -> Iterable[tuple[bytes, str, int]]:
        return self._base.execute(query, values) if self._base else ()

    def _number(self, context: str) -> int:
        if context not in self._contexts and self._base:
            self._contexts[context] = self._found(context)
        return self._contexts.get(context, 0)

    def _found(self, context: str) -> int:
        assert self._base
        query = "SELECT id FROM contexts WHERE name = ?"
        row = self._base.execute(query, (context,)).fetchone()
        if not row:
            with self._base:
                self._base.execute("INSERT OR IGNORE INTO contexts (name) VALUES (?)", (context,))
            row = self._base.execute(query, (context,)).fetchone()
        return int(row[0])

    def _write(self) -> None:
        if not (self._base and self._fresh):
            return
        with self._base:
            self._base.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", self._fresh)
            self._base.execute("DELETE FROM results WHERE day < ?", (self._today - _DAYS,))
        self._fresh = []

    @contextlib.contextmanager
    def _forgiven(self) -> Iterator[None]:
        """Goes on without the cache if it fails."""
        try:
            yield
        except (OSError, sqlite3.Error, ValueError):
            base, self._base = self._base, None
            with contextlib.suppress(sqlite3.Error):
                if base:
                    base.close()


def _prepare(folder: Path) -> None:
    """Makes the folder, which git and back-ups leave out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")


def _connected(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=_PATIENCE)
    try:
        base.execute("PRAGMA synchronous = OFF")
        if base.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
            base.executescript(
                "BEGIN IMMEDIATE; DROP TABLE IF EXISTS results; DROP TABLE IF EXISTS contexts;"
                f"{_TABLES} PRAGMA user_version = {_FORMAT}; COMMIT;"
            )
    except sqlite3.Error:
        base.close()
        raise
    return base
