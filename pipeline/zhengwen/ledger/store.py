"""The ledger as one SQLite file in the ``.zhengwen`` folder of an output; docs/ledger.md describes the tables."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zhengwen.errors import LedgerError, OutputError
from zhengwen.ledger.entries import STATUSES, Cut, Entry, Key, Likeness, Passage

FOLDER = ".zhengwen"
NAME = "ledger.sqlite"
FORMAT = 1
"""SQLite's ``user_version``; a ledger of another one is refused."""

_SCHEMA = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, model TEXT NOT NULL, configuration TEXT NOT NULL, started REAL NOT NULL,
    UNIQUE (model, configuration)
);
CREATE TABLE articles (
    path TEXT NOT NULL, record TEXT NOT NULL, run INTEGER NOT NULL REFERENCES runs,
    hash TEXT NOT NULL, size INTEGER NOT NULL, form TEXT NOT NULL, encoding TEXT NOT NULL, newlines TEXT NOT NULL,
    status TEXT NOT NULL, cleaned TEXT, written TEXT NOT NULL, why TEXT NOT NULL,
    keeper_path TEXT, keeper_record TEXT, alike TEXT, jaccard REAL, containment REAL,
    whole BLOB, replaces TEXT, output TEXT NOT NULL, overwriting INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (path, record)
) WITHOUT ROWID;
CREATE INDEX duplicates ON articles (keeper_path) WHERE keeper_path IS NOT NULL;
CREATE TABLE passages (
    id TEXT NOT NULL, path TEXT NOT NULL, record TEXT NOT NULL, "start" INTEGER NOT NULL,
    "end" INTEGER NOT NULL, kind TEXT NOT NULL, score REAL NOT NULL, fingerprint TEXT NOT NULL, reasons TEXT NOT NULL,
    PRIMARY KEY (path, record, "start", id)
) WITHOUT ROWID;
CREATE INDEX passages_by_id ON passages (id);
CREATE TABLE cuts (
    path TEXT NOT NULL, record TEXT NOT NULL, "start" INTEGER NOT NULL, text TEXT NOT NULL, passage TEXT,
    PRIMARY KEY (path, record, "start")
) WITHOUT ROWID;
CREATE TABLE kept (
    path TEXT NOT NULL, record TEXT NOT NULL, fingerprint TEXT NOT NULL, PRIMARY KEY (path, record, fingerprint)
) WITHOUT ROWID;
"""

_PAGE = 200
_OF_ARTICLES = ("articles", "passages", "cuts")
UNFINISHED = "/"
"""What the path of a file of many articles ends with in the ledger until all of it is recorded; no file is named so."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the ledger knows of an article from before.

    run: the run that wrote it.
    overwriting: a file that could not be replaced as a whole was being overwritten, and nobody saw the end of it.
    """

    entry: Entry
    run: int
    overwriting: bool


class Ledger:
    """An open ledger. One process at a time works on it; every method that writes is one transaction."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database, self.path = database, path

    def run(self, model: str, configuration: dict[str, object]) -> int:
        """The number of the run with this model (its hash) and configuration; the same when it is repeated."""
        key = (model, json.dumps(configuration, sort_keys=True, ensure_ascii=False))
        with self._writing() as database:
            database.execute(
                "INSERT INTO runs (model, configuration, started) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (*key, time.time()),
            )
        row = self._row("SELECT id FROM runs WHERE model = ? AND configuration = ?", key)
        return int(row[0]) if row else 0

    def configuration(self, run: int) -> dict[str, Any]:
        """The configuration of a run; empty if there is no such run."""
        row = self._row("SELECT configuration FROM runs WHERE id = ?", (run,))
        found: dict[str, Any] = json.loads(row[0]) if row else {}
        return found

    def recorded(self, key: Key) -> Recorded | None:
        """What is recorded of an article."""
        row = self._row("SELECT * FROM articles WHERE path = ? AND record = ?", _key(key))
        return self._recorded(row) if row else None

    def articles(self) -> Iterator[Recorded]:
        """Everything recorded, by path and record; a page of it is held."""
        after, last = "", tuple[Any, ...]()
        while rows := self._rows(f"SELECT * FROM articles {after} ORDER BY path, record LIMIT {_PAGE}", last):
            yield from (r for r in map(self._recorded, rows) if not r.entry.key[0].endswith(UNFINISHED))
            after, last = "WHERE (path, record) > (?, ?)", rows[-1][:2]

    def files(self) -> Iterator[Recorded]:
        """The articles that are files, and the files of many articles, by path."""
        for (path,) in self._rows("SELECT path FROM articles WHERE record = '' ORDER BY path", ()):
            if found := self.recorded((_text(path), "")):
                yield found

    def duplicates(self) -> Iterator[Recorded]:
        """The articles that were left out as copies, by path and record."""
        query = "SELECT path, record FROM articles WHERE keeper_path IS NOT NULL ORDER BY path, record"
        for path, record in self._rows(query, ()):
            if found := self.recorded((_text(path), _text(record))):
                yield found

    def records(self, path: str, statuses: Sequence[str] = STATUSES) -> Iterator[Recorded]:
        """The records of a file that have one of the statuses, in the order of their keys; a page of them is held."""
        last: str | bytes = ""
        marks = ", ".join("?" * len(statuses))
        those = f"path = ? AND record > ? AND status IN ({marks})"
        query = f"SELECT * FROM articles WHERE {those} ORDER BY record LIMIT {_PAGE}"
        while rows := self._rows(query, (_stored(path), last, *statuses)):
            yield from map(self._recorded, rows)
            last = rows[-1][1]

    def holder(self, passage: str) -> Recorded | None:
        """The article of a passage."""
        query = "SELECT a.* FROM articles a JOIN passages p USING (path, record) WHERE p.id = ?"
        found = map(self._recorded, self._rows(query, (passage,)))
        return next((r for r in found if not r.entry.key[0].endswith(UNFINISHED)), None)

    def kept(self) -> dict[str, frozenset[str]]:
        """Marks of the passages that were put back, by path; those of earlier versions are fingerprints alone."""
        found: dict[str, set[str]] = {}
        for path, mark in self._rows("SELECT path, fingerprint FROM kept", ()):
            found.setdefault(_text(path), set()).add(mark)
        return {path: frozenset(marks) for path, marks in found.items()}

    def keep(self, within: Mapping[str, frozenset[str]]) -> None:
        """Remembers passages that were put back elsewhere, by path."""
        if within:
            with self._writing() as database:
                database.executemany(
                    "INSERT OR IGNORE INTO kept VALUES (?, '', ?)",
                    [(_stored(path), mark) for path, marks in within.items() for mark in sorted(marks)],
                )

    def write(self, run: int, entries: Sequence[Entry]) -> None:
        """Records articles in place of what was recorded of them."""
        with self._writing() as database:
            for entry in entries:
                _replace(database, run, entry)

    def begin(self, path: str) -> None:
        """Forgets what killed runs recorded of files of many articles that they did not finish."""
        with self._writing() as database:
            for table in _OF_ARTICLES:
                database.execute(f"DELETE FROM {table} WHERE path = ?", (_stored(path + UNFINISHED),))

    def write_records(self, run: int, path: str, entries: Sequence[Entry]) -> None:
        """Records part of a file of many articles; `finish` makes it known."""
        with self._writing() as database:
            for entry in entries:
                _insert(database, run, replace(entry, key=(path + UNFINISHED, entry.key[1])))

    def finish(self, run: int, entry: Entry) -> None:
        """Records a file of many articles, and its records in place of all that was recorded of them."""
        path = _stored(entry.key[0])
        with self._writing() as database:
            for table in _OF_ARTICLES:
                database.execute(f"DELETE FROM {table} WHERE path = ?", (path,))
                unfinished = _stored(entry.key[0] + UNFINISHED)
                database.execute(f"UPDATE {table} SET path = ? WHERE path = ?", (path, unfinished))
            _insert(database, run, entry)

    def put_back(self, recorded: Recorded, entry: Entry, fingerprint: str) -> None:
        """Records that a passage of an article is in its output again, and stays there."""
        with self._writing() as database:
            _replace(database, recorded.run, entry)
            database.execute("INSERT OR IGNORE INTO kept VALUES (?, ?, ?)", (*_key(entry.key), fingerprint))

    def overwrite(self, key: Key, packed: bytes) -> None:
        """Records an input as a whole, before its file is overwritten piece by piece."""
        with self._writing() as database:
            database.execute(
                "UPDATE articles SET whole = ?, overwriting = 1 WHERE path = ? AND record = ?", (packed, *_key(key))
            )

    def overwritten(self, key: Key) -> None:
        """Records that the overwriting of a file came to its end."""
        with self._writing() as database:
            database.execute("UPDATE articles SET overwriting = 0 WHERE path = ? AND record = ?", _key(key))

    def _recorded(self, row: tuple[Any, ...]) -> Recorded:
        (path, record, run, hash_, size, form, encoding, lines, status, cleaned, written, why, *rest) = row
        keeper_path, keeper_record, alike, jaccard, containment, whole, replaces, output, overwriting = rest
        key = (_text(path), _text(record))
        passages = self._rows(
            'SELECT id, "start", "end", kind, score, fingerprint, reasons FROM passages '
            'WHERE path = ? AND record = ? ORDER BY "start"',
            (path, record),
        )
        cuts = self._rows(
            'SELECT "start", text, passage FROM cuts WHERE path = ? AND record = ? ORDER BY "start"', (path, record)
        )
        entry = Entry(
            key,
            hash_,
            size,
            form,
            encoding,
            lines,
            status,
            cleaned,
            written,
            _text(why),
            None if keeper_path is None else (_text(keeper_path), _text(keeper_record)),
            whole,
            replaces,
            tuple(_passage(*row) for row in passages),
            tuple(Cut(start, _text(text), passage) for start, text, passage in cuts),
            None if alike is None else Likeness(alike, jaccard, containment),
            _text(output),
        )
        return Recorded(entry, run, bool(overwriting))

    def _row(self, query: str, values: Sequence[object]) -> tuple[Any, ...] | None:
        return next(iter(self._rows(query, values)), None)

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with _faults(self.path):
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with _faults(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            finally:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")


def _replace(database: sqlite3.Connection, run: int, entry: Entry) -> None:
    for table in _OF_ARTICLES:
        database.execute(f"DELETE FROM {table} WHERE path = ? AND record = ?", _key(entry.key))
    _insert(database, run, entry)


def _insert(database: sqlite3.Connection, run: int, entry: Entry) -> None:
    key = _key(entry.key)
    keeper = _key(entry.keeper) if entry.keeper else (None, None)
    alike = entry.likeness
    row = (
        *key,
        run,
        entry.hash,
        entry.size,
        entry.form,
        entry.encoding,
        entry.newlines,
        entry.status,
        entry.cleaned,
        entry.written,
        _stored(entry.why),
        *keeper,
        *((alike.reason, alike.jaccard, alike.containment) if alike else (None, None, None)),
        entry.whole,
        entry.replaces,
        _stored(entry.output),
        0,
    )
    database.execute(f"INSERT INTO articles VALUES ({', '.join('?' * len(row))})", row)
    database.executemany(
        "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (p.id, *key, p.start, p.end, p.kind, p.score, p.fingerprint, json.dumps(p.reasons, ensure_ascii=False))
            for p in entry.passages
        ],
    )
    database.executemany(
        "INSERT INTO cuts VALUES (?, ?, ?, ?, ?)", [(*key, c.start, _stored(c.text), c.passage) for c in entry.cuts]
    )


