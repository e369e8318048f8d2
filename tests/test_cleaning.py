"""Cleaning with the shipped model: what is promised for every text."""

import random

import numpy as np
import pytest
from conftest import PLAIN, ROOT, TAILED
from hypothesis import given, settings
from texts import article_text, text

from zhengwen.articles import BOILERPLATE, DEFAULT_SELECTION, Article, Finding
from zhengwen.cleaning import Cleaned, Cleaner, _Work
from zhengwen.model import Model, load

MODEL = load()
SAMPLES = sorted((ROOT / "samples" / "articles").rglob("*.*"))


def clean(source: str, selection: tuple[str, ...] = DEFAULT_SELECTION) -> Cleaned:
    return Cleaner(MODEL, selection).clean([Article("a", source)])[0]


@settings(max_examples=200)
@given(text)
def test_cleaning_twice_is_cleaning_once(source: str) -> None:
    once = clean(source, BOILERPLATE)
    again = clean(once.text, BOILERPLATE)
    assert again.text == once.text
    assert once.advert or not again.findings or again.advert


@given(text)
def test_what_is_removed_and_what_is_kept_are_the_input(source: str) -> None:
    cleaned = clean(source, BOILERPLATE)
    assert all(a < b for a, b in cleaned.removed)
    assert all(b < c for (_, b), (c, _) in zip(cleaned.removed, cleaned.removed[1:], strict=False))
    assert len(cleaned.text) == len(source) - sum(b - a for a, b in cleaned.removed)


@given(article_text)
def test_findings_are_sorted_disjoint_and_inside_what_goes(source: str) -> None:
    cleaned = clean(source, BOILERPLATE)
    for one, other in zip(cleaned.findings, cleaned.findings[1:], strict=False):
        assert one.end <= other.start
    for f in cleaned.findings:
        assert f.kind in BOILERPLATE
        assert 0 <= f.score <= 1
        assert source[f.start : f.end].strip() == source[f.start : f.end] != ""
        letters = [i for i in range(f.start, f.end) if source[i].isalnum()]
        gone = {i for a, b in cleaned.removed for i in range(a, b)}
        assert cleaned.advert or gone.issuperset(letters)


def test_what_a_later_reading_finds_within_a_passage_is_part_of_it() -> None:
    source = "> 想看更多，请扫码\n> [我们的号](u)\n\n正文在这里。"
    article, middle = Article("a", source), source.index("\n>") + 1
    first = Finding(2, source.index("\n\n"), "engagement", 0.9)
    left = _Work(0, article, [(0, len(source))], (), ()).less([first], [(2, middle), (middle + 2, first.end)])
    assert left.article.text == "> > \n\n正文在这里。"
    cleaned = left.less([Finding(0, 3, "navigation", 0.6)], [(0, 5)]).finish(article)
    assert cleaned.text == "\n正文在这里。"
    assert [(f.start, f.end) for f in cleaned.findings] == [(0, 1), (2, first.end)]


def test_an_article_does_not_depend_on_its_batch() -> None:
    articles = [Article(p.name, p.read_bytes().decode()) for p in SAMPLES]
    cleaner = Cleaner(MODEL)
    alone = [cleaner.clean([a])[0] for a in articles]
    shuffled = articles[:]
    random.Random(1).shuffle(shuffled)
    together = {c.article.name: c for c in cleaner.clean(shuffled)}
    assert [together[a.name] for a in articles] == alone


def test_scores_do_not_depend_on_the_batch_to_the_last_bit(model: Model) -> None:
    articles = [Article(p.name, p.read_bytes().decode()) for p in SAMPLES[:12]]
    whole = model.read(articles)
    for n, article in enumerate(articles):
        a, b = whole.blocks.articles[n], whole.blocks.articles[n + 1]
        assert np.array_equal(model.read([article]).probabilities, whole.probabilities[a:b])


def test_a_tail_goes_and_the_analysis_stays_whole() -> None:
    cleaned = clean(TAILED)
    assert cleaned.text == PLAIN
    assert cleaned.findings[0].kind == "promotion"


def test_an_article_without_boilerplate_comes_back() -> None:
    assert clean(PLAIN).text == PLAIN
    assert clean(PLAIN).findings == ()


def test_notices_stay_unless_asked_for() -> None:
    notice = "\n\n版权声明：文章著作权归作者所有，转载请联系授权，并在文首写明出处。\n"
    assert clean(PLAIN + notice).text == PLAIN + notice
    assert "版权声明" not in clean(PLAIN + notice, BOILERPLATE).text


def test_a_whole_advertisement_is_reported_and_kept() -> None:
    path = ROOT / "samples" / "articles" / "tutorials" / "from-manual-to-sdet.md"
    cleaned = clean(path.read_bytes().decode())
    assert cleaned.advert
    assert cleaned.findings
    assert cleaned.text == cleaned.article.text


@pytest.mark.parametrize("source", ["", "\n", " ", "\ufeff", "---\n", "```", "|", "# "])
def test_next_to_nothing_comes_back(source: str) -> None:
    assert clean(source, BOILERPLATE).text == source


def test_front_matter_is_never_touched_and_weighs_nothing() -> None:
    front = "---\ntitle: 免费领取\ndescription: " + "扫码关注公众号免费领取资料大礼包。" * 40 + "\n---\n\n"
    assert clean(front + TAILED, BOILERPLATE).text == front + PLAIN
    advert = (ROOT / "samples" / "articles" / "tutorials" / "from-manual-to-sdet.md").read_bytes().decode()
    assert clean("---\ndescription: " + "一段很长的描述" * 200 + "\n---\n\n" + advert).advert


@given(article_text)
def test_code_and_front_matter_survive_every_round_whole(source: str) -> None:
    fence = "```python\nprint('扫码领取')\n\n关注公众号\n```\n"
    for whole in (source + "\n\n" + fence, fence + "\n" + source):
        kept = clean(whole, BOILERPLATE).text
        assert fence.rstrip() in kept or "关注公众号\n```" not in kept
