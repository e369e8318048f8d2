"""Scoring in NumPy equals scikit-learn's own prediction."""

import pickle
from collections.abc import Sequence
from itertools import groupby, pairwise, product

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import normalize

from zhengwen.blocks import Floats
from zhengwen.stages.decode import Decoder, bridge, passages
from zhengwen.stages.features import probabilities
from zhengwen.stages.scores import BITS, TILE, Embedding, Network, Words, temper

RNG = np.random.default_rng(0)
SIZES = (1, 2, TILE - 1, TILE, TILE + 1, 3 * TILE + 5)


def test_words_equal_scikit_learns_tf_idf_and_decision_function() -> None:
    terms = np.array([3, 70, 71, 4_000_000], np.uint32)
    counts = RNG.integers(0, 2, (300, len(terms)))
    idf = RNG.uniform(1, 5, len(terms)).astype(np.float32)
    vectors = normalize(counts * idf)
    fitted = LogisticRegression(max_iter=30).fit(vectors, RNG.integers(0, 5, 300))
    words = Words(terms, idf, fitted.coef_.T.astype(np.float32), fitted.intercept_.astype(np.float32))
    unknown = np.array([5, 6], np.uint32)
    buckets = np.concatenate([np.append(np.repeat(terms, row), unknown) for row in counts]).astype(np.uint32)
    starts = np.concatenate(([0], np.cumsum(counts.sum(1) + 2)))
    searched = words.logits([(buckets, starts)])
    assert np.allclose(searched, fitted.decision_function(vectors), atol=1e-4)
    words.lay_out()
    assert np.array_equal(words.logits([(buckets, starts)]), searched)
    sent = pickle.loads(pickle.dumps(Words(terms, idf, words.weights, words.bias)))
    assert np.array_equal(sent.logits([(buckets, starts)]), searched)


def test_vectors_are_the_tf_idf_of_bigrams_of_unit_length_projected_on_the_axes() -> None:
    terms = np.unique(RNG.integers(0, 1 << BITS, 400).astype(np.uint32))
    idf = RNG.uniform(1, 5, len(terms)).astype(np.float32)
    axes = RNG.integers(-127, 128, (len(terms), 8)).astype(np.int8)
    embedding = Embedding(terms, idf, axes, np.full(8, 0.01, np.float32))
    sizes = np.append(RNG.integers(0, 30, 3 * TILE), (255, 256, 257, 2_000))
    chosen = [RNG.choice(terms, n) for n in sizes]
    blocks = [np.append(some, np.uint32(terms[-1] + 1)) for some in chosen]  # a bucket that it does not know
    starts = np.concatenate(([0], np.cumsum([len(b) for b in blocks])))
    hashed = [(np.zeros(0, np.uint32), starts), (np.concatenate(blocks), starts)]
    rows = np.flatnonzero(RNG.random(len(blocks)) < 0.7)
    found = embedding.vectors(hashed, rows)
    for row, vector in zip(rows.tolist(), found, strict=True):
        counts = np.array([(chosen[row] == t).sum() for t in terms])
        length = np.sqrt(counts @ idf**2) if counts.any() else 1.0
        assert np.allclose(vector, (counts @ (axes * 0.01)) / length, atol=1e-3)
    assert np.array_equal(embedding.vectors(hashed, rows[TILE // 2 :]), found[TILE // 2 :])
    embedding.lay_out()
    assert np.array_equal(embedding.vectors(hashed, rows), found)


def network(rows: Floats, targets: np.ndarray) -> tuple[Network, MLPClassifier]:
    fitted = MLPClassifier((16,), max_iter=5, random_state=0).fit(rows, targets)
    (hidden, output), (hidden_bias, output_bias) = fitted.coefs_, fitted.intercepts_
    width = rows.shape[1]
    centre, scale = np.zeros(width, np.float32), np.ones(width, np.float32)
    return Network(centre, scale, hidden, hidden_bias, output, output_bias), fitted


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_network_equals_scikit_learns_and_does_not_depend_on_the_number_of_rows() -> None:
    rows = RNG.normal(size=(max(SIZES), 20)).astype(np.float32)
    net, fitted = network(rows, RNG.integers(0, 5, len(rows)))
    whole = net.probabilities(rows)
    assert np.allclose(whole, fitted.predict_proba(np.clip(rows, -4, 4)), atol=1e-5)
    for size in SIZES:
        assert np.array_equal(net.probabilities(rows[:size]), whole[:size])
    assert np.array_equal(net.probabilities(rows[7:]), whole[7:])


def test_temperature_keeps_the_order_and_sums_to_one() -> None:
    p = probabilities(RNG.normal(size=(50, 5)).astype(np.float32))
    for t in (0.5, 1.0, 2.0):
        tempered = temper(p, t)
        assert np.array_equal(tempered.argmax(1), p.argmax(1))
        assert np.allclose(tempered.sum(1), 1, atol=1e-6)
    assert temper(p, 2.0).max() < p.max() < temper(p, 0.5).max()


def worth(scores: np.ndarray, states: Sequence[int], change: float) -> float:
    """Value of a sequence of states."""
    return sum(scores[i, k] for i, k in enumerate(states)) - change * sum(a != b for a, b in pairwise(states))


def best(scores: np.ndarray, change: float) -> float:
    """Value of the best sequence, by trying all."""
    every = product(range(scores.shape[1]), repeat=len(scores))
    return max(worth(scores, states, change) for states in every)


def test_viterbi_finds_the_boilerplate_of_every_article_and_the_kinds_of_every_run() -> None:
    p = probabilities(RNG.normal(size=(18, 5)).astype(np.float32) * 2)
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
                assert worth(inside, chosen, 0.05) == pytest.approx(best(inside, 0.05), abs=1e-4)


def test_a_doubt_between_two_kinds_is_no_doubt_about_boilerplate() -> None:
    p = np.array([[0.9, 0.1, 0, 0, 0], [0.35, 0, 0, 0.3, 0.35], [0.9, 0, 0, 0, 0.1]], np.float32)
    assert Decoder(0.3, 0.0, 0.8).kinds(p, np.array([0, 3])).tolist() == [0, 4, 0]


def test_without_change_each_block_is_decided_alone_and_caution_keeps_more() -> None:
    p = probabilities(RNG.normal(size=(200, 5)).astype(np.float32))
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
