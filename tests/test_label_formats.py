"""Labels come in from the tools that made them, and articles go out to them, whatever they count."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhengwen.articles import BOILERPLATE, Article
from zhengwen.errors import LabelError
from zhengwen.training.labels import Labelled, read_labels
from zhengwen.training.offsets import UNITS, code_point, places
from zhengwen.training.tasks import TOOLS, Task, Tool, row

TEXT = "𝄞 正文😀在此。\r\n\r\n👉扫码关注👈\r\n版权所有 é́\n"
SPANS = [(TEXT.index("👉"), TEXT.index("👈") + 1, "engagement"), (TEXT.index("版"), len(TEXT) - 1, "notice")]
UTF16 = [[len(TEXT[:a].encode("utf-16-le")) // 2, len(TEXT[:b].encode("utf-16-le")) // 2, k] for a, b, k in SPANS]
BYTES = [[len(TEXT[:a].encode()), len(TEXT[:b].encode()), k] for a, b, k in SPANS]


def read(tmp_path: Path, value: Any, offsets: str = "auto") -> list[Labelled]:
    path = tmp_path / "labels.json"
    lines = json.dumps(value, ensure_ascii=False, indent=1 if isinstance(value, list) else None)
    path.write_text(lines + "\n", encoding="utf-8", newline="")
    return read_labels([path], offsets)


def task(spans: list[Any], **annotation: Any) -> dict[str, Any]:
    """A task of Label Studio with its spans, each with the text that it covers."""
    results = [
        {"type": "labels", "from_name": "label", "to_name": "text", "value": {"start": a, "end": b, "labels": [k]}}
        for a, b, k in spans
    ]
    for result, (a, b, _) in zip(results, SPANS, strict=False):
        result["value"]["text"] = TEXT[a:b].replace("\r\n", "\\n")
    return {"id": 7, "data": {"text": TEXT}, "annotations": [{"result": results, **annotation}]}


@given(st.text(), st.sampled_from(UNITS))
def test_every_code_point_has_a_place_in_every_unit(text: str, unit: str) -> None:
    encoding = {"code-points": "utf-32-le", "utf-16": "utf-16-le", "bytes": "utf-8"}[unit]
    size = {"code-points": 4, "utf-16": 2, "bytes": 1}[unit]
    where = places(text, unit)  # type: ignore[arg-type]
    for n in range(len(text) + 1):
        assert where[n] == len(text[:n].encode(encoding, "surrogatepass")) // size
        assert code_point(where, int(where[n])) == n
    assert code_point(where, int(where[-1]) + 1) is None


@pytest.mark.parametrize("field", ["label", "labels", "annotations", "entities"])
def test_doccano_writes_its_spans_as_lists_or_objects(tmp_path: Path, field: str) -> None:
    lists = [list(s) for s in SPANS]
    objects = [
        {"id": n, "label": k, "start_offset": a, "end_offset": b, "user": 1} for n, (a, b, k) in enumerate(SPANS)
    ]
    for spans in (lists, objects):
        (sample,) = read(tmp_path, {"id": 12, "text": TEXT, field: spans, "meta": {"source": "网站"}})
        assert (sample.article.name, sample.article.text, sample.source) == ("12", TEXT, "网站")
        assert list(sample.spans) == SPANS


@pytest.mark.parametrize(("unit", "spans"), [("utf-16", UTF16), ("bytes", BYTES)])
def test_offsets_count_what_the_user_or_the_file_says(tmp_path: Path, unit: str, spans: list[Any]) -> None:
    value = {"id": "a", "text": TEXT, "label": spans}
    assert list(read(tmp_path, value, unit)[0].spans) == SPANS
    assert list(read(tmp_path, value | {"offsets": unit})[0].spans) == SPANS
    assert list(read(tmp_path, value | {"meta": {"offsets": unit}})[0].spans) == SPANS


@pytest.mark.parametrize("spans", [SPANS, UTF16])
def test_label_studio_is_read_by_the_text_of_its_spans(tmp_path: Path, spans: list[Any]) -> None:
    (sample,) = read(tmp_path, [task(spans)])
    assert list(sample.spans) == SPANS
    assert sample.place.endswith("labels.json, task 1")


def test_label_studio_s_short_export_and_its_newest_annotation(tmp_path: Path) -> None:
    short = [{"start": a, "end": b, "text": TEXT[a:b], "labels": [k]} for a, b, k in SPANS]
    assert list(read(tmp_path, [{"id": 7, "text": TEXT, "label": short}])[0].spans) == SPANS
    value = task(SPANS, updated_at="2026-01-02")
    value["annotations"].insert(0, {"result": [], "updated_at": "2026-01-01"})
    value["annotations"].append({"result": [], "updated_at": "2026-01-03", "was_cancelled": True})
    assert list(read(tmp_path, [value])[0].spans) == SPANS


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([task(BYTES)], "task 1: field annotations: the spans do not fit the text"),
        ([{"id": 1, "data": {"text": TEXT}, "annotations": []}], "nobody has annotated this task"),
        ({"id": 1, "text": TEXT, "annotations": [{"start_offset": 0, "end_offset": 1, "label": 3}]}, "by the number 3"),
        ({"id": 1, "text": TEXT, "label": [[1, 3, "notice"]], "offsets": "utf-16"}, "do not fit"),
        ({"id": 1, "text": TEXT, "label": [[0, 2, "advert"]]}, "unknown kind 'advert'"),
    ],
)
def test_what_does_not_fit_is_named_with_the_remedy(tmp_path: Path, value: Any, said: str) -> None:
    with pytest.raises(LabelError, match=r"labels\.json") as caught:
        read(tmp_path, value)
    assert said in str(caught.value)


def test_spans_of_content_are_content(tmp_path: Path) -> None:
    (sample,) = read(tmp_path, {"id": 1, "text": TEXT, "label": [[0, 4, "content"], list(SPANS[1])]})
    assert list(sample.spans) == SPANS[1:]


@given(st.text(min_size=1), st.data(), st.sampled_from(TOOLS))
def test_what_goes_out_to_a_tool_comes_back_as_it_was(text: str, data: st.DataObject, tool: Tool) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    spans = [(a, b, data.draw(st.sampled_from(BOILERPLATE))) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    out = row(Task(Article("a/b.md", text), spans, 1.0), tool)
    if tool == "label-studio":
        out["annotations"] = out.pop("predictions")
    from zhengwen.training.shapes import shaped
    from zhengwen.training.shapes import spans as converted

    shape = shaped(json.loads(json.dumps(out)), "here")
    assert (shape.text, shape.name) == (text, "a/b.md")
    assert converted(shape, text, None, "here") == spans
