"""Training on a few real labels gives a usable model, the same every time."""

import json
import re
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from conftest import COMMAND, ROOT, TAILED

from zhengwen.articles import Article
from zhengwen.cleaning import Cleaner
from zhengwen.model import load
from zhengwen.training.corpus import REACH, batches, sequences
from zhengwen.training.labels import Labelled, read_labels
from zhengwen.training.validation import split

EVERY = 6
"""One in so many of the labelled samples."""


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labels") / "some.jsonl"
    lines = [x for p in sorted((ROOT / "samples" / "labelled").glob("*.jsonl")) for x in p.read_bytes().splitlines()]
    path.write_bytes(b"\n".join(lines[::EVERY]) + b"\n")
    return path


@pytest.fixture(scope="module")
def trained(labels: Path) -> tuple[Path, str]:
    folder = labels.parent / "model"
    done = subprocess.run(
        [COMMAND, "train", labels, "-o", folder, "--jobs", "2"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_parts_labelled_far_apart_are_learnt_as_articles_of_their_own() -> None:
    text = "".join(f"第 {n} 段说的是正文。\n\n" for n in range(200))
    first, last = text.index("第 3 段"), text.index("第 190 段")
    windows = ((first, text.index("\n", first)), (last, text.index("\n", last)))
    spans = ((*windows[1], "promotion"),)
    samples = [
        Labelled(Article("a", text), "a", spans, windows),
        Labelled(Article("b", "一。\n\n二。\n"), "b", (), None),
    ]
    (batch,) = batches(samples, np.array([0, 1]))
    seen = sequences(batch)
    sizes = np.diff(seen.articles).tolist()
    assert sizes == [3 + 1 + REACH, REACH + 1 + 9, 2]
    assert np.flatnonzero(seen.targets == 1).tolist() == [sizes[0] + REACH]


def test_it_prints_grouped_cross_validation_figures(trained: tuple[Path, str]) -> None:
    folder, said = trained
    assert "Cross-validation in 4 folds by source" in said
    figures = {m[1]: float(m[2]) for m in re.finditer(r"^  (\w+) +([\d.]+)$", said, re.M)}
    assert {"mixed_f1", "passages", "retention", "false_100"} <= set(figures)
    assert load(folder).card["cross_validation"]["mixed_f1"] == pytest.approx(figures["mixed_f1"], abs=1e-4)


def test_the_model_has_learnt(trained: tuple[Path, str]) -> None:
    folder, said = trained
    assert float(re.search(r"mixed_f1 +([\d.]+)", said)[1]) > 0.4  # type: ignore[index]
    cleaned = Cleaner(load(folder)).clean([Article("a", TAILED)])[0]
    assert "反向传播结束之后" in cleaned.text


def test_one_process_or_two_give_the_same_model(labels: Path, trained: tuple[Path, str], tmp_path: Path) -> None:
    command = [COMMAND, "train", labels, "-o", tmp_path / "m", "--jobs", "1"]
    one = subprocess.run(command, capture_output=True, check=False)
    assert one.returncode == 0
    assert load(tmp_path / "m").fingerprint == load(trained[0]).fingerprint


def test_a_source_is_in_one_fold() -> None:
    samples = read_labels([ROOT / "samples" / "labelled"])
    folds = split(samples, 4)
    assert sorted(n for fold in folds for n in fold) == list(range(len(samples)))
    named = [{samples[n].source for n in fold} for fold in folds]
    assert all(not a & b for i, a in enumerate(named) for b in named[:i])


def test_sources_stay_in_their_fold_when_others_come() -> None:
    samples = read_labels([ROOT / "samples" / "labelled"])
    fewer = [s for s in samples if zlib.crc32(s.source.encode()) % 7]
    fold_of = {samples[n].source: k for k, fold in enumerate(split(samples, 4)) for n in fold}
    assert len(fewer) < len(samples)
    assert all(fold_of[fewer[n].source] == k for k, fold in enumerate(split(fewer, 4)) for n in fold)


def test_few_sources_are_dealt_out_evenly() -> None:
    samples = [Labelled(Article(str(n), "正文。"), f"author {n % 9}", ()) for n in range(90)]
    assert [len(fold) for fold in split(samples, 4)] == [30, 20, 20, 20]


def test_model_info_and_verify(trained: tuple[Path, str]) -> None:
    folder, _ = trained
    info = subprocess.run([COMMAND, "model", "info", folder], capture_output=True, text=True, check=True).stdout
    card = json.loads(
        subprocess.run([COMMAND, "model", "info", folder, "--json"], capture_output=True, check=True).stdout
    )
    assert card["fingerprint"] in info
    assert str(card["cross_validation"]["retention"]) in info
    assert card["trained"] in info
    verified = subprocess.run([COMMAND, "model", "verify", folder], capture_output=True, text=True, check=False)
    assert verified.returncode == 0
    assert card["fingerprint"] in verified.stdout
    (folder / "card.json").write_text(json.dumps(card | {"fingerprint": "0"}))
    assert subprocess.run([COMMAND, "model", "verify", folder], capture_output=True, check=False).returncode == 2


def test_a_model_is_not_replaced_unless_told_to(trained: tuple[Path, str], labels: Path) -> None:
    folder, _ = trained
    done = subprocess.run([COMMAND, "train", labels, "-o", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "holds a model already" in done.stderr
    done = subprocess.run([COMMAND, "train", labels, "-o", labels.parent], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "other things than a model" in done.stderr
