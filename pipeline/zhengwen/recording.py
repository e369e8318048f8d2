"""Cleaning with a ledger: what is taken is on the disk before any article changes; what is done is not done again.

The order of a shard is read, clean, prove, record (one transaction), write. A process that is killed leaves each file
as it was or as it shall be, and the ledger knows both; the same command then takes up what is missing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zhengwen import writers
from zhengwen.articles import Article
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.errors import LedgerError, OutputError, UnreadableInputError, ZhengwenError
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Cut, Entry, Key, sha256
from zhengwen.ledger.store import Ledger, Recorded
from zhengwen.places import InPlace, Place
from zhengwen.readers import Source, fetch, interpret, shards
from zhengwen.reasons import words

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Settings:
    """How articles are cleaned beyond what the cleaner knows.

    drop_adverts: articles that are an advertisement as a whole are left out.
    max_removed: share of an article's characters, 0 to 1, above which it is refused.
    encoding: of the inputs; None to find it out.
    to_encoding: of the outputs; None for that of the input.
    overwrite: files in the way that are not an earlier output of the same input are replaced.
    """

    drop_adverts: bool = False
    max_removed: float = 1.0
    encoding: str | None = None
    to_encoding: str | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source.

    cleaned: None if it was not cleaned in this run.
    skipped: an earlier run finished it.
    fault: what could not be done.
    warning: what was done otherwise than one would expect.
    """

    source: Source
    status: str
    cleaned: Cleaned | None = None
    skipped: bool = False
    fault: ZhengwenError | None = None
    warning: str = ""


@dataclass(frozen=True, slots=True)
class _Job:
    """A source that is to be cleaned.

    data: the input.
    there: hash of the file where the output goes; None if there is none.
    ours: the same, if that file is the input or an earlier output of it, which may be taken away; else None.
    """

    source: Source
    data: bytes
    article: Article
    there: str | None
    ours: str | None


@dataclass(frozen=True, slots=True)
class _Step:
    """What is to be recorded and then done.

    output: None for an article that is left out or left alone.
    """

    source: Source
    cleaned: Cleaned | None
    entry: Entry
    output: bytes | None
    data: bytes
    there: str | None


