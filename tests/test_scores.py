"""Sums over n-grams are exact and do not depend on a batch; calibration; the decoder finds the best sequence."""

import pickle
from collections.abc import Sequence
from itertools import groupby, pairwise, product
from types import SimpleNamespace

import numpy as np
import pytest

from zhengwen.stages.decode import Decoder, bridge, passages
from zhengwen.stages.scores import AS_SAID, BITS, Calibration, Embedding, Words, softmax
from zhengwen.stages.segment import segment
from zhengwen.training.calibration import Held, calibration

RNG = np.random.default_rng(0)


def test_words_add_tf_idf_over_the_square_root_of_the_number_of_n_grams() -> None:
    terms = np.array([3, 70, 71, 4_000_000], np.uint32)
    counts = RNG.integers(0, 2, (300, len(terms)))
    idf = RNG.uniform(1, 5, len(terms)).astype(np.float32)
    words = Words(terms, idf, RNG.normal(size=(len(terms), 5)).astype(np.float32))
    unknown = np.array([5, 6], np.uint32)
    buckets = np.concatenate([np.append(np.repeat(terms, row), unknown) for row in counts]).astype(np.uint32)
    starts = np.concatenate(([0], np.cumsum(counts.sum(1) + 2)))
    searched = words.logits([(buckets, starts)])
    length = np.sqrt(counts.sum(1) + 2)[:, None]
    assert np.allclose(searched, counts @ (words.weights * idf[:, None]) / length, atol=1e-4)
    words.lay_out()
    assert np.array_equal(words.logits([(buckets, starts)]), searched)
    sent = pickle.loads(pickle.dumps(Words(terms, idf, words.weights)))
    assert np.array_equal(sent.logits([(buckets, starts)]), searched)


def test_vectors_are_the_sum_of_what_stands_for_each_term_over_the_square_root_of_their_number() -> None:
    terms = np.unique(RNG.integers(0, 1 << BITS, 400).astype(np.uint32))
    axes = RNG.integers(-127, 128, (len(terms), 8)).astype(np.int8)
    met = RNG.integers(1, 500, len(terms)).astype(np.uint32)
    embedding = Embedding(terms, met, axes, np.full(8, 0.01, np.float32))
    sizes = np.append(RNG.integers(0, 30, 600), (255, 256, 257, 511, 1300))
    hashed, chosen = [], [[] for _ in sizes]
    for _ in range(2):  # orders of n-grams
        blocks = [RNG.choice(terms, n) for n in sizes]
        for mine, some in zip(chosen, blocks, strict=True):
            mine += some.tolist()
        with_unknown = [np.append(some, np.uint32(terms[-1] + 1)) for some in blocks]
        hashed.append((np.concatenate(with_unknown), np.concatenate(([0], np.cumsum(sizes + 1)))))
    rows = np.flatnonzero(RNG.random(len(sizes)) < 0.7)
    found = embedding.vectors(hashed, rows)
    for row, vector in zip(rows.tolist(), found, strict=True):
        place = np.searchsorted(terms, np.array(chosen[row], np.uint32))
        assert np.allclose(vector, axes[place].sum(0) * 0.01 / np.sqrt(max(len(place), 1)), atol=1e-3)
    assert np.array_equal(embedding.vectors(hashed, rows[100:]), found[100:])
    embedding.lay_out()
    assert np.array_equal(embedding.vectors(hashed, rows), found)
    known = embedding.per_gram(np.append(terms[5], terms[-1] + 1).astype(np.uint32))
    assert np.allclose(known, np.stack((axes[5] * 0.01, np.zeros(8))), atol=1e-6)


def test_calibration_keeps_the_order_the_sum_and_the_shares_of_the_kinds() -> None:
    p = softmax(RNG.normal(size=(200, 5)).astype(np.float32) * 3)
    assert np.allclose(AS_SAID(p), p, atol=1e-6)
    calibrated = Calibration(np.array([-2.0, 0.0, 1.0]), np.array([-1.0, 1.0, 1.001]))(p)
    assert np.allclose(calibrated.sum(1), 1, atol=1e-6)
    assert (np.diff(calibrated[np.argsort(p[:, 0]), 0]) >= 0).all()
    assert np.allclose(calibrated[:, 1:] * p[:, 1:2], p[:, 1:] * calibrated[:, 1:2], atol=1e-5)


