"""The two articles that define the task, and real texts where they are at hand."""

import json
from pathlib import Path

from zhengwen.articles import BOILERPLATE, Article
from zhengwen.cleaning import Cleaner
from zhengwen.model import Model
from zhengwen.stages.segment import segment


def clean(model: Model, path: Path, *selection: str) -> tuple[str, str]:
    source = path.read_bytes().decode()
    return source, Cleaner(model, selection or BOILERPLATE).clean([Article(path.name, source)])[0].text


def test_the_promotional_tail_goes_and_the_analysis_stays_whole(shared: Path, model: Model) -> None:
    source, kept = clean(model, shared / "examples" / "140350949.md", "promotion", "engagement", "navigation")
    assert "写在最后" not in kept
    assert "二维码" not in kept
    analysis = source[: source.index("##### 结尾")]
    assert kept.startswith(analysis.rstrip("\n"))
    assert source.startswith(kept.rstrip())


def test_an_article_without_boilerplate_comes_back_byte_for_byte(shared: Path, model: Model) -> None:
    source, kept = clean(model, shared / "examples" / "139234453.md")
    assert kept == source


def test_real_articles_are_partitioned_and_cleaned_to_a_fixed_point(shared: Path, model: Model) -> None:
    lines = (shared / "gold" / "train.jsonl").read_text(encoding="utf-8").splitlines()[::10]
    articles = [Article(row["id"], row["text"]) for row in map(json.loads, lines)]
    for article in articles:
        blocks = segment([article.text])
        assert blocks.bounds[0] == 0
        assert blocks.bounds[-1] == len(article.text)
    cleaner = Cleaner(model, BOILERPLATE)
    once = cleaner.clean(articles)
    again = cleaner.clean([Article(c.article.name, c.text) for c in once])
    assert [c.text for c in once] == [c.text for c in again]
