"""``zhengwen label`` picks the articles whose labels would teach most, pre-labelled, in the format of a tool."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import PLAIN, TAILED, Run
from sites import plain_articles, write_site

from zhengwen.articles import Article
from zhengwen.model import load
from zhengwen.training.labels import read_labels
from zhengwen.training.selection import Pool, uncertainty

MODEL = load()
APPENDIX = "# 附录：潮位表的读法\n\n本文同步发在灯塔客栈，读者群的暗号是归港。\n\n表中单位为厘米，每日两读。\n"


def chosen(texts: list[str], limit: int) -> list[int]:
    pool = Pool(MODEL)
    for n in range(0, len(texts), 3):
        pool.add([Article(str(k), t) for k, t in enumerate(texts[n : n + 3], n)])
    return [number for number, _ in pool.choose(limit)]


def test_what_another_one_taught_is_not_chosen_again() -> None:
    texts = plain_articles(6)
    first = texts.pop(chosen(texts, 1)[0])
    order = chosen([first, first, first, *texts], 2)
    assert order[0] == 0
    assert order[1] > 2


def test_an_article_that_holds_nothing_to_doubt_is_not_chosen() -> None:
    assert chosen(["", "\n\n"], 2) == []
    doubts = uncertainty(np.array([[1, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0], [0, 1, 0, 0, 0]], np.float32))
    assert doubts.round(3).tolist() == [0, 1, 0]


def test_the_choice_does_not_depend_on_how_articles_are_batched() -> None:
    texts = plain_articles(7)
    pool = Pool(MODEL)
    pool.add([Article(str(k), t) for k, t in enumerate(texts)])
    assert [number for number, _ in pool.choose(4)] == chosen(texts, 4)


@pytest.mark.parametrize("tool", ["zhengwen", "doccano", "label-studio"])
def test_the_file_comes_back_as_labels(zhengwen: Run, tmp_path: Path, tool: str) -> None:
    write_site(tmp_path / "in", 4)
    (tmp_path / "in" / "tail.md").write_text("😀" + TAILED, encoding="utf-8")
    (tmp_path / "in" / "more.jsonl").write_text(json.dumps({"text": APPENDIX}) + "\n{}\n", encoding="utf-8")
    done = zhengwen("label", "in", "-o", "todo.json", "--limit", "6", "--for", tool)
    assert done.returncode in (0, 2)
    text = (tmp_path / "todo.json").read_text(encoding="utf-8")
    if tool == "label-studio":
        text = text.replace('"predictions"', '"annotations"')
        (tmp_path / "todo.json").write_text(text, encoding="utf-8")
    samples = {s.article.name: s for s in read_labels([tmp_path / "todo.json"])}
    assert {"tail.md", "more.jsonl:0000000001"} <= samples.keys()
    tail = samples["tail.md"]
    assert any("免费领取" in tail.article.text[a:b] and kind == "promotion" for a, b, kind in tail.spans)
    assert zhengwen("label", "in", "-o", "todo.json").returncode == 2


def test_what_cannot_be_read_is_named_and_the_rest_is_done(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.md").write_text(TAILED, encoding="utf-8")
    (tmp_path / "in" / "b.md").write_bytes(b"\xff\xfe\xfa\x00\xd8")
    (tmp_path / "in" / "c.md").write_text(PLAIN, encoding="utf-8")
    done = zhengwen("label", "in", "-o", "todo.jsonl")
    assert done.returncode == 2
    assert "b.md" in done.stderr.decode()
    assert {s.article.name for s in read_labels([tmp_path / "todo.jsonl"])} <= {"a.md", "c.md"}
