"""Blocks partition the text, and know what must stay whole."""

import numpy as np
import pytest
from hypothesis import given
from texts import text

from zhengwen.blocks import ATOMIC, Blocks, BlockType
from zhengwen.stages.segment import LONG_LINE, segment


def pieces(source: str, blocks: Blocks) -> list[str]:
    return [source[a:b] for a, b in zip(blocks.bounds[:-1], blocks.bounds[1:], strict=True)]


def typed(source: str) -> list[tuple[str, str]]:
    blocks = segment([source])
    return [(BlockType(t).name, p) for t, p in zip(blocks.types, pieces(source, blocks), strict=True)]


@given(text)
def test_blocks_joined_are_the_text(source: str) -> None:
    blocks = segment([source])
    assert "".join(pieces(source, blocks)) == source
    assert all(pieces(source, blocks))
    assert len(blocks.bounds) == len(blocks) + 1


@given(text)
def test_a_block_is_a_line_a_sentence_of_one_or_an_atomic_whole(source: str) -> None:
    blocks = segment([source])
    for piece, kind, continued in zip(pieces(source, blocks), blocks.types, blocks.continued, strict=True):
        body = piece.removesuffix("\n").removesuffix("\r")
        if kind not in ATOMIC:
            assert "\n" not in body
            assert "\r" not in body
        if continued:
            assert kind in (BlockType.PARAGRAPH, BlockType.ITEM)


@given(text, text)
def test_a_batch_is_its_articles_end_to_end(one: str, other: str) -> None:
    batch = segment([one, other])
    assert pieces(one + other, batch) == pieces(one, segment([one])) + pieces(other, segment([other]))
    assert np.array_equal(batch.article(1).bounds, segment([other]).bounds)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("---\ntitle: 题\n---\n正文\n", [("FRONT_MATTER", "---\ntitle: 题\n---\n"), ("PARAGRAPH", "正文\n")]),
        ("```\n一\n\n二\n```\n三", [("CODE", "```\n一\n\n二\n```\n"), ("PARAGRAPH", "三")]),
        ("题目\n===\n文", [("HEADING", "题目\n===\n"), ("PARAGRAPH", "文")]),
        ("|甲|\n|-|\n|乙|\n", [("TABLE_HEAD", "|甲|\n|-|\n"), ("TABLE_ROW", "|乙|\n")]),
        ("- 一\n  - 二\n", [("ITEM", "- 一\n"), ("ITEM", "  - 二\n")]),
        ("甲\r\n\r\n乙\r\n", [("PARAGRAPH", "甲\r\n"), ("BLANK", "\r\n"), ("PARAGRAPH", "乙\r\n")]),
        ("甲\n\n***\n", [("PARAGRAPH", "甲\n"), ("BLANK", "\n"), ("RULE", "***\n")]),
        ("    码\n\n    码\n\n文\n", [("INDENTED", "    码\n\n    码\n"), ("BLANK", "\n"), ("PARAGRAPH", "文\n")]),
        (
            "甲\r\r```\r一\r```\r乙\r",
            [("PARAGRAPH", "甲\r"), ("BLANK", "\r"), ("CODE", "```\r一\r```\r"), ("PARAGRAPH", "乙\r")],
        ),
        ("\ufeff```\n码\n```\n文", [("CODE", "\ufeff```\n码\n```\n"), ("PARAGRAPH", "文")]),
        (
            "---\n\n文\n\n---\n",
            [("RULE", "---\n"), ("BLANK", "\n"), ("PARAGRAPH", "文\n"), ("BLANK", "\n"), ("RULE", "---\n")],
        ),
        ("", []),
    ],
)
def test_what_blocks_are(source: str, expected: list[tuple[str, str]]) -> None:
    assert typed(source) == expected


def test_front_matter_needs_its_end() -> None:
    assert ("FRONT_MATTER", "---\n") not in typed("---\ntitle: 没有结尾\n\n正文\n")


def test_long_lines_are_cut_at_sentence_ends_but_not_inside_emphasis_or_links() -> None:
    line = (
        "第一句话说得很长很长很长很长很长很长。"
        + "**加粗的话。也很长很长！**"
        + "[链接。文字在这里](https://a.cn)。最后还有这么一句话。\n"
    )
    assert len(line) > LONG_LINE
    assert [p for _, p in typed(line)] == [
        "第一句话说得很长很长很长很长很长很长。",
        "**加粗的话。也很长很长！**",
        "[链接。文字在这里](https://a.cn)。",
        "最后还有这么一句话。\n",
    ]


def test_front_matter_without_its_end_costs_no_time() -> None:
    source = "---\r\n" + "键: 值\r\n" * 10_000
    assert len(segment([source])) > 5_000
