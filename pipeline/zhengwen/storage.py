"""Folders by URL (``s3://``, ``hdfs://``, ``file://``, whatever fsspec knows): listed, fetched, filled.

A file that is put is there as a whole or not at all: stores of objects promise that; elsewhere it is moved into its
place.
"""

import os
import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhengwen.errors import OutputError, UnreadableInputError, ZhengwenError
from zhengwen.forms import SUFFIXES
from zhengwen.remedies import is_no_bucket, remedy

_MOVES = ("file", "local", "hdfs", "webhdfs", "sftp", "smb", "memory")
"""Protocols of file systems, where a file that is being written can be seen half-written, and moving is cheap."""
_STAMPS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified", "modified", "created")
"""Where stores tell that a file changed, the best first."""
_PARTIAL = ".zhengwen-part-"


def is_url(path: str) -> bool:
    """Whether a path names a store and not a file of this machine."""
    return "://" in path


@dataclass(frozen=True, slots=True)
class Stored:
    """A file below a folder: its name with ``/``, its bytes, and what changes when it does."""

    name: str
    size: int
    stamp: str

    @property
    def plain(self) -> bool:
        """Whether it can name a file below a folder of this machine; names of objects can be such as ``/etc//a.md``."""
        return _is_plain(self.name)


@dataclass(frozen=True, slots=True)
class Store:
    """A folder by URL. Every method raises a `ZhengwenError` that names it and says what is wrong."""

    url: str

    def files(self) -> list[Stored]:
        """The files below it that hold articles, sorted by name; hidden ones are left out."""
        with _said(self.url, UnreadableInputError, "cannot be listed"):
            system, root = _opened(self.url)
            if system.isfile(root):
                info = system.info(root)
                return [Stored(posixpath.basename(root), int(info["size"]), _stamp(info))]
            found = system.find(root, detail=True, **_strictly(system))
        stored = []
        for path, info in found.items():
            name = path[len(root.rstrip("/")) + 1 :]
            hidden = any(part.startswith(".") for part in name.split("/"))
            if name.lower().endswith(SUFFIXES) and not hidden:
                stored.append(Stored(name, int(info["size"] or 0), _stamp(info)))
        return sorted(stored, key=lambda s: s.name)

    def fetch(self, name: str, path: Path) -> None:
        """Copies a file of it to this machine."""
        with _said(self._of(name), UnreadableInputError, "cannot be read"):
            system, root = _opened(self.url)
            alone = posixpath.basename(root) == name and system.isfile(root)
            there = root if alone else _below(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            system.get_file(there, str(path))

    def put(self, path: Path, name: str) -> None:
        """Copies a file of this machine into it."""
        with _said(self._of(name), OutputError, "cannot be written"):
            system, root = _opened(self.url)
            there = _below(root, name)
            if _protocol(system) not in _MOVES:  # and not `makedirs`: it would make a bucket whose name is misspelled
                system.put_file(str(path), there)
                return
            system.makedirs(posixpath.dirname(there), exist_ok=True)
            beside = posixpath.join(posixpath.dirname(there), f"{_PARTIAL}{os.urandom(4).hex()}")
            try:
                system.put_file(str(path), beside)
                system.mv(beside, there)
            finally:
                with suppress(Exception):
                    if system.exists(beside):
                        system.rm_file(beside)

    def write(self, name: str, data: bytes) -> None:
        """Puts some bytes into it."""
        with tempfile.TemporaryDirectory(prefix="zhengwen-") as folder:
            path = Path(folder, "data")
            path.write_bytes(data)
            self.put(path, name)

    def read(self, name: str) -> bytes | None:
        """The bytes of a small file; None if there is none."""
        with _said(self._of(name), OutputError, "cannot be read"):
            system, root = _opened(self.url)
            try:
                data: bytes = system.cat_file(_below(root, name))
            except FileNotFoundError as e:
                if is_no_bucket(e):
                    raise
                return None
            return data

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        with _said(self._of(name), UnreadableInputError, "cannot be read"):
            system, root = _opened(self.url)
            return bool(system.exists(_below(root, name)))

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        with _said(self._of(name), OutputError, "cannot be removed"):
            system, root = _opened(self.url)
            with suppress(FileNotFoundError):
                system.rm_file(_below(root, name))

    def _of(self, name: str) -> str:
        return posixpath.join(self.url, name)


def _opened(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise UnreadableInputError(f"{url}: reading by URL needs fsspec; pip install 'zhengwen[remote]'") from None
    system, root = url_to_fs(url)
    return system, str(root)


def _strictly(system: Any) -> dict[str, Any]:
    """What makes `find` say that a folder cannot be listed; by itself fsspec's own leaves it out."""
    from fsspec.spec import AbstractFileSystem

    def heed(error: Exception) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    return {"on_error": heed} if type(system).find is AbstractFileSystem.find else {}


def _is_plain(name: str) -> bool:
    return "\0" not in name and not {"", ".", ".."}.intersection(name.split("/"))


def _below(root: str, name: str) -> str:
    """The path of a file in its system. Raises `ValueError` for a name that leads elsewhere."""
    if not _is_plain(name):
        raise ValueError("not a name for a file below a folder")
    return posixpath.join(root, name)


def _protocol(system: Any) -> str:
    return system.protocol if isinstance(system.protocol, str) else str(system.protocol[0])


def _stamp(info: dict[str, Any]) -> str:
    """Entity tag where the store has them, else time of the last change."""
    for key in _STAMPS:
        if info.get(key) is not None:
            return str(info[key])
    return ""


@contextmanager
def _said(where: str, kind: type[ZhengwenError], what: str) -> Iterator[None]:
    """Says in a sentence what a store could not do; its libraries raise errors of every class."""
    try:
        yield
    except ZhengwenError:
        raise
    except Exception as e:
        raise kind(f"{where}: {what} ({_first(e)}); {remedy(where, e)}") from None


def _first(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]
