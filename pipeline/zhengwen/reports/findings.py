"""Findings for people and for programs."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from zhengwen.articles import fingerprint
from zhengwen.cleaning import Cleaned
from zhengwen.model import Model
from zhengwen.reasons import words
from zhengwen.reports.terminal import harmless

_LINE_BREAK = re.compile(r"\r\n|\n|\r")
FORMATS = ("full", "concise", "jsonl")
EXCERPT = 60
"""Characters of a passage that are shown."""


@dataclass(frozen=True, slots=True)
class Record:
    """A finding with everything a reader of it needs; lines count from 1, offsets are code points.

    record: id in a file of many articles, else empty; the line is then that of the record, and offsets and column count
        in its text.
    """

    path: str
    start: int
    end: int
    line: int
    end_line: int
    column: int
    kind: str
    score: float
    excerpt: str
    fingerprint: str
    reasons: tuple[str, ...]
    record: str = ""


def records(cleaned: Cleaned, path: str, model: Model) -> Iterator[Record]:
    """The findings of one article, in order."""
    article = cleaned.article
    starts = _line_starts(article.origin) if cleaned.findings else []
    for f in cleaned.findings:
        passage = article.text[f.start : f.end]
        start, end = article.locate(f.start, f.end)
        line = bisect_right(starts, start)
        last = bisect_right(starts, max(start, end - 1))
        yield Record(
            path,
            start,
            end,
            article.line or line,
            article.line or last,
            start + 1 if article.line else start - starts[line - 1] + 1,
            f.kind,
            round(f.score, 4),
            excerpt(passage),
            fingerprint(passage),
            words(model, passage, f.kind),
            article.record,
        )


def _line_starts(text: str) -> list[int]:
    return [0, *(m.end() for m in _LINE_BREAK.finditer(text))]


def excerpt(passage: str) -> str:
    """The beginning of a passage on one line, with nothing in it that a terminal would obey."""
    line = " ".join(passage[: 4 * EXCERPT].split())
    safe = harmless(line)
    return safe if len(safe) <= EXCERPT and len(passage) <= 4 * EXCERPT else safe[: EXCERPT - 1] + "…"


def as_json(record: Record) -> str:
    """One object on one line."""
    fields: dict[str, object] = {"path": record.path}
    if record.record:
        fields["record"] = record.record
    fields |= {
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
    return json.dumps(fields, ensure_ascii=False)
