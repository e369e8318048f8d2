"""Originals from cleaned articles and their ledger."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from zhengwen import rebuilding, writers
from zhengwen.errors import LedgerError, OutputError, ZhengwenError
from zhengwen.forms import form_of
from zhengwen.forms.records import line_of
from zhengwen.forms.streams import digest
from zhengwen.ledger.entries import CLEANED, UNCHANGED, Cut, Entry, less, original, sha256, unpack
from zhengwen.ledger.store import Ledger, Recorded
from zhengwen.sketches import mark

_LINE_END = re.compile(r"\r\n|\n|\r")


def restore(ledger: Ledger, folder: Path, output: Path, *, overwrite: bool) -> Iterator[ZhengwenError | None]:
    """Writes every input below ``output``; an error for each that cannot be given back or written, else None."""
    for recorded in ledger.files():
        try:
            if form_of(recorded.entry.key[0]).many:
                _give_many(ledger, recorded.entry, folder, output, overwrite=overwrite)
            else:
                _give(recorded.entry, folder, output, overwrite=overwrite)
            yield None
        except ZhengwenError as fault:
            yield fault


def _give(entry: Entry, folder: Path, output: Path, *, overwrite: bool) -> None:
    data = input_of(entry, folder)
    path = (output / _inside(entry.key[0])).resolve()
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


def _give_many(ledger: Ledger, entry: Entry, folder: Path, output: Path, *, overwrite: bool) -> None:
    path, source = (output / _inside(entry.key[0])).resolve(), (folder / _inside(entry.place)).resolve()
    try:
        if path.is_file() and digest(path, str(path)) == entry.hash:
            return
        if path.exists() and not overwrite:
            raise OutputError(f"{path}: is there already and is not the original; move it away or add --overwrite")
        path.parent.mkdir(parents=True, exist_ok=True)
        with writers.partial(path) as there:
            rebuilding.rebuild(ledger, entry, source, there)
            writers.settle(there, path)
            writers.move(there, path)
    except OSError as e:
        raise OutputError(f"{path}: cannot be written ({e.strerror})") from None


def _inside(name: str) -> Path:
    """The path of an article, if it stays inside of the folder that it is put to. Raises `LedgerError`."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise LedgerError(f"{name}: the ledger names a file outside of the folder; do not use this ledger")
    return Path(path)


def input_of(entry: Entry, folder: Path) -> bytes:
    """The bytes of an input, verified. Raises `LedgerError` where they cannot be given back, and says the remedy."""
    path = folder / _inside(entry.place)
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


def lines_of(entry: Entry, folder: Path) -> list[int]:
    """The line, from 1, in which each passage of an article begins in its original; of a record, that of the record.

    0 for the passages of an original that cannot be given back.
    """
    if entry.key[1]:
        return [line_of(entry.key[1])] * len(entry.passages)
    try:
        text = input_of(entry, folder).decode(entry.encoding)
    except (LedgerError, UnicodeError):
        return [0] * len(entry.passages)
    ends = [m.end() for m in _LINE_END.finditer(text)]
    return [bisect_right(ends, p.start) + 1 for p in entry.passages]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as e:
        raise LedgerError(f"{path}: cannot be read ({e.strerror}); mend that, then restore") from None


@dataclass(frozen=True, slots=True)
class Back:
    """A passage that was put back: the article's file, the passage's mark and its text."""

    path: Path
    mark: str
    text: str


def put_back(ledger: Ledger, folder: Path, passage: str) -> Back:
    """Puts one passage back where it stood in the cleaned article, and has it kept from now on.

    Raises `LedgerError` if there is no such passage, or if the cleaned article was changed.
    """
    recorded = ledger.holder(passage)
    if not recorded:
        raise LedgerError(
            f"{passage}: no removed passage of {folder} has this id; `zhengwen restore {folder} --list` has all"
        )
    entry = recorded.entry
    if entry.key[1]:
        path = (folder / _inside(entry.key[0])).resolve()
        return Back(path, *rebuilding.put_back(ledger, path, recorded, passage))
    if entry.output:
        raise LedgerError(
            f"{entry.key[0]}: became {entry.output}, into which no passage is put back; list its fingerprint in a "
            f"keep-list and clean again, or clean the page with --to html"
        )
    path = (folder / _inside(entry.place)).resolve()
    before = _read(path)
    if before is None:
        raise LedgerError(f"{path}: the cleaned file is missing; bring it back, or clean the input again")
    cuts, after = _with_passage(before, entry, passage, path, folder)
    if after != before:
        try:
            writers.replace(path, after)
        except OSError as e:
            raise OutputError(f"{path}: cannot be replaced ({e.strerror}); the file is as it was") from None
    return Back(path, *_record(ledger, recorded, passage, cuts, after))


def _with_passage(before: bytes, entry: Entry, passage: str, path: Path, folder: Path) -> tuple[tuple[Cut, ...], bytes]:
    """The cuts without a passage, and the original less those; the file as it is, if a killed run put the passage back
    already."""
    if sha256(before) == entry.cleaned:
        text = original(before, entry).decode(entry.encoding)
        cuts = _without(text, entry, passage)
        after = less(text, cuts).encode(entry.written)
        original(after, replace(entry, cuts=cuts))
        return cuts, after
    cuts = tuple(c for c in entry.cuts if c.passage != passage)
    try:
        original(before, replace(entry, cuts=cuts))
    except LedgerError:
        raise LedgerError(
            f"{path}: changed since it was cleaned, so the passage's place is not certain; bring the cleaned file "
            f"back, or put the passage in by hand: `zhengwen restore {folder} --list` shows it"
        ) from None
    return cuts, before


def _without(text: str, entry: Entry, passage: str) -> tuple[Cut, ...]:
    """The cuts that stay if a passage goes back; markup that it shared with others belongs to the next of them."""
    every = [(c.start, c.start + len(c.text)) for c in entry.cuts]
    others = [span for span, c in zip(every, entry.cuts, strict=True) if c.passage != passage]
    cuts: list[Cut] = []
    for start, end in form_of(entry.key[0]).remaining(text, every, others):
        parts = [c for span, c in zip(every, entry.cuts, strict=True) if span[0] < end and span[1] > start]
        owners = [c.passage for c in parts if c.passage != passage]
        for part in parts if owners else ():
            owner = next((c.passage for c in parts if c.start >= part.start and c.passage != passage), owners[-1])
            begin = max(start, part.start)
            cuts.append(Cut(begin, text[begin : min(end, part.start + len(part.text))], owner))
    return tuple(cuts)


def _record(ledger: Ledger, recorded: Recorded, passage: str, cuts: tuple[Cut, ...], after: bytes) -> tuple[str, str]:
    """Records that a passage is back; its mark and its text."""
    entry = recorded.entry
    text = "".join(c.text for c in entry.cuts if c.passage == passage)
    kept = next(mark(text, p.fingerprint) for p in entry.passages if p.id == passage)
    passages = tuple(p for p in entry.passages if p.id != passage)
    status = CLEANED if passages else UNCHANGED
    left = replace(entry, passages=passages, cuts=cuts, cleaned=sha256(after), status=status, replaces=None)
    ledger.put_back(recorded, left, kept)
    return kept, text
