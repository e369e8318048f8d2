"""An explanation is the model's own answer with one thing taken away."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import PLAIN, ROOT, TAILED, Run

from zhengwen.articles import Article
from zhengwen.blocks import Ints
from zhengwen.cleaning import Cleaner
from zhengwen.explaining import PLACE, REPETITION, Explanation, _Case, _means, explain, explain_span
from zhengwen.model import Model
from zhengwen.scoring import columns, featurise
from zhengwen.stages import features
from zhengwen.stages.scores import BITS
from zhengwen.stages.tagger import standardise

PARTS = ["words", "neighbours", "heading", "form", "place", "repetition"]


@pytest.fixture(scope="module")
def found(model: Model) -> list[Explanation]:
    return list(explain(Cleaner(model), Article("a", TAILED)))


def test_the_findings_are_those_of_cleaning(model: Model, found: list[Explanation]) -> None:
    (cleaned,) = Cleaner(model).clean([Article("a", TAILED)])
    assert found
    for one, finding in zip(sorted(found, key=lambda e: e.start), cleaned.findings, strict=True):
        assert (one.start, one.end, one.kind) == (finding.start, finding.end, finding.kind)
        assert one.score == pytest.approx(finding.score)
        assert one.removed
        for part in (*one.parts, *one.words):  # one scale: what spoke for it takes of the score with it, and back
            assert (part.effect > 0.02) <= (part.without < one.score + 0.005), part
            assert (part.effect < -0.02) <= (part.without > one.score - 0.005), part


def odds(model: Model, hashed: list[tuple[np.ndarray, Ints]], rows: Ints) -> tuple[float, float]:
    read = replace(featurise([Article("a", TAILED)]), hashed=hashed)
    mean = np.average(model.probabilities(read)[rows], axis=0, weights=read.weights[rows] + 1e-3)
    return math.log((1 - mean[0]) / mean[0]), float(1 - mean[0])


def test_without_a_named_word_the_score_is_as_stated(model: Model, found: list[Explanation]) -> None:
    """Takes the word's n-grams out one by one, in plain Python."""
    first = next(e for e in found if e.reading == 1 and e.words)
    (round_,) = next(Cleaner(model).passes([Article("a", TAILED)]))
    rows = _Case(Cleaner(model), round_).rows(first.start, first.end)
    blocks = featurise([Article("a", TAILED)]).blocks
    stream = features.stream(features.encode([TAILED]).folded, blocks)
    for word in first.words:
        hashed = []
        for order in features.ORDERS:
            buckets, starts = features.hashes(stream, order, BITS)
            kept, begins = [], [0]
            for block in range(len(blocks)):
                text = "".join(map(chr, stream.codes[stream.starts[block] : stream.starts[block + 1] + 1].tolist()))
                touched = {
                    at + k for at in range(len(text)) if text.startswith(word.name, at) for k in range(len(word.name))
                }
                for n, bucket in enumerate(buckets[starts[block] : starts[block + 1]].tolist(), order == 1):
                    if block not in rows or not touched & set(range(n, n + order)):
                        kept.append(bucket)
                begins.append(len(kept))
            hashed.append((np.array(kept, np.uint32), np.array(begins)))
        left, score = odds(model, hashed, rows)
        assert score == pytest.approx(word.without, abs=1e-4)
        assert first.odds - left == pytest.approx(word.effect, abs=1e-3)


def test_every_part_is_named_and_its_columns_are_the_models(found: list[Explanation]) -> None:
    assert [p.name for p in found[0].parts] in (PARTS, [p for p in PARTS if p != "heading"])
    structure = featurise([Article("a", TAILED)]).structure
    assert {*PLACE, *REPETITION} < {*structure}


def test_an_averaged_column_says_nothing_to_the_tagger(model: Model) -> None:
    read = featurise([Article("a", "甲\n")])
    means = _means(model, read)
    averaged = {name: np.array([means[name]], np.float32) for name in read.structure}
    rows = columns(replace(read, structure=averaged), np.arange(1))
    assert np.abs(standardise(rows, model.tagger.centre, model.tagger.scale)).max() < 1e-5


def test_alone_a_block_has_no_neighbours_and_no_heading(model: Model) -> None:
    article = Article("a", "扫码添加小助手微信，免费领取全部资料")
    one = explain_span(Cleaner(model), article, 0, len(article.text))
    assert one
    parts = {p.name: p.effect for p in one.parts}
    assert parts["neighbours"] == 0
    assert "heading" not in parts


def test_what_stays_is_explained_against_the_likeliest_kind(model: Model) -> None:
    start = PLAIN.index("如果先调用")
    one = explain_span(Cleaner(model), Article("a", PLAIN), start, start + 5)
    assert one
    assert not one.removed
    assert one.odds < 0
    assert explain_span(Cleaner(model), Article("a", "甲\n\n乙\n"), 2, 3) is None


@pytest.fixture
def tail(tmp_path: Path) -> Path:
    path = tmp_path / "tail.md"
    path.write_text(TAILED, encoding="utf-8")
    return path


def test_the_command_tells_people_and_programs(zhengwen: Run, tail: Path) -> None:
    text = zhengwen("explain", tail)
    assert text.returncode == 0
    assert "neighbours" in text.stdout.decode()
    told = json.loads(zhengwen("explain", tail, "--format", "json").stdout)
    assert {"path", "line", "kind", "score", "parts", "words"} <= {*told[0]}
    assert all(p["name"] in PARTS for one in told for p in one["parts"])


def test_a_score_reads_as_it_does_in_check(zhengwen: Run) -> None:
    folder = ROOT / "samples" / "articles"
    checked = zhengwen("check", folder, "--format", "concise").stdout.decode()
    explained = zhengwen("explain", folder).stdout.decode()
    found = re.findall(r"^(\S+:\d+):\d+: (\w+ [\d.]+) ", checked, re.M)
    assert len(found) > 50
    assert set(found) == set(re.findall(r"^(\S+:\d+)(?:–\d+)?: (\w+ [\d.]+)(?: .*)?$", explained, re.M))


def test_a_line_is_explained_whether_it_goes_or_stays(zhengwen: Run, tail: Path) -> None:
    lines = TAILED.split("\n")
    goes, stays = (next(n for n, t in enumerate(lines, 1) if t.startswith(s)) for s in ("扫描下方", "如果先"))
    told = json.loads(zhengwen("explain", f"{tail}:{goes}", f"{tail}:{stays}", "--format", "json").stdout)
    assert [one["removed"] for one in told] == [True, False]
    assert told[0]["line"] <= goes <= told[0]["end_line"]
    assert told[1]["line"] == stays


@pytest.mark.parametrize(("suffix", "message"), [(":9999", "ends at line"), (":0", "count from 1")])
def test_a_line_that_is_not_there_is_refused(zhengwen: Run, tail: Path, suffix: str, message: str) -> None:
    done = zhengwen("explain", f"{tail}{suffix}")
    assert done.returncode == 2
    assert message in done.stderr.decode()


def test_a_record_of_json_lines_is_explained_by_its_line(zhengwen: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": t}) + "\n" for t in (PLAIN, TAILED)), encoding="utf-8")
    told = json.loads(zhengwen("explain", f"{path}:2", "--format", "json").stdout)
    assert {one["line"] for one in told} == {2}
