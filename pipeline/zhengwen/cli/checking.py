"""From sources to results: read, checked, in order, batch by batch; what is known is not found out again."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhengwen import stamps
from zhengwen.articles import Article
from zhengwen.errors import UnreadableInputError
from zhengwen.forms import HTML, Fields, form_of, jsonl
from zhengwen.readers import Source, batches, fetch, interpret, shards
from zhengwen.readers import records as records_of
from zhengwen.reports.findings import Record, records

if TYPE_CHECKING:
    from zhengwen.cache import Cache
    from zhengwen.model import Model

Selection = tuple[str, ...]
_Case = tuple[Selection, frozenset[str]]
"""What decides a result besides article, encoding and model: the kinds, and the fingerprints of what is kept."""


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
    record: jsonl.Record | None = None

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
    record: jsonl.Record | None = None

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
    complain: is given what could not be read, and how many such lines of its file there were so far; 0 for a file.
    flaws: how many lines of each file could not be read.
    """

    model: Path | None
    loaded: Callable[[], "Model"]
    selection: Callable[[Source], Selection]
    complain: Callable[[UnreadableInputError, int], None]
    tick: Callable[[int], None]
    listed: Listed
    encoding: str | None = None
    cache: "Cache | None" = None
    fields: Fields = Fields()  # noqa: RUF009
    flaws: Counter[Source] = field(init=False, default_factory=Counter)
    _contexts: dict[_Case, str] = field(default_factory=dict)

    def check(self, sources: Sequence[Source]) -> Iterator[Result]:
        """The results, in order; complains of sources and lines that cannot be read."""
        for shard in shards(sources):
            if form_of(shard[0].name).many:
                yield from self._many(shard[0])
            else:
                yield from self._results(list(self._files(shard)))
            self.tick(len(shard))

    def _files(self, shard: Sequence[Source]) -> Iterator[_Unit]:
        for source in shard:
            try:
                yield _Unit(source, fetch(source))
            except UnreadableInputError as fault:
                self.complain(fault, 0)

    def _many(self, source: Source) -> Iterator[Result]:
        """The results of the records of a file, of which a batch is held."""
        try:
            for batch in batches(records_of(source, self.fields, self.encoding)):
                units = []
                for line in batch:
                    if isinstance(line, jsonl.Flaw):
                        self.flaws[source] += 1
                        self.complain(line.fault, self.flaws[source])
                    elif isinstance(line, jsonl.Record):
                        units.append(_Unit(source, line.source.encode(line.encoding), line))
                yield from self._results(units)
        except UnreadableInputError as fault:
            self.complain(fault, 0)

    def _results(self, units: Sequence[_Unit]) -> Iterator[Result]:
        groups: dict[_Case, list[int]] = {}
        for number, unit in enumerate(units):
            groups.setdefault((self.selection(unit.source), self.listed.of(unit.name)), []).append(number)
        found: dict[int, Result] = {}
        for case, numbers in groups.items():
            found |= self._found({n: units[n] for n in numbers}, case)
        yield from (found[number] for number in sorted(found))

    def _found(self, units: Mapping[int, _Unit], case: _Case) -> dict[int, Result]:
        """The results of some units that have a case in common."""
        if not case[0]:
            return {number: self._empty(unit) for number, unit in units.items()}
        if not self.cache or not self._context(case):
            return self._classified(units, case[0])
        keys = {n: unit.key for n, unit in units.items() if unit.source.path}
        known = self.cache.get(self._context(case), list(set(keys.values())))
        found: dict[int, Result] = {}
        for number, key in keys.items():
            if key in known and (result := _unpacked(known[key], self._empty(units[number]))):
                found[number] = result
        fresh = self._classified({n: units[n] for n in units.keys() - found.keys()}, case[0])
        self.cache.put(self._context(case), {keys[n]: _packed(r) for n, r in sorted(fresh.items()) if n in keys})
        return found | fresh

    def _classified(self, units: Mapping[int, _Unit], selection: Selection) -> dict[int, Result]:
        articles: dict[int, Article] = {}
        for number in sorted(units):
            unit = units[number]
            try:
                articles[number] = unit.record or interpret(unit.source, unit.data, self.encoding)
            except UnreadableInputError as fault:
                self.complain(fault, 0)
        if not articles:
            return {}
        from zhengwen.cleaning import Cleaner
        from zhengwen.cli.kept import clean
        from zhengwen.keeping import Keep

        cleaner = Cleaner(self.loaded(), selection, Keep(self.listed.everywhere, self.listed.within))
        found = {}
        for number, (cleaned, held) in zip(articles, clean(cleaner, list(articles.values())), strict=True):
            unit, shown = units[number], units[number].source.shown
            passages, kept = (
                tuple(records(c, shown, cleaner.model)) for c in (cleaned, replace(cleaned, findings=held))
            )
            gone = cleaned.removed if unit.record else form_of(unit.name).edit(cleaned, shown, HTML).gone
            found[number] = replace(self._empty(unit), records=passages, removed=gone, advert=cleaned.advert, kept=kept)
        return found

    def _empty(self, unit: _Unit) -> Result:
        return Result(unit.source, unit.data, encoding=self.encoding, record=unit.record)

    def _context(self, case: _Case) -> str:
        """All that decides a result besides the article; empty if the model cannot be told from others."""
        if case not in self._contexts:
            model = stamps.of_model(self.model)
            told = json.dumps([stamps.of_code(), model, *map(sorted, case), self.encoding, asdict(self.fields)])
            self._contexts[case] = hashlib.sha256(told.encode()).hexdigest() if model else ""
        return self._contexts[case]


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
