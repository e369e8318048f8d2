"""A temporary folder that does not outlive its process for long, however the process ends."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = "zhengwen-"
LOCK = "lock.sqlite"
FRESH = 60.0
"""Seconds for which a folder is left alone: its process may not have locked it yet."""


class Scratch:
    """A folder for as long as `close` is not called; what killed processes of the same user left behind goes first.

    Whether its process lives is told by a lock of SQLite's on an empty database: the system lets it go when the process
    ends.
    """

    def __init__(self) -> None:
        sweep(Path(tempfile.gettempdir()))
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX)
        self._lock = sqlite3.connect(self.path / LOCK, isolation_level=None, check_same_thread=False)
        with contextlib.suppress(sqlite3.Error):  # a file system without locks: the folder is left to the system
            self._lock.execute("BEGIN EXCLUSIVE")

    @property
    def path(self) -> Path:
        """Where it is."""
        return Path(self._folder.name)

    def close(self) -> None:
        """Deletes the folder."""
        self._lock.close()
        self._folder.cleanup()


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for the block."""
    made = Scratch()
    try:
        yield made.path
    finally:
        made.close()


def sweep(where: Path) -> None:
    """Deletes the folders in ``where`` whose processes are dead; what cannot be looked at stays."""
    with contextlib.suppress(OSError):
        for folder in where.glob(f"{PREFIX}*"):
            if _is_ours(folder) and _is_free(folder / LOCK):
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    try:
        known = folder.lstat()
        locked = (folder / LOCK).lstat().st_mtime
    except OSError:
        return False
    mine = not hasattr(os, "getuid") or known.st_uid == os.getuid()
    return mine and folder.is_dir() and not folder.is_symlink() and locked < time.time() - FRESH


def _is_free(lock: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(lock, timeout=0, isolation_level=None)) as database:
            database.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        return False
    return True
