"""From sources to results: read, checked, in order, batch by batch; what is known is not found out again."""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhengwen import stamps
from zhengwen.articles import Article, folder_of
from zhengwen.cli.examining import Answer, Case, Examiner, Question, Selection
from zhengwen.cli.repeating import Shared
from zhengwen.engines import Engine, Here
from zhengwen.errors import UnreadableInputError
from zhengwen.forms import Fields, form_of
from zhengwen.forms import records as forms
from zhengwen.readers import Source, batches, fetch, interpret, records, shards
from zhengwen.reports.findings import Record

if TYPE_CHECKING:
    from zhengwen.cache import Cache
    from zhengwen.model import Model


@dataclass(frozen=True, slots=True)
class Result:
    """What was found in one article, before any filter.

    removed: spans that `clean` would take, see `zhengwen.cleaning.Cleaned`.
    kept: what would be found if nothing were kept by comments, lists or because it was put back.
    encoding: of the article; None to find it out.
    record: the article, if it is one of a file of many; ``data`` is its line.

    ``removed``, and the places of the records, count in ``text``.
    """

    source: Source
    data: bytes
    records: tuple[Record, ...] = ()
    removed: tuple[tuple[int, int], ...] = ()
    advert: bool = False
    kept: tuple[Record, ...] = ()
    encoding: str | None = None
    record: forms.Record | None = None

    def article(self) -> Article:
        """The article, read again."""
        return self.record or interpret(self.source, self.data, self.encoding)

    @property
    def text(self) -> str:
        """What places are counted in: the decoded file, of a record its article."""
        return self.article().origin

    @property
    def line(self) -> int:
        """The line of the record, from 1; 0 if the file is the article."""
        return self.record.line if self.record else 0

    @property
    def shown(self) -> str:
        """How messages call the article."""
        return f"{self.source.shown}:{self.line}" if self.line else self.source.shown


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is read and holds an article: a file, or a line of a file of many."""

    source: Source
    data: bytes
    record: forms.Record | None = None

    @property
    def name(self) -> str:
        """The name of the article."""
        return self.record.name if self.record else self.source.name

    @property
    def key(self) -> bytes:
        """What the article is known by: its bytes, the form they are read in, and the line, which findings tell."""
        line = self.record.line if self.record else 0
        found = hashlib.sha256(f"{stamps.of_form(self.source.name)}\0{line}\0".encode())
        found.update(self.data)
        return found.digest()


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is read together.

    files: how many files end with it. keys: of the units that the cache may know, by number, as all the others.
    """

    units: list[_Unit] = field(default_factory=list)
    faults: list[UnreadableInputError] = field(default_factory=list)
    known: dict[int, Result] = field(default_factory=dict)
    keys: dict[int, bytes] = field(default_factory=dict)
    questions: dict[int, Question] = field(default_factory=dict)
    files: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """Fingerprints of passages to keep: in every article, and in those of a name."""

    everywhere: frozenset[str] = frozenset()
    within: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, name: str) -> frozenset[str]:
        """Those that count in an article."""
        return self.everywhere | self.within.get(name, frozenset())