def test_calibration_of_held_out_scores_makes_them_mean_what_they_say() -> None:
    blocks = segment(["甲乙丙\n" * 20_000])
    true = RNG.normal(-1.5, 2.5, len(blocks))  # log-odds
    said = np.where(true < 0, 2 * true, true / 3) - 1
    targets = (RNG.random(len(blocks)) < 1 / (1 + np.exp(-true))).astype(np.int8)

    def probabilities(odds: np.ndarray) -> np.ndarray:
        share = 1 / (1 + np.exp(-odds))
        return np.stack((1 - share, share, *np.zeros((3, len(odds)))), axis=1).astype(np.float32)

    found = SimpleNamespace(blocks=blocks)
    held = Held(found, probabilities(said), targets, np.ones(len(blocks), np.float32))  # type: ignore[arg-type]
    meant = 1 - calibration([held])(held.probabilities)[:, 0]
    assert np.abs(meant - 1 / (1 + np.exp(-true))).mean() < 0.03


def worth(scores: np.ndarray, states: Sequence[int], change: float) -> float:
    """Value of a sequence of states."""
    return sum(scores[i, k] for i, k in enumerate(states)) - change * sum(a != b for a, b in pairwise(states))


def best(scores: np.ndarray, change: float) -> float:
    """Value of the best sequence, by trying all."""
    every = product(range(scores.shape[1]), repeat=len(scores))
    return max(worth(scores, states, change) for states in every)


def test_viterbi_finds_the_boilerplate_of_every_article_and_the_kinds_of_every_run() -> None:
    p = softmax(RNG.normal(size=(18, 5)).astype(np.float32) * 2)
    starts = np.array([0, 7, 7, 8, 12, 18])
    kinds = Decoder(0.7, 0.2, 0.8).kinds(p, starts)
    for a, b in pairwise(starts.tolist()):
        scores = np.log(np.stack((p[a:b, 0] * np.exp(0.2), p[a:b, 1:].sum(1)), axis=1))
        found = (kinds[a:b] > 0).astype(int).tolist()
        assert worth(scores, found, 0.7) == pytest.approx(best(scores, 0.7) if a < b else 0, abs=1e-4)
        for is_found, run in groupby(range(a, b), lambda row: bool(kinds[row])):
            rows = list(run)
            if is_found:
                inside = np.log(p[rows, 1:])
                chosen = (kinds[rows] - 1).tolist()
                assert worth(inside, chosen, 0.7) == pytest.approx(best(inside, 0.7), abs=1e-4)


def test_a_doubt_between_two_kinds_is_no_doubt_about_boilerplate() -> None:
    p = np.array([[0.9, 0.1, 0, 0, 0], [0.35, 0, 0, 0.3, 0.35], [0.9, 0, 0, 0, 0.1]], np.float32)
    assert Decoder(0.3, 0.0, 0.8).kinds(p, np.array([0, 3])).tolist() == [0, 4, 0]


def test_without_change_each_block_is_decided_alone_and_caution_keeps_more() -> None:
    p = softmax(RNG.normal(size=(200, 5)).astype(np.float32))
    starts = np.array([0, 200])
    assert np.array_equal(Decoder(0.0, 0.0, 0.8).kinds(p, starts) > 0, p[:, 0] < 0.5)
    kept = [(Decoder(0.0, c, 0.8).kinds(p, starts) == 0).sum() for c in (-1.0, 0.0, 1.0)]
    assert kept[0] < kept[1] < kept[2]


def test_silent_blocks_follow_agreeing_neighbours_of_their_article() -> None:
    kinds = np.array([1, 0, 1, 0, 2, 0, 1], np.uint8)
    silent = np.array([0, 1, 0, 1, 0, 1, 0], np.bool_)
    owner = np.array([0, 0, 0, 0, 0, 0, 1])
    assert bridge(kinds, silent, owner).tolist() == [1, 1, 1, 0, 2, 0, 1]


def test_passages_are_runs_of_one_kind_within_an_article() -> None:
    kinds = np.array([0, 1, 1, 2, 0, 3, 3], np.uint8)
    owner = np.array([0, 0, 0, 0, 0, 0, 1])
    firsts, ends = passages(kinds, owner)
    assert list(zip(firsts.tolist(), ends.tolist(), strict=True)) == [(1, 3), (3, 4), (5, 6), (6, 7)]
