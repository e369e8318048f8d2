"""The shapes in which tools write labelled texts, as one: a text, its name, and spans with their kinds.

- doccano: ``label`` or ``labels``, lists of [start, end, kind]; ``annotations`` or ``entities``, lists of objects with
  ``start_offset``, ``end_offset`` and ``label``. Its own exports count UTF-16 code units; what zhengwen writes for it
  says so in a field ``offsets`` that doccano gives back.
- Label Studio: tasks with ``data`` and ``annotations`` (JSON), or with spans in ``label`` (JSON-MIN). Older
  releases counted UTF-16 code units, later ones code points; each span has its own ``text``, which tells.
- zhengwen: as doccano's ``label``, in code points.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhengwen.articles import CONTENT
from zhengwen.errors import LabelError
from zhengwen.training.offsets import UNITS, Unit, code_point, places

_FIELDS = ("label", "labels", "annotations", "entities")
_NUMBERED = "export the labels with their names: doccano's format JSONL does"


@dataclass(frozen=True, slots=True)
class Marked:
    """A span as a tool wrote it: two offsets of whatever type, a kind, and the text that it says it covers."""

    start: Any
    end: Any
    kind: Any
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """One labelled text as a tool wrote it.

    field: the field that holds the spans, for messages. unit: what its offsets count; None if nothing says so.
    """

    text: Any
    name: Any
    source: Any
    field: str
    marked: Sequence[Marked]
    window: Any = None
    unit: Unit | None = None


def shaped(row: Mapping[str, Any], place: str) -> Shape:
    """The labelled text of a row. Raises `LabelError` naming ``place`` and the field."""
    data = row.get("data")
    if isinstance(data, Mapping):
        return _task(row, data, place)
    field = next((f for f in _FIELDS if f in row), "label")
    found = row.get(field)
    if not isinstance(found, list):
        raise LabelError(f"{place}: field {field}: expected a list of [start, end, kind], found {found!r:.40}")
    marked = [_marked(entry, f"{place}: field {field}, span {n}") for n, entry in enumerate(found, 1)]
    meta = row.get("meta")
    inner = meta if isinstance(meta, Mapping) else {}
    text = row.get("text", data)
    name, source = row.get("id"), row.get("source") or inner.get("source")
    return Shape(
        text, name, source, field, marked, row.get("window"), _unit(row.get("offsets") or inner.get("offsets"))
    )


def _unit(said: Any) -> Unit | None:
    return next((unit for unit in UNITS if unit == said), None)


def _marked(entry: Any, here: str) -> Marked:
    match entry:
        case [start, end, kind]:
            return Marked(start, end, kind)
        case {"start_offset": start, "end_offset": end, "label": kind}:
            if isinstance(kind, int):
                raise LabelError(f"{here}: names its kind by the number {kind}; {_NUMBERED}")
            return Marked(start, end, kind)
        case {"start": start, "end": end, "labels": [kind]}:
            return Marked(start, end, kind, entry.get("text"))
    raise LabelError(f"{here}: expected [start, end, kind], found {entry!r:.60}")


def _task(row: Mapping[str, Any], data: Mapping[str, Any], place: str) -> Shape:
    """A task of Label Studio: the newest annotation that was not cancelled."""
    given = row.get("annotations", row.get("completions"))
    done = (
        [a for a in given if isinstance(a, Mapping) and not a.get("was_cancelled")] if isinstance(given, list) else []
    )
    if not done:
        raise LabelError(f"{place}: field annotations: nobody has annotated this task; annotate it, or leave it out")
    newest = max(done, key=lambda a: str(a.get("updated_at") or a.get("created_at") or ""))
    results = newest.get("result")
    if not isinstance(results, list):
        raise LabelError(f"{place}: field annotations: expected a list of results, found {results!r:.40}")
    spans = [
        r["value"] for r in results if isinstance(r, Mapping) and r.get("type", "labels") == "labels" and "value" in r
    ]
    marked = [_marked(value, f"{place}: field annotations, result {n}") for n, value in enumerate(spans, 1)]
    name = data.get("id", row.get("id"))
    return Shape(data.get("text"), name, data.get("source"), "annotations", marked, unit=_unit(data.get("offsets")))


def spans(shape: Shape, text: str, unit: Unit | None, place: str) -> list[tuple[int, int, Any]]:
    """The spans in code points, without those of content; offsets that are no whole numbers are left to be named later.

    unit: what the offsets count, if the user said so. Raises `LabelError` where a span does not cover what it says.
    """
    for candidate in [unit] if unit else [shape.unit] if shape.unit else UNITS[:2]:
        found = _converted(shape, text, candidate)
        if found is not None and all(
            m.said is None or _bare(m.said) == _bare(text[a:b])
            for m, (a, b, _) in zip(shape.marked, found, strict=True)
            if isinstance(a, int) and isinstance(b, int)
        ):
            return [span for span in found if span[2] != CONTENT]
    chosen = unit or shape.unit or "code-points"
    raise LabelError(
        f"{place}: field {shape.field}: the spans do not fit the text when their offsets count {chosen}; say what they "
        f"count with --offsets, or export the labels again"
    )


def _converted(shape: Shape, text: str, unit: Unit) -> list[tuple[int, int, Any]] | None:
    """The spans in code points; None if one begins or ends inside a character."""
    if unit == "code-points":
        return [(m.start, m.end, m.kind) for m in shape.marked]
    where = places(text, unit)
    found = []
    for m in shape.marked:
        if type(m.start) is not int or type(m.end) is not int:
            found.append((m.start, m.end, m.kind))
            continue
        start, end = code_point(where, m.start), code_point(where, m.end)
        if start is None or end is None:
            return None
        found.append((start, end, m.kind))
    return found


def _bare(text: str) -> str:
    """A text without white space, of which tools write line ends in their own ways."""
    return "".join(text.replace("\\n", "\n").split())
