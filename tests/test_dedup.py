"""Which articles are left out, and for whom."""

import random
import subprocess
import sys

import numpy as np
import pytest
import xxhash
from copies import article, edited, family, folded, greedy, known, left_out, likeness, retypeset
from hypothesis import given, settings
from hypothesis import strategies as st

from zhengwen.dedup.collection import EMPTY, choose, deduplicate, merge
from zhengwen.dedup.entries import COMMON
from zhengwen.dedup.fold import fold_texts
from zhengwen.dedup.sketch import NO_KEY, SLOTS, sketch
from zhengwen.dedup.verify import Limits, Reason, Text, sizes, take_samples

FAMILIES = [text for seed in range(12) for text in family(seed, 60 + 60 * seed)]
LIMITS = [Limits(), Limits(similarity=0.7), Limits(similarity=0.9, containment=0.8), Limits(near=False)]


@pytest.mark.parametrize("limits", LIMITS)
def test_the_same_as_comparing_everything_with_everything(limits: Limits) -> None:
    found = {row.article: row.keeper for row in left_out(FAMILIES, limits)}
    assert found == greedy(FAMILIES, limits)
    assert len(found) >= 2 * 12


@pytest.mark.parametrize("limits", LIMITS)
def test_every_article_left_out_has_a_kept_keeper_that_verifies(limits: Limits) -> None:
    codes = folded(FAMILIES)
    rows = left_out(FAMILIES, limits)
    out = {row.article for row in rows}
    for row in rows:
        assert row.keeper not in out
        jaccard, containment = likeness(codes[row.article], codes[row.keeper])
        assert (row.jaccard, row.containment) == (jaccard, containment)
        assert {
            Reason.EXACT: codes[row.article].tobytes() == codes[row.keeper].tobytes(),
            Reason.NEAR: jaccard >= limits.similarity,
            Reason.CONTAINED: containment >= limits.containment,
        }[row.reason]


def test_the_order_of_processing_does_not_matter() -> None:
    expected = {FAMILIES[row.article]: FAMILIES[row.keeper] for row in left_out(FAMILIES)}
    for seed in range(3):
        mixed_up = list(range(len(FAMILIES)))
        random.Random(seed).shuffle(mixed_up)
        texts = [FAMILIES[n] for n in mixed_up]
        kept = {texts[row.article]: texts[row.keeper] for row in left_out(texts)}
        assert kept == expected


def test_deduplicating_twice_changes_nothing() -> None:
    out = {row.article for row in left_out(FAMILIES)}
    assert left_out([t for n, t in enumerate(FAMILIES) if n not in out]) == []


def test_a_chain_leaves_nobody_out_on_the_strength_of_a_stranger() -> None:
    text = article(1, 400)
    parts = [text[at : at + 600] for at in range(0, 331, 66)]
    codes = folded(parts)
    assert likeness(codes[1], codes[0])[0] >= 0.75 > likeness(codes[5], codes[0])[0]
    rows = left_out(parts, Limits(similarity=0.75))
    assert rows
    assert all(likeness(codes[r.article], codes[r.keeper])[0] >= 0.75 for r in rows)


def test_the_longest_stays_then_the_earliest_then_the_first() -> None:
    text = article(5)
    dated = [f"---\ndate: {day}\n---\n{text}" for day in ("2024-03-01", "2024-01-01", "2024-02-01")]
    assert {row.keeper for row in left_out([text, *dated, text])} == {2}
    assert {row.keeper for row in left_out([text, text])} == {0}
    assert {row.keeper for row in left_out([*dated, text + "又多一句话。"])} == {3}


@pytest.mark.parametrize("tiny", ["", "——", "目录", "C++", "C#"])
def test_an_article_of_fewer_than_five_letters_stays(tiny: str) -> None:
    assert left_out([tiny] * 3) == []


def test_short_articles_are_compared_too() -> None:
    short = "今天的会议改到下午三点，在二楼的会议室，请大家带上电脑和上次的记录。"
    texts = [
        short,
        short + "谢谢",
        retypeset(short) + "好",
        "明天的会议照旧，在一楼的大厅，不用带什么东西过来，人到了就好，谢谢大家。",
    ]
    assert {row.article: row.keeper for row in left_out(texts)} == greedy(texts)
    assert len(left_out(texts)) == 2


def test_more_copies_than_a_common_key_may_have_are_all_found() -> None:
    text = article(7, 400)
    copies = [edited(text, 0.004, seed) for seed in range(3 * COMMON)]
    rows = left_out(copies)
    assert len(rows) == len(copies) - 1


