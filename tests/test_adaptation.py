"""Ten corrections and it has learnt: clean, correct, train with a base, see what flips, clean again."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import APART, COMMAND, ROOT, Run
from sites import articles, corrections, write_rows, write_site
from test_cli_clean import tree

from zhengwen.articles import Article
from zhengwen.cleaning import Cleaner
from zhengwen.model import load, save
from zhengwen.training.adaptation import adapt
from zhengwen.training.evaluation import figures, tally
from zhengwen.training.flips import flips
from zhengwen.training.gate import falls
from zhengwen.training.labels import read_labels
from zhengwen.training.suspects import contradictions, suspects

SEEN, ALL = 6, 10


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder with a site, its cleaned copy and corrections of it, and what adapting a model to those said."""
    folder = tmp_path_factory.mktemp("loop")
    write_site(folder / "site", ALL)
    corrections(folder / "corrections.jsonl", SEEN)
    run = {"cwd": folder, "capture_output": True, "text": True, "check": False}
    subprocess.run([COMMAND, "clean", *APART, "site", "-o", "cleaned"], **run)  # type: ignore[call-overload]
    adapting = [COMMAND, "train", "corrections.jsonl", "--base", "default", "-o", "mine"]
    return folder, subprocess.run([*adapting, "--on", "cleaned", "--report", "said.json"], **run)  # type: ignore[call-overload]


