"""Where cleaned articles go: every file as a whole or not at all."""

import contextlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from zhengwen.errors import OutputError
from zhengwen.forms import HTML, form_of
from zhengwen.lasting import sync
from zhengwen.ledger.store import FOLDER, location
from zhengwen.readers import Source

_PARTIAL = re.compile(r"\.zhengwen-(\d+)-[0-9a-f]+")


def targets(sources: Sequence[Source], to: str) -> tuple[dict[Source, str], list[OutputError]]:
    """The name of each source's output, and the sources left out because an earlier one's has the same name."""
    names: dict[Source, str] = {}
    first: dict[str, Source] = {}
    faults = []
    for source in sorted(sources, key=lambda s: form_of(s.name).target(s.name, to) != s.name):
        name = form_of(source.name).target(source.name, to)
        if name in first:
            remedy = f"clean it by itself, or with --to {HTML}"
            faults.append(
                OutputError(f"{source.shown}: {name} would be the output of {first[name].shown}, too; {remedy}")
            )
        else:
            first[name] = source
            names[source] = name
    return {s: names[s] for s in sources if s in names}, faults


def prepare(folder: Path, paths: Sequence[str], outputs: Mapping[Source, str], *, overwrite: bool) -> None:
    """Makes the output folder; ``outputs`` holds the name below it for each source.

    Raises `OutputError` if it lies inside an input folder, which the next run would read again; if an output would
    take the place of an input; or if it holds something, but no ledger, and ``overwrite`` is false.
    """
    where = folder.resolve()
    for given in paths:
        if Path(given).is_dir() and (where == Path(given).resolve() or Path(given).resolve() in where.parents):
            raise OutputError(f"{folder}: the output folder lies inside the input {given}; choose one outside of it")
    inputs = {s.path.resolve(): s.shown for s in outputs if s.path}
    for target in {(where / name).resolve() for name in outputs.values()} & inputs.keys():
        raise OutputError(f"{folder}: the input {inputs[target]} would be overwritten; choose another folder")
    try:
        foreign = folder.exists() and any(p.name != FOLDER for p in folder.iterdir())
        if foreign and not overwrite and not location(folder).is_file():
            raise OutputError(f"{folder}: the output folder is not empty; choose another one or add --overwrite")
        folder.mkdir(parents=True, exist_ok=True)
    except NotADirectoryError:
        raise OutputError(f"{folder}: is a file, not a folder") from None
    except FileExistsError:
        raise OutputError(f"{folder}: is a file, not a folder") from None
    except OSError as e:
        raise OutputError(f"{folder}: cannot be made ({e.strerror})") from None


def report_place(path: Path) -> Path:
    """Where a report that the user named goes: through a link to what it names, never in the place of a device.

    Raises `OutputError`.
    """
    there = path.resolve() if path.is_symlink() else path
    if there.exists() and not (there.is_file() or there.is_dir()):
        raise OutputError(
            f"{path}: is not a regular file; name another one, or - for standard output where that is offered"
        )
    return there


def write(path: Path, data: bytes) -> None:
    """Writes a file and the folders above it: as a whole or not at all. Raises `OutputError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _swap(path, data, None)
    except OSError as e:
        raise OutputError(f"{path}: cannot be written ({e.strerror})") from None


def write_pieces(path: Path, pieces: Iterable[str]) -> int:
    """Writes a text piece by piece: as a whole or not at all; its bytes. Raises `OutputError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial(path) as there:
            with there.open("x", encoding="utf-8", newline="\n") as file:
                file.writelines(pieces)
            size = there.stat().st_size
            move(there, path, lasting=False)
            return size
    except OSError as e:
        raise OutputError(f"{path}: cannot be written ({e.strerror})") from None


def replace(path: Path, data: bytes) -> None:
    """Replaces a file that exists: as a whole or not at all, also if the power fails; mode and owner stay.

    Raises `OSError`, and then the file is as it was.
    """
    _swap(path, data, path.stat())


def _swap(path: Path, data: bytes, like: os.stat_result | None) -> None:
    with partial(path) as there:
        with there.open("xb") as file:
            file.write(data)
            if like:
                _settle(file, there, like)
        move(there, path, lasting=like is not None)


@contextlib.contextmanager
def partial(path: Path) -> Iterator[Path]:
    """The name of a file beside another, to write it to and move it from; what is left there at the end goes."""
    there = path.with_name(f".zhengwen-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        yield there
    finally:
        with contextlib.suppress(OSError):
            there.unlink()


def settle(there: Path, path: Path) -> None:
    """Makes a partial file last, with mode and owner of the one it is to replace, if that is there."""
    with there.open("rb") as file:
        if path.exists():
            _settle(file, there, path.stat())
        else:
            os.fsync(file.fileno())


def _settle(file: BinaryIO, there: Path, like: os.stat_result) -> None:
    with contextlib.suppress(OSError, AttributeError):
        os.chown(there, like.st_uid, like.st_gid)
    there.chmod(like.st_mode & 0o7777)
    file.flush()
    os.fsync(file.fileno())


def move(there: Path, path: Path, *, lasting: bool = True) -> None:
    """Puts a partial file in its place, so that it is there also if the power fails."""
    there.replace(path)
    if lasting:
        sync(path.parent)


def overwrite(path: Path, data: bytes) -> None:
    """Writes over a file whose folder takes no new files; a kill or a failure leaves it half-written.

    Raises `OSError`.
    """
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def sweep(folder: Path) -> None:
    """Removes what killed runs left half-written in a folder; what a living process writes stays."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _PARTIAL.fullmatch(entry.name)
            if found and not _alive(int(found[1])):
                Path(entry.path).unlink()


def _alive(process: int) -> bool:
    if os.name == "nt":  # there, signal 0 is not a question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return process != os.getpid()
