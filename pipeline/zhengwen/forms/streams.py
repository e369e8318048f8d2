"""Files of many articles, compressed or not, as streams of bytes."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from zhengwen.errors import UnreadableInputError

_CHUNK = 1 << 20


@contextmanager
def reading(path: Path, shown: str, name: str = "") -> Iterator[BinaryIO]:
    """The decompressed bytes of a file, whose own name or ``name`` says how. Raises `UnreadableInputError`, also while
    they are read."""
    try:
        file = path.open("rb")
    except OSError as e:
        raise UnreadableInputError(
            f"{shown}: cannot be read ({(e.strerror or str(e)).lower()}); mend or exclude it"
        ) from None
    with file, _faults(shown), _reader(file, name or path.name, shown) as stream:
        yield stream


@contextmanager
def writing(file: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """Compresses what is written into a file as its name says; the same bytes give the same file."""
    if name.lower().endswith(".gz"):
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as stream:
            yield stream  # type: ignore[misc]
    elif name.lower().endswith(".zst"):
        with _zstd(name).ZstdFile(file, "w") as stream:
            yield stream
    else:
        yield file


def is_compressed(path: Path) -> bool:
    """Whether a file begins as gzip's and Zstandard's do."""
    with path.open("rb") as file:
        return file.read(4).startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))


def digest(path: Path, shown: str, name: str = "") -> str:
    """SHA-256 of the decompressed bytes, in hexadecimal digits. Raises `UnreadableInputError`."""
    with reading(path, shown, name) as stream:
        found = hashlib.sha256()
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _reader(file: BinaryIO, name: str, shown: str) -> Any:
    if name.lower().endswith(".gz"):
        return gzip.GzipFile(fileobj=file)
    if name.lower().endswith(".zst"):
        return io.BufferedReader(_zstd(shown).ZstdFile(file), _CHUNK)
    return file


def _zstd(shown: str) -> Any:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            raise UnreadableInputError(
                f"{shown}: reading and writing .zst needs backports.zstd; pip install 'zhengwen[zst]'"
            ) from None
    return zstd


@contextmanager
def _faults(shown: str) -> Iterator[None]:
    """Says in a sentence why a file could not be read to its end."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as e:
        raise UnreadableInputError(f"{shown}: cannot be decompressed ({e}); bring a whole copy") from None
    except Exception as e:
        if type(e).__name__ != "ZstdError":
            raise
        raise UnreadableInputError(f"{shown}: cannot be decompressed ({e}); bring a whole copy") from None
