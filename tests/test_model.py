"""A model is arrays and a card: saved and loaded without loss, refused when damaged, never executed."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import TAILED

from zhengwen.articles import Article
from zhengwen.errors import ModelError
from zhengwen.model import CARD, Model, default_path, load, save


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(default_path(), folder)
    return folder


def test_saved_and_loaded_it_is_the_same(model: Model, tmp_path: Path) -> None:
    save(model, tmp_path / "m")
    again = load(tmp_path / "m")
    assert again.fingerprint == model.fingerprint == again.card["fingerprint"]
    article = [Article("a", TAILED)]
    assert np.array_equal(again.read(article).probabilities, model.read(article).probabilities)


def test_saving_is_deterministic(model: Model, tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(model, tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_the_shipped_model_is_small_and_holds_arrays_and_json_alone() -> None:
    files = list(default_path().iterdir())
    assert {p.suffix for p in files} == {".npy", ".json"}
    assert sum(p.stat().st_size for p in files) < 12_000_000
    for path in files:
        if path.suffix == ".npy":
            assert not np.load(path, allow_pickle=False).dtype.hasobject


def test_the_card_says_where_it_comes_from() -> None:
    card = load().card
    assert card["data"]["articles"] > 1000
    assert card["cross_validation"]["grouped_by"] == "source"
    assert {"trained", "fingerprint", "files"} <= set(card)


@pytest.mark.parametrize("damage", ["truncated", "altered", "missing", "no card", "bad card", "foreign", "file"])
def test_damage_is_refused(copy: Path, damage: str) -> None:
    array, card = copy / "embedding.axes.npy", copy / CARD
    match damage:
        case "truncated":
            array.write_bytes(array.read_bytes()[:-1000])
        case "altered":
            data = bytearray(array.read_bytes())
            data[-7] ^= 1
            array.write_bytes(data)
        case "missing":
            array.unlink()
        case "no card":
            card.unlink()
        case "bad card":
            card.write_text("{")
        case "foreign":
            card.write_text(json.dumps(json.loads(card.read_text()) | {"format": 99}))
        case "file":
            copy = card
    with pytest.raises(ModelError) as caught:
        load(copy)
    assert str(copy) in str(caught.value)


def test_a_pickle_in_disguise_is_not_opened(copy: Path) -> None:
    import hashlib

    trap = pickle.dumps({"a": 1})
    (copy / "tagger.output_bias.npy").write_bytes(trap)
    card = json.loads((copy / CARD).read_text())
    card["files"]["tagger.output_bias.npy"] = hashlib.sha256(trap).hexdigest()
    (copy / CARD).write_text(json.dumps(card))
    with pytest.raises(ModelError):
        load(copy)


@pytest.mark.parametrize("name", ["../outside.npy", "/etc/passwd", "sub/x.npy"])
def test_a_card_names_files_of_its_folder_only(copy: Path, name: str) -> None:
    card = json.loads((copy / CARD).read_text())
    card["files"][name] = "0"
    (copy / CARD).write_text(json.dumps(card))
    with pytest.raises(ModelError):
        load(copy)
