"""Lines that several articles carry, and how often they were taken."""

from dataclasses import dataclass

from zhengwen.dedup.repeated import Repeated, Tally, line
from zhengwen.reports.page.shown import REMOVED, Shown

LEAST = 3
"""Articles, at least, that carry a line which is shown."""
MOST = 200
"""Lines that are shown."""
_CHARACTERS = 1 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """A line that so many articles carry; of ``taken`` of them it was removed. first: number of the first of them."""

    fingerprint: int
    articles: int
    taken: int
    first: int

    def text(self, article: str) -> str:
        """The line as the first article has it."""
        return line(article, self.fingerprint).strip()


class Repetition:
    """Counts lines over all articles that have a text; 24 bytes for each different line."""

    def __init__(self) -> None:
        self._all, self._taken = Tally(), Tally()
        self._texts: list[str] = []
        self._parts: list[str] = []
        self._size = 0

    def add(self, shown: Shown) -> None:
        """Counts an article; a copy counts for nothing, since its keeper says the same."""
        text = "" if shown.keeper else shown.text or ""
        self._texts.append(text)
        self._parts.append("\n".join(text[m.start : m.end] for m in shown.marks if m.fate == REMOVED))
        self._size += len(text)
        if self._size >= _CHARACTERS:
            self._count()

    def lines(self) -> list[Line]:
        """The lines that most articles carry."""
        self._count()
        taken = {line.fingerprint: line.articles for line in self._taken.carried_by(1)}
        many: list[Repeated] = self._all.carried_by(LEAST)[:MOST]
        return [Line(r.fingerprint, r.articles, taken.get(r.fingerprint, 0), r.first) for r in many]

    def _count(self) -> None:
        self._all.add(self._texts)
        self._taken.add(self._parts)
        self._texts, self._parts, self._size = [], [], 0