@dataclass
class Checker:
    """Checks sources with one model; each with the kinds selected for it.

    model: its folder. loaded: loads it, when it is needed.
    encoding: of the sources; None to find it out for each.
    fields: where the text and the id of a record of JSON Lines stand.
    engine: where articles are examined.
    level: of the model that is loaded, see `zhengwen.levels`.
    shared: the lines that articles of a folder share. repetition: these were asked for.
    complain: is given what could not be read: a file, or a line of one.
    """

    model: Path | None
    loaded: Callable[[], "Model"]
    selection: Callable[[Source], Selection]
    complain: Callable[[UnreadableInputError], None]
    tick: Callable[[int], None]
    listed: Listed
    encoding: str | None = None
    cache: "Cache | None" = None
    fields: Fields = Fields()  # noqa: RUF009
    engine: Engine = field(default_factory=Here)
    level: str = ""
    shared: Shared = Shared()  # noqa: RUF009
    repetition: bool = True
    _contexts: dict[tuple[Case, str], str] = field(default_factory=dict)
    _folders: dict[str, str] = field(default_factory=dict)

    def check(self, sources: Sequence[Source]) -> Iterator[Result]:
        """The results, in order; complains of sources and lines that cannot be read."""
        ahead: deque[_Batch] = deque()

        def asked() -> Iterator[list[Question]]:
            for batch in self._batches(sources):
                ahead.append(batch)
                yield [batch.questions[number] for number in batch.questions]

        examiner = Examiner(self.loaded, self.encoding, cache(self.shared.evidence))
        for answers in self.engine.map(examiner, asked()):
            batch = ahead.popleft()
            for fault in batch.faults:
                self.complain(fault)
            yield from self._results(batch, answers)
            self.tick(batch.files)

    def _batches(self, sources: Sequence[Source]) -> Iterator["_Batch"]:
        """What is read, with the results that are known of it; of a file of many, a batch at a time."""
        for shard in shards(sources):
            if form_of(shard[0].name).many:
                yield from self._many(shard[0])
                continue
            batch = _Batch(files=len(shard))
            for source in shard:
                try:
                    batch.units.append(_Unit(source, fetch(source)))
                except UnreadableInputError as fault:
                    batch.faults.append(fault)
            yield self._asked(batch)

    def _many(self, source: Source) -> Iterator["_Batch"]:
        batch = _Batch()
        try:
            for lines in batches(records(source, self.fields, self.encoding)):
                for line in lines:
                    if isinstance(line, forms.Flaw):
                        batch.faults.append(line.fault)
                    elif isinstance(line, forms.Record):
                        batch.units.append(_Unit(source, line.source.encode(line.encoding), line))
                yield self._asked(batch)
                batch = _Batch()
        except UnreadableInputError as fault:
            batch.faults.append(fault)
        yield self._asked(replace(batch, files=1))

    def _asked(self, batch: "_Batch") -> "_Batch":
        """The batch with what is known of it, and the questions for the rest."""
        cases: dict[Case, list[int]] = {}
        for number, unit in enumerate(batch.units):
            cases.setdefault((self.selection(unit.source), self.listed.of(unit.name)), []).append(number)
        for case, numbers in cases.items():
            known = self._known(batch, case, numbers)
            for number in numbers:
                unit = batch.units[number]
                if not case[0]:
                    batch.known[number] = self._empty(unit)
                elif (text := known.get(number)) is not None and (result := _unpacked(text, self._empty(unit))):
                    batch.known[number] = result
                else:
                    batch.questions[number] = Question(unit.source, unit.record or unit.data, case)
        return replace(batch, questions={number: batch.questions[number] for number in sorted(batch.questions)})

    def _known(self, batch: "_Batch", case: Case, numbers: Sequence[int]) -> dict[int, str]:
        """What the cache knows, by number of the unit."""
        known: dict[int, str] = {}
        contexts: dict[str, dict[int, bytes]] = {}
        for number in numbers if self.cache and case[0] else ():
            unit = batch.units[number]
            if unit.source.path and (context := self._context(case, unit.source)):
                contexts.setdefault(context, {})[number] = unit.key
        for context, keys in contexts.items():
            batch.keys.update(keys)
            found = self.cache.get(context, list(set(keys.values()))) if self.cache else {}
            known |= {number: found[key] for number, key in keys.items() if key in found}
        return known

    def _results(self, batch: "_Batch", answers: Sequence[Answer]) -> Iterator[Result]:
        """The results of a batch, in order; what was found out is remembered."""
        results, fresh = dict(batch.known), dict[str, dict[bytes, str]]()
        for number, answer in zip(batch.questions, answers, strict=True):
            if isinstance(answer, UnreadableInputError):
                self.complain(answer)
                continue
            passages, gone, advert, kept = answer
            result = replace(self._empty(batch.units[number]), records=passages, removed=gone, advert=advert, kept=kept)
            results[number] = result
            if self.cache and number in batch.keys:
                question = batch.questions[number]
                context = self._context(question.case, question.source)
                fresh.setdefault(context, {})[batch.keys[number]] = _packed(result)
        for context, values in fresh.items():
            if self.cache:
                self.cache.put(context, values)
        yield from (results[number] for number in sorted(results))

    def _empty(self, unit: _Unit) -> Result:
        return Result(unit.source, unit.data, encoding=self.encoding, record=unit.record)

    def _context(self, case: Case, source: Source) -> str:
        """All that decides a result besides the article; empty if the model cannot be told from others."""
        shared = self._shared(source)
        if (case, shared) not in self._contexts:
            model = stamps.of_model(self.model)
            told = json.dumps(
                [stamps.of_code(), model, *map(sorted, case), self.encoding, asdict(self.fields), self.level, shared]
            )
            self._contexts[case, shared] = hashlib.sha256(told.encode()).hexdigest() if model else ""
        return self._contexts[case, shared]

    def _shared(self, source: Source) -> str:
        """What is known of the folder of a source; empty if nothing is."""
        folder = folder_of(source.name)
        if folder not in self._folders:
            self._folders[folder] = self.shared.digest(folder)
        return self._folders[folder]


def _packed(result: Result) -> str:
    """A result without its source, as text; empty if nothing was found."""
    if not (result.records or result.removed or result.advert or result.kept):
        return ""
    passages, kept = ([list(asdict(r).values())[1:] for r in rs] for rs in (result.records, result.kept))
    return json.dumps([result.advert, result.removed, passages, kept], ensure_ascii=False)


def _unpacked(text: str, empty: Result) -> Result | None:
    """The result with what the text says; None if the text is none of ours."""
    if not text:
        return empty
    try:
        advert, removed, *both = json.loads(text)
        found, kept = (tuple(_record(empty.source.shown, *passage) for passage in passages) for passages in both)
        spans = tuple((a, b) for a, b in removed)
        return replace(empty, records=found, removed=spans, advert=bool(advert), kept=kept)
    except (ValueError, TypeError):
        return None


def _record(path: str, *fields: Any) -> Record:
    *most, reasons, marks, record = fields
    values = [path, *most, tuple(reasons), tuple((start, end) for start, end in marks), record]
    return Record(*values)