class Recorder:
    """Cleans sources, shard by shard, into a place and a ledger."""

    def __init__(self, cleaner: Cleaner, place: Place, ledger: Ledger, run: int, settings: Settings) -> None:
        self._cleaner, self._place, self._ledger = cleaner, place, ledger
        self._run, self._settings = run, settings
        self._swept: set[Path] = set()

    def outcomes(self, sources: Sequence[Source]) -> Iterator[Outcome]:
        """Does the sources, in order. Raises `OutputError` if the ledger cannot be written; all files are whole."""
        for shard in shards(sources):
            yield from self._shard(shard)

    def _shard(self, shard: Sequence[Source]) -> Iterator[Outcome]:
        found = [self._job(source) for source in shard]
        jobs = [f for f in found if isinstance(f, _Job)]
        steps = [f for f in found if isinstance(f, _Step)]
        cleaned = self._cleaner.clean([job.article for job in jobs])
        steps += [self._step(job, c) for job, c in zip(jobs, cleaned, strict=True)]
        self._ledger.write(self._run, [step.entry for step in steps])
        yield from (f for f in found if isinstance(f, Outcome))
        yield from map(self._carry_out, steps)

    def _job(self, source: Source) -> _Job | _Step | Outcome:
        """What is to be done with a source: clean it, record that it cannot be read, or nothing."""
        key = (source.name, "")
        self._sweep(self._place.path(source).parent)
        recorded = self._ledger.recorded(key)
        try:
            found = fetch(source)
        except UnreadableInputError as fault:
            if recorded:
                return Outcome(source, ledgers.UNREADABLE, fault=fault)
            return _Step(source, None, _unreadable(key, b"", fault, read=False), None, b"", None)
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
            article = interpret(source, data, self._settings.encoding)
        except UnreadableInputError as fault:
            entry = self._alone(_unreadable(key, data, fault), data, self._ours(there, recorded))
            return _Step(source, None, entry, None, data, there)
        return _Job(source, data, article, there, self._ours(there, recorded))

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
        )

    def _sweep(self, folder: Path) -> None:
        if folder not in self._swept:
            self._swept.add(folder)
            writers.sweep(folder)

    def _step(self, job: _Job, cleaned: Cleaned) -> _Step:
        entry, output = self._entry(job, cleaned)
        return _Step(job.source, cleaned, entry, output, job.data, job.there)

    def _entry(self, job: _Job, cleaned: Cleaned) -> tuple[Entry, bytes | None]:
        """What is recorded of an article, and its output; none for one that is left out or left alone."""
        article, settings = cleaned.article, self._settings
        entry = _plain(job, cleaned)
        if cleaned.advert and settings.drop_adverts and not self._cleaner.keep.guards(article):
            return replace(entry, status=ledgers.ADVERT, whole=ledgers.pack(job.data), replaces=job.ours), None
        if fault := excess(job.source, cleaned, settings):
            entry = replace(entry, status=ledgers.REFUSED, why=str(fault))
        elif cleaned.removed:
            passages, cuts = ledgers.itemise(cleaned, entry.key)
            entry = replace(entry, status=ledgers.CLEANED, passages=passages, cuts=cuts)
        entry = self._converted(entry, article)
        try:
            output = self._proven(entry, article.text, job.data)
        except ZhengwenError as fault:
            why = f"{job.source.shown}: {fault}; it is left alone"
            plain = replace(_plain(job, cleaned), status=ledgers.REFUSED, why=why)
            return self._alone(plain, job.data, job.ours), None
        return self._whole(self._reasoned(entry, article.text), job, sha256(output)), output

    def _converted(self, entry: Entry, article: Article) -> Entry:
        """In the encoding of the output; UTF-16's byte order mark says nothing there and goes."""
        to = self._settings.to_encoding
        if not to or to == article.encoding:
            return entry
        marked = article.text.startswith(_MARK) and article.encoding.startswith("utf-")
        return replace(entry, written=to, cuts=((Cut(0, _MARK, None),) if marked else ()) + entry.cuts)

    def _proven(self, entry: Entry, text: str, data: bytes) -> bytes:
        """The output, once it and the ledger have given the input back. Raises `LedgerError`."""
        if not entry.cuts and entry.written == entry.encoding:
            return data
        try:
            output = ledgers.less(text, entry.cuts).encode(entry.written)
        except UnicodeEncodeError as e:
            raise LedgerError(
                f"character {e.start + 1} ({e.object[e.start]!r}) cannot be written in {entry.written}"
            ) from None
        ledgers.original(output, entry)
        return output

    def _reasoned(self, entry: Entry, text: str) -> Entry:
        model = self._cleaner.model
        passages = tuple(
            replace(p, reasons=words(model, text[p.start : p.end], p.kind)) if p.kind else p for p in entry.passages
        )
        return replace(entry, passages=passages)

    def _whole(self, entry: Entry, job: _Job, cleaned: str) -> Entry:
        """With the hash of the output; with the whole input, if the file there is neither the input nor the output:
        should the writing be interrupted, nothing else could give the input back."""
        replaces = job.there if job.there not in (None, cleaned, entry.hash) else None
        whole = ledgers.pack(job.data) if isinstance(self._place, InPlace) and job.there != entry.hash else None
        return replace(entry, cleaned=cleaned, replaces=replaces, whole=whole)

    def _alone(self, entry: Entry, data: bytes, ours: str | None) -> Entry:
        """An article that is not written: in its own place what is there stays, elsewhere nothing is written; the
        ledger has what is not there."""
        if isinstance(self._place, InPlace):
            return replace(entry, cleaned=ours, whole=None if ours == entry.hash else ledgers.pack(data))
        return replace(entry, whole=ledgers.pack(data), replaces=ours)

    def _carry_out(self, step: _Step) -> Outcome:
        """Writes the output, or removes an earlier one if there shall be none."""
        entry, source = step.entry, step.source
        outcome = Outcome(source, entry.status, step.cleaned, fault=OutputError(entry.why) if entry.why else None)
        path = self._place.path(source)
        try:
            if step.output is not None and entry.cleaned != step.there:
                _check_unchanged(path, step.there)
                return replace(outcome, warning=self._place.put(source, step.output, step.data, self._ledger))
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


def excess(source: Source, cleaned: Cleaned, settings: Settings) -> OutputError | None:
    """What to say of an article of which more would go than ``settings.max_removed``."""
    share = sum(end - start for start, end in cleaned.removed) / max(len(cleaned.article.text), 1)
    if share <= settings.max_removed:
        return None
    return OutputError(
        f"{source.shown}: {share:.0%} of it would go, more than --max-removed {100 * settings.max_removed:g} allows, "
        f"so it is kept as it is; look with --diff, then raise --max-removed or exclude it"
    )


def _plain(job: _Job, cleaned: Cleaned) -> Entry:
    text, encoding = cleaned.article.text, cleaned.article.encoding
    name = job.source.name
    return Entry(
        (name, ""),
        sha256(job.data),
        len(job.data),
        ledgers.form(name),
        encoding,
        ledgers.newlines(text),
        ledgers.UNCHANGED,
        None,
        encoding,
    )


def _unreadable(key: Key, data: bytes, fault: ZhengwenError, *, read: bool = True) -> Entry:
    hash_ = sha256(data) if read else ""
    return Entry(key, hash_, len(data), ledgers.form(key[0]), "", "", ledgers.UNREADABLE, None, "", why=str(fault))
