"""Cleaning with a ledger: what is taken is on the disk before any article changes; what is done is not done again.

The order of a shard is read, clean, prove, record (one transaction), write. A process that is killed leaves each file
as it was or as it shall be, and the ledger knows both; the same command then takes up what is missing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from zhengwen import writers
from zhengwen.articles import Article
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.errors import LedgerError, OutputError, UnreadableInputError, ZhengwenError
from zhengwen.forms import MARKDOWN, Edit, Fields, form_of
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Entry, Key, sha256
from zhengwen.ledger.store import Ledger, Recorded
from zhengwen.places import InPlace, Place
from zhengwen.readers import Source, fetch, interpret, shards
from zhengwen.reasons import words


@dataclass(frozen=True, slots=True)
class Settings:
    """How articles are cleaned beyond what the cleaner knows.

    drop_adverts: articles that are an advertisement as a whole are left out.
    max_removed: share of an article's characters, 0 to 1, above which it is refused.
    to: what pages become.
    encoding: of the inputs; None to find it out.
    to_encoding: of the outputs; None for that of the input.
    overwrite: files in the way that are not an earlier output of the same input are replaced.
    fields: where in a record its text and its id stand.
    """

    drop_adverts: bool = False
    max_removed: float = 1.0
    to: str = MARKDOWN
    encoding: str | None = None
    to_encoding: str | None = None
    overwrite: bool = False
    fields: Fields = field(default_factory=Fields)


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
            self._place.forget(source, recorded)
            article = interpret(source, data, self._settings.encoding)
        except OutputError as fault:
            return Outcome(source, ledgers.REFUSED, fault=fault)
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

    def _step(self, job: _Job, cleaned: Cleaned) -> _Step:
        entry, output = self._entry(job, cleaned)
        return _Step(job.source, cleaned, entry, output, job.data, job.there)

    def _entry(self, job: _Job, cleaned: Cleaned) -> tuple[Entry, bytes | None]:
        """What is recorded of an article, and its output; none for one that is left out or left alone."""
        article, settings, shown = cleaned.article, self._settings, job.source.shown
        entry = self._plain(job, article)
        if cleaned.advert and settings.drop_adverts and not self._cleaner.keep.guards(article):
            return replace(entry, status=ledgers.ADVERT, whole=ledgers.pack(job.data), replaces=job.ours), None
        if fault := excess(job.source, cleaned, settings):
            entry = replace(entry, status=ledgers.REFUSED, why=str(fault))
            cleaned = replace(cleaned, findings=(), removed=())
        try:
            edit = form_of(job.source.name).edit(cleaned, shown, settings.to).converted(settings.to_encoding)
            return self._proven(self._edited(entry, cleaned, edit), edit, job)
        except UnreadableInputError as fault:
            return self._alone(_unreadable(entry.key, job.data, fault), job.data, job.ours), None
        except ZhengwenError as fault:
            plain = replace(
                self._plain(job, article), status=ledgers.REFUSED, why=f"{shown}: {fault}; it is left alone"
            )
            return self._alone(plain, job.data, job.ours), None

    def _plain(self, job: _Job, article: Article) -> Entry:
        name = job.source.name
        form = form_of(name)
        target = form.target(name, self._settings.to)
        return Entry(
            (name, ""),
            sha256(job.data),
            len(job.data),
            form.name,
            article.encoding,
            ledgers.newlines(article.origin),
            ledgers.UNCHANGED,
            None,
            article.encoding,
            output="" if target == name else target,
        )

    def _edited(self, entry: Entry, cleaned: Cleaned, edit: Edit) -> Entry:
        """With what goes."""
        model = self._cleaner.model
        passages, cuts = ledgers.itemise(cleaned, entry.key, edit, lambda text, kind: words(model, text, kind))
        status = ledgers.CLEANED if passages and entry.status == ledgers.UNCHANGED else entry.status
        return replace(entry, status=status, written=edit.encoding, passages=passages, cuts=cuts)

    def _proven(self, entry: Entry, edit: Edit, job: _Job) -> tuple[Entry, bytes]:
        """With the hash of the output, and the output, once it and the ledger have given the input back.

        The ledger has the whole input where the output is in another form, and where the file there is neither the
        input nor the output: should the writing be interrupted, nothing else could give the input back. Raises
        `ZhengwenError`.
        """
        output, hash_ = edit.output, sha256(job.data)
        cleaned = sha256(output)
        if edit.reversible and output != job.data:
            ledgers.original(output, entry)
        whole = None
        if not edit.reversible or (isinstance(self._place, InPlace) and job.there != hash_):
            whole = ledgers.pack(job.data)
            if sha256(ledgers.unpack(whole)) != hash_:
                raise LedgerError("what the ledger would hold does not give the original")
        replaces = job.there if job.there not in (None, cleaned, entry.hash) else None
        return replace(entry, cleaned=cleaned, replaces=replaces, whole=whole), output

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


def _unreadable(key: Key, data: bytes, fault: ZhengwenError, *, read: bool = True) -> Entry:
    hash_ = sha256(data) if read else ""
    return Entry(key, hash_, len(data), form_of(key[0]).name, "", "", ledgers.UNREADABLE, None, "", why=str(fault))
