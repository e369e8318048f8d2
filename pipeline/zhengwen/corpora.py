"""Cleaning files of many articles with a ledger: batch by batch, with memory that does not grow with the file.

A file is read, cleaned and written beside its output in one pass; the ledger gets its records as they are done, under a
name of their own. At the end one transaction makes them known, and then the file takes its place. A run that is killed
leaves the output as it was, and the same command starts that file anew.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from zhengwen import writers
from zhengwen.cleaning import Cleaner
from zhengwen.engines import Engine, Here
from zhengwen.errors import OutputError, UnreadableInputError, ZhengwenError
from zhengwen.forms import corpus_form_of, form_of
from zhengwen.forms.records import Rewriting
from zhengwen.forms.streams import digest
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Entry
from zhengwen.ledger.store import Ledger, Recorded
from zhengwen.places import InPlace, Place
from zhengwen.proving import Settings
from zhengwen.proving_lines import LineProver, Proven
from zhengwen.readers import Source, batches
from zhengwen.rebuilding import rebuild
from zhengwen.recording import Outcome


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
        to, encoding = self._settings.to_encoding, self._encoding(source)
        if to not in (None, encoding):
            raise OutputError(f"{source.shown}: files of many articles stay in their encoding; leave --to-encoding out")
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

    def _encoding(self, source: Source) -> str:
        """That of a file's texts."""
        return self._settings.encoding or "utf-8" if corpus_form_of(source.name).by_lines else "utf-8"

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
        stamp, form = _stamp(given), corpus_form_of(source.name)
        how = (source.name, source.shown, self._settings.fields, self._settings.encoding)
        with writers.partial(path) as beside:
            with form.rewriting(given, beside, *how) as file:
                for group in file.groups():
                    for proven in self._engine.map(self._prover, ((source, batch) for batch in batches(group))):
                        yield from self._write(source, proven, file)
            (hash_, size), (cleaned, _) = file.before, file.after
            if hash_ == cleaned:  # the very file, compressed as it was
                shutil.copyfile(given, beside)
            else:
                self._ledger.write_pieces(source.name, cleaned, form.differences(given, beside))
            writers.settle(beside, path)
            if _stamp(given) != stamp:
                raise OutputError(
                    f"{source.shown}: changed while it was cleaned, so it is left alone; give the same command again"
                )
            self._ledger.finish(self._run, self._entry(source, hash_, size, cleaned, there))
            if there != cleaned:
                writers.move(beside, path)

    def _entry(self, source: Source, hash_: str, size: int, cleaned: str, there: str | None) -> Entry:
        encoding = self._encoding(source)
        return Entry(
            (source.name, ""),
            hash_,
            size,
            form_of(source.name).name,
            encoding,
            "",
            ledgers.UNCHANGED if hash_ == cleaned else ledgers.CLEANED,
            cleaned,
            encoding,
            replaces=there if there not in (None, hash_, cleaned) else None,
        )

    def _write(self, source: Source, proven: Sequence[Proven], file: Rewriting) -> Iterator[Outcome]:
        """Writes some lines, and records them."""
        file.write([line.data for line in proven])
        self._ledger.write_records(self._run, source.name, [line.entry for line in proven if line.entry])
        for line in proven:
            if line.entry:
                entry = line.entry
                fault = OutputError(entry.why) if entry.why else None
                yield Outcome(source, entry.status, line.cleaned, fault=fault, part=True, size=entry.size)


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes when someone saves a file."""
    with suppress(OSError):
        found = os.stat(path)  # noqa: PTH116
        return found.st_size, found.st_mtime_ns, found.st_ino
    return ()