def _passage(id_: str, start: int, end: int, kind: str, score: float, fingerprint: str, reasons: str) -> Passage:
    return Passage(id_, start, end, kind, score, fingerprint, tuple(json.loads(reasons)))


def _stored(text: str) -> str | bytes:
    """Text as SQLite takes it; bytes where it holds what is no character (names of files that are not UTF-8)."""
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _text(stored: str | bytes) -> str:
    return stored if isinstance(stored, str) else stored.decode("utf-8", "surrogatepass")


def _key(key: Key) -> tuple[str | bytes, str | bytes]:
    return _stored(key[0]), _stored(key[1])


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Says in a sentence what SQLite could not do."""
    try:
        yield
    except (sqlite3.DataError, OverflowError) as e:
        raise LedgerError(f"{path}: an article is too big for the ledger ({e}); exclude it") from None
    except sqlite3.OperationalError as e:
        if "locked" in str(e):
            raise LedgerError(f"{path}: another zhengwen works here; wait until it is done") from None
        raise OutputError(
            f"{path}: the ledger cannot be written ({e}); nothing that it does not hold was touched; mend that, then "
            f"give the same command again"
        ) from None
    except sqlite3.DatabaseError as e:
        raise LedgerError(f"{path}: not a ledger, or a damaged one ({e}); restore it from a backup") from None


def location(folder: Path) -> Path:
    """Where the ledger of an output folder lies."""
    return folder / FOLDER / NAME


@contextmanager
def opened(folder: Path, *, create: bool = False) -> Iterator[Ledger]:
    """Opens the ledger of an output folder, for this process alone, until the block ends.

    Raises `LedgerError` if there is none and ``create`` is false, if it is damaged or in use; `OutputError` if it
    cannot be made.
    """
    path = location(folder)
    if create:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise OutputError(f"{path.parent}: the folder of the ledger cannot be made ({e.strerror})") from None
    elif not path.is_file():
        raise LedgerError(f"{folder}: holds no ledger ({FOLDER}/{NAME}); name a folder that zhengwen cleaned")
    with _faults(path):
        database = _connect(path)
    try:
        with _faults(path):
            _prepare(database, path)
        yield Ledger(database, path)
    finally:
        database.close()


def _connect(path: Path) -> sqlite3.Connection:
    if path.exists() and not os.access(path.parent, os.W_OK) and not path.with_name(f"{NAME}-wal").exists():
        where = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        return sqlite3.connect(where, uri=True, isolation_level=None)
    return sqlite3.connect(path, timeout=1, isolation_level=None)


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    """Locks the ledger, makes it durable, and makes its tables if it is new."""
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    found = database.execute("PRAGMA user_version").fetchone()[0]
    if found not in (0, FORMAT):
        raise LedgerError(f"{path}: has format {found}, this zhengwen reads format {FORMAT}; use the one that wrote it")
    if found == FORMAT and not os.access(path.parent, os.W_OK):
        return
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("BEGIN IMMEDIATE")
    if not found:
        if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise LedgerError(f"{path}: is a database of something else; move it away")
        for statement in _SCHEMA.split(";\n"):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {FORMAT}")
    database.execute("COMMIT")
