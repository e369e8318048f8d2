"""A cleaner that takes only what needs no second look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from zhengwen.articles import Article, Finding, fingerprint
from zhengwen.cleaning import Cleaned
from zhengwen.cli.fixing import MOST, Marks, is_safe
from zhengwen.cli.tailored import TailoredCleaner
from zhengwen.keeping import Keep

_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class SafeCleaner(TailoredCleaner):
    """Removes only what is safe, and nothing of an article that is an advertisement as a whole.

    least: the score that the settings ask for, by name of the file.
    """

    least: Mapping[str, float] = field(default_factory=dict)
    known: Marks = frozenset()

    def clean(self, articles: Sequence[Article]) -> list[Cleaned]:
        """The cleaned articles, in order.

        What is not safe is kept by its fingerprint and the rest cleaned anew, because what goes depends on what stays.
        """
        done = TailoredCleaner.clean(self, articles)
        within = dict(self.keep.within)
        for _ in range(_ROUNDS):
            again = [n for n, c in enumerate(done) if not c.advert and self._unsafe(c)]
            for n in again:
                name = articles[n].name
                within[name] = within.get(name, frozenset()) | self._unsafe(done[n])
            careful = replace(self, keep=Keep(self.keep.everywhere, within))
            for n, c in zip(again, TailoredCleaner.clean(careful, [articles[n] for n in again]), strict=True):
                done[n] = c
        return [self._settled(c) for c in done]

    def _unsafe(self, cleaned: Cleaned) -> frozenset[str]:
        """The fingerprints of what may not go."""
        least = self.least.get(cleaned.article.file, 0.0)
        found = ((f, _mark(cleaned, f)) for f in cleaned.findings)
        return frozenset(m for f, m in found if not is_safe(f.kind, round(f.score, 4), m, least, self.known))

    def _settled(self, cleaned: Cleaned) -> Cleaned:
        gone = sum(end - start for start, end in cleaned.removed)
        if cleaned.advert or gone > MOST * len(cleaned.article.text) or self._unsafe(cleaned):
            return replace(cleaned, findings=(), removed=(), advert=False)
        return cleaned


def _mark(cleaned: Cleaned, finding: Finding) -> str:
    return fingerprint(cleaned.article.text[finding.start : finding.end])
