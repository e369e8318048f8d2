"""Findings for people and for programs."""

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhengwen.articles import Article, fingerprint
from zhengwen.reports.terminal import COMMAND, harmless, harmless_line

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned
    from zhengwen.reasons import Reasons

_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_ENCODER = json.JSONEncoder(ensure_ascii=False)
EXCERPT = 60
"""Characters of a passage that are shown."""


@dataclass(frozen=True, slots=True)
class Record:
    """A finding with everything a reader of it needs; lines and columns count from 1, offsets are code points.

    end_column: of the character after the last one. marks: where the reasons stand in the excerpt, as far as they do.
    record: id in a file of many articles, else empty; the lines are then that of the record, and offsets and columns
        count in its text.
    """

    path: str
    start: int
    end: int
    line: int
    end_line: int
    column: int
    end_column: int
    kind: str
    score: float
    excerpt: str
    fingerprint: str
    reasons: tuple[str, ...]
    marks: tuple[tuple[int, int], ...]
    record: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one article: the one shape that every format renders.

    shown: how the user named it. path: the file; None for standard input.
    advert: the article as a whole is an advertisement.
    kept: what would be found, but for comments, lists of kept passages, and what was put back.
    article: reads the article again, for who shows its text.
    sought: the kinds that were looked for.
    others: what was found and is not reported: below the score, known, not changed.
    """

    shown: str
    path: Path | None
    records: tuple[Record, ...]
    advert: bool
    kept: tuple[Record, ...] = ()
    article: Callable[[], Article] | None = None
    sought: tuple[str, ...] = ()
    others: tuple[Record, ...] = ()


def records(cleaned: "Cleaned", path: str, why: "Reasons") -> Iterator[Record]:
    """The findings of one article, in order; ``why`` has the reasons for each."""
    article = cleaned.article
    starts = _line_starts(article.origin) if cleaned.findings else []
    for f in cleaned.findings:
        passage = article.text[f.start : f.end]
        start, end = article.locate(f.start, f.end)
        line = bisect_right(starts, start)
        last = bisect_right(starts, max(start, end - 1))
        shown, reasons = excerpt(passage), why[passage, f.kind]
        yield Record(
            path,
            start,
            end,
            article.line or line,
            article.line or last,
            start + 1 if article.line else start - starts[line - 1] + 1,
            end + 1 if article.line else end - starts[last - 1] + 1,
            f.kind,
            round(f.score, 4),
            shown,
            fingerprint(passage),
            reasons,
            marks(shown, reasons),
            article.record,
        )


def _line_starts(text: str) -> list[int]:
    return [0, *(m.end() for m in _LINE_BREAK.finditer(text))]


def graded(score: float) -> str:
    """A score as people read it, never above what it is: one that misses a limit must not look as if it met it."""
    return f"{round(score * 10_000) // 100 / 100:.2f}"


def excerpt(passage: str) -> str:
    """The beginning of a passage on one line, with nothing in it that a terminal would obey."""
    line = " ".join(passage[: 4 * EXCERPT].split())
    safe = harmless(line)
    return safe if len(safe) <= EXCERPT and len(passage) <= 4 * EXCERPT else safe[: EXCERPT - 1] + "…"


def marks(line: str, reasons: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Where the reasons, which are folded, stand in a line: sorted, disjoint, without what the line cuts off."""
    folded = "".join(map(_folded, line))
    spans = sorted((m.start(), m.end()) for r in reasons for m in re.finditer(re.escape(r), folded))
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _folded(character: str) -> str:
    """One character for one character, as the features fold it where that is possible."""
    folded = unicodedata.normalize("NFKC", character).casefold()
    if len(folded) != 1:
        return character
    return "0" if folded in "0123456789" else folded


def located(record: Record) -> str:
    """``path:line:column``, and the id of a record of a file of many, to begin a line with."""
    named = f" [{record.record}]" if record.record else ""
    return harmless_line(f"{record.path}:{record.line}:{record.column}{named}")


def fields(record: Record) -> dict[str, Any]:
    """What programs read of a finding. These names are a contract."""
    return {
        "path": record.path,
        **({"record": record.record} if record.record else {}),
        "start": record.start,
        "end": record.end,
        "line": record.line,
        "end_line": record.end_line,
        "kind": record.kind,
        "score": record.score,
        "excerpt": record.excerpt,
        "fingerprint": record.fingerprint,
        "reasons": list(record.reasons),
    }


def as_json(record: Record) -> str:
    """One object on one line."""
    return encoded(fields(record))


def encoded(value: object) -> str:
    """JSON on one line, with an escape for whatever a terminal or the log of a CI service would obey."""
    line = _ENCODER.encode(value)
    line = COMMAND.sub("\\\\u0023", line)
    return line if line.isprintable() else "".join(map(_escaped, line))


def _escaped(character: str) -> str:
    shown = character.isprintable() or unicodedata.category(character) == "Zs"
    return character if shown else json.dumps(character)[1:-1]
