"""Features against plain re-implementations, and against scikit-learn where it has the same thing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import article_text, text

from zhengwen.stages import features
from zhengwen.stages.features.codes import BOUNDARY, DROPPED, fold
from zhengwen.stages.features.ngrams import READ
from zhengwen.stages.features.structure import novelty, repeats
from zhengwen.stages.segment import segment

BITS = 16


def streamed(*texts: str) -> tuple[features.Stream, np.ndarray]:
    blocks = segment(texts)
    return features.stream(features.encode(texts).shown, blocks), blocks.owner()


def grams(codes: list[int], order: int) -> list[tuple[int, ...]]:
    edged = codes if order == 1 else [BOUNDARY, *codes, BOUNDARY]
    return [tuple(edged[i : i + order]) for i in range(len(edged) - order + 1)]


@given(text)
def test_the_stream_is_the_folded_text_with_boundaries(source: str) -> None:
    codes = features.encode([source])
    blocks = segment([source])
    stream = features.stream(codes.folded, blocks)
    for n in range(len(blocks)):
        kept = [int(c) for c in codes.folded[blocks.bounds[n] : blocks.bounds[n + 1]] if c != DROPPED]
        assert stream.codes[stream.starts[n] : stream.starts[n + 1]].tolist() == [BOUNDARY, *kept]
    assert stream.codes[-1] == BOUNDARY


@given(article_text, st.integers(1, 3))
def test_n_grams_are_those_of_each_block_alone(source: str, order: int) -> None:
    stream, _ = streamed(source)
    buckets, starts = features.hashes(stream, order, BITS)
    known: dict[tuple[int, ...], int] = {}
    for n in range(len(starts) - 1):
        codes = stream.codes[stream.starts[n] + 1 : stream.starts[n + 1]].tolist()
        expected = grams(codes, order)
        found = buckets[starts[n] : starts[n + 1]].tolist()
        assert len(found) == len(expected)
        for gram, bucket in zip(expected, found, strict=True):
            assert known.setdefault(gram, bucket) == bucket
            assert 0 <= bucket < 1 << BITS


def test_of_a_long_block_the_beginning_is_read_and_of_one_without_decision_nothing() -> None:
    stream, blocks = streamed("一二三四" * 1_000 + "\n\n五六七\n\n八九\n")
    wanted = np.array([block != 2 for block in range(len(blocks))])
    buckets, starts = features.hashes(stream, 2, BITS, wanted)
    assert np.diff(starts).tolist() == [READ, 1, 0, 1, 3]
    assert np.array_equal(buckets[:READ], features.hashes(stream, 2, BITS)[0][:READ])


@pytest.mark.parametrize(
    ("one", "other"),
    [("ＶＸ", "vx"), ("２０２４", "1999"), ("关 注", "关注"), ("关\u200b注", "关注")],
)
def test_folding_sees_through_width_case_digits_space_and_invisible_characters(one: str, other: str) -> None:
    def folded(t: str) -> list[int]:
        return [c for c in fold(np.array([*map(ord, t)], np.uint32)).tolist() if c != DROPPED]

    assert folded(one) == folded(other)


def test_a_link_keeps_its_host_only() -> None:
    codes = features.encode(["[甲](https://mp.example.cn/s/abc?x=1)"])
    kept = "".join(chr(c) for c in codes.shown if c > 3)
    assert kept == "[甲mp.example.cn"
    assert len(codes.links) == 1


def test_novelty_is_the_share_of_bigrams_that_stand_nowhere_else_in_the_article() -> None:
    texts = ["甲乙\n甲乙\n丙丁\n", "甲乙\n"]
    stream, _ = streamed(*texts)
    assert novelty(stream, segment(texts)).tolist() == [0, 0, 1, 1]


def test_repeats_count_the_same_text_in_the_same_article() -> None:
    stream, owner = streamed("甲乙\n**甲乙**\n丙\n甲乙\n", "甲乙\n")
    assert repeats(features.fingerprints(stream), owner).tolist() == [2, 2, 0, 2, 0]


@given(article_text)
def test_every_feature_is_a_finite_number(source: str) -> None:
    blocks = segment([source])
    codes = features.encode([source])
    stream = features.stream(codes.shown, blocks)
    structure = features.structure(codes, stream, blocks)
    assert all(np.isfinite(column).all() for column in structure.values())
    assert all(len(column) == len(blocks) for column in structure.values())
