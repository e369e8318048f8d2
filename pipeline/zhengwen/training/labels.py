"""Labelled articles: JSON Lines in doccano's span format, or what doccano and Label Studio export."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from zhengwen.articles import BOILERPLATE, Article, Span
from zhengwen.errors import LabelError
from zhengwen.training.offsets import UNITS, Unit
from zhengwen.training.shapes import shaped
from zhengwen.training.shapes import spans as converted

_ARRAY = re.compile(r"\s*\[\s*[{\]]")


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article and the passages that a reader marked in it.

    source: author or site; articles of one source never stand on both sides of a cross-validation.
    spans: sorted, disjoint; what none covers is content.
    windows: the parts (start, end) that were labelled; the rest is context only. None if all of it was.
    place: file and line that it was read from.
    """

    article: Article
    source: str
    spans: tuple[Span, ...]
    windows: tuple[tuple[int, int], ...] | None = None
    place: str = ""


def read_labels(paths: Sequence[Path], offsets: str = "auto") -> list[Labelled]:
    """Reads files, and the ``.jsonl`` files of folders, in the order of their names.

    offsets: what the labels' offsets count, see `zhengwen.training.offsets`; ``auto`` to go by what the file says.
    Raises `LabelError` naming file, line and field of the first fault.
    """
    unit = next((u for u in UNITS if u == offsets), None)
    samples: list[Labelled] = []
    seen: dict[str, str] = {}
    for path in _files(paths):
        for place, row in _rows(path):
            sample = _sample(row, place, unit)
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
        text = path.read_text(encoding="utf-8-sig")
    except OSError as e:
        raise LabelError(f"{path}: cannot be read ({e.strerror})") from None
    except UnicodeDecodeError as e:
        raise LabelError(f"{path}: byte {e.start} is not UTF-8; export the labels as UTF-8") from None
    if _ARRAY.match(text):
        yield from _array(path, text)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except ValueError as e:
            raise LabelError(f"{place}: not a JSON object ({e})") from None
        yield place, _object(row, place)


def _array(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tasks of a JSON array, as Label Studio exports them."""
    try:
        rows = json.loads(text)
    except ValueError as e:
        raise LabelError(f"{path}: not a JSON array ({e})") from None
    for number, row in enumerate(rows, 1):
        place = f"{path}, task {number}"
        yield place, _object(row, place)


def _object(row: Any, place: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise LabelError(f'{place}: expected an object such as {{"id", "text", "label"}}, found {row!r:.40}')
    return row


def _sample(row: dict[str, Any], place: str, unit: Unit | None) -> Labelled:
    shape = shaped(row, place)
    text = shape.text
    if not isinstance(text, str):
        raise LabelError(f"{place}: field text: expected the article's text, found {text!r:.40}")
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise LabelError(f"{place}: field text: holds half of a surrogate pair; export the labels again")
    if shape.name is None:
        raise LabelError(f"{place}: field id: missing; each article needs one of its own")
    name = str(shape.name)
    spans = _spans(converted(shape, text, unit, place), len(text), f"{place}: field {shape.field}")
    windows = _windows(shape.window, len(text), f"{place}: field window")
    return Labelled(Article(name, text), str(shape.source or name), spans, windows, place)


def _windows(said: Any, length: int, place: str) -> tuple[tuple[int, int], ...] | None:
    """One window ``[start, end]``, or a list of them."""
    match said:
        case None:
            return None
        case [[*_], *_]:
            return tuple(_bounds(pair, length, place) for pair in said)
    return (_bounds(said, length, place),)


def _spans(marked: Sequence[tuple[Any, Any, Any]], length: int, place: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    for number, (first, last, kind) in enumerate(marked, 1):
        here = f"{place}, span {number}"
        start, end = _bounds([first, last], length, here)
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
