"""Labels are read as they are meant, or refused with the line and the field."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from zhengwen.articles import BOILERPLATE
from zhengwen.errors import LabelError
from zhengwen.training.corpus import UNLABELLED, batches
from zhengwen.training.labels import read_labels

GOOD = {"id": "a", "source": "s", "text": "正文广告尾", "label": [[2, 4, "promotion"]]}


def written(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "labels.jsonl"
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows), encoding="utf-8")
    return path


def test_a_labelled_article(tmp_path: Path) -> None:
    (sample,) = read_labels([written(tmp_path, GOOD)])
    assert sample.spans == ((2, 4, "promotion"),)
    assert (sample.article.name, sample.source, sample.windows) == ("a", "s", None)


def test_a_folder_blank_lines_a_window_and_a_missing_source(tmp_path: Path) -> None:
    written(tmp_path, GOOD | {"window": [0, 4]}, "", {k: v for k, v in GOOD.items() if k != "source"} | {"id": 7})
    windowed, plain = read_labels([tmp_path])
    assert windowed.windows == ((0, 4),)
    assert plain.source == plain.article.name == "7"


def test_blocks_outside_the_windows_teach_nothing(tmp_path: Path) -> None:
    text = "".join(f"第{n}行\n\n" for n in "一二三四五")
    at = {n: text.index(n) - 1 for n in "一二三四五"}
    row = {"id": "a", "text": text, "label": [[at["二"], at["二"] + 3, "notice"]]}
    windows = [[at["二"], at["三"]], [at["五"], len(text)]]
    samples = read_labels([written(tmp_path, row | {"window": windows})])
    (batch,) = batches(samples, np.arange(1))
    readable = batch.features.blocks.readable()
    assert batch.targets[readable].tolist() == [UNLABELLED, 3, UNLABELLED, UNLABELLED, 0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("{", "line 1: not a JSON object"),
        ("[1]", "line 1: expected an object"),
        (GOOD | {"text": 3}, "line 1: field text"),
        ({"text": "甲", "label": []}, "line 1: field id: missing"),
        (GOOD | {"label": None}, "line 1: field label: expected a list"),
        (GOOD | {"label": [[0, 1]]}, "line 1: field label, span 1: expected [start, end, kind]"),
        (GOOD | {"label": [[0, 1, "advert"]]}, "span 1: unknown kind 'advert'"),
        (GOOD | {"label": [[0, 9, "notice"]]}, "span 1: [0, 9] is not a span of a text of 5 characters"),
        (GOOD | {"label": [[-1, 2, "notice"]]}, "span 1: [-1, 2] is not a span"),
        (GOOD | {"label": [[2, 2, "notice"]]}, "span 1: [2, 2] is not a span"),
        (GOOD | {"label": [["0", 2, "notice"]]}, "span 1: expected two whole numbers"),
        (GOOD | {"label": [[True, 2, "notice"]]}, "span 1: expected two whole numbers"),
        (
            GOOD | {"label": [[0, 3, "notice"], [2, 4, "promotion"]]},
            "field label: spans [0, 3, notice] and [2, 4, prom",
        ),
        (GOOD | {"window": [3, 99]}, "field window: [3, 99] is not a span"),
        (GOOD | {"window": [[0, 2], [3, 99]]}, "field window: [3, 99] is not a span"),
        (GOOD | {"window": []}, "field window: expected two whole numbers"),
    ],
)
def test_faults_name_file_line_and_field(tmp_path: Path, fault: Any, said: str) -> None:
    with pytest.raises(LabelError) as caught:
        read_labels([written(tmp_path, fault)])
    assert "labels.jsonl" in str(caught.value)
    assert said in str(caught.value)


def test_the_second_line_is_named_for_a_repeated_id(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"line 2: field id: 'a' was used at .*line 1"):
        read_labels([written(tmp_path, GOOD, GOOD)])


@pytest.mark.parametrize("make", [lambda p: p / "none.jsonl", lambda p: p])
def test_nothing_to_read(tmp_path: Path, make: Any) -> None:
    with pytest.raises(LabelError):
        read_labels([make(tmp_path)])


def test_the_samples_are_enough_and_of_every_kind() -> None:
    samples = read_labels([ROOT / "samples" / "labelled"])
    assert sum(len(s.article.text) >= 600 for s in samples) >= 120
    assert all(len(s.article.text) >= 150 for s in samples if not s.article.name.startswith("shorts/"))
    assert sum(len(s.article.text) < 150 for s in samples) >= 30
    assert len({s.source for s in samples}) >= 60
    for kind in BOILERPLATE:
        assert sum(any(k == kind for _, _, k in s.spans) for s in samples) >= 40
    assert sum(not s.spans for s in samples) >= 40
    for s in samples:
        assert all(s.article.text[a:b].strip("\n") == s.article.text[a:b] for a, b, _ in s.spans)


def test_the_sample_articles_are_among_the_labelled() -> None:
    texts = {s.article.text for s in read_labels([ROOT / "samples" / "labelled"])}
    files = [p for p in (ROOT / "samples" / "articles").rglob("*") if p.is_file()]
    assert len(files) >= 40
    unlabelled = {p.name for p in files if p.read_bytes().decode() not in texts}
    assert unlabelled == {"sticker-mirror.md"}, "a repost of a labelled one, there to be left out as a copy"
