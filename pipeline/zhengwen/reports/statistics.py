"""How often each kind was found."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from zhengwen.articles import BOILERPLATE
from zhengwen.reports.findings import Checked

_KEPT = "kept"


@dataclass(slots=True)
class Statistics:
    """Takes the place of the list of findings: a line a kind, the most frequent first, or JSON; then one for the
    passages that authors keep."""

    as_json: bool
    passages: Counter[str] = field(default_factory=Counter)
    articles: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)

    def begin(self) -> Iterable[str]:
        """Nothing."""
        return ()

    def article(self, checked: Checked) -> Iterable[str]:
        """Counts."""
        counted = [(record.kind, record) for record in checked.records] + [(_KEPT, record) for record in checked.kept]
        for kind, record in counted:
            self.passages[kind] += 1
            self.characters[kind] += record.end - record.start
        for kind in {kind for kind, _ in counted}:
            self.articles[kind] += 1
        return ()

    def fault(self, message: str) -> Iterable[str]:  # noqa: ARG002
        """Nothing: it is on standard error."""
        return ()

    def end(self) -> Iterator[str]:
        """The table."""
        kinds = sorted((k for k in BOILERPLATE if self.passages[k]), key=lambda k: -self.passages[k])
        kinds += [_KEPT] if self.passages[_KEPT] else []
        counts = [(k, self.passages[k], self.articles[k], self.characters[k]) for k in kinds]
        if self.as_json:
            names = ("kind", "passages", "articles", "characters")
            yield json.dumps([dict(zip(names, row, strict=True)) for row in counts]) + "\n"
            return
        for kind, passages, articles, characters in counts:
            yield f"{passages:>8,}  {kind:<11} in {articles:,} articles, {characters:,} characters\n"
