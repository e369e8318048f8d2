"""What two articles may differ in and still say the same."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import text

from zhengwen.dedup.fold import DROPPED, UNDATED, fold_texts


def says(article: str) -> str:
    return fold_texts([article]).codes.tobytes().decode("utf-16-le")


@pytest.mark.parametrize(
    ("article", "said"),
    [
        ("Ｐｙｔｈｏｎ３ 入门！", "python3入门"),
        ("**粗体**，`代码`；# 标题", "粗体代码标题"),
        ("半角ｶﾀｶﾅ", "半角カタカナ"),
        ("见[文档](https://a.example/b?c=1)。", "见文档"),
        ("![图](a.png)", "图"),
        ("没有关上 [链接](http://a.example\n下一行", "没有关上链接httpaexample下一行"),
        ("版本 1.2 与 1.3", "版本12与13"),
        ("零\u200b宽\ufeff字\u00ad符", "零宽字符"),
        ("笑😀脸👍🏽", "笑脸"),
        ("𠮷野家 𝐀𝐁", "𠮷野家ab"),
        ("① ② x²", "12x2"),
        ("", ""),
        ("——！？\n\n", ""),
    ],
)
def test_letters_and_digits_count_in_one_width_and_case(article: str, said: str) -> None:
    assert says(article) == said


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("fence", ["---", "+++"])
def test_front_matter_does_not_count(end: str, fence: str) -> None:
    lines = [fence, "title: 题", f"note: {fence}x", fence, "正文", ""]
    assert says(end.join(lines)) == "正文"
    assert says("\ufeff" + end.join(lines)) == "正文"


@pytest.mark.parametrize("article", ["---\n没有结束\n正文", "----\n题\n---\n正文", "正文\n---\n尾\n---\n"])
def test_rules_are_not_front_matter(article: str) -> None:
    assert "正文" in says(article)
    assert says(article) == says(article.replace("-", ""))


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("date: 2024-12-30 11:35:25 +08:00", datetime(2024, 12, 30, 3, 35, 25, tzinfo=UTC)),
        ("Date: '2024-12-30'", datetime(2024, 12, 30, tzinfo=UTC)),
        ("date: 2024-12-30T03:35:25Z", datetime(2024, 12, 30, 3, 35, 25, tzinfo=UTC)),
        ("date: 2024-1-2 03:04", datetime(2024, 1, 2, 3, 4, tzinfo=UTC)),
        ("title: date: 2024-12-30\rdate: 2024-12-31", datetime(2024, 12, 31, tzinfo=UTC)),
        ("date: 2024-13-30", None),
        ("date: 2024-12-30 11:35 +99:00", None),
        ("update: 2024-12-30", None),
        ("date: gestern", None),
    ],
)
def test_the_date_is_the_front_matters(line: str, date: datetime | None) -> None:
    found = fold_texts([f"---\ntitle: 题\n{line}\n---\n正文 date: 2001-01-01\n"]).dates[0]
    assert found == (date.timestamp() if date else UNDATED)


@given(st.lists(text, max_size=6))
def test_an_article_folds_alike_in_every_batch(articles: list[str]) -> None:
    batch = fold_texts(articles)
    assert len(batch) == len(articles)
    assert not (batch.codes == DROPPED).any()
    for n, article in enumerate(articles):
        alone = fold_texts([article])
        assert batch.article(n).tobytes() == alone.codes.tobytes()
        assert batch.dates[n] == alone.dates[0]


def test_a_link_that_is_cut_off_takes_nothing_of_the_next_article() -> None:
    batch = fold_texts(["见[文档](http://a.example/b", "下一篇（完)"])
    assert [batch.article(n).tobytes().decode("utf-16-le") for n in range(2)] == ["见文档httpaexampleb", "下一篇完"]
    halves = fold_texts(["甲\ud842", "\udfb7乙"])
    assert [batch_.tobytes().decode("utf-16-le") for batch_ in (halves.article(0), halves.article(1))] == ["甲", "乙"]


def without_targets(article: str) -> str:
    """Character by character: what stands between ``](`` and the next ``)``, if that is on the same line and near."""
    gone: set[int] = set()
    for at in range(len(article)):
        stop = article.find(")", at)
        if article.startswith("](", at) and 0 <= stop < at + 2000 and "\n" not in article[at:stop]:
            gone.update(range(at, stop))
    return "".join(c for n, c in enumerate(article) if n not in gone)


@given(st.lists(st.sampled_from(["甲", "乙丙", "](", ")", "[", "]", "(", "\n", "x" * 990]), max_size=40))
def test_link_targets_go_and_nothing_else(parts: list[str]) -> None:
    article = "".join(parts)
    assert says(article) == "".join(c for c in without_targets(article) if c.isalnum())


@given(text)
def test_folding_what_was_folded_changes_nothing(article: str) -> None:
    once = says(article)
    assert says(once) == once
    assert all(c.isalnum() for c in once)
