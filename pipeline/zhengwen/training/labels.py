"""Labelled articles in doccano's span format, one JSON object a line."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from zhengwen.articles import BOILERPLATE, Article, Span
from zhengwen.errors import LabelError


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article and the passages that a reader marked in it.

    source: author or site; articles of one source never stand on both sides of a cross-validation.
    spans: sorted, disjoint; what none covers is content.
    window: the part (start, end) that was labelled; the rest is context only. None if all of it was.
    """

    article: Article
    source: str
    spans: tuple[Span, ...]
    window: tuple[int, int] | None = None


def read_labels(paths: Sequence[Path]) -> list[Labelled]:
    """Reads ``.jsonl`` files, and those of folders, in the order of their names.

    Raises `LabelError` naming file, line and field of the first fault.
    """
    samples: list[Labelled] = []
    seen: dict[str, str] = {}
    for path in _files(paths):
        for place, row in _rows(path):
            sample = _sample(row, place)
            name = sample.article.name
            if name in seen:
                raise LabelError(f"{place}: field id: {name!r} was used at {seen[name]} already; ids must be unique")
            seen[name] = place
            samples.append(sample)
    if not samples:
        where = ", ".join(map(str, paths))
        raise LabelError(f"{where}: no labelled articles here; expected JSON Lines in doccano's format")
    return samples


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = sorted(path.glob("*.jsonl"))
            if not found:
                raise LabelError(f"{path}: the folder holds no .jsonl file")
            yield from found
        else:
            yield path


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as e:
        raise LabelError(f"{path}: cannot be read ({e.strerror})") from None
    except UnicodeDecodeError as e:
        raise LabelError(f"{path}: byte {e.start} is not UTF-8; export the labels as UTF-8") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except ValueError as e:
            raise LabelError(f"{place}: not a JSON object ({e})") from None
        if not isinstance(row, dict):
            raise LabelError(f'{place}: expected an object such as {{"id", "text", "label"}}, found {row!r:.40}')
        yield place, row


def _sample(row: dict[str, Any], place: str) -> Labelled:
    text = row.get("text")
    if not isinstance(text, str):
        raise LabelError(f"{place}: field text: expected the article's text, found {text!r:.40}")
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise LabelError(f"{place}: field text: holds half of a surrogate pair; export the labels again")
    if "id" not in row:
        raise LabelError(f"{place}: field id: missing; each article needs one of its own")
    name = str(row["id"])
    spans = _spans(row.get("label"), len(text), f"{place}: field label")
    window = row.get("window")
    if window is not None:
        window = _bounds(window, len(text), f"{place}: field window")
    return Labelled(Article(name, text), str(row.get("source") or name), spans, window)


def _spans(label: Any, length: int, place: str) -> tuple[Span, ...]:
    if not isinstance(label, list):
        raise LabelError(f"{place}: expected a list of [start, end, kind], found {label!r:.40}")
    spans: list[Span] = []
    for number, entry in enumerate(label):
        here = f"{place}, span {number + 1}"
        if not isinstance(entry, list) or len(entry) != 3:
            raise LabelError(f"{here}: expected [start, end, kind], found {entry!r:.60}")
        start, end = _bounds(entry[:2], length, here)
        kind = entry[2]
        if kind not in BOILERPLATE:
            raise LabelError(f"{here}: unknown kind {kind!r:.40}; expected one of {', '.join(BOILERPLATE)}")
        spans.append((start, end, kind))
    spans.sort()
    for one, other in pairwise(spans):
        if other[0] < one[1]:
            raise LabelError(f"{place}: spans {_shown(one)} and {_shown(other)} overlap; part them")
    return tuple(spans)


def _shown(span: Span) -> str:
    start, end, kind = span
    return f"[{start}, {end}, {kind}]"


def _bounds(pair: Any, length: int, place: str) -> tuple[int, int]:
    match pair:
        case [int(start), int(end)] if not isinstance(start, bool) and not isinstance(end, bool):
            if 0 <= start < end <= length:
                return start, end
            raise LabelError(f"{place}: [{start}, {end}] is not a span of a text of {length} characters")
    raise LabelError(f"{place}: expected two whole numbers, start and end, found {pair!r:.60}")
