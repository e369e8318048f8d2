"""A cleaner whose selection depends on the article."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from zhengwen.articles import Article
from zhengwen.cleaning import Cleaned, Cleaner


@dataclass(frozen=True, slots=True)
class TailoredCleaner(Cleaner):
    """Cleans each article with the kinds selected for the name of its file; others with ``selection``."""

    of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def clean(self, articles: Sequence[Article]) -> list[Cleaned]:
        """The cleaned articles, in order."""
        selections = [self.of.get(a.file, self.selection) for a in articles]
        cleaned: dict[int, Cleaned] = {}
        for selection in dict.fromkeys(map(tuple, selections)):
            chosen = [n for n, s in enumerate(selections) if tuple(s) == selection]
            done = Cleaner.clean(replace(self, selection=selection), [articles[n] for n in chosen])
            cleaned.update(zip(chosen, done, strict=True))
        return [cleaned[n] for n in range(len(articles))]
