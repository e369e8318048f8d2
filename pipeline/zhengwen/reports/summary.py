"""What a run did, in a few lines."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from zhengwen.articles import BOILERPLATE

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned


class Passage(Protocol):
    """A finding, as the cleaner or a report has it."""

    @property
    def start(self) -> int:
        """First code point."""

    @property
    def end(self) -> int:
        """End, exclusive."""

    @property
    def kind(self) -> str:
        """Kind."""


@dataclass(slots=True)
class Summary:
    """Counts of a run. The one place that decides a run's exit code.

    messages: what could not be done, a sentence each.
    """

    articles: int = 0
    changed: int = 0
    adverts: int = 0
    passages: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    messages: list[str] = field(default_factory=list)

    def add(self, cleaned: "Cleaned", *, count_adverts: bool) -> None:
        """Counts an article; the passages of one that is an advertisement as a whole only if asked to."""
        found = cleaned.findings if count_adverts or not cleaned.advert else ()
        self.count(found, advert=cleaned.advert)

    def count(self, passages: Iterable[Passage], *, advert: bool) -> None:
        """Counts an article with these passages."""
        found = list(passages)
        self.articles += 1
        self.adverts += advert
        self.changed += bool(found)
        for f in found:
            self.passages[f.kind] += 1
            self.removed[f.kind] += f.end - f.start

    @property
    def found(self) -> bool:
        """Whether there is any finding."""
        return bool(self.passages)

    def exit_code(self, *, findings_count: bool, dropped: bool = False) -> int:
        """2 if anything could not be done, else 1 if there are findings, or adverts to drop, and they count, else 0."""
        if self.faults:
            return 2
        return 1 if findings_count and (self.found or (dropped and self.adverts)) else 0

    def lines(self, *, verb: str) -> list[str]:
        """The summary: ``verb`` is what happened to the passages, "removed" or "found"."""
        lines = [f"{counted(self.articles, 'article')}, {self.changed:,} with passages {verb}"]
        for kind in BOILERPLATE:
            if self.passages[kind]:
                count = counted(self.passages[kind], "passage")
                lines.append(f"  {kind:<11} {count:>15}, {self.removed[kind]:>10,} characters")
        if self.faults:
            lines.append(f"{counted(self.faults, 'input')} could not be done, see above")
        return lines


def counted(count: int, noun: str) -> str:
    """A number and what it is of: "1 passage", "2,000 passages"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
