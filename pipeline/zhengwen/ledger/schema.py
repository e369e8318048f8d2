"""The tables of the ledger, and how its database is opened."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zhengwen.errors import LedgerError, OutputError
from zhengwen.ledger import pieces

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


@contextmanager
def faults(path: Path) -> Iterator[None]:
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


def connect(path: Path) -> sqlite3.Connection:
    """The database; one in a folder that may only be read is only read."""
    if path.exists() and not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists():
        where = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        return sqlite3.connect(where, uri=True, isolation_level=None)
    return sqlite3.connect(path, timeout=1, isolation_level=None)


def prepare(database: sqlite3.Connection, path: Path) -> None:
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
    database.execute(pieces.SCHEMA)
    database.execute("COMMIT")
