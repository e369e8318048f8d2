"""The cleaned articles of a shard, those left out as copies among them, and a shard with others left out."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from zhengwen.copies import cleaned_of
from zhengwen.forms import form_of
from zhengwen.forms.records import own
from zhengwen.forms.streams import is_compressed, reading, writing
from zhengwen.forms.text import TextForm
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Entry, Key, Likeness
from zhengwen.ledger.store import Ledger

_MANY = "jsonl"
"""The form of files of many in which copies are looked for."""


@dataclass(frozen=True, slots=True)
class Gone:
    """An article left out, and the one that stands for it."""

    place: int
    keeper: Key
    likeness: Likeness


def paths(ledger: Ledger) -> list[str]:
    """The files of a shard in which copies are looked for, in order."""
    found = (recorded.entry for recorded in ledger.files())
    return [e.key[0] for e in found if form_of(e.key[0]).name == _MANY or isinstance(form_of(e.place), TextForm)]


def of_file(entry: Entry, here: Path) -> str | None:
    """The cleaned text of a file that is kept or left out as a copy."""
    if entry.cleaned is not None:
        return (here / entry.place).read_bytes().decode(entry.written)
    return cleaned_of(entry) if entry.status == ledgers.DUPLICATE else None


def lines(ledger: Ledger, here: Path, name: str) -> Iterator[tuple[Entry | None, bytes]]:
    """The cleaned lines of a file, those that were left out as copies in their places; a blank one has no entry."""
    recorded = ledger.recorded((name, ""))
    if not recorded or recorded.entry.cleaned is None:
        return
    with reading(here / name, name) as stream:
        rest = iter(stream)
        for one in ledger.records(name):
            entry = one.entry
            if entry.status == ledgers.DUPLICATE and entry.whole is not None:
                text = ledgers.unpack(entry.whole).decode(entry.encoding)
                yield entry, ledgers.less(text, entry.cuts).encode(entry.written)
            elif entry.cleaned is not None:
                for data in rest:
                    yield (entry, data) if data.strip() else (None, data)
                    if data.strip():
                        break
        yield from ((None, data) for data in rest)


def settle(ledger: Ledger, here: Path, name: str, out: Mapping[Key, Gone]) -> str:
    """Records who is left out of a file, and rewrites it in the folder; its output, if anything changed."""
    if form_of(name).many:
        return _settle_lines(ledger, here, name, out)
    recorded = ledger.recorded((name, ""))
    if not recorded or (recorded.entry.cleaned is None and recorded.entry.status != ledgers.DUPLICATE):
        return ""
    entry = recorded.entry
    path = here / entry.place
    data = path.read_bytes() if entry.cleaned is not None else cleaned_of(entry).encode(entry.written)
    fresh = _decided(entry, data, out.get(entry.key))
    if fresh == entry:
        return ""
    ledger.write(recorded.run, [fresh])
    if fresh.cleaned is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return entry.place


def _settle_lines(ledger: Ledger, here: Path, name: str, out: Mapping[Key, Gone]) -> str:
    recorded = ledger.recorded((name, ""))
    pairs = [(e, _decided(e, data, out.get(e.key))) for e, data in lines(ledger, here, name) if e and e.hash]
    changed = [fresh for entry, fresh in pairs if fresh != entry]
    if not recorded or not changed:
        return ""
    left = {fresh.key for _, fresh in pairs if fresh.cleaned is None}
    path, beside = here / name, here / f"{name}.part"
    hash_ = hashlib.sha256()
    with beside.open("xb") as file, writing(file, path.name) as stream:
        for entry, data in lines(ledger, here, name):
            if not entry or entry.key not in left:
                hash_.update(data)
                stream.write(data)
    cleaned = hash_.hexdigest()
    if is_compressed(path):
        before = str(recorded.entry.cleaned)
        stored = next(ledger.pieces(name, before), None) is not None
        ledger.add_pieces(name, cleaned, ledger.pieces(name, before) if stored else own(path))
    beside.replace(path)
    status = ledgers.UNCHANGED if cleaned == recorded.entry.hash else ledgers.CLEANED
    ledger.write(recorded.run, [*changed, replace(recorded.entry, cleaned=cleaned, status=status)])
    return name


def _decided(entry: Entry, data: bytes, gone: Gone | None) -> Entry:
    """The entry of an article that is left out, or that is not; ``data`` is what is left of it."""
    if gone:
        whole = entry.whole if entry.whole is not None else ledgers.pack(ledgers.original(data, entry))
        return replace(
            entry, status=ledgers.DUPLICATE, cleaned=None, keeper=gone.keeper, likeness=gone.likeness, whole=whole
        )
    if entry.status != ledgers.DUPLICATE:
        return entry
    return replace(
        entry,
        status=ledgers.CLEANED if entry.passages else ledgers.UNCHANGED,
        cleaned=ledgers.sha256(data),
        keeper=None,
        likeness=None,
        whole=entry.whole if entry.output else None,
    )
