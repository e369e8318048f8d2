"""Cleaning files of many articles with a ledger: line by line, with memory that does not grow with the file.

A file is read, cleaned and written beside its output in one pass; the ledger gets its records as they are done, under a
name of their own. At the end one transaction makes them known, and then the file takes its place. A run that is killed
leaves the output as it was, and the same command starts that file anew.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from zhengwen import writers
from zhengwen.cleaning import Cleaner
from zhengwen.engines import Engine, Here
from zhengwen.errors import OutputError, UnreadableInputError, ZhengwenError
from zhengwen.forms import form_of
from zhengwen.forms.streams import digest, reading, writing
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Entry
from zhengwen.ledger.store import Ledger, Recorded
from zhengwen.places import InPlace, Place
from zhengwen.proving import Settings
from zhengwen.proving_lines import LineProver, Proven
from zhengwen.readers import Source, batches, lines
from zhengwen.recording import Outcome
from zhengwen.restoring import rebuild


class CorpusRecorder:
    """Cleans files of many articles into a place and a ledger. Reads and writes here; the rest is the engine's."""

    def __init__(
        self,
        cleaner: Cleaner,
        place: Place,
        ledger: Ledger,
        run: int,
        settings: Settings,
        engine: Engine | None = None,
    ) -> None:
        self._place, self._ledger, self._engine = place, ledger, engine or Here()
        self._run, self._settings = run, settings
        self._prover = LineProver(cleaner, settings)

    def outcomes(self, sources: Sequence[Source]) -> Iterator[Outcome]:
        """Does the files, in order: an outcome for each record, and one for a file that could not be done."""
        for source in sources:
            try:
                yield from self._file(source)
            except ZhengwenError as fault:
                yield Outcome(source, ledgers.REFUSED, fault=fault)
            except OSError as e:
                what = f"{self._place.path(source)}: cannot be written ({e.strerror}); the file is as it was"
                yield Outcome(source, ledgers.REFUSED, fault=OutputError(what))

    def _file(self, source: Source) -> Iterator[Outcome]:
        if not source.path:
            raise UnreadableInputError(f"{source.shown}: standard input is read as one article; name the file")
        path = self._place.path(source)
        to, encoding = self._settings.to_encoding, self._settings.encoding or "utf-8"
        if to not in (None, encoding):
            raise OutputError(f"{source.shown}: JSON Lines stay in their encoding; leave --to-encoding out")
        path.parent.mkdir(parents=True, exist_ok=True)
        writers.sweep(path.parent)
        recorded = self._ledger.recorded((source.name, ""))
        there = digest(path, str(path)) if path.exists() else None
        before = self._before(source, recorded, there)
        if recorded and recorded.run == self._run and there == recorded.entry.cleaned and before == recorded.entry.hash:
            yield from self._skipped(source, recorded)
            return
        if recorded and isinstance(self._place, InPlace) and there != before:
            self._bring_back(recorded.entry, path)
            there = before
        yield from self._cleaned(source, source.path, path, there)

    def _before(self, source: Source, recorded: Recorded | None, there: str | None) -> str | None:
        """The hash of the input, if it is known or needed. Raises `OutputError` for a file in the way."""
        path, entry = self._place.path(source), recorded.entry if recorded else None
        if isinstance(self._place, InPlace):
            if entry is None or self._settings.overwrite or there in (entry.hash, entry.replaces):
                return entry.hash if entry and there == entry.cleaned else there
            if there == entry.cleaned:
                return entry.hash
            raise OutputError(
                f"{source.shown}: changed since it was cleaned; --overwrite takes it for a new file and forgets what "
                f"was removed from it before (`zhengwen restore --list` shows that)"
            )
        found = digest(source.path, source.shown) if entry and source.path else None
        if there is None or self._settings.overwrite:
            return found
        if entry is None:
            raise OutputError(f"{path}: is there already and not in the ledger; move it away or add --overwrite")
        if entry.hash != found:
            raise OutputError(
                f"{path}: stands for another version of its input, which this folder may be the last to hold; restore "
                f"it if you need it, then add --overwrite"
            )
        if there not in (entry.cleaned, entry.replaces):
            raise OutputError(f"{path}: changed since it was written; move it away or add --overwrite")
        return found

    def _skipped(self, source: Source, recorded: Recorded) -> Iterator[Outcome]:
        yield Outcome(source, recorded.entry.status, skipped=True)
        for record in self._ledger.records(source.name, (ledgers.UNREADABLE, ledgers.REFUSED)):
            yield Outcome(source, record.entry.status, skipped=True, fault=OutputError(record.entry.why), part=True)

    def _bring_back(self, entry: Entry, path: Path) -> None:
        """Puts the original in its place again: with another configuration, cleaning starts from there."""
        with writers.partial(path) as there:
            rebuild(self._ledger, entry, path, there)
            writers.settle(there, path)
            writers.move(there, path)

    def _cleaned(self, source: Source, given: Path, path: Path, there: str | None) -> Iterator[Outcome]:
        self._ledger.begin(source.name)
        stamp = _stamp(given)
        before, after = _Tally(), _Tally()
        with writers.partial(path) as beside:
            with reading(given, source.shown) as stream, beside.open("xb") as file, writing(file, path.name) as out:
                found = lines(before.through(stream), source, self._settings.fields, self._settings.encoding)
                for proven in self._engine.map(self._prover, ((source, batch) for batch in batches(found))):
                    yield from self._write(source, proven, after.onto(out))
            hash_, cleaned = before.hash, after.hash
            if hash_ == cleaned:  # the very file, compressed as it was
                shutil.copyfile(given, beside)
            writers.settle(beside, path)
            if _stamp(given) != stamp:
                raise OutputError(
                    f"{source.shown}: changed while it was cleaned, so it is left alone; give the same command again"
                )
            self._ledger.finish(self._run, self._entry(source, before, after, there))
            if there != cleaned:
                writers.move(beside, path)

    def _entry(self, source: Source, before: "_Tally", after: "_Tally", there: str | None) -> Entry:
        encoding = self._settings.encoding or "utf-8"
        return Entry(
            (source.name, ""),
            before.hash,
            before.size,
            form_of(source.name).name,
            encoding,
            "",
            ledgers.UNCHANGED if before.hash == after.hash else ledgers.CLEANED,
            after.hash,
            encoding,
            replaces=there if there not in (None, before.hash, after.hash) else None,
        )

    def _write(self, source: Source, proven: Sequence[Proven], out: "_Output") -> Iterator[Outcome]:
        """Writes some lines, and records them."""
        for line in proven:
            out.write(line.data)
        self._ledger.write_records(self._run, source.name, [line.entry for line in proven if line.entry])
        for line in proven:
            if line.entry:
                fault = OutputError(line.entry.why) if line.entry.why else None
                yield Outcome(source, line.entry.status, line.cleaned, fault=fault, part=True)


class _Tally:
    """Hash and size of the bytes that go by."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0

    def add(self, data: bytes) -> None:
        """Counts some."""
        self._hash.update(data)
        self.size += len(data)

    @property
    def hash(self) -> str:
        """SHA-256 in hexadecimal digits."""
        return self._hash.hexdigest()

    def through(self, stream: BinaryIO) -> Iterator[bytes]:
        """The lines of a stream, counted."""
        for line in stream:
            self.add(line)
            yield line

    def onto(self, stream: BinaryIO) -> "_Output":
        """A stream that counts what is written to it."""
        return _Output(self, stream)


class _Output:
    """Writes and counts."""

    def __init__(self, tally: _Tally, stream: BinaryIO) -> None:
        self._tally, self._stream = tally, stream

    def write(self, data: bytes) -> None:
        """Writes some bytes."""
        self._tally.add(data)
        self._stream.write(data)


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes when someone saves a file."""
    with suppress(OSError):
        found = os.stat(path)  # noqa: PTH116
        return found.st_size, found.st_mtime_ns, found.st_ino
    return ()
