"""Copies among the articles of an output folder: left out of it, whole in the ledger.

After the articles of a run are written, those that are new to the folder's index are compared with each other and with
those that earlier runs kept. The order is record (one transaction a batch), index, remove: a process that is killed
leaves files that the same command takes away the next time.

Only outputs that are text are compared: text files, and articles of pages that are written as Markdown. Records of JSON
Lines and pages that stay HTML are left out of it: a record is no file that could be taken away, and most of a page is
not its article.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zhengwen import writers
from zhengwen.batching import by_size
from zhengwen.dedup import index
from zhengwen.dedup.assign import Fetch, LeftOut
from zhengwen.dedup.collection import Collection, choose, deduplicate
from zhengwen.dedup.fold import Codes, fold_texts
from zhengwen.dedup.verify import Limits
from zhengwen.errors import LedgerError, OutputError
from zhengwen.forms import form_of
from zhengwen.forms.text import TextForm
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Entry, Key, Likeness
from zhengwen.ledger.store import Ledger

_BATCH = 200
_CHARACTERS = 1 << 20


@dataclass(frozen=True, slots=True)
class Copy:
    """An article left out, and the one that stands for it, by their paths."""

    name: str
    keeper: str
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class _Shelved:
    """An article that is to be decided.

    there: its output is in the folder; if not, it was left out before and its keeper has changed.
    """

    entry: Entry
    there: bool

    @property
    def name(self) -> str:
        return self.entry.key[0]


def leave_out(folder: Path, ledger: Ledger, run: int, done: Iterable[tuple[Key, bool]], limits: Limits) -> list[Copy]:
    """Leaves copies out of a folder.

    done: the articles of the run, and whether each was cleaned in it rather than before. Raises `OutputError` if the
    ledger, the index or an output cannot be written; the same command then goes on.
    """
    before = index.load(folder)
    shelf = _shelf(folder, ledger, before, list(done))
    collection = Collection()
    for batch in by_size(shelf, lambda shelved: shelved.entry.size, _CHARACTERS):
        collection.add([_text(folder, s) or "" for s in batch])
    new = collection.known()
    rest = before.retire(s.name for s in shelf)
    match = rest.match(new)
    names = [s.name for s in shelf] + list(match.names)
    rows = deduplicate(new, match.known, _fetcher(folder, ledger, shelf, match.names), limits)
    gone = {row.article: row for row in rows}
    _record(folder, ledger, run, shelf, gone, names)
    kept = np.array([n not in gone for n in range(len(shelf))], np.bool_)
    if len(shelf):
        rest.add(choose(new, kept), [s.name for s, k in zip(shelf, kept.tolist(), strict=True) if k])
    for number in gone:
        if shelf[number].there:
            _remove(folder, shelf[number].entry)
    return [Copy(names[row.article], names[row.keeper], _likeness(row)) for row in rows if shelf[row.article].there]


def _shelf(folder: Path, ledger: Ledger, before: index.Index, done: list[tuple[Key, bool]]) -> list[_Shelved]:
    """What the index does not know as it is now: articles cleaned in this run or never compared, and what those that
    were cleaned in it stood for."""
    held = before.holds(key[0] for key, _ in done)
    anew = {key for key, now in done if now}
    shelf = []
    for key in (key for key, now in done if now or key[0] not in held):
        recorded = ledger.recorded(key)
        if recorded and _is_text(recorded.entry) and _is_there(folder, recorded.entry):
            shelf.append(_Shelved(recorded.entry, True))
    chosen = {s.entry.key for s in shelf}
    before_it = (r.entry for r in ledger.duplicates() if r.entry.keeper in anew and r.entry.key not in chosen)
    shelf.extend(_Shelved(entry, False) for entry in before_it)
    return sorted(shelf, key=lambda s: s.name)


def _is_text(entry: Entry) -> bool:
    """Whether there is an output, and it is one that copies are looked for in."""
    return entry.cleaned is not None and isinstance(form_of(entry.place), TextForm)


def _is_there(folder: Path, entry: Entry) -> bool:
    """Whether the output is the file that the ledger knows; what was changed by hand is not touched."""
    try:
        return ledgers.sha256((folder / entry.place).read_bytes()) == entry.cleaned
    except OSError:
        return False


def _text(folder: Path, shelved: _Shelved) -> str | None:
    """The cleaned article; None if it cannot be read any more."""
    entry = shelved.entry
    try:
        if shelved.there:
            return (folder / entry.place).read_bytes().decode(entry.written)
        return cleaned_of(entry)
    except (OSError, UnicodeError):
        return None


def cleaned_of(entry: Entry) -> str:
    """What is left of an article that only the ledger holds; a page is read anew, for its cuts are of its Markdown."""
    name, data = entry.key[0], _input(entry)
    page = form_of(name).read(data, name, name, entry.encoding) if entry.output else None
    return ledgers.less(page.text if page else data.decode(entry.encoding), entry.cuts)


def _input(entry: Entry) -> bytes:
    if entry.whole is None:
        raise LedgerError(f"{entry.key[0]}: the ledger lacks what was left out; restore it from a backup")
    return ledgers.unpack(entry.whole)


def _fetcher(folder: Path, ledger: Ledger, shelf: Sequence[_Shelved], others: Sequence[str]) -> Fetch:
    def text(number: int) -> str | None:
        if number < len(shelf):
            return _text(folder, shelf[number])
        recorded = ledger.recorded((others[number - len(shelf)], ""))
        return _text(folder, _Shelved(recorded.entry, True)) if recorded and _is_text(recorded.entry) else None

    def fetch(numbers: Sequence[int]) -> list[Codes | None]:
        texts = [text(n) for n in numbers]
        folded = fold_texts([t or "" for t in texts])
        return [None if t is None else folded.article(n) for n, t in enumerate(texts)]

    return fetch


def _likeness(row: LeftOut) -> Likeness:
    return Likeness(row.reason.value, round(row.jaccard, 4), round(row.containment, 4))


def _record(
    folder: Path,
    ledger: Ledger,
    run: int,
    shelf: Sequence[_Shelved],
    gone: dict[int, LeftOut],
    names: Sequence[str],
) -> None:
    """Records who is left out, whole; and brings back whom nobody stands for any more."""
    waiting: list[Entry] = []
    for number, shelved in enumerate(shelf):
        entry, row = shelved.entry, gone.get(number)
        if row:
            whole = entry.whole
            if whole is None:
                whole = ledgers.pack(ledgers.original(_output(folder, entry), entry))
            waiting.append(
                replace(
                    entry,
                    status=ledgers.DUPLICATE,
                    cleaned=None,
                    keeper=(names[row.keeper], ""),
                    likeness=_likeness(row),
                    whole=whole,
                    replaces=entry.cleaned if shelved.there else entry.replaces,
                )
            )
        elif not shelved.there:
            ledger.write(run, [_back(folder, entry)])
        if len(waiting) >= _BATCH:
            ledger.write(run, waiting)
            waiting = []
    ledger.write(run, waiting)


def _output(folder: Path, entry: Entry) -> bytes:
    path = folder / entry.place
    try:
        return path.read_bytes()
    except OSError as e:
        raise OutputError(
            f"{path}: cannot be read ({e.strerror}); mend that, then give the same command again"
        ) from None


def _back(folder: Path, entry: Entry) -> Entry:
    """Writes an article that was left out; what the ledger says of it then."""
    data = cleaned_of(entry).encode(entry.written)
    writers.write(folder / entry.place, data)
    status = ledgers.CLEANED if entry.passages else ledgers.UNCHANGED
    return replace(
        entry,
        status=status,
        cleaned=ledgers.sha256(data),
        keeper=None,
        likeness=None,
        whole=entry.whole if entry.output else None,
        replaces=None,
    )


def _remove(folder: Path, entry: Entry) -> None:
    path = folder / entry.place
    try:
        if ledgers.sha256(path.read_bytes()) == entry.cleaned:
            path.unlink()
    except FileNotFoundError:
        pass
    except OSError as e:
        raise OutputError(
            f"{path}: cannot be removed ({e.strerror}); mend that, then give the same command again"
        ) from None
