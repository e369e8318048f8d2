"""Where cleaned articles go."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from zhengwen.errors import OutputError
from zhengwen.readers import Source


def prepare(folder: Path, paths: Sequence[str], sources: Sequence[Source], *, overwrite: bool) -> None:
    """Makes the output folder.

    Raises `OutputError` if it lies inside an input folder, which the next run would read again; if an output would
    take the place of an input; or if it holds something and ``overwrite`` is false.
    """
    where = folder.resolve()
    for given in paths:
        if Path(given).is_dir() and (where == Path(given).resolve() or Path(given).resolve() in where.parents):
            raise OutputError(f"{folder}: the output folder lies inside the input {given}; choose one outside of it")
    inputs = {s.path.resolve(): s.shown for s in sources if s.path}
    for target in {(where / s.name).resolve() for s in sources} & inputs.keys():
        raise OutputError(f"{folder}: the input {inputs[target]} would be overwritten; choose another folder")
    try:
        if folder.exists() and not overwrite and any(folder.iterdir()):
            raise OutputError(f"{folder}: the output folder is not empty; choose another one or add --overwrite")
        folder.mkdir(parents=True, exist_ok=True)
    except NotADirectoryError:
        raise OutputError(f"{folder}: is a file, not a folder") from None
    except FileExistsError:
        raise OutputError(f"{folder}: is a file, not a folder") from None
    except OSError as e:
        raise OutputError(f"{folder}: cannot be made ({e.strerror})") from None


def put(path: Path, data: bytes) -> None:
    """Writes one file: as a whole or not at all. Raises `OutputError`."""
    temporary = path.with_name(f".zhengwen-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as e:
        raise OutputError(f"{path}: cannot be written ({e.strerror})") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write(folder: Path, name: str, text: str) -> None:
    """Writes one article under its name: as a whole or not at all. Raises `OutputError`."""
    put(folder / name, text.encode())
