"""Originals of files of many articles from what was left of them and the ledger, and single passages back into them."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from zhengwen import writers
from zhengwen.errors import LedgerError, OutputError
from zhengwen.forms import CorpusForm, Fields, corpus_form_of
from zhengwen.forms.records import Flaw, Line, Piece, Record, line_of
from zhengwen.forms.streams import digest, reading, writing
from zhengwen.ledger.entries import ADVERT, CLEANED, DUPLICATE, UNCHANGED, Entry, less, original, sha256, unpack
from zhengwen.ledger.store import Ledger, Recorded
from zhengwen.sketches import mark

_CHUNK = 1 << 20


def rebuild(ledger: Ledger, entry: Entry, path: Path, there: Path) -> None:
    """Writes the original of a cleaned file of many articles to ``there``, line by line.

    Raises `LedgerError` where it cannot be given back, and says the remedy.
    """
    if not path.is_file():
        raise LedgerError(f"{path}: the cleaned file is missing; bring it back, or clean the input again, then restore")
    found = digest(path, str(path))
    pieces = ledger.pieces(entry.key[0], found)
    first = next(pieces, None)
    if first is None and found == entry.hash:
        shutil.copyfile(path, there)
        return
    if found not in (entry.cleaned, entry.hash):
        raise LedgerError(
            f"{path}: changed since it was cleaned, so it no longer fits the ledger; bring the cleaned file back, or "
            f"clean the input again; `zhengwen restore {ledger.folder} --list` shows what was removed"
        )
    if first is None and corpus_form_of(entry.key[0]).by_lines:
        hash_ = _from_lines(ledger, entry.key[0], path, there)
    else:
        _from_pieces(chain(() if first is None else (first,), pieces), path, there)
        hash_ = digest(there, str(path), entry.key[0])
    if hash_ != entry.hash:
        raise LedgerError(f"{path}: the cleaned file and the ledger do not give the original; restore the ledger")


def _from_lines(ledger: Ledger, name: str, path: Path, there: Path) -> str:
    """Writes the original lines of a cleaned file; their hash."""
    hash_ = hashlib.sha256()
    with reading(path, str(path)) as lines, there.open("xb") as file, writing(file, path.name) as stream:
        for line in _original_lines(lines, ledger.records(name, (CLEANED, ADVERT, DUPLICATE))):
            hash_.update(line)
            stream.write(line)
    return hash_.hexdigest()


def _from_pieces(pieces: Iterable[Piece], path: Path, there: Path) -> None:
    """Writes the pieces of the original of a cleaned file."""
    with path.open("rb") as output, there.open("xb") as file:
        for piece in pieces:
            for data in _bytes(piece, output):
                file.write(data)


def _bytes(piece: Piece, output: BinaryIO) -> Iterator[bytes]:
    if piece.data is not None:
        yield piece.data
        return
    output.seek(piece.start)
    for begin in range(0, piece.size, _CHUNK):
        yield output.read(min(_CHUNK, piece.size - begin))


def _original_lines(lines: Iterable[bytes], changed: Iterator[Recorded]) -> Iterator[bytes]:
    """The lines of the original: those that were cleaned or left out, by number from the ledger, and the others."""
    number, rest = 0, iter(lines)
    for recorded in changed:
        entry = recorded.entry
        yield from islice(rest, line_of(entry.key[1]) - number - 1)
        number = line_of(entry.key[1])
        yield unpack(entry.whole) if entry.whole is not None else original(next(rest, b""), entry)
    yield from rest


def put_back(ledger: Ledger, path: Path, recorded: Recorded, passage: str) -> tuple[str, str]:
    """Puts one passage of a record back into its line of the cleaned file ``path``; its mark and its text.

    The file is written as a whole beside its place and proven; then it takes its place, and then the ledger is told. A
    run that is killed in between is taken up by the same command. Raises `LedgerError` or `OutputError`.
    """
    entry = recorded.entry
    file = ledger.recorded((entry.key[0], ""))
    if not file or not path.is_file():
        raise LedgerError(f"{path}: the cleaned file is missing; bring it back, or clean the input again")
    left = _without(entry, passage)
    form, found = corpus_form_of(entry.key[0]), digest(path, str(path))
    if found != file.entry.cleaned:
        if _original_hash(ledger, form, path, found, left) != file.entry.hash:
            raise LedgerError(
                f"{path}: changed since it was cleaned, so the passage's place is not certain; bring the cleaned file "
                f"back, or put the passage in by hand: `zhengwen restore {ledger.folder} --list` shows it"
            )
        groups = form.groups(path, file.entry.key[0], str(path), _fields(ledger, file), left.written)
        data = next(islice(_lines(groups), _output_line(ledger, left) - 1, None))
        left = replace(left, cleaned=sha256(_data(data)))
    else:
        found, left = _put(ledger, form, path, file, left)
    whole = replace(file.entry, cleaned=found, status=UNCHANGED if found == file.entry.hash else CLEANED, replaces=None)
    text = "".join(c.text for c in entry.cuts if c.passage == passage)
    kept = next(mark(text, p.fingerprint) for p in entry.passages if p.id == passage)
    ledger.put_back(recorded, left, kept, file=whole)
    return kept, text


def _without(entry: Entry, passage: str) -> Entry:
    """The record as it is to be recorded, but for the hash of what it becomes."""
    cuts = tuple(c for c in entry.cuts if c.passage != passage)
    passages = tuple(p for p in entry.passages if p.id != passage)
    return replace(entry, cuts=cuts, passages=passages, status=CLEANED if passages else UNCHANGED)


def _put(ledger: Ledger, form: CorpusForm, path: Path, file: Recorded, left: Entry) -> tuple[str, Entry]:
    """Writes the file with a passage more; its hash, and what is to be recorded of the record."""
    name, shown = file.entry.key[0], str(path)
    before = ledger.recorded(left.key)
    fields = _fields(ledger, file)
    try:
        with writers.partial(path) as there:
            with form.rewriting(path, there, name, shown, fields, left.written) as rewriting:
                at = _output_line(ledger, left)
                for number, line in enumerate(_lines(rewriting.groups()), 1):
                    data = _data(line)
                    if number == at and before:
                        data, left = _more(data, before.entry, left)
                    rewriting.write([data])
            found = rewriting.after[0]
            if next(ledger.pieces(name, str(file.entry.cleaned)), None):
                with writers.partial(path) as whole:
                    rebuild(ledger, file.entry, path, whole)
                    ledger.add_pieces(name, found, form.differences(whole, there))
            if _original_hash(ledger, form, there, found, left) != file.entry.hash:
                raise LedgerError(f"{path}: file and ledger would not give the original any more; it is left alone")
            writers.settle(there, path)
            writers.move(there, path)
    except OSError as e:
        raise OutputError(f"{path}: cannot be replaced ({e.strerror}); the file is as it was") from None
    return found, left


def _fields(ledger: Ledger, file: Recorded) -> Fields:
    """The field that was cleaned."""
    return Fields(str(ledger.configuration(file.run).get("text_field", "text")))


def _lines(groups: Iterable[Iterable[Line]]) -> Iterator[Line]:
    for group in groups:
        yield from group


def _data(line: Line) -> bytes:
    return (
        line.source.encode(line.encoding) if isinstance(line, Record) else line.data if isinstance(line, Flaw) else line
    )


def _output_line(ledger: Ledger, entry: Entry) -> int:
    """The number in the cleaned file of a record's line; those left out before it are not there."""
    number = line_of(entry.key[1])
    gone = (line_of(r.entry.key[1]) for r in ledger.records(entry.key[0], (ADVERT,)))
    return number - sum(line < number for line in gone)


def _more(data: bytes, entry: Entry, left: Entry) -> tuple[bytes, Entry]:
    """A record's line with what ``left`` does not cut, and what is to be recorded of it."""
    after = less(original(data, entry).decode(entry.encoding), left.cuts).encode(entry.written)
    left = replace(left, cleaned=sha256(after))
    original(after, left)
    return after, left


def _original_hash(ledger: Ledger, form: CorpusForm, path: Path, found: str, left: Entry) -> str:
    """The hash of the original that a cleaned file gives if one of its records is as ``left`` says."""
    hash_ = hashlib.sha256()
    try:
        if form.by_lines:
            records = (
                replace(r, entry=left) if r.entry.key == left.key else r
                for r in ledger.records(left.key[0], (CLEANED, ADVERT))
            )
            with reading(path, str(path), left.key[0]) as lines:
                for line in _original_lines(lines, records):
                    hash_.update(line)
        else:
            with path.open("rb") as output:
                for piece in ledger.pieces(left.key[0], found):
                    for data in _bytes(piece, output):
                        hash_.update(data)
    except LedgerError:
        return ""
    return hash_.hexdigest()
