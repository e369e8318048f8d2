"""The figures, by hand, by a slow definition, and against the reference scorer where it is at hand."""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, Run
from hypothesis import given
from hypothesis import strategies as st
from texts import text

from zhengwen.articles import BOILERPLATE, Span
from zhengwen.training.evaluation import figures, kind_figures, paint, tally, weights
from zhengwen.training.labels import read_labels


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("甲a1 。\n", [1, 1, 1, 0, 0, 0]),
        ("![甲](乙)", [10, 0, 0, 0, 0, 0, 0]),
        ("[甲](乙)", [0, 1, 0, 0, 0, 0]),
        ("---\n甲\n---\n乙", [0] * 10 + [1]),
        ("<b>甲", [0, 0, 0, 1]),
        ("", []),
        ("\0甲\0", [0, 1, 0]),
    ],
)
def test_what_characters_weigh(source: str, expected: list[int]) -> None:
    assert weights(source).tolist() == expected


@given(text)
def test_a_weight_for_every_character(source: str) -> None:
    assert len(weights(source)) == len(source)


def test_figures_by_hand() -> None:
    source = "正文甲乙\n广告丙丁\n尾巴\n"
    gold: list[Span] = [(5, 9, "promotion"), (10, 12, "navigation")]
    t = tally(source, gold, [(0, 2, "notice"), (5, 9, "engagement")])
    assert (t.found, t.kept, t.lost, t.left, t.kind) == (4, 2, 2, 2, 0)
    assert (t.passages, t.met, t.false) == (1, 1, 1)
    f = figures([t])
    assert f.precision == pytest.approx(4 / 6)
    assert f.recall == pytest.approx(4 / 6)
    assert f.retention == 0.5
    assert f.false_100 == 100
    assert kind_figures([t])["promotion"] == {"weight": 4, "precision": 1.0, "recall": 1.0}
    assert kind_figures([t])["notice"]["precision"] == 0.0


def test_an_advertisement_as_a_whole_is_counted_apart() -> None:
    whole = tally("广告广告广告", [(0, 6, "promotion")], [])
    mixed = tally("正文广告", [(2, 4, "promotion")], [(2, 4, "promotion")])
    assert whole.whole_advert
    assert not mixed.whole_advert
    assert figures([whole, mixed]).mixed_f1 == 1
    assert figures([whole, mixed]).adverts == 0


@given(text, st.data())
def test_perfect_predictions_get_perfect_figures(source: str, data: st.DataObject) -> None:
    if len(source) < 2:
        return
    start = data.draw(st.integers(0, len(source) - 1))
    gold: list[Span] = [(start, data.draw(st.integers(start + 1, len(source))), "notice")]
    f = figures([tally(source, gold, gold)])
    assert (f.precision, f.recall, f.retention, f.passages, f.false_100, f.kind) == (1, 1, 1, 1, 0, 1)
    assert np.array_equal(paint(len(source), gold) > 0, [gold[0][0] <= i < gold[0][1] for i in range(len(source))])


def test_figures_equal_the_reference_scorers_on_random_predictions(shared: Path, tmp_path: Path) -> None:
    rng = random.Random(0)
    lines = (shared / "gold" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    chosen = tmp_path / "gold.jsonl"
    chosen.write_text("\n".join(rng.sample(lines, 300)) + "\n", encoding="utf-8")
    predicted, tallies = [], []
    for s in read_labels([chosen]):
        n = len(s.article.text)
        spans = [list(span) for span in s.spans if rng.random() < 0.7]
        spans += [[a := rng.randrange(n), min(n, a + rng.randrange(1, 400)), rng.choice(BOILERPLATE)] for _ in range(2)]
        predicted.append({"id": s.article.name, "label": spans})
        tallies.append(tally(s.article.text, s.spans, [(a, b, k) for a, b, k in spans]))
    out = tmp_path / "predicted.jsonl"
    out.write_text("\n".join(map(json.dumps, predicted)), encoding="utf-8")
    assert reference(shared, chosen, out) == pytest.approx(figures(tallies).as_dict())


def reference(shared: Path, gold: Path, predicted: Path) -> dict[str, float]:
    scorer = [sys.executable, shared / "gold" / "score.py", gold, predicted, "--json"]
    found = json.loads(subprocess.run(scorer, capture_output=True, check=True).stdout)
    return {k: v for k, v in found.items() if not k.endswith("_95")}


def test_evaluate_prints_the_reference_scorers_figures(shared: Path, zhengwen: Run, tmp_path: Path) -> None:
    """`check`'s findings, scored by the reference, give what `evaluate` prints."""
    lines = (shared / "gold" / "train.jsonl").read_text(encoding="utf-8").splitlines()[:80]
    gold, folder = tmp_path / "gold.jsonl", tmp_path / "texts"
    gold.write_text("\n".join(lines) + "\n", encoding="utf-8")
    folder.mkdir()
    rows = {f"{json.loads(line)['id']}.md": json.loads(line) for line in lines}
    for name, row in rows.items():
        (folder / name).write_bytes(row["text"].encode())
    labels: dict[str, list[Span]] = {name: [] for name in rows}
    for line in zhengwen("-q", "check", "--select", "ALL", "--format", "jsonl", folder).stdout.decode().splitlines():
        f = json.loads(line)
        labels[Path(f["path"]).name].append((f["start"], f["end"], f["kind"]))
    predicted = tmp_path / "predicted.jsonl"
    predicted.write_text(
        "\n".join(json.dumps({"id": rows[name]["id"], "label": spans}) for name, spans in labels.items()),
        encoding="utf-8",
    )
    printed = json.loads(zhengwen("-q", "evaluate", "--json", gold).stdout)
    assert printed == pytest.approx(reference(shared, gold, predicted))


def test_evaluate_prints_figures_by_kind_and_by_source(zhengwen: Run) -> None:
    labels = ROOT / "samples" / "labelled" / "news.jsonl"
    said = zhengwen("evaluate", labels).stdout.decode()
    rows = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()]
    assert said.startswith(f"{len(rows)} articles of {len({r['source'] for r in rows})} sources")
    assert all(kind in said for kind in BOILERPLATE)
    assert all(row["source"] in said for row in rows)
