"""The ledger as one SQLite file in the ``.zhengwen`` folder of an output; docs/ledger.md describes the tables."""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zhengwen.errors import LedgerError, OutputError
from zhengwen.forms.records import Piece
from zhengwen.ledger import pieces as parts
from zhengwen.ledger.entries import STATUSES, Cut, Entry, Key, Likeness
from zhengwen.ledger.rows import OF_FILES, insert_entry, key_of, passage_of, replace_entry, spelled, stored
from zhengwen.ledger.schema import connect, faults, prepare

FOLDER = ".zhengwen"
NAME = "ledger.sqlite"
SHARDS = f"{FOLDER}/shards"
"""Where a place that was cleaned shard by shard has a ledger for each."""
LISTED, COPIES = f"{SHARDS}/all.json", f"{SHARDS}/copies"

_PAGE = 200
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

    @property
    def folder(self) -> Path:
        """The folder that the ledger is of."""
        return self.path.parent.parent

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
        """What decided about the articles of a run, beside the model."""
        row = self._row("SELECT configuration FROM runs WHERE id = ?", (run,))
        found = json.loads(row[0]) if row else {}
        return found if isinstance(found, dict) else {}

    def recorded(self, key: Key) -> Recorded | None:
        """What is recorded of an article."""
        row = self._row("SELECT * FROM articles WHERE path = ? AND record = ?", key_of(key))
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
            if found := self.recorded((spelled(path), "")):
                yield found

    def __len__(self) -> int:
        """How many articles and files of many articles are recorded."""
        row = self._row("SELECT count(*) FROM articles", ())
        return int(row[0]) if row else 0

    def duplicates(self) -> Iterator[Recorded]:
        """The articles that were left out as copies, by path and record."""
        query = "SELECT path, record FROM articles WHERE keeper_path IS NOT NULL ORDER BY path, record"
        for path, record in self._rows(query, ()):
            if found := self.recorded((spelled(path), spelled(record))):
                yield found

    def records(self, path: str, statuses: Sequence[str] = STATUSES) -> Iterator[Recorded]:
        """The records of a file that have one of the statuses, in the order of their keys; a page of them is held."""
        last: str | bytes = ""
        marks = ", ".join("?" * len(statuses))
        those = f"path = ? AND record > ? AND status IN ({marks})"
        query = f"SELECT * FROM articles WHERE {those} ORDER BY record LIMIT {_PAGE}"
        while rows := self._rows(query, (stored(path), last, *statuses)):
            yield from map(self._recorded, rows)
            last = rows[-1][1]

    def holder(self, passage: str) -> Recorded | None:
        """The article of a passage."""
        query = "SELECT a.* FROM articles a JOIN passages p USING (path, record) WHERE p.id = ?"
        found = map(self._recorded, self._rows(query, (passage,)))
        return next((r for r in found if not r.entry.key[0].endswith(UNFINISHED)), None)

    def kept(self) -> dict[str, frozenset[str]]:
        """Marks of the passages that were put back, by the name of their article; those of earlier versions are
        fingerprints alone."""
        found: dict[str, set[str]] = {}
        for path, record, mark in self._rows("SELECT path, record, fingerprint FROM kept", ()):
            name = f"{spelled(path)}:{spelled(record)}" if record else spelled(path)
            found.setdefault(name, set()).add(mark)
        return {name: frozenset(marks) for name, marks in found.items()}

    def keep(self, within: Mapping[str, frozenset[str]]) -> None:
        """Remembers passages that were put back elsewhere, by path."""
        if within:
            with self._writing() as database:
                database.executemany(
                    "INSERT OR IGNORE INTO kept VALUES (?, '', ?)",
                    [(stored(path), mark) for path, marks in within.items() for mark in sorted(marks)],
                )

    def write(self, run: int, entries: Sequence[Entry]) -> None:
        """Records articles in place of what was recorded of them."""
        with self._writing() as database:
            for entry in entries:
                replace_entry(database, run, entry)

    def begin(self, path: str) -> None:
        """Forgets what killed runs recorded of files of many articles that they did not finish."""
        with self._writing() as database:
            for table in OF_FILES:
                database.execute(f"DELETE FROM {table} WHERE path = ?", (stored(path + UNFINISHED),))

    def write_records(self, run: int, path: str, entries: Sequence[Entry]) -> None:
        """Records part of a file of many articles; `finish` makes it known."""
        with self._writing() as database:
            for entry in entries:
                insert_entry(database, run, replace(entry, key=(path + UNFINISHED, entry.key[1])))

    def write_pieces(self, path: str, output: str, pieces: Iterable[Piece]) -> None:
        """Records what the output, by its hash, needs to become the original; `finish` makes it known."""
        first = 0
        for batch in parts.batches(pieces):
            with self._writing() as database:
                parts.insert(database, stored(path + UNFINISHED), output, first, batch)
            first += len(batch)

    def add_pieces(self, path: str, output: str, pieces: Iterable[Piece]) -> None:
        """Records the same of an output that is yet to take the place of another one."""
        with self._writing() as database:
            parts.insert(database, stored(path), output, 0, pieces)

    def pieces(self, path: str, output: str) -> Iterator[Piece]:
        """The pieces that make an output, by its hash, the original of a file."""
        with faults(self.path):
            yield from parts.select(self._database, stored(path), output)

    def finish(self, run: int, entry: Entry) -> None:
        """Records a file of many articles, and its records in place of all that was recorded of them."""
        path = stored(entry.key[0])
        with self._writing() as database:
            for table in OF_FILES:
                database.execute(f"DELETE FROM {table} WHERE path = ?", (path,))
                unfinished = stored(entry.key[0] + UNFINISHED)
                database.execute(f"UPDATE {table} SET path = ? WHERE path = ?", (path, unfinished))
            insert_entry(database, run, entry)

    def put_back(self, recorded: Recorded, entry: Entry, fingerprint: str, file: Entry | None = None) -> None:
        """Records that a passage of an article is in its output again, and stays there.

        file: of a record, its file as it is now.
        """
        with self._writing() as database:
            replace_entry(database, recorded.run, entry)
            if file:
                replace_entry(database, recorded.run, file)
                path = stored(file.key[0])
                database.execute("DELETE FROM pieces WHERE path = ? AND record <> ?", (path, file.cleaned))
            database.execute("INSERT OR IGNORE INTO kept VALUES (?, ?, ?)", (*key_of(entry.key), fingerprint))

    def overwrite(self, key: Key, packed: bytes) -> None:
        """Records an input as a whole, before its file is overwritten piece by piece."""
        with self._writing() as database:
            database.execute(
                "UPDATE articles SET whole = ?, overwriting = 1 WHERE path = ? AND record = ?", (packed, *key_of(key))
            )

    def overwritten(self, key: Key) -> None:
        """Records that the overwriting of a file came to its end."""
        with self._writing() as database:
            database.execute("UPDATE articles SET overwriting = 0 WHERE path = ? AND record = ?", key_of(key))

    def _recorded(self, row: tuple[Any, ...]) -> Recorded:
        (path, record, run, hash_, size, form, encoding, lines, status, cleaned, written, why, *rest) = row
        keeper_path, keeper_record, alike, jaccard, containment, whole, replaces, output, overwriting = rest
        key = (spelled(path), spelled(record))
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
            spelled(why),
            None if keeper_path is None else (spelled(keeper_path), spelled(keeper_record)),
            whole,
            replaces,
            tuple(passage_of(*row) for row in passages),
            tuple(Cut(start, spelled(text), passage) for start, text, passage in cuts),
            None if alike is None else Likeness(alike, jaccard, containment),
            spelled(output),
        )
        return Recorded(entry, run, bool(overwriting))

    def _row(self, query: str, values: Sequence[object]) -> tuple[Any, ...] | None:
        return next(iter(self._rows(query, values)), None)

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with faults(self.path):
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with faults(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            finally:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")


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
    with faults(path):
        database = connect(path)
    try:
        with faults(path):
            prepare(database, path)
        yield Ledger(database, path)
    finally:
        database.close()
