"""What features see of a disguised text: the text. The output keeps every disguised character."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from texts import article_text

from zhengwen.articles import Article
from zhengwen.scoring import featurise
from zhengwen.stages import features
from zhengwen.stages.features import disguise
from zhengwen.stages.segment import segment


def seen(text: str) -> str:
    """What the tagger reads, blocks parted by a bar."""
    blocks = segment([text])
    codes = features.stream(features.encode([text]).folded, blocks).codes
    return "|".join("".join(map(chr, codes.tolist())).strip("\1").split("\1"))


@pytest.mark.parametrize(("form", "word"), disguise._CERTAIN.items())
def test_every_form_reads_as_its_word(form: str, word: str) -> None:
    assert seen(f"请{form}谢") == seen(f"请{word}谢")


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("掃描二維碼，關註公眾號領取資料", "扫描二维码，关注公众号领取资料"),
        ("ＱＱ群：１２３４", "qq群:1234"),
        ("加 V：abc", "加微:abc"),
        ("➕V：abc", "加微:abc"),
        ("加威信：abc", "加微信:abc"),
        ("微.信", "微信"),
        ("微（信", "微信"),
        ("公☆众☆号", "公众号"),
        ("关\u200b注\ufeff我", "关注我"),
        ("点*击*下*方*卡*片", "点击下方卡片"),
        ("二维馬", "二维码"),
        ("ｖ信", "微信"),
        ("点👍", "点赞"),
    ],
)
def test_a_disguised_word_reads_as_the_plain_one(disguised: str, plain: str) -> None:
    assert seen(disguised) == seen(plain)


@pytest.mark.parametrize(
    "text",
    [
        "他在群众中很有威信",
        "威信扫地",
        "钻石公主号邮轮",
        "微博加v认证",
        "首页|博客|关于",
        "北京-上海",
        "卡尔·马克思",
        "瑞芯微芯片",
        "a+v",
        "输入/输出",
    ],
)
def test_true_words_stay(text: str) -> None:
    assert seen(text) == text


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("正文。\n\n关\n\n注\n\n公众\n\n号\n\n，\n\n正文。\n", ["正文。", "关注公众号,", "正文。"]),
        ("\n".join("扫描下方的二维码！！领取一份大礼包吧。共三章"), ["扫描下方的二维码!!", "领取一份大礼包吧。共三章"]),
        (
            "\n".join("他今天大声对我说「你好」。」他又说再见再见再见"),
            ["他今天大声对我说「你好」。」", "他又说再见再见再见"],
        ),
        ("\n".join("加我的微信13800138000"), ["加我的微信" + "0" * 11]),
        ("\n".join("加我的微信:v_1👇"), ["加我的微信:v_0👇"]),
        ("\r\n".join(c + " " * 9 for c in "扫码关注"), ["扫码关注"]),
        ("\n\n".join(c + "\u200b" * 9 for c in "扫码关注"), ["扫码关注"]),
        ("扫\n\u200b\n码\n\u200b\n关\n\u200b\n注\n", ["扫码关注"]),
        ("第一行说完。\n扫\n码\n关\n注\n", ["第一行说完。", "扫码关注"]),
        ("苹果\n香蕉\n樱桃\n甜瓜\n\n扫\n码\n关\n注\n", ["苹果香蕉樱桃甜瓜", "扫码关注"]),
        ("> 扫\n> 码\n> 关\n> 注\n\n扫\n码\n关\n注\n", [">扫>码>关>注", "扫码关注"]),
    ],
)
def test_a_text_of_one_character_a_line_reads_as_one_line(text: str, blocks: list[str]) -> None:
    assert [line for line in seen(text).split("|") if line] == blocks


def test_a_long_column_is_cut() -> None:
    assert [len(part) for part in seen("\n".join("长" * 150)).split("|")] == [64, 64, 22]


@pytest.mark.parametrize(
    "text",
    [
        "关\n注\n我",
        "甲\n\n# 乙\n\n丙\n\n丁\n",
        "| 甲 |\n|---|\n| 乙 |\n| 丙 |\n| 丁 |\n| 戊 |\n",
        "甲\n\n乙\n\n第三行\n\n丙\n\n丁\n",
        "甲\n\n" + "1\n\n" * 20 + "乙\n\n丙\n\n丁\n",
        "甲\n\n乙\n丙\n丁 <!-- zhengwen: keep -->\n",
        "[^1]: 注\n\n    甲\n\n    乙\n\n丙\n\n丁\n\n戊\n",
        "```\n甲\n```\n\n乙\n\n> 丙\n\n丁\n\n戊\n",
    ],
)
def test_a_few_short_lines_headings_and_tables_are_no_such_text(text: str) -> None:
    assert all(sum(sign in part for sign in "关注我甲乙丙丁戊") <= 1 for part in seen(text).split("|"))


def test_texts_written_downwards_of_two_articles_stay_apart() -> None:
    assert len(segment(["关\n注\n", "我\n们\n"])) == 4


_TRICKY = st.lists(
    st.sampled_from(["加", "➕", "v", "信", "威", "公", "众", "号", ".", "🐷", " ", "\n", "w", "ei", "-"]), max_size=12
)


@given(st.lists(_TRICKY.map("".join) | article_text, max_size=4))
@example(["<0", "> 引用一句\n"])  # the end of one and the beginning of the next look like a tag
@example(["见！", "[这里](https://a.cn)\n"])
@example(["见!", "[这里](https://a.cn)\n"])
def test_no_article_of_a_batch_changes_how_another_is_read(texts: list[str]) -> None:
    together = featurise([Article("a", t) for t in texts])
    alone = [featurise([Article("a", t)]) for t in texts]
    for order, (buckets, starts) in enumerate(together.hashed):
        assert np.array_equal(buckets, np.concatenate([a.hashed[order][0] for a in alone] or [buckets]))
        assert np.array_equal(
            np.diff(starts), np.concatenate([np.diff(a.hashed[order][1]) for a in alone] or [np.diff(starts)])
        )
    for name, column in together.structure.items():
        assert np.array_equal(column, np.concatenate([a.structure[name] for a in alone] or [column])), name


@given(_TRICKY.map("".join))
def test_each_character_has_one_code_still(text: str) -> None:
    codes = features.encode([text])
    assert len(codes.folded) == len(codes.raw) == len(text)