def test_the_footer_of_a_site_never_seen_is_learnt(learnt: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = learnt
    assert done.returncode == 0, done.stderr
    before = tree(folder / "cleaned")
    assert all("归港的船数".encode() in data for name, data in before.items() if name.endswith(".md"))
    again = [COMMAND, "clean", *APART, "site", "-o", "cleaned", "--model", "mine"]
    assert subprocess.run(again, cwd=folder, capture_output=True, check=False).returncode == 0
    after = tree(folder / "cleaned")
    for n, (text, at) in enumerate(articles(ALL)):
        assert after[f"{n:02}.md"].decode() == text[:at].rstrip("\n") + "\n"


def test_it_says_what_flips_worst_first_and_the_figures_before_and_after(
    learnt: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = learnt
    assert f"{ALL} passages go, 0 stay" in done.stdout
    said = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    flips = said["flips"]
    assert {f["path"] for f in flips} == {f"{n:02}.md" for n in range(ALL)}
    assert [f["size"] for f in flips] == sorted((f["size"] for f in flips), reverse=True)
    for flip in flips:
        text, at = articles(ALL)[int(flip["path"][:2])]
        assert (flip["before"], flip["after"]) == ("content", "navigation")
        assert (flip["start"], flip["end"]) == (at, len(text.rstrip()))
        assert flip["score_before"] < flip["score_after"]
    figures = said["figures"]
    assert figures["corrections"]["before"]["f1"] < 0.5 < 0.9 < figures["corrections"]["after"]["f1"]
    assert figures["reference"]["after"]["f1"] > figures["reference"]["before"]["f1"] - 0.005
    assert said["gate"] == []


def test_the_card_says_what_it_was_adapted_from(learnt: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    card = load(learnt[0] / "mine").card
    assert card["adapted"]["base"] == load().fingerprint != card["fingerprint"]
    assert card["adapted"]["articles"] == SEEN


def test_an_adapted_model_is_a_base_again_and_keeps_what_it_learnt(
    learnt: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    base = load(learnt[0] / "mine")
    other = read_labels([corrections(tmp_path / "c.jsonl", 3)])
    twice = adapt(base, other).model
    save(twice, tmp_path / "twice")
    text, at = articles(1, ALL)[0]
    for model in (twice, load(tmp_path / "twice")):
        (cleaned,) = Cleaner(model).clean([Article("a", text)])
        assert cleaned.text == text[:at].rstrip("\n") + "\n"


def test_scores_of_an_adapted_model_do_not_depend_on_the_batch(
    learnt: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    model = load(learnt[0] / "mine")
    texts = [Article(str(n), text) for n, (text, _) in enumerate(articles(5))]
    together = model.read(texts).probabilities
    alone = np.concatenate([model.read([a]).probabilities for a in texts])
    assert np.array_equal(together, alone)


def test_the_same_corrections_give_the_same_model(tmp_path: Path) -> None:
    samples = read_labels([corrections(tmp_path / "c.jsonl", 3)])
    for name in ("one", "two"):
        save(adapt(load(), samples).model, tmp_path / name)
    assert load(tmp_path / "one").fingerprint == load(tmp_path / "two").fingerprint


def poisoned(folder: Path) -> Path:
    """Labels that call the content of the reference articles promotion and their boilerplate content."""
    rows: list[dict[str, Any]] = []
    for n, (text, at) in enumerate(articles(12)):
        rows.append({"id": n, "text": text, "label": [[0, at, "promotion"]]})
    return write_rows(folder / "poisoned.jsonl", rows)


def test_the_gate_refuses_poisoned_labels_and_says_which_figure_fell(zhengwen: Run, tmp_path: Path) -> None:
    poisoned(tmp_path)
    done = zhengwen("train", "poisoned.jsonl", "--base", "default", "-o", "mine")
    assert done.returncode == 1, done.stderr
    said = done.stderr.decode()
    assert "not written: on the reference articles" in said
    assert " fell from " in said
    assert "--max-loss" in said
    assert not (tmp_path / "mine").exists()


def test_a_gate_of_ones_own_and_its_remedy(zhengwen: Run, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"id": n, "text": t, "label": []} for n, (t, _) in enumerate(articles(3))]
    start = rows[2]["text"].index("\n\n", 200) + 2  # a paragraph like any other
    rows[2]["label"] = [[start, rows[2]["text"].index("\n", start), "notice"]]
    write_rows(tmp_path / "labels.jsonl", rows)
    done = zhengwen("train", "labels.jsonl", "--base", "default", "-o", "mine", "--min-f1", "0.99")
    assert done.returncode == 1
    assert "less than --min-f1 0.99" in done.stderr.decode()
    assert not (tmp_path / "mine").exists()


def test_one_of_a_few_counted_things_may_always_be_lost_and_no_more() -> None:
    text = "甲乙丙丁。\n\n戊己庚辛。\n"
    good = [tally(text, [(0, 5, "notice")], [(0, 5, "notice")])] * 4
    one = [*good[:3], tally(text, [(0, 5, "notice")], [])]
    names = {f.name for f in falls(figures(good), figures(one), good, 30.0)}
    assert names == set()
    assert {f.name for f in falls(figures(good), figures(one), good, 0.5)} == {"recall", "f1", "mixed_f1"}


def test_labels_that_contradict_each_other_or_the_rest_are_listed_with_their_place(
    zhengwen: Run, tmp_path: Path
) -> None:
    path = corrections(tmp_path / "c.jsonl", 8)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows[5]["label"] = []
    write_rows(path, rows)
    samples = read_labels([path])
    text, at = articles(6)[5]
    found = contradictions(samples)
    assert any("归港的船数" in c.one.text and {c.one.kind, c.other.kind} == {"content", "navigation"} for c in found)
    doubtful = suspects(adapt(load(), samples), samples)
    assert any(s.labelling.start == at and s.opinion == "navigation" for s in doubtful)
    done = zhengwen("train", path, "--base", "default", "--check-only")
    assert done.returncode == 1
    said = done.stdout.decode()
    assert "c.jsonl, line 6, 05.md:" in said
    assert "rather navigation" in said
    assert text.count("\n") > 3


def test_labels_in_which_nothing_stands_out_pass(zhengwen: Run, tmp_path: Path) -> None:
    path = corrections(tmp_path / "c.jsonl", 4)
    done = zhengwen("train", path, "--base", "default", "--check-only")
    assert done.returncode == 0, done.stdout.decode()
    assert list(tmp_path.iterdir()) == [path]


def test_content_that_a_model_would_take_is_kept_for_good(zhengwen: Run, tmp_path: Path) -> None:
    offer = "扫描下方二维码添加小助手微信，备注“资料”，即可免费领取全套学习资料大礼包！"
    rows = [{"id": n, "text": text[:at] + offer + "\n", "label": []} for n, (text, at) in enumerate(articles(3))]
    write_rows(tmp_path / "labels.jsonl", rows)
    done = zhengwen("train", "labels.jsonl", "--base", "default", "-o", "mine", "--max-loss", "100")
    assert done.returncode == 0, done.stderr
    listed = (tmp_path / "mine" / ".zhengwen-keep").read_text(encoding="utf-8")
    assert "小助手微信" in listed
    text, at = articles(1, 3)[0]
    (tmp_path / "new.md").write_text(text[:at] + offer.replace("全套", "整套") + "\n", encoding="utf-8")
    assert zhengwen("check", "new.md").returncode == 1
    assert zhengwen("check", "new.md", "--model", "mine").returncode == 0
    kept = zhengwen("check", "new.md", "--model", "mine", "--show-kept").stdout.decode()
    assert (
        "小助手" in kept or zhengwen("check", "new.md", "--model", "mine", "--keep-list", "/dev/null").returncode == 0
    )


def test_an_advertisement_that_is_kept_as_it_is_does_not_flip() -> None:
    text = (ROOT / "samples" / "articles" / "finance" / "seven-policies-advert.md").read_text(encoding="utf-8")
    cleaner = Cleaner(load())
    (cleaned,) = cleaner.clean([Article("a", text)])
    assert cleaned.advert
    assert list(flips(cleaner, cleaner, [(Article("a", text), ()), (Article("b", text), None)])) == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--on", "x", "-o", "m"), "add --base default"),
        (("--check-only",), "add --base default"),
        ((), "with -o FOLDER"),
        (("--base", "nowhere", "-o", "m"), "there is no model folder"),
        (("--base", "default", "-o", "m", "--offsets", "bytes"), "do not fit the text"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    zhengwen: Run, tmp_path: Path, args: tuple[str, ...], said: str
) -> None:
    write_rows(tmp_path / "c.jsonl", [{"id": 1, "text": "正文，正文。\n\n版权所有\n", "label": [[8, 12, "notice"]]}])
    done = zhengwen("train", "c.jsonl", *args)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert not (tmp_path / "m").exists()
