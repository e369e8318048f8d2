"""Entries as rows of the ledger's tables."""

import json
import sqlite3

from zhengwen.ledger.entries import Entry, Key, Passage

OF_ARTICLES = ("articles", "passages", "cuts")
OF_FILES = (*OF_ARTICLES, "pieces")
"""The tables with rows of an article, and of a file of many."""


def replace_entry(database: sqlite3.Connection, run: int, entry: Entry) -> None:
    """Records an article in place of what was recorded of it."""
    for table in OF_ARTICLES:
        database.execute(f"DELETE FROM {table} WHERE path = ? AND record = ?", key_of(entry.key))
    insert_entry(database, run, entry)


def insert_entry(database: sqlite3.Connection, run: int, entry: Entry) -> None:
    """Records an article of which nothing is recorded."""
    key = key_of(entry.key)
    keeper = key_of(entry.keeper) if entry.keeper else (None, None)
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
        stored(entry.why),
        *keeper,
        *((alike.reason, alike.jaccard, alike.containment) if alike else (None, None, None)),
        entry.whole,
        entry.replaces,
        stored(entry.output),
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
        "INSERT INTO cuts VALUES (?, ?, ?, ?, ?)", [(*key, c.start, stored(c.text), c.passage) for c in entry.cuts]
    )


def passage_of(id_: str, start: int, end: int, kind: str, score: float, fingerprint: str, reasons: str) -> Passage:
    """A passage from its row."""
    return Passage(id_, start, end, kind, score, fingerprint, tuple(json.loads(reasons)))


def stored(text: str) -> str | bytes:
    """Text as SQLite takes it; bytes where it holds what is no character (names of files that are not UTF-8)."""
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def spelled(found: str | bytes) -> str:
    """The text again."""
    return found if isinstance(found, str) else found.decode("utf-8", "surrogatepass")


def key_of(key: Key) -> tuple[str | bytes, str | bytes]:
    """A key as it is stored."""
    return stored(key[0]), stored(key[1])
