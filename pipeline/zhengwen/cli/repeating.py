"""The lines that articles of a folder share: counted before a run, remembered beside a ledger or in the cache."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhengwen import stamps, writers
from zhengwen.articles import folder_of
from zhengwen.cli.shared import progress
from zhengwen.errors import LedgerError, UnreadableInputError
from zhengwen.forms import form_of
from zhengwen.ledger.store import location
from zhengwen.readers import Source, fetch, read, shards

if TYPE_CHECKING:
    from zhengwen.cache import Cache
    from zhengwen.repetition import Repetition

NAME = "repeated.npz"
_FEWEST = 3
"""Articles that a folder must hold before any of its lines can be repeated."""


def evidence(
    sources: Iterable[Source], encoding: str | None, folder: Path | None = None, *, write: bool = False
) -> "Repetition | None":
    """The repeated lines of the files that hold an article each; None if there are none.

    folder: one with a ledger; what was counted when its articles were cleaned before still counts, for in place the
        lines are gone from those. write: what is counted is remembered there.

    Raises `LedgerError` if what is remembered is damaged.
    """
    folders = _folders(sources)
    path = location(folder).with_name(NAME) if folder else None
    known = _load(path) if path and path.is_file() else None
    found = _counted(folders, encoding) if folders else None
    if found and known:
        found = known.joined(found)
    if path and write and found and (known is None or len(found) > len(known)):
        _save(found, path)
    return found or known


@dataclass(frozen=True, slots=True)
class Shared:
    """What is known of folders, without an array: a run in which nothing is to be found out needs none.

    lines: by the folder's name, its repeated lines as hexadecimal digits. beside: where earlier ones are remembered.
    """

    lines: Mapping[str, str] = field(default_factory=dict)
    beside: Path | None = None

    def digest(self, folder: str) -> str:
        """A fingerprint of what is known of a folder; empty if nothing is."""
        known = self.beside.read_bytes() if self.beside else b""
        told = self.lines.get(folder, "").encode() + known
        return hashlib.sha256(told).hexdigest() if told else ""

    def evidence(self) -> "Repetition | None":
        """It, as a cleaner takes it; None if there is none. Raises `LedgerError`."""
        from zhengwen.repetition import Repetition

        found = Repetition.of({name: bytes.fromhex(lines) for name, lines in self.lines.items() if lines})
        if self.beside:
            found = _load(self.beside).joined(found)
        return found if len(found) else None


def shared(
    sources: Iterable[Source], encoding: str | None, folder: Path | None = None, cache: "Cache | None" = None
) -> Shared:
    """The same of a folder that is checked; the lines of articles that were counted before come from the cache."""
    context = f"repetition {stamps.of_code()} {encoding}"
    lines: dict[str, str] = {}
    for name, files in _folders(sources).items():
        key = _key(files) if cache else b""
        known = cache.get(context, [key]) if cache else {}
        if key not in known:
            found = _counted({name: files}, encoding)
            known = {key: found.lines[name].tobytes().hex() if found else ""}
            if cache:
                cache.put(context, known)
        lines[name] = known[key]
    path = location(folder).with_name(NAME) if folder else None
    return Shared(lines, path if path and path.is_file() else None)


def _folders(sources: Iterable[Source]) -> dict[str, list[Source]]:
    """The files that hold an article each, by folder, of which three at least."""
    folders: dict[str, list[Source]] = {}
    for source in sources:
        if source.path and not form_of(source.name).many:
            folders.setdefault(folder_of(source.name), []).append(source)
    return {name: files for name, files in folders.items() if len(files) >= _FEWEST}


def _key(files: Sequence[Source]) -> bytes:
    """What the articles of a folder are known by together: their bytes and the forms they are read in, in any order."""
    found = []
    for source in files:
        try:
            found.append(hashlib.sha256(f"{stamps.of_form(source.name)}\0".encode() + fetch(source)).digest())
        except UnreadableInputError:
            continue
    return hashlib.sha256(b"".join(sorted(found))).digest()


def _counted(folders: Mapping[str, Sequence[Source]], encoding: str | None) -> "Repetition | None":
    from zhengwen.repetition import count

    with progress(sum(map(len, folders.values())), "article") as bar:
        found = count((name, texts) for name, files in folders.items() for texts in _texts(files, encoding, bar))
    return found if len(found) else None


def _texts(files: Sequence[Source], encoding: str | None, bar: Any) -> Iterator[list[str]]:
    """The texts of a folder, in batches; those that cannot be read are left out here, the run itself says so."""
    for shard in shards(files):
        texts = []
        for source in shard:
            try:
                texts.append(read(source, encoding).text)
            except UnreadableInputError:
                continue
        yield texts
        bar.update(len(shard))


def _save(found: "Repetition", path: Path) -> None:
    import numpy as np

    names = list(found.lines)
    buffer = io.BytesIO()
    sizes = np.array([len(found.lines[n]) for n in names], np.int64)
    np.savez_compressed(buffer, folders=np.array(names), sizes=sizes, lines=np.concatenate(list(found.lines.values())))
    writers.write(path, buffer.getvalue())


def _load(path: Path) -> "Repetition":
    import numpy as np

    from zhengwen.repetition import Repetition

    try:
        with np.load(path, allow_pickle=False) as file:
            names, sizes, lines = file["folders"].tolist(), file["sizes"], file["lines"]
        if lines.dtype != np.uint64 or len(names) != len(sizes) or sizes.sum() != len(lines):
            raise ValueError("it does not hold lines")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as e:
        raise LedgerError(f"{path}: damaged ({e}); delete it, and the next run counts the lines anew") from None
    return Repetition(dict(zip(names, np.split(lines, np.cumsum(sizes)[:-1]), strict=True)))
