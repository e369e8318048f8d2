"""The pieces of originals that their lines cannot give back, in the ledger.

They are kept by the hash of the output that they are relative to: a file that is replaced may need those of the old
output until the new one is in its place.
"""

import sqlite3
from collections.abc import Iterable, Iterator

from zhengwen.forms.records import Piece
from zhengwen.ledger.entries import pack, unpack

SCHEMA = """
CREATE TABLE IF NOT EXISTS pieces (
    path TEXT NOT NULL, record TEXT NOT NULL, number INTEGER NOT NULL, "start" INTEGER NOT NULL, size INTEGER NOT NULL,
    data BLOB, PRIMARY KEY (path, record, number)
)
"""
_BATCH = 16


def insert(database: sqlite3.Connection, path: str | bytes, output: str, first: int, pieces: Iterable[Piece]) -> None:
    """Adds some, numbered from ``first``; ``output`` is the hash of what they are relative to."""
    rows = (
        (path, output, number, p.start, p.size, None if p.data is None else pack(p.data))
        for number, p in enumerate(pieces, first)
    )
    database.executemany("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?, ?)", rows)


def batches(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Pieces in groups that a transaction takes."""
    group: list[Piece] = []
    for piece in pieces:
        group.append(piece)
        if len(group) == _BATCH:
            yield group
            group = []
    if group:
        yield group


def select(database: sqlite3.Connection, path: str | bytes, output: str) -> Iterator[Piece]:
    """The pieces of a file relative to an output, in order, one held at a time."""
    query = 'SELECT "start", size, data FROM pieces WHERE path = ? AND record = ? AND number = ?'
    number = 0
    while row := database.execute(query, (path, output, number)).fetchone():
        start, size, data = row
        yield Piece(start, size, None if data is None else unpack(data))
        number += 1