def test_a_long_footer_in_many_articles_makes_no_copies() -> None:
    footer = article(8, 500)
    texts = [article(100 + n, 250) + footer for n in range(3 * COMMON)]
    assert left_out(texts) == []
    assert [row.article for row in left_out([*texts, texts[3][:-30]])] == [len(texts)]


def test_fixed_articles_stand_for_new_ones_and_stay() -> None:
    text, other = article(9), article(10)
    rows = left_out([text + "多出来的一句话", other, text[:200]], fixed=[text, text])
    assert {row.article: row.keeper for row in rows} == {0: 3, 2: 3}
    assert left_out([text + article(11)], fixed=[text]) == []


def test_an_article_that_cannot_be_read_again_stands_for_nobody() -> None:
    texts = [article(12), article(12)[:-9], article(12)]
    codes = folded(texts)
    rows = deduplicate(
        known(texts), EMPTY, lambda numbers: [None if n == 0 else codes[n] for n in numbers], Limits(similarity=0.5)
    )
    assert all(0 not in (row.article, row.keeper) for row in rows)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(1, 9))
@settings(max_examples=25)
def test_sketches_do_not_depend_on_the_batch(lengths: list[int], batch: int) -> None:
    texts = [article(n, length**4) for n, length in enumerate(lengths)]
    whole = sketch(fold_texts(texts))
    for n, text in enumerate(texts):
        alone = sketch(fold_texts([text]))
        assert (alone.keys[0] == whole.keys[n]).all()
        assert alone.exact[0] == whole.exact[n]
    one, other = known(texts, batch), known(texts, 100)
    assert (one.packed == other.packed).all()
    assert (one.records == other.records).all()


def test_keys_are_those_that_earlier_runs_stored() -> None:
    lengths = (0, 4, 5, 20, 127, 128, 3000, 40_000)
    texts = [
        "".join(chr(0x4E00 + (n * n * 7919 + n * seed) % 20902) for n in range(length))
        for seed, length in enumerate(lengths)
    ]
    texts += ["甲乙丙丁戊己庚" * 300, "---\ndate: 2024-01-01\n---\n[Ａb](c)，😀𠮷" * 40]
    found = sketch(fold_texts(texts))
    assert xxhash.xxh3_64_intdigest(found.exact.tobytes()) == 0xD3A1F55ED5DAE43
    assert xxhash.xxh3_64_intdigest(found.keys.tobytes()) == 0x8A960529209F9917


@given(st.text(st.sampled_from("甲乙丙丁"), max_size=60), st.integers(0, 40))
def test_repetitive_texts_have_as_many_keys_as_different_shingles(text: str, times: int) -> None:
    keys = sketch(fold_texts([text * times])).keys[0]
    given_ = keys[keys != NO_KEY]
    assert len(given_) == len(set(given_.tolist())) <= SLOTS
    shingles = {(text * times)[at : at + 16] for at in range(len(text) * times - 15)}
    if len(text) * times >= 128:
        assert len(given_) == min(SLOTS, len(shingles))


_SAME_SLOT = st.integers(0, 40).map(lambda n: n * pow(0x9E3779B97F4A7C15, -1, 2**64) % 2**64)


@given(*[st.lists(_SAME_SLOT | st.integers(0, 2**64 - 1), max_size=60)] * 2)
def test_hashes_are_counted_as_sets_count_them(one: list[int], other: list[int]) -> None:
    counted = sizes(np.array(one, np.uint64), np.array(other, np.uint64))
    assert counted == (len(set(one)), len(set(other)), len(set(one) & set(other)))


@given(st.lists(st.text(st.sampled_from("甲乙丙"), max_size=90), max_size=9))
def test_a_sample_does_not_depend_on_the_texts_it_is_taken_with(texts: list[str]) -> None:
    together = [Text(codes) for codes in folded(texts)]
    take_samples(together)
    for text in together:
        assert (text.sample == Text(text.codes).sample).all()
        assert len(text.sample) == len(set(text.sample.tolist())) <= len(set(text.grams.tolist()))


def test_choosing_and_merging_number_anew() -> None:
    texts = [article(n, 100) for n in range(9)]
    both = merge([known(texts[:4]), known(texts[4:])])
    assert (both.packed == known(texts).packed).all()
    some = np.arange(9) % 3 == 1
    chosen = choose(both, some)
    assert (chosen.packed == known([t for t, c in zip(texts, some.tolist(), strict=True) if c]).packed).all()


def test_nothing_imports_scipy_before_there_are_candidates() -> None:
    script = (
        "import sys, zhengwen.cli.dedup, zhengwen.cli.check; sys.exit(any(m.startswith('scipy') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
