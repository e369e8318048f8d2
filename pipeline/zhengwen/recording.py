"""Cleaning with a ledger: what is taken is on the disk before any article changes; what is done is not done again.

The order of a shard is read, clean, prove, record (one transaction), write. A process that is killed leaves each file
as it was or as it shall be, and the ledger knows both; the same command then takes up what is missing.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zhengwen import writers
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.engines import Engine, Here
from zhengwen.errors import LedgerError, OutputError, UnreadableInputError, ZhengwenError
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Entry, Key, sha256
from zhengwen.ledger.store import Ledger, Recorded
from zhengwen.places import InPlace, Place
from zhengwen.proving import Job, Prover, Settings, Step, unreadable
from zhengwen.readers import Source, fetch, shards


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source.

    cleaned: None if it was not cleaned in this run.
    skipped: an earlier run finished it.
    fault: what could not be done.
    warning: what was done otherwise than one would expect.
    part: it is a record, one of many of the source.
    size: of a record, its bytes.
    """

    source: Source
    status: str
    cleaned: Cleaned | None = None
    skipped: bool = False
    fault: ZhengwenError | None = None
    warning: str = ""
    part: bool = False
    size: int = 0


class Recorder:
    """Cleans sources, shard by shard, into a place and a ledger. Reads and writes here; the rest is the engine's."""

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
        self._prover = Prover(cleaner, settings, isinstance(place, InPlace))
        self._swept: set[Path] = set()

    def outcomes(self, sources: Sequence[Source]) -> Iterator[Outcome]:
        """Does the sources, in order. Raises `OutputError` if the ledger cannot be written; all files are whole."""
        ahead: deque[list[Job | Step | Outcome]] = deque()

        def jobs() -> Iterator[list[Job]]:
            for shard in shards(sources):
                ahead.append([self._job(source) for source in shard])
                yield [f for f in ahead[-1] if isinstance(f, Job)]

        for steps in self._engine.map(self._prover, jobs()):
            yield from self._finish(ahead.popleft(), steps)

    def _finish(self, found: Sequence[Job | Step | Outcome], proven: Sequence[Step]) -> Iterator[Outcome]:
        """Records a shard, then writes it; ``proven``: the steps of its jobs."""
        jobs = (f for f in found if isinstance(f, Job))
        steps = [(f, b"") for f in found if isinstance(f, Step)]
        steps += [(step, job.data) for job, step in zip(jobs, proven, strict=True)]
        self._ledger.write(self._run, [step.entry for step, _ in steps])
        yield from (f for f in found if isinstance(f, Outcome))
        for step, data in steps:
            yield self._carry_out(step, data)

    def _job(self, source: Source) -> Job | Step | Outcome:
        """What is to be done with a source: clean it, record that it cannot be read, or nothing."""
        key = (source.name, "")
        self._sweep(self._place.path(source).parent)
        recorded = self._ledger.recorded(key)
        try:
            found = fetch(source)
        except UnreadableInputError as fault:
            if recorded:
                return Outcome(source, ledgers.UNREADABLE, fault=fault)
            return Step(source, None, unreadable(key, b"", fault, read=False), None, None)
        try:
            there = self._place.there(source, found)
            if recorded and self._finished(recorded, there, found):
                return _skipped(source, recorded.entry)
            data = self._place.original(source, found, there, recorded)
        except OutputError as fault:
            return Outcome(source, ledgers.REFUSED, fault=fault)
        except LedgerError as fault:
            return Outcome(source, ledgers.REFUSED, fault=LedgerError(f"{source.shown}: {fault}"))
        if data is None and not self._settings.overwrite:
            return Outcome(source, ledgers.REFUSED, fault=self._place.conflict(source, found, recorded))
        data = found if data is None else data
        try:
            self._place.forget(source, recorded)
        except OutputError as fault:
            return Outcome(source, ledgers.REFUSED, fault=fault)
        return Job(source, data, there, self._ours(there, recorded))

    def _ours(self, there: str | None, recorded: Recorded | None) -> str | None:
        known = recorded and there in (recorded.entry.cleaned, recorded.entry.replaces)
        return there if known or isinstance(self._place, InPlace) else None

    def _finished(self, recorded: Recorded, there: str | None, found: bytes) -> bool:
        entry = recorded.entry
        return (
            recorded.run == self._run
            and there == entry.cleaned
            and not recorded.overwriting
            and (isinstance(self._place, InPlace) or entry.hash == sha256(found))
            and (not entry.keeper or self._stands(entry.keeper))
        )

    def _stands(self, keeper: Key) -> bool:
        """Whether the article that stands for a duplicate is still in the output."""
        recorded = self._ledger.recorded(keeper)
        return bool(recorded and recorded.entry.cleaned) and self._place.path(Source(keeper[0], None, 0)).is_file()

    def _sweep(self, folder: Path) -> None:
        if folder not in self._swept:
            self._swept.add(folder)
            writers.sweep(folder)

    def _carry_out(self, step: Step, data: bytes) -> Outcome:
        """Writes the output, or removes an earlier one if there shall be none; ``data`` is the input."""
        entry, source = step.entry, step.source
        outcome = Outcome(source, entry.status, step.cleaned, fault=OutputError(entry.why) if entry.why else None)
        path = self._place.path(source)
        try:
            if step.output is not None and entry.cleaned != step.there:
                _check_unchanged(path, step.there)
                return replace(outcome, warning=self._place.put(source, step.output, data, self._ledger))
            if entry.cleaned is None and entry.replaces is not None and step.there == entry.replaces:
                _check_unchanged(path, step.there)
                path.unlink()
        except OutputError as fault:
            return replace(outcome, cleaned=None, fault=fault)
        except OSError as e:
            return replace(outcome, cleaned=None, fault=OutputError(f"{path}: cannot be removed ({e.strerror})"))
        return outcome


def _check_unchanged(path: Path, there: str | None) -> None:
    """Raises `OutputError` if a file is no longer what it was when the article was read, e.g. saved by an editor."""
    try:
        now = sha256(path.read_bytes())
    except OSError:
        now = None
    if now != there:
        raise OutputError(f"{path}: changed while it was cleaned, so it is left alone; give the same command again")


def _skipped(source: Source, entry: Entry) -> Outcome:
    return Outcome(source, entry.status, skipped=True, fault=OutputError(entry.why) if entry.why else None)
