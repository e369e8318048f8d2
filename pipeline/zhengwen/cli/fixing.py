"""``zhengwen check --fix``: the passages that are safe to take go, in place, with a ledger."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zhengwen.baseline import Entry
from zhengwen.cli.checking import Checker
from zhengwen.cli.configured import rules
from zhengwen.cli.filters import Sought
from zhengwen.cli.repeating import remember
from zhengwen.forms import HTML
from zhengwen.readers import Source
from zhengwen.reports.summary import Summary, counted
from zhengwen.reports.terminal import harmless

SAFE = 0.9
"""Least score, a calibrated probability, of a passage that goes without anybody looking."""
MOST = 0.6
"""Share of an article's characters above which nothing of it goes, as of `clean --in-place`."""

Marks = frozenset[tuple[str, str]]
"""Kinds and fingerprints of passages."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What may be fixed.

    kinds, min_score: where ``sought`` says no others for a path.
    known: passages that a team lives with, which stay wherever they stand.
    overwrite: an article that was edited after it was fixed is a new one.
    """

    kinds: tuple[str, ...]
    min_score: float
    sought: Callable[[Source], Sought]
    known: Sequence[Entry]
    overwrite: bool

    @property
    def marks(self) -> Marks:
        """The known passages."""
        return frozenset((e.kind, e.fingerprint) for e in self.known)


def is_safe(kind: str, score: float, mark: str, least: float, known: Marks) -> bool:
    """Whether a passage may go; ``least`` is the score that the settings ask for, ``mark`` its fingerprint."""
    return score >= max(SAFE, least) and (kind, mark) not in known


def fix(checker: Checker, asked: Asked, sources: Sequence[Source], folder: Path, summary: Summary) -> list[str]:
    """Takes what is safe out of the articles in which there is any, with the ledger in ``folder``; what to say of it.

    What could not be done is counted in ``summary``.
    """
    known = asked.marks
    found = dict.fromkeys(
        result.source
        for result in checker.check(sources)
        if not result.advert
        for least in [asked.sought(result.source).min_score]
        if any(is_safe(r.kind, r.score, r.fingerprint, least, known) for r in result.records)
    )
    if not found:
        return []
    done = _clean(checker, asked, list(found), folder)
    summary.faults += done.faults
    summary.messages += done.messages
    taken = sum(done.passages.values())
    where = f"{counted(taken, 'passage')} in {counted(done.changed, 'article')}"
    told = f"fixed: {where}; `zhengwen restore {os.path.relpath(folder)} --list` shows what went"
    return [harmless(told)] if taken else []


def _clean(checker: Checker, asked: Asked, sources: Sequence[Source], folder: Path) -> Summary:
    from zhengwen.cli import recorded
    from zhengwen.cli.safe import SafeCleaner
    from zhengwen.keeping import Keep
    from zhengwen.proving import Settings

    sought = {source.name: asked.sought(source) for source in sources}
    cleaner = SafeCleaner(
        checker.loaded(),
        asked.kinds,
        Keep(checker.listed.everywhere),
        checker.shared.evidence(),
        {name: one.kinds for name, one in sought.items()},
        {name: one.min_score for name, one in sought.items()},
        asked.marks,
    )
    also = {
        "per_path": rules(("select", "ignore", "min-score")),
        "alone": not checker.repetition,
        "fix": {
            "safe": SAFE,
            "most": MOST,
            "least": asked.min_score,
            "known": hashlib.sha256(repr(sorted(asked.marks)).encode()).hexdigest(),
        },
    }
    settings = Settings(to=HTML, encoding=checker.encoding, overwrite=asked.overwrite, fields=checker.fields)
    summary = Summary()
    recorded.clean(cleaner, sources, folder, settings, None, summary, also, in_place=True, engine=checker.engine)
    remember(checker.shared, folder)
    return summary
