"""What goes and stays along with a removal, so that what is left means what it meant. A removed line begins with ✂."""

import numpy as np
import pyromark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhengwen.blocks import Blocks, BlockType, Flags
from zhengwen.coherence import Removal, coherent
from zhengwen.stages.edit import apply, removable
from zhengwen.stages.segment import segment

PARSER = pyromark.Markdown(options=pyromark.Options.ENABLE_FOOTNOTES | pyromark.Options.ENABLE_TABLES)
QUIET = (BlockType.BLANK, BlockType.RULE)


def removed(source: str, marked: Flags | None = None, spared: tuple[str, ...] = ()) -> tuple[str, Removal]:
    blocks = segment([source])
    said = [source[a:b] for a, b in zip(blocks.bounds[:-1], blocks.bounds[1:], strict=True)]
    marked = np.array(["✂" in piece for piece in said], np.bool_) if marked is None else marked
    kept = np.array([any(s in piece for s in spared) for piece in said], np.bool_)
    (found,) = coherent([Removal(source, blocks, removable(blocks, marked & ~kept), kept)])
    return apply(source, found.spans), found


CASES = {
    "a footnote that content refers to stays": ("甲[^1]\n\n✂乙\n\n[^1]: ✂ 注\n", "甲[^1]\n\n[^1]: ✂ 注\n"),
    "all of it": ("甲[^a]\n\n[^A]: ✂ 注\n\n    ✂ 又一段\n\n✂丙\n", "甲[^a]\n\n[^A]: ✂ 注\n\n    ✂ 又一段\n"),
    "a footnote to which nothing refers any more goes": (
        "甲[^2]\n\n✂乙[^1]\n\n[^1]: 注\n\n    又一段\n\n[^2]: 二\n",
        "甲[^2]\n\n[^2]: 二\n",
    ),
    "one to which nothing referred before stays": ("甲\n\n✂乙\n\n[^1]: 注\n", "甲\n\n[^1]: 注\n"),
    "a chain of footnotes stays": (
        "甲[^1]\n\n[^1]: ✂ 见[^2]\n\n[^2]: ✂ 注\n",
        "甲[^1]\n\n[^1]: ✂ 见[^2]\n\n[^2]: ✂ 注\n",
    ),
    "a mark in code refers to nothing": ("甲 `x`\n\n    [^1]\n\n✂乙[^1]\n\n[^1]: 注\n", "甲 `x`\n\n    [^1]\n"),
    "the target of a link stays": (
        "见[这里][k]。\n\n✂广告[那里][m]\n\n[K]: https://a.cn/✂\n[m]: https://b.cn/✂\n",
        "见[这里][k]。\n\n[K]: https://a.cn/✂\n",
    ),
    "the target of a link does not join a paragraph": (
        "见[这里][k]。\n# ✂\n[k]: https://a.cn\n",
        "见[这里][k]。\n# ✂\n[k]: https://a.cn\n",
    ),
    "the line above kept items stays": ("- 一\n- ✂ 二\n  - 三\n  - ✂ 四\n", "- 一\n- ✂ 二\n  - 三\n"),
    "and goes with all of them": ("- 一\n- ✂ 二\n  - ✂ 三\n    - ✂ 四\n- 五\n", "- 一\n- 五\n"),
    "the line above a kept fence stays": (
        "10. ✂ 一\n\n    ```\n    码\n    ```\n",
        "10. ✂ 一\n\n    ```\n    码\n    ```\n",
    ),
    "a line that goes on with a removed one stays in its item": (
        "10. 癸\n\n    ✂ 子\n甲\n",
        "10. 癸\n\n    ✂ 子\n甲\n",
    ),
    "the first line of an item stays with its second": ("- ✂ 一\n  二\n- 三\n", "- ✂ 一\n  二\n- 三\n"),
    "the first of a list goes": ("甲\n\n1. ✂ 一\n2. 二\n", "甲\n\n2. 二\n"),
    "but not where the rest would join a paragraph": ("甲\n1. ✂ 一\n2. 二\n", "甲\n1. ✂ 一\n2. 二\n"),
    "what stands between a list and code stays": ("- 甲\n\n✂ 乙\n\n    码\n", "- 甲\n\n✂ 乙\n\n    码\n"),
    "a heading takes its emptied section along": (
        "# 题\n\n甲\n\n## ✂ 福利\n\n### 乙\n\n✂ 丙\n\n---\n\n### 丁\n\n✂ 戊\n\n## 己\n\n庚\n",
        "# 题\n\n甲\n\n## 己\n\n庚\n",
    ),
    "but not what is left in it": (
        "# 题\n\n甲\n\n## ✂ 福利\n\n### 乙\n\n✂ 丙\n\n### 丁\n\n戊\n",
        "# 题\n\n甲\n\n### 丁\n\n戊\n",
    ),
    "nor what stands beside it": ("## ✂ 福利\n\n✂ 甲\n\n## 乙\n\n✂ 丙\n\n丁\n", "## 乙\n\n丁\n"),
    "the tags of an element go together": ("甲\n\n<div>✂\n\n✂ 乙\n\n</div>\n\n丙\n", "甲\n\n丙\n"),
    "and stay together around what stays": (
        "<details><summary>✂ 展开</summary>\n\n甲\n\n✂ 乙\n\n</details>\n",
        "<details><summary>✂ 展开</summary>\n\n甲\n\n</details>\n",
    ),
    "whichever of them was to go": ("<div>\n\n甲\n\n✂</div>\n\n丙\n", "<div>\n\n甲\n\n✂</div>\n\n丙\n"),
    "a tag in code is none": ("`<div>`\n\n✂ 乙\n\n    </div>\n\n甲\n", "`<div>`\n\n    </div>\n\n甲\n"),
    "a heading that nobody wants to remove stays": ("# 题\n\n甲\n\n## 小结\n\n✂ 丙\n", "# 题\n\n甲\n\n## 小结\n"),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_what_goes_along(before: str, after: str) -> None:
    assert removed(before)[0] == after


def test_what_an_author_keeps_does_not_go_along() -> None:
    source = "# 题\n\n甲\n\n## ✂ 福利\n\n### 丙\n\n✂ 乙[^1]\n\n[^1]: 注\n"
    assert removed(source, spared=("丙", "注"))[0] == "# 题\n\n甲\n\n### 丙\n\n[^1]: 注\n"


PARTS = (
    "# 一\n", "## 二\n", "题\n---\n", "甲\n", "乙[^1]，见[这里][k]\n", "> 丙\n", "> - 丁\n", "- 戊\n", "  - 己\n", "    - 庚\n",
    "1. 辛\n", "2. 壬\n", "    码\n", "```\n栏\n```\n", "  ```\n  内\n  ```\n", "|a|b|\n|-|-|\n", "|1|2|\n", "[^1]: 注\n",
    "[k]: https://a.cn\n", "***\n", "---\n", "<div>\n", "</div>\n", "\n", "\n", "\n", "10. 癸\n\n    子\n", "\t丑\n",
)  # fmt: skip
"""Parts of Markdown that mean something else beside other ones."""


def lines_kept(source: str, blocks: Blocks, gone: Flags) -> list[tuple[int, int, bool, str]]:
    """What each line is that is not removed, but for blank lines and rules."""
    return [
        (int(blocks.types[n]), int(blocks.levels[n]), bool(blocks.quoted[n]), line)
        for n in np.flatnonzero(~gone & ~np.isin(blocks.types, QUIET)).tolist()
        for line in source[blocks.bounds[n] : blocks.bounds[n + 1]].splitlines()
        if line.strip(" >\t")
    ]


def references(source: str) -> list[str]:
    """The marks of notes and the links by reference that the parser resolves."""
    found = (str(event) for event in PARSER.events(source))
    return [event for event in found if "FootnoteReference" in event or "'link_type': 'Reference'" in event]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PARTS), max_size=14), st.data())
def test_every_line_that_stays_is_what_it_was_and_refers_to_what_it_did(parts: list[str], data: st.DataObject) -> None:
    source = "".join(parts)
    blocks = segment([source])
    marked = np.array(data.draw(st.lists(st.booleans(), min_size=len(blocks), max_size=len(blocks))), np.bool_)
    after, removal = removed(source, marked)
    again = segment([after])
    kept = lines_kept(source, blocks, removal.gone)
    assert lines_kept(after, again, np.zeros(len(again), np.bool_)) == kept
    if after.count("乙[") == source.count("乙["):
        assert references(after) == references(source)
    assert removed(after, np.zeros(len(again), np.bool_))[0] == after


def test_a_long_text_takes_time_in_proportion() -> None:
    source = "".join(f"## {n}\n\n✂ 乙\n\n- ✂ 一\n  - 二\n\n[^{n}]: 注\n\n" for n in range(2000))
    assert removed(source)[0].count("##") == 2000
