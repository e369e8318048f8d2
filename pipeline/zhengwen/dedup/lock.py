"""One process at a time works on the index of an output folder."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from zhengwen.dedup.index import place
from zhengwen.errors import KeptIndexError

NAME = "lock.sqlite"
_PATIENCE = 1
"""Seconds to wait for a run that is just ending."""


@contextlib.contextmanager
def held(output: Path) -> Iterator[None]:
    """Keeps other processes from the index of an output folder until the block ends.

    The lock is SQLite's on an empty database, which the system lets go when its process ends, however it ends; so no
    lock is ever stale. Raises `KeptIndexError` if another process holds it, or if it cannot be taken.
    """
    folder = place(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise KeptIndexError(f"{folder}: the folder of the index cannot be made ({e.strerror})") from None
    with contextlib.ExitStack() as stack:
        try:
            database = stack.enter_context(
                contextlib.closing(sqlite3.connect(folder / NAME, timeout=_PATIENCE, isolation_level=None))
            )
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as e:
            if "locked" in str(e):
                raise KeptIndexError(
                    f"{output}: another zhengwen deduplicates here; wait until it is done, then give the same command "
                    "again"
                ) from None
            raise KeptIndexError(
                f"{folder / NAME}: cannot be locked ({e}); make its folder writable, or delete the file"
            ) from None
        yield
