"""Where cleaned articles go."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from zhengwen.errors import OutputError
from zhengwen.forms import HTML, form_of
from zhengwen.readers import Source


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
    take the place of an input; or if it holds something and ``overwrite`` is false.
    """
    where = folder.resolve()
    for given in paths:
        if Path(given).is_dir() and (where == Path(given).resolve() or Path(given).resolve() in where.parents):
            raise OutputError(f"{folder}: the output folder lies inside the input {given}; choose one outside of it")
    inputs = {s.path.resolve(): s.shown for s in outputs if s.path}
    for target in {(where / name).resolve() for name in outputs.values()} & inputs.keys():
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


def write(path: Path, data: bytes) -> None:
    """Writes one article: as a whole or not at all. Raises `OutputError`."""
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
