"""From sources to results: read, checked, in order, batch by batch; what is known is not found out again."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhengwen import stamps
from zhengwen.articles import Article
from zhengwen.errors import UnreadableInputError
from zhengwen.readers import Source, fetch, interpret, shards
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
    """

    source: Source
    data: bytes
    records: tuple[Record, ...] = ()
    removed: tuple[tuple[int, int], ...] = ()
    advert: bool = False
    kept: tuple[Record, ...] = ()
    encoding: str | None = None

    @property
    def text(self) -> str:
        """The article."""
        return interpret(self.source, self.data, self.encoding).text


@dataclass(frozen=True, slots=True)
class Listed:
    """Fingerprints of passages to keep: in every article, and in those of a name."""

    everywhere: frozenset[str] = frozenset()
    within: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, source: Source) -> frozenset[str]:
        """Those that count in an article."""
        return self.everywhere | self.within.get(source.name, frozenset())


@dataclass
class Checker:
    """Checks sources with one model; each with the kinds selected for it.

    model: its folder. loaded: loads it, when it is needed.
    encoding: of the sources; None to find it out for each.
    """

    model: Path | None
    loaded: Callable[[], "Model"]
    selection: Callable[[Source], Selection]
    complain: Callable[[UnreadableInputError], None]
    tick: Callable[[int], None]
    listed: Listed
    encoding: str | None = None
    cache: "Cache | None" = None
    _contexts: dict[_Case, str] = field(default_factory=dict)

    def check(self, sources: Sequence[Source]) -> Iterator[Result]:
        """The results, in order; complains of sources that cannot be read."""
        for shard in shards(sources):
            read: dict[int, bytes] = {}
            for number, source in enumerate(shard):
                try:
                    read[number] = fetch(source)
                except UnreadableInputError as fault:
                    self.complain(fault)
            groups: dict[_Case, list[int]] = {}
            for number in read:
                case = self.selection(shard[number]), self.listed.of(shard[number])
                groups.setdefault(case, []).append(number)
            found: dict[int, Result] = {}
            for case, numbers in groups.items():
                found |= self._found(shard, {n: read[n] for n in numbers}, case)
            yield from (found[number] for number in sorted(found))
            self.tick(len(shard))

    def _found(self, shard: Sequence[Source], read: dict[int, bytes], case: _Case) -> dict[int, Result]:
        """The results of some sources of a shard that have a case in common."""
        if not case[0]:
            return {number: self._empty(shard[number], data) for number, data in read.items()}
        if not self.cache or not self._context(case):
            return self._classified(shard, read, case[0])
        keys = {n: hashlib.sha256(data).digest() for n, data in read.items() if shard[n].path}
        known = self.cache.get(self._context(case), list(set(keys.values())))
        found: dict[int, Result] = {}
        for number, key in keys.items():
            if key in known and (result := _unpacked(known[key], self._empty(shard[number], read[number]))):
                found[number] = result
        fresh = self._classified(shard, {n: read[n] for n in read.keys() - found.keys()}, case[0])
        self.cache.put(self._context(case), {keys[n]: _packed(r) for n, r in sorted(fresh.items()) if n in keys})
        return found | fresh

    def _classified(self, shard: Sequence[Source], read: dict[int, bytes], selection: Selection) -> dict[int, Result]:
        articles: dict[int, Article] = {}
        for number in sorted(read):
            try:
                articles[number] = interpret(shard[number], read[number], self.encoding)
            except UnreadableInputError as fault:
                self.complain(fault)
        if not articles:
            return {}
        from zhengwen.cleaning import Cleaner
        from zhengwen.cli.kept import clean
        from zhengwen.keeping import Keep

        cleaner = Cleaner(self.loaded(), selection, Keep(self.listed.everywhere, self.listed.within))
        found = {}
        for number, (cleaned, held) in zip(articles, clean(cleaner, list(articles.values())), strict=True):
            shown = shard[number].shown
            passages, kept = (
                tuple(records(c, shown, cleaner.model)) for c in (cleaned, replace(cleaned, findings=held))
            )
            empty = self._empty(shard[number], read[number])
            found[number] = replace(empty, records=passages, removed=cleaned.removed, advert=cleaned.advert, kept=kept)
        return found

    def _empty(self, source: Source, data: bytes) -> Result:
        return Result(source, data, encoding=self.encoding)

    def _context(self, case: _Case) -> str:
        """All that decides a result besides the article; empty if the model cannot be told from others."""
        if case not in self._contexts:
            model = stamps.of_model(self.model)
            told = json.dumps([stamps.of_code(), model, *map(sorted, case), self.encoding])
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
    *most, reasons, marks = fields
    values = [path, *most, tuple(reasons), tuple((start, end) for start, end in marks)]
    return Record(*values)
