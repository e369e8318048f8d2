"""Shards: the same verdicts as one process, whatever the numbers of shards and partitions."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from copies import article, edited, family, folded, known, left_out
from hypothesis import given, settings
from hypothesis import strategies as st

from zhengwen.dedup import shards
from zhengwen.dedup.assign import LeftOut
from zhengwen.dedup.collection import EMPTY
from zhengwen.dedup.collection import deduplicate as in_one_process
from zhengwen.dedup.entries import COMMON
from zhengwen.dedup.fold import Codes
from zhengwen.dedup.verify import Limits
from zhengwen.dedup.work import Work

FAMILIES = [text for seed in range(5) for text in family(seed, 60 + 60 * seed)]


def sketched(folder: Path, texts: Sequence[str], bounds: Sequence[int], partitions: int) -> Work:
    """The texts in shards that end at the bounds."""
    ends = [*bounds, len(texts)]
    work = Work(folder, len(ends), partitions)
    for shard, (begin, end) in enumerate(zip([0, *ends], ends, strict=False)):
        some = texts[begin:end]
        assert shards.sketch(work, shard, [some[at : at + 5] for at in range(0, len(some), 5)]) == len(some)
    return work


def fetcher(texts: Sequence[str], bounds: Sequence[int]) -> shards.Fetch:
    codes, begins = folded(texts), [0, *bounds]
    return lambda articles: [codes[begins[shard] + place] for shard, place in articles]


def numbered(rows: Sequence[LeftOut], bounds: Sequence[int]) -> list[LeftOut]:
    """The rows with the numbers that one process gives the articles."""
    begins = [0, *bounds]

    def number(n: int) -> int:
        shard, place = divmod(n, 2**32)
        return begins[shard] + place

    return [LeftOut(number(r.article), number(r.keeper), r.reason, r.jaccard, r.containment) for r in rows]


def left_out_of_shards(
    texts: Sequence[str], bounds: Sequence[int], partitions: int, limits: Limits | None = None
) -> list[LeftOut]:
    with TemporaryDirectory() as folder:
        work = sketched(Path(folder), texts, bounds, partitions)
        return numbered(shards.deduplicate(work, fetcher(texts, bounds), limits or Limits()), bounds)


@given(
    st.lists(st.integers(0, len(FAMILIES) - 1), max_size=25),
    st.lists(st.integers(0, 25), max_size=4),
    st.integers(1, 7),
    st.sampled_from([Limits(), Limits(similarity=0.7), Limits(near=False)]),
)
@settings(max_examples=25, deadline=None)
def test_any_shards_give_what_one_process_gives(
    chosen: list[int], bounds: list[int], partitions: int, limits: Limits
) -> None:
    texts = [FAMILIES[n] for n in chosen]
    ends = sorted(min(b, len(texts)) for b in bounds)
    assert left_out_of_shards(texts, ends, partitions, limits) == left_out(texts, limits)


@pytest.mark.parametrize("partitions", [1, 3])
def test_common_passages_and_rounds_are_the_same_across_shards(partitions: int) -> None:
    text, footer = article(7, 200), article(8, 300)
    texts = [edited(text, 0.004, seed) for seed in range(COMMON + 20)]
    texts += [article(100 + n, 120) + footer for n in range(COMMON + 20)]
    texts += [texts[n][:-30] for n in range(0, len(texts), 17)]
    expected = left_out(texts)
    assert len(expected) > COMMON
    assert left_out_of_shards(texts, [40, 41, 90], partitions) == expected


def test_a_text_that_cannot_be_had_stands_for_nobody(tmp_path: Path) -> None:
    texts = [*FAMILIES[:14], *FAMILIES[:14]]
    codes = folded(texts)
    there: list[Codes | None] = [None if n in (0, 16) else c for n, c in enumerate(codes)]
    expected = in_one_process(known(texts), EMPTY, lambda numbers: [there[n] for n in numbers], Limits())
    work = sketched(tmp_path, texts, [9], 2)
    rows = shards.deduplicate(work, lambda those: [there[9 * shard + place] for shard, place in those], Limits())
    assert numbered(rows, [9]) == expected


def test_a_step_run_again_writes_the_same_bytes_and_leaves_nothing_beside(tmp_path: Path) -> None:
    texts = FAMILIES[:30]
    work, fetch = sketched(tmp_path, texts, [11, 20], 2), fetcher(texts, [11, 20])
    first = shards.deduplicate(work, fetch, Limits())
    files = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    sketched(tmp_path, texts, [11, 20], 2)
    assert shards.deduplicate(work, fetch, Limits()) == first
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == files
    assert all(
        name.startswith(("shard-", "copies-", "pairs-", "homes-", "common-", "candidates-", "edges-")) for name in files
    )


def test_ranges_of_keys_are_equally_full(tmp_path: Path) -> None:
    work = sketched(tmp_path, [article(n, 200) for n in range(60)], [], 4)
    sizes = [len(work.entries(p)[0]) for p in range(4)]
    assert sum(sizes) == 60 * 32
    assert min(sizes) > 0.8 * np.mean(sizes)
