"""From sources to results: read, checked, in order, batch by batch; what is known is not found out again."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhengwen import stamps
from zhengwen.articles import Article, decode
from zhengwen.errors import UnreadableInputError
from zhengwen.readers import Source, read_bytes, shards
from zhengwen.reports.findings import Record, records

if TYPE_CHECKING:
    from zhengwen.cache import Cache
    from zhengwen.model import Model

Selection = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What was found in one article, before any filter.

    removed: spans that `clean` would take, see `zhengwen.cleaning.Cleaned`.
    """

    source: Source
    data: bytes
    records: tuple[Record, ...] = ()
    removed: tuple[tuple[int, int], ...] = ()
    advert: bool = False

    @property
    def text(self) -> str:
        """The article."""
        return decode(self.data, self.source.shown)


@dataclass
class Checker:
    """Checks sources with one model; each with the kinds selected for it. The model is loaded when it is needed."""

    model: Path | None
    selection: Callable[[Source], Selection]
    complain: Callable[[UnreadableInputError], None]
    tick: Callable[[int], None]
    cache: "Cache | None" = None
    _contexts: dict[Selection, str] = field(default_factory=dict)

    @cached_property
    def _loaded(self) -> "Model":
        from zhengwen.model import load

        return load(self.model)

    def check(self, sources: Sequence[Source]) -> Iterator[Result]:
        """The results, in order; complains of sources that cannot be read."""
        for shard in shards(sources):
            read: dict[int, bytes] = {}
            for number, source in enumerate(shard):
                try:
                    read[number] = read_bytes(source)
                except UnreadableInputError as fault:
                    self.complain(fault)
            groups: dict[Selection, list[int]] = {}
            for number in read:
                groups.setdefault(self.selection(shard[number]), []).append(number)
            found: dict[int, Result] = {}
            for selection, numbers in groups.items():
                found |= self._found(shard, {n: read[n] for n in numbers}, selection)
            yield from (found[number] for number in sorted(found))
            self.tick(len(shard))

    def _found(self, shard: Sequence[Source], read: dict[int, bytes], selection: Selection) -> dict[int, Result]:
        """The results of some sources of a shard that have a selection in common."""
        if not selection:
            return {number: Result(shard[number], data) for number, data in read.items()}
        if not self.cache or not self._context(selection):
            return self._classified(shard, read, selection)
        keys = {n: hashlib.sha256(data).digest() for n, data in read.items() if shard[n].path}
        known = self.cache.get(self._context(selection), list(set(keys.values())))
        found: dict[int, Result] = {}
        for number, key in keys.items():
            if key in known and (result := _unpacked(known[key], shard[number], read[number])):
                found[number] = result
        fresh = self._classified(shard, {n: read[n] for n in read.keys() - found.keys()}, selection)
        self.cache.put(self._context(selection), {keys[n]: _packed(r) for n, r in sorted(fresh.items()) if n in keys})
        return found | fresh

    def _classified(self, shard: Sequence[Source], read: dict[int, bytes], selection: Selection) -> dict[int, Result]:
        texts: dict[int, str] = {}
        for number in sorted(read):
            try:
                texts[number] = decode(read[number], shard[number].shown)
            except UnreadableInputError as fault:
                self.complain(fault)
        if not texts:
            return {}
        from zhengwen.cleaning import Cleaner

        articles = [Article(shard[number].name, text) for number, text in texts.items()]
        found = {}
        for number, cleaned in zip(texts, Cleaner(self._loaded, selection).clean(articles), strict=True):
            passages = tuple(records(cleaned, shard[number].shown, self._loaded))
            found[number] = Result(shard[number], read[number], passages, cleaned.removed, cleaned.advert)
        return found

    def _context(self, selection: Selection) -> str:
        """All that decides a result besides the article; empty if the model cannot be told from others."""
        if selection not in self._contexts:
            model = stamps.of_model(self.model)
            told = json.dumps([stamps.of_code(), model, sorted(selection)])
            self._contexts[selection] = hashlib.sha256(told.encode()).hexdigest() if model else ""
        return self._contexts[selection]


def _packed(result: Result) -> str:
    """A result without its source, as text; empty if nothing was found."""
    if not (result.records or result.removed or result.advert):
        return ""
    passages = [list(asdict(record).values())[1:] for record in result.records]
    return json.dumps([result.advert, result.removed, passages], ensure_ascii=False)


def _unpacked(text: str, source: Source, data: bytes) -> Result | None:
    """The result for a source; None if the text is none of ours."""
    if not text:
        return Result(source, data)
    try:
        advert, removed, passages = json.loads(text)
        found = tuple(_record(source.shown, *passage) for passage in passages)
        return Result(source, data, found, tuple((a, b) for a, b in removed), bool(advert))
    except (ValueError, TypeError):
        return None


def _record(path: str, *fields: Any) -> Record:
    *most, reasons, marks = fields
    values = [path, *most, tuple(reasons), tuple((start, end) for start, end in marks)]
    return Record(*values)
