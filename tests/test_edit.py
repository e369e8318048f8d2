"""What goes and what stays when blocks are removed. Golden cases: in golden/edit/, a removed block begins with ✂."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import text

from zhengwen.blocks import ATOMIC, BlockType
from zhengwen.stages.edit import apply, deletions, removable
from zhengwen.stages.segment import segment

CASES = sorted((Path(__file__).parent / "golden" / "edit").glob("*.md"))


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.stem)
def test_golden(case: Path) -> None:
    before, after = case.read_bytes().decode().split("======\n")
    blocks = segment([before])
    marked = np.array(["✂" in before[a:b] for a, b in zip(blocks.bounds[:-1], blocks.bounds[1:], strict=True)])
    assert apply(before, deletions(before, blocks, removable(blocks, marked))) == after


@given(text, st.data())
def test_kept_is_the_input_less_whole_spans_in_order(source: str, data: st.DataObject) -> None:
    blocks = segment([source])
    marked = np.array(data.draw(st.lists(st.booleans(), min_size=len(blocks), max_size=len(blocks))), np.bool_)
    spans = deletions(source, blocks, removable(blocks, marked))
    assert all(0 <= a < b <= len(source) for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in pairwise(spans))
    kept, gone, place = [], [], 0
    for a, b in spans:
        kept.append(source[place:a])
        gone.append(source[a:b])
        place = b
    kept.append(source[place:])
    assert "".join(kept) == apply(source, spans)
    together = "".join(k + g for k, g in zip(kept, [*gone, ""], strict=True))
    assert together == source


@given(text, st.data())
def test_fences_front_matter_and_tables_are_never_cut_into(source: str, data: st.DataObject) -> None:
    blocks = segment([source])
    marked = np.array(data.draw(st.lists(st.booleans(), min_size=len(blocks), max_size=len(blocks))), np.bool_)
    spans = deletions(source, blocks, removable(blocks, marked))
    for n, kind in enumerate(blocks.types):
        start, end = int(blocks.bounds[n]), int(blocks.bounds[n + 1])
        body = len(source[start:end].rstrip())
        touched = [(a, b) for a, b in spans if a < start + body and b > start]
        if kind in ATOMIC:
            assert all(a <= start and b >= start + body for a, b in touched)
        if kind == BlockType.FRONT_MATTER:
            assert not touched
        if kind == BlockType.TABLE_HEAD and touched:
            rows = n + 1
            while rows < len(blocks) and blocks.types[rows] == BlockType.TABLE_ROW:
                assert marked[rows]
                rows += 1


@given(text)
def test_nothing_marked_nothing_goes(source: str) -> None:
    blocks = segment([source])
    assert deletions(source, blocks, np.zeros(len(blocks), np.bool_)) == []


@given(text)
def test_everything_marked_leaves_front_matter_alone(source: str) -> None:
    blocks = segment([source])
    left = apply(source, deletions(source, blocks, removable(blocks, np.ones(len(blocks), np.bool_))))
    front = "".join(
        source[blocks.bounds[n] : blocks.bounds[n + 1]]
        for n in range(len(blocks))
        if blocks.types[n] == BlockType.FRONT_MATTER
    )
    readable = blocks.readable().any()
    assert left == (front if readable else source) or re.sub(r"[\s>*_-]+", "", left.removeprefix(front)) == ""
