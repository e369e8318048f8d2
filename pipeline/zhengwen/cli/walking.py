"""Articles read and cleaned, in order, for commands that keep no ledger."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zhengwen.articles import Article
from zhengwen.cli.flaws import Flaws
from zhengwen.cli.shared import progress
from zhengwen.engines import Engine
from zhengwen.errors import UnreadableInputError
from zhengwen.forms import Fields, form_of
from zhengwen.forms.records import Flaw, Record
from zhengwen.readers import Source, batches, fetch, interpret, records, shards
from zhengwen.reports.summary import Summary

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned, Cleaner

_Given = bytes | Record | Flaw | UnreadableInputError
"""The bytes of a file, what a line of a file of many holds, or why there is nothing."""
_Batch = list[tuple[Source, _Given]]


@dataclass(frozen=True, slots=True)
class _Walker:
    """Reads and cleans a batch: of files, or of lines."""

    cleaner: "Cleaner"
    encoding: str | None

    def __call__(self, batch: _Batch) -> "list[tuple[Source, Cleaned | Flaw | UnreadableInputError]]":
        """The source of each article, and the cleaned article or why there is none."""
        found = [(source, self._found(source, given)) for source, given in batch]
        cleaned = iter(self.cleaner.clean([a for _, a in found if isinstance(a, Article)]))
        return [(source, next(cleaned) if isinstance(a, Article) else a) for source, a in found]

    def _found(self, source: Source, given: _Given) -> Record | Article | Flaw | UnreadableInputError:
        if not isinstance(given, bytes):
            return given
        try:
            return interpret(source, given, self.encoding)
        except UnreadableInputError as fault:
            return fault


def walk(
    cleaner: "Cleaner",
    sources: Sequence[Source],
    summary: Summary,
    fields: Fields,
    engine: Engine,
    encoding: str | None = None,
) -> "Iterator[tuple[Source, Cleaned]]":
    """Reads and cleans the sources, in order, with progress; complains of those that cannot be read."""
    flaws = Flaws(summary)
    ends: deque[int] = deque()

    def ahead() -> Iterator[_Batch]:
        for files, batch in _batches(sources, fields, encoding):
            ends.append(files)
            yield batch

    with progress(len(sources), "article") as bar:
        for found in engine.map(_Walker(cleaner, encoding), ahead()):
            for source, one in found:
                if isinstance(one, Flaw | UnreadableInputError):
                    flaws.complain(one.fault if isinstance(one, Flaw) else one)
                else:
                    yield source, one
            bar.update(ends.popleft())
    flaws.sum_up()


def _batches(sources: Sequence[Source], fields: Fields, encoding: str | None) -> Iterator[tuple[int, _Batch]]:
    """What is read together, and how many files end with it."""
    for shard in shards(sources):
        if not form_of(shard[0].name).many:
            yield len(shard), [(source, _bytes(source)) for source in shard]
            continue
        try:
            for lines in batches(records(shard[0], fields, encoding)):
                yield 0, [(shard[0], line) for line in lines if not isinstance(line, bytes)]
            yield 1, []
        except UnreadableInputError as fault:
            yield 1, [(shard[0], fault)]


def _bytes(source: Source) -> bytes | UnreadableInputError:
    try:
        return fetch(source)
    except UnreadableInputError as fault:
        return fault
