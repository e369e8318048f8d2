"""From read articles to what is recorded of them and written: cleaned, and proven to give the input back.

A function of values: it reads and writes no file, so that it can be done anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from zhengwen.articles import Article
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.errors import LedgerError, OutputError, UnreadableInputError, ZhengwenError
from zhengwen.forms import MARKDOWN, Edit, Fields, form_of
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Entry, Key, sha256
from zhengwen.readers import Source, interpret
from zhengwen.reasons import Reasons, explain, removed


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
class Job:
    """A source that is to be cleaned.

    data: the input.
    there: hash of the file where the output goes; None if there is none.
    ours: the same, if that file is the input or an earlier output of it, which may be taken away; else None.
    """

    source: Source
    data: bytes
    there: str | None
    ours: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be recorded and then done.

    output: None for an article that is left out or left alone, or if nothing is to be written.
    """

    source: Source
    cleaned: Cleaned | None
    entry: Entry
    output: bytes | None
    there: str | None


@dataclass(frozen=True, slots=True)
class Prover:
    """Makes steps of jobs. in_place: the outputs take the place of the inputs."""

    cleaner: Cleaner
    settings: Settings
    in_place: bool

    def __call__(self, jobs: Sequence[Job]) -> list[Step]:
        """A step for each job, in order."""
        articles: dict[int, Article] = {}
        steps: dict[int, Step] = {}
        for number, job in enumerate(jobs):
            try:
                articles[number] = interpret(job.source, job.data, self.settings.encoding)
            except UnreadableInputError as fault:
                entry = self._alone(unreadable((job.source.name, ""), job.data, fault), job.data, job.ours)
                steps[number] = Step(job.source, None, entry, None, job.there)
        found = self.cleaner.clean(list(articles.values()))
        why = explain(self.cleaner.model, removed(found))
        for number, cleaned in zip(articles, found, strict=True):
            job = jobs[number]
            entry, output = self._entry(job, cleaned, why)
            steps[number] = Step(job.source, cleaned, entry, output, job.there)
        return [steps[number] for number in range(len(jobs))]

    def _entry(self, job: Job, cleaned: Cleaned, why: Reasons) -> tuple[Entry, bytes | None]:
        """What is recorded of an article, and its output; none for one that is left out or left alone."""
        article, settings, shown = cleaned.article, self.settings, job.source.shown
        entry = self._plain(job, article)
        if cleaned.advert and settings.drop_adverts and not self.cleaner.keep.guards(article):
            return replace(entry, status=ledgers.ADVERT, whole=ledgers.pack(job.data), replaces=job.ours), None
        if fault := excess(job.source, cleaned, settings):
            entry = replace(entry, status=ledgers.REFUSED, why=str(fault))
            cleaned = replace(cleaned, findings=(), removed=())
        try:
            edit = form_of(job.source.name).edit(cleaned, shown, settings.to).converted(settings.to_encoding)
            return self._proven(self._edited(entry, cleaned, edit, why), edit, job)
        except UnreadableInputError as fault:
            entry = unreadable(entry.key, job.data, fault)
            return self._alone(entry, job.data, job.ours), None
        except ZhengwenError as fault:
            plain = replace(
                self._plain(job, article), status=ledgers.REFUSED, why=f"{shown}: {fault}; it is left alone"
            )
            return self._alone(plain, job.data, job.ours), None

    def _plain(self, job: Job, article: Article) -> Entry:
        name = job.source.name
        form = form_of(name)
        target = form.target(name, self.settings.to)
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

    def _edited(self, entry: Entry, cleaned: Cleaned, edit: Edit, why: Reasons) -> Entry:
        """With what goes."""
        passages, cuts = ledgers.itemise(cleaned, entry.key, edit, lambda text, kind: why[text, kind])
        status = ledgers.CLEANED if passages and entry.status == ledgers.UNCHANGED else entry.status
        return replace(entry, status=status, written=edit.encoding, passages=passages, cuts=cuts)

    def _proven(self, entry: Entry, edit: Edit, job: Job) -> tuple[Entry, bytes]:
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
        if not edit.reversible or (self.in_place and job.there != hash_):
            whole = ledgers.pack(job.data)
            if sha256(ledgers.unpack(whole)) != hash_:
                raise LedgerError("what the ledger would hold does not give the original")
        replaces = job.there if job.there not in (None, cleaned, entry.hash) else None
        return replace(entry, cleaned=cleaned, replaces=replaces, whole=whole), output

    def _alone(self, entry: Entry, data: bytes, ours: str | None) -> Entry:
        """An article that is not written: in its own place what is there stays, elsewhere nothing is written; the
        ledger has what is not there."""
        if self.in_place:
            return replace(entry, cleaned=ours, whole=None if ours == entry.hash else ledgers.pack(data))
        return replace(entry, whole=ledgers.pack(data), replaces=ours)


def excess(source: Source, cleaned: Cleaned, settings: Settings) -> OutputError | None:
    """What to say of an article of which more would go than ``settings.max_removed``."""
    share = sum(end - start for start, end in cleaned.removed) / max(len(cleaned.article.text), 1)
    if share <= settings.max_removed:
        return None
    return OutputError(
        f"{source.shown}: {share:.0%} of it would go, more than --max-removed {100 * settings.max_removed:g} allows, "
        f"so it is kept as it is; look with --diff, then raise --max-removed or exclude it"
    )


def unreadable(key: Key, data: bytes, fault: ZhengwenError, *, read: bool = True) -> Entry:
    """The entry of an input that no article was found in; ``read``: its bytes are known."""
    hash_ = sha256(data) if read else ""
    return Entry(key, hash_, len(data), form_of(key[0]).name, "", "", ledgers.UNREADABLE, None, "", why=str(fault))
