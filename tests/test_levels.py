"""Levels: how sure the classifier must be, chosen by what held-out articles keep."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import TAILED, Run

from zhengwen.articles import Article
from zhengwen.cleaning import Cleaner
from zhengwen.errors import ModelError
from zhengwen.levels import LEVELS
from zhengwen.model import CARD, Model, load, save
from zhengwen.stages.decode import Decoder
from zhengwen.training.calibration import Held, Outcome, best, outcome, outcomes
from zhengwen.training.corpus import batches
from zhengwen.training.labels import read_labels
from zhengwen.training.levels import CAUTIONS, levels

SAMPLES = Path(__file__).parents[1] / "samples" / "labelled" / "funnels.jsonl"
OWN = {name: Decoder(0.5, n / 2, 0.8) for n, name in enumerate(LEVELS)}


@pytest.fixture(scope="module")
def held(model: Model) -> list[Held]:
    samples = read_labels([SAMPLES])[:12]
    return [
        Held(b.features, model.probabilities(b.features), b.targets, b.weights)
        for b in batches(samples, np.arange(len(samples)))
    ]


def test_a_level_is_the_best_decoder_that_keeps_its_share() -> None:
    measured = {
        Decoder(0.1, 0.0, 0.8): Outcome(0.980, 0.9, 0.9, 0.1),
        Decoder(0.1, 1.0, 0.8): Outcome(0.996, 0.7, 0.8, 0.1),
        Decoder(0.5, 1.0, 0.8): Outcome(0.997, 0.8, 0.8, 0.1),
        Decoder(0.5, 3.0, 0.8): Outcome(0.9995, 0.6, 0.6, 0.0),
    }
    assert best(measured, 0.995) == Decoder(0.5, 1.0, 0.8)
    assert best(measured, 0.999) == Decoder(0.5, 3.0, 0.8)
    assert best(measured, 1.0) == Decoder(0.5, 3.0, 0.8)


def test_what_held_out_articles_keep_is_what_their_level_asks_for(model: Model, held: list[Held]) -> None:
    measured = outcomes(model, held, CAUTIONS)
    most = max(o.retention for o in measured.values())
    for name, decoder in levels(model, held).items():
        assert measured[decoder].retention >= min(LEVELS[name], most)


def test_an_outcome_counts_content_that_is_kept(model: Model, held: list[Held]) -> None:
    never = outcome(replace(model, decoder=Decoder(0.0, 99.0, 0.8)), held, [h.probabilities for h in held])
    assert never.retention == 1
    assert never.value == 0


def test_a_model_remembers_its_levels(model: Model, tmp_path: Path) -> None:
    save(replace(model, levels=OWN), tmp_path / "m")
    again = load(tmp_path / "m")
    assert dict(again.levels) == OWN
    assert {again.at(name).decoder for name in LEVELS} == {*OWN.values()}
    assert len({again.fingerprint, *(again.at(name).fingerprint for name in LEVELS)}) == 1 + len(
        [d for d in OWN.values() if d != again.decoder]
    )
    assert again.at("") is again


def test_other_levels_are_refused(model: Model, tmp_path: Path) -> None:
    save(replace(model, levels={"bold": model.decoder}), tmp_path / "m")
    with pytest.raises(ModelError, match="its levels are bold"):
        load(tmp_path / "m")


def test_levels_cannot_be_altered_by_hand(model: Model, tmp_path: Path) -> None:
    save(replace(model, levels=OWN), tmp_path / "m")
    path = tmp_path / "m" / CARD
    card = json.loads(path.read_text(encoding="utf-8"))
    card["levels"]["careful"]["caution"] = -9
    path.write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelError, match="altered"):
        load(tmp_path / "m")


def test_a_model_without_levels_grows_more_cautious(model: Model) -> None:
    bare = replace(model, levels={})
    cautions = [bare.at(name).decoder.caution for name in LEVELS]
    assert cautions == sorted(cautions, reverse=True)
    assert bare.at("thorough").fingerprint == bare.fingerprint

    def removed(level: str) -> int:
        (cleaned,) = Cleaner(bare.at(level)).clean([Article("a", TAILED)])
        return sum(end - start for start, end in cleaned.removed)

    assert removed("careful") <= removed("balanced") <= removed("thorough")


def test_the_level_is_an_option_and_a_setting_and_no_cache_mixes_them_up(zhengwen: Run, articles: Path) -> None:
    plain = zhengwen("check", articles, "--format", "jsonl", "--no-cache").stdout
    careful = zhengwen("check", articles, "--format", "jsonl", "--no-cache", "--level", "careful").stdout
    for _ in range(2):
        assert zhengwen("check", articles, "--format", "jsonl", "--level", "careful").stdout == careful
        assert zhengwen("check", articles, "--format", "jsonl").stdout == plain
    (articles / "zhengwen.toml").write_text('level = "careful"\n', encoding="utf-8")
    assert zhengwen("check", articles, "--format", "jsonl", "--no-cache").stdout == careful
    assert b'level = "careful"' in zhengwen("config", articles).stdout
    assert zhengwen("check", articles, "--level", "bold").returncode == 2
