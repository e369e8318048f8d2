"""Steps for other people's pipelines, each in the real library; those that are not installed are skipped."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PLAIN, ROOT, TAILED

from zhengwen.articles import KINDS, Article
from zhengwen.batching import by_size
from zhengwen.cleaning import Cleaner
from zhengwen.integrations.texts import Choice, passages
from zhengwen.model import Model

ADVERT = (ROOT / "samples" / "articles" / "finance" / "seven-policies-advert.md").read_text(encoding="utf-8")
TEXTS = [TAILED, PLAIN, ADVERT, "", "一句话。"]


@pytest.fixture(scope="module")
def expected(model: Model) -> list[str]:
    """What the command makes of the texts."""
    return [c.text for c in Cleaner(model).clean([Article("a", text) for text in TEXTS])]


def put_back(kept: str, removed: list[dict[str, Any]]) -> str:
    for span in removed:
        kept = kept[: span["start"]] + span["text"] + kept[span["start"] :]
    return kept


def test_texts_are_cleaned_as_the_command_cleans_them(expected: list[str]) -> None:
    cleaned = Choice().clean(TEXTS)
    assert [c.text for c in cleaned] == expected
    assert expected[0] != TAILED
    assert [c.advert for c in cleaned] == [False, False, True, False, False]
    assert [put_back(c.text, passages(c)) for c in cleaned] == TEXTS


def test_an_unknown_kind_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="unknown kind 'adverts'; choose from promotion"):
        Choice(select=("adverts",))


def test_batches_are_bounded_by_characters_not_by_number() -> None:
    found = list(by_size(["字" * 200_000] * 7, len, 1 << 19))
    assert [len(batch) for batch in found] == [3, 3, 1]
    assert list(by_size([], len, 1)) == []


class TestDatatrove:
    """In a pipeline that its own executor runs, from shard to shard."""

    @pytest.fixture
    def block(self) -> Any:
        pytest.importorskip("datatrove", reason="datatrove is not installed; pip install --group integrations")
        from zhengwen.integrations import datatrove

        return datatrove.MainText

    def test_a_pipeline(self, block: Any, tmp_path: Path, expected: list[str]) -> None:
        from datatrove.executor import LocalPipelineExecutor
        from datatrove.pipeline.readers import JsonlReader
        from datatrove.pipeline.writers import JsonlWriter

        (tmp_path / "in").mkdir()
        lines = [json.dumps({"text": text, "id": f"a{n}"}, ensure_ascii=False) for n, text in enumerate(TEXTS) if text]
        (tmp_path / "in" / "0.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        out, gone = (JsonlWriter(str(tmp_path / name), compression=None) for name in ("out", "gone"))
        LocalPipelineExecutor(
            [
                JsonlReader(str(tmp_path / "in")),
                block(drop_adverts=True, removed="removed", exclusion_writer=gone),
                out,
            ],
            logging_dir=str(tmp_path / "log"),
        ).run()
        found = [json.loads(line) for p in (tmp_path / "out").glob("*.jsonl") for line in p.open(encoding="utf-8")]
        assert {d["id"]: d["text"] for d in found} == {"a0": expected[0], "a1": PLAIN, "a4": TEXTS[4]}
        first = next(d for d in found if d["id"] == "a0")
        assert put_back(first["text"], first["metadata"]["removed"]) == TAILED
        left = [json.loads(line) for p in (tmp_path / "gone").glob("*.jsonl") for line in p.open(encoding="utf-8")]
        assert [(d["text"], d["metadata"]["filter_reason"]) for d in left] == [(ADVERT, "advert")]
        stats = json.loads((tmp_path / "log" / "stats.json").read_text(encoding="utf-8"))
        told = next(s["stats"] for s in stats if "zhengwen" in s["name"])
        assert (told["total"], told["dropped_advert"]) == (4, 1)

    def test_an_advert_that_is_kept_is_marked(self, block: Any) -> None:
        from datatrove.data import Document

        (found,) = block()(iter([Document(ADVERT, "1")]))
        assert (found.text, found.metadata) == (ADVERT, {"zhengwen_advert": True})


class TestRayData:
    """In ``map_batches`` of a dataset."""

    def test_a_batch(self, expected: list[str]) -> None:
        from zhengwen.integrations.ray import MainText

        batch = {"text": np.array([*TEXTS, None], object), "url": np.arange(6)}
        out = MainText(removed="removed")(batch)
        assert out["text"].tolist() == [*expected, None]
        assert out["url"].tolist() == list(range(6))
        assert [put_back(t or "", json.loads(r)) for t, r in zip(out["text"], out["removed"], strict=True)] == [
            *TEXTS,
            "",
        ]
        assert MainText(drop_adverts=True)(batch)["url"].tolist() == [0, 1, 3, 4, 5]
        with pytest.raises(KeyError, match="there is no column 'body'; choose from text, url"):
            MainText(text="body")(batch)

    def test_a_dataset(self, cluster: str, expected: list[str]) -> None:
        data = pytest.importorskip("ray.data", reason="Ray Data is not installed; pip install --group integrations")
        from zhengwen.engines.cluster import Cluster
        from zhengwen.integrations.ray import MainText

        with Cluster(cluster):
            dataset = data.from_items([{"text": text, "n": n} for n, text in enumerate(TEXTS)])
            out = dataset.map_batches(MainText, concurrency=1, batch_size=2).take_all()
        assert {row["n"]: row["text"] for row in out} == dict(enumerate(expected))


class TestScikitLearn:
    """In a pipeline of transformers."""

    def test_scores(self) -> None:
        from sklearn.base import clone

        from zhengwen.integrations.sklearn import KindScores

        scores = clone(KindScores()).fit_transform(TEXTS)
        assert scores.shape == (5, len(KINDS) + 1)
        assert np.allclose(scores[:, :-1].sum(axis=1), 1, atol=1e-5)
        assert scores[:, -1].tolist() == [0, 0, 1, 0, 0]
        content, promotion = KINDS.index("content"), KINDS.index("promotion")
        assert scores[1, content] > 0.9 > scores[0, content] > scores[2, content]
        assert scores[2, promotion] > scores[0, promotion] > scores[1, promotion]
        assert scores[3, content] == 1

    def test_a_pipeline_that_learns_from_them(self) -> None:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        from zhengwen.integrations.sklearn import KindScores

        pipeline = make_pipeline(KindScores(), LogisticRegression()).fit([PLAIN, ADVERT] * 3, [0, 1] * 3)
        assert pipeline.predict([PLAIN, ADVERT]).tolist() == [0, 1]
        assert pipeline[0].get_feature_names_out().tolist() == [*KINDS, "advert"]
        for wrong in ("one text", [PLAIN, None]):
            with pytest.raises(ValueError, match="expected texts"):
                KindScores().fit(TEXTS).transform(wrong)
