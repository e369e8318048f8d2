"""Originals from cleaned articles and their ledger."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from zhengwen import writers
from zhengwen.errors import LedgerError, OutputError, ZhengwenError
from zhengwen.ledger.entries import CLEANED, UNCHANGED, Cut, Entry, less, original, sha256, unpack
from zhengwen.ledger.store import Ledger, Recorded


def restore(ledger: Ledger, folder: Path, output: Path, *, overwrite: bool) -> Iterator[ZhengwenError | None]:
    """Writes every input below ``output``; an error for each that cannot be given back or written, else None."""
    for recorded in ledger.articles():
        try:
            _give(recorded.entry, folder, output, overwrite=overwrite)
            yield None
        except ZhengwenError as fault:
            yield fault


def _give(entry: Entry, folder: Path, output: Path, *, overwrite: bool) -> None:
    data = input_of(entry, folder)
    path = (output / _inside(entry)).resolve()
    try:
        there = path.read_bytes() if path.exists() else None
        if there == data:
            return
        if there is not None and not overwrite:
            raise OutputError(f"{path}: is there already and is not the original; move it away or add --overwrite")
        if there is None:
            writers.write(path, data)
        else:
            writers.replace(path, data)
    except OSError as e:
        raise OutputError(f"{path}: cannot be written ({e.strerror})") from None


def _inside(entry: Entry) -> Path:
    """The path of an article, if it stays inside of the folder that it is put to. Raises `LedgerError`."""
    name = PurePosixPath(entry.key[0])
    if name.is_absolute() or ".." in name.parts or not name.parts:
        raise LedgerError(f"{entry.key[0]}: the ledger names a file outside of the folder; do not use this ledger")
    return Path(name)


def input_of(entry: Entry, folder: Path) -> bytes:
    """The bytes of an input, verified. Raises `LedgerError` where they cannot be given back, and says the remedy."""
    path = folder / _inside(entry)
    if not entry.hash:
        raise LedgerError(f"{path}: could not be read when the rest was cleaned, so nothing of it is here")
    data = _read(path)
    there = None if data is None else sha256(data)
    if data is not None and there == entry.hash:
        return data
    if entry.whole is not None:
        data = unpack(entry.whole)
        if sha256(data) != entry.hash:
            raise LedgerError(f"{path}: its bytes in the ledger are damaged; restore the ledger from a backup")
        return data
    if data is None:
        raise LedgerError(f"{path}: the cleaned file is missing; bring it back, or clean the input again, then restore")
    if there != entry.cleaned:
        raise LedgerError(
            f"{path}: changed since it was cleaned, so it no longer fits the ledger; bring the cleaned file back, or "
            f"clean the input again; `zhengwen restore {folder} --list` shows what was removed"
        )
    try:
        return original(data, entry)
    except LedgerError as e:
        raise LedgerError(f"{path}: {e}; restore {folder}'s ledger from a backup") from None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as e:
        raise LedgerError(f"{path}: cannot be read ({e.strerror}); mend that, then restore") from None


def put_back(ledger: Ledger, folder: Path, passage: str) -> Path:
    """Puts one passage back where it stood in the cleaned article, and has it kept from now on; the article's file.

    Raises `LedgerError` if there is no such passage, or if the cleaned article was changed.
    """
    recorded = ledger.holder(passage)
    if not recorded:
        raise LedgerError(
            f"{passage}: no removed passage of {folder} has this id; `zhengwen restore {folder} --list` has all"
        )
    entry = recorded.entry
    path = (folder / _inside(entry)).resolve()
    before = _read(path)
    if before is None:
        raise LedgerError(f"{path}: the cleaned file is missing; bring it back, or clean the input again")
    cuts = tuple(c for c in entry.cuts if c.passage != passage)
    after = _with_passage(before, entry, cuts, path)
    if after != before:
        try:
            writers.replace(path, after)
        except OSError as e:
            raise OutputError(f"{path}: cannot be replaced ({e.strerror}); the file is as it was") from None
    _record(ledger, recorded, passage, cuts, after)
    return path


def _with_passage(before: bytes, entry: Entry, cuts: tuple[Cut, ...], path: Path) -> bytes:
    """The cleaned file less ``cuts`` only; as it is, if a killed run put the passage back already."""
    if sha256(before) == entry.cleaned:
        text = original(before, entry).decode(entry.encoding)
        return less(text, cuts).encode(entry.written)
    try:
        original(before, replace(entry, cuts=cuts))
    except LedgerError:
        raise LedgerError(
            f"{path}: changed since it was cleaned, so the passage's place is not certain; bring the cleaned file "
            f"back, or put the passage in by hand: `zhengwen restore --list` shows it"
        ) from None
    return before


def _record(ledger: Ledger, recorded: Recorded, passage: str, cuts: tuple[Cut, ...], after: bytes) -> None:
    entry = recorded.entry
    kept = next(p.fingerprint for p in entry.passages if p.id == passage)
    passages = tuple(p for p in entry.passages if p.id != passage)
    status = CLEANED if passages else UNCHANGED
    left = replace(entry, passages=passages, cuts=cuts, cleaned=sha256(after), status=status, replaces=None)
    ledger.put_back(recorded, left, kept)
