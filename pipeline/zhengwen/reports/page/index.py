"""What the page knows of all articles at once: columns, an entry an article."""

from array import array
from collections import Counter
from typing import Any

from zhengwen.articles import BOILERPLATE
from zhengwen.reports.page.shown import DOUBTFUL, KEPT, REMOVED, Shown, site, title

BINS = 20
"""Bars of the distribution of scores."""
_NONE = -1


class Index:
    """Grows by an article at a time."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._titles: list[str] = []
        self._keepers: dict[int, str] = {}
        self._likeness: dict[int, list[Any]] = {}
        self._sites: dict[str, int] = {}
        self._statuses: dict[str, int] = {}
        self._columns = {name: array("q") for name in ("site", "status", "size", "lowest", "doubts", "others")}
        self._passages, self._removed = array("q"), array("q")
        self._scores = [[0] * BINS for _ in BOILERPLATE]
        self.uncertainty = array("d")
        self.notable: list[bool] = []

    def __len__(self) -> int:
        return len(self.names)

    def add(self, shown: Shown) -> None:
        """Counts an article."""
        number = len(self.names)
        text = shown.text or ""
        self.names.append(shown.name)
        self._titles.append(title(text))
        if shown.keeper:
            self._keepers[number] = shown.keeper
        if alike := shown.likeness:
            self._likeness[number] = [alike.reason, alike.jaccard, alike.containment]
        fates = Counter(m.fate for m in shown.marks)
        removed = [m for m in shown.marks if m.fate == REMOVED]
        row = {
            "site": self._sites.setdefault(site(shown.name, text), len(self._sites)),
            "status": self._statuses.setdefault(shown.status, len(self._statuses)),
            "size": shown.size,
            "lowest": round(100 * min((m.score for m in removed), default=_NONE)),
            "doubts": fates[DOUBTFUL],
            "others": fates[KEPT],
        }
        for name, value in row.items():
            self._columns[name].append(value)
        for number_of_kind, kind in enumerate(BOILERPLATE):
            mine = [m for m in removed if m.kind == kind]
            self._passages.append(len(mine))
            self._removed.append(sum(m.end - m.start for m in mine))
            for mark in mine:
                self._scores[number_of_kind][min(int(mark.score * BINS), BINS - 1)] += 1
        self.uncertainty.append(shown.uncertainty)
        self.notable.append(shown.notable)

    def removed(self, number: int) -> int:
        """Characters that went of an article."""
        kinds = len(BOILERPLATE)
        return sum(self._removed[number * kinds : (number + 1) * kinds])

    def related(self) -> list[tuple[int, int]]:
        """Copies and their keepers, by number, as far as both are here."""
        numbers = {name: n for n, name in enumerate(self.names)}
        pairs = ((copy, numbers.get(keeper)) for copy, keeper in self._keepers.items())
        return [(copy, keeper) for copy, keeper in pairs if keeper is not None]

    def columns(self) -> dict[str, Any]:
        """The whole, for JSON."""
        return {
            "names": self.names,
            "titles": self._titles,
            "sites": list(self._sites),
            "statuses": list(self._statuses),
            **{name: column.tolist() for name, column in self._columns.items()},
            "passages": self._passages.tolist(),
            "removed": self._removed.tolist(),
            "uncertainty": [round(u, 2) for u in self.uncertainty],
            "scores": self._scores,
            "keepers": dict(self.related()),
            "strangers": {n: k for n, k in self._keepers.items() if n not in dict(self.related())},
            "likeness": self._likeness,
        }
