"""Which findings are reported: those of a score, on changed lines, not known from a baseline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zhengwen import baseline
from zhengwen.cli.checking import Result
from zhengwen.readers import Source
from zhengwen.reports.findings import Checked, Record

if TYPE_CHECKING:
    from zhengwen.revisions import Changes


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for in one article."""

    kinds: tuple[str, ...]
    min_score: float


@dataclass(frozen=True, slots=True)
class Known:
    """A baseline that is read, and where it lies."""

    path: Path
    entries: baseline.Baseline

    def unknown(self, source: Source, records: Sequence[Record]) -> list[Record]:
        """The findings of an article, without those that are known; no entry speaks of standard input."""
        if not source.path:
            return list(records)
        return self.entries.unknown(baseline.place(source.path, self.path.parent), records)


@dataclass
class Filters:
    """What every finding must pass. left_out: how many the baseline knew."""

    min_score: Callable[[Source], float]
    changed: "Changes | None" = None
    known: Known | None = None
    sought: Callable[[Source], tuple[str, ...]] = lambda _: ()
    left_out: int = 0

    def checked(self, result: Result) -> Checked:
        """The findings of a result that are reported."""
        source = result.source
        found: Sequence[Record] = result.records
        if self.known:
            found = self.known.unknown(source, found)
            self.left_out += len(result.records) - len(found)
        least = self.min_score(source)
        text = result.text if self.changed and (found or result.kept) else ""
        passing, kept = (
            tuple(r for r in some if r.score >= least and self._is_changed(result, text, r))
            for some in (found, result.kept)
        )
        advert = result.advert and bool(passing)
        others = tuple(r for r in result.records if r not in passing)
        sought = self.sought(source)
        return Checked(result.shown, source.path, passing, advert, kept, result.article, sought, others)

    def _is_changed(self, result: Result, text: str, record: Record) -> bool:
        path = result.source.path
        if not (self.changed and path):
            return True
        if result.line:
            return self.changed.hold(path, result.line, result.line)
        return self.changed.touch(path, text, record.start, record.end)
