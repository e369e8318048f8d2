"""From sources to results: read, checked, in order, batch by batch; the model is loaded when it is first needed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from zhengwen.articles import Article, decode
from zhengwen.errors import UnreadableInputError
from zhengwen.readers import Source, read_bytes, shards
from zhengwen.reports.findings import Record, records

if TYPE_CHECKING:
    from zhengwen.model import Model

Selection = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What was found in one article, before any filter.

    text: the article. removed: spans that `clean` would take, see `zhengwen.cleaning.Cleaned`.
    """

    source: Source
    text: str
    records: tuple[Record, ...]
    removed: tuple[tuple[int, int], ...]
    advert: bool


@dataclass
class Checker:
    """Checks sources with one model; each with the kinds selected for it."""

    model: Path | None
    selection: Callable[[Source], Selection]
    complain: Callable[[UnreadableInputError], None]
    tick: Callable[[int], None] = field(default=lambda _: None)

    @cached_property
    def _loaded(self) -> "Model":
        from zhengwen.model import load

        return load(self.model)

    def check(self, sources: Sequence[Source]) -> Iterator[Result]:
        """The results, in order; complains of sources that cannot be read."""
        for shard in shards(sources):
            texts: dict[Source, str] = {}
            for source in shard:
                try:
                    texts[source] = decode(read_bytes(source), source.shown)
                except UnreadableInputError as fault:
                    self.complain(fault)
            found: dict[Source, Result] = {}
            for selection in dict.fromkeys(map(self.selection, texts)):
                chosen = {s: t for s, t in texts.items() if self.selection(s) == selection}
                if selection:
                    found.update((r.source, r) for r in self._classified(chosen, selection))
                else:
                    found.update((s, Result(s, t, (), (), advert=False)) for s, t in chosen.items())
            yield from (found[source] for source in texts)
            self.tick(len(shard))

    def _classified(self, texts: dict[Source, str], selection: Selection) -> Iterator[Result]:
        from zhengwen.cleaning import Cleaner

        cleaned = Cleaner(self._loaded, selection).clean([Article(s.name, text) for s, text in texts.items()])
        for (source, text), one in zip(texts.items(), cleaned, strict=True):
            found = tuple(records(one, source.shown, self._loaded))
            yield Result(source, text, found, one.removed, one.advert)
