"""The tagger's training: exact gradients, the same bytes each time, and it learns what only the neighbours tell."""

from itertools import pairwise

import numpy as np
import pytest

from zhengwen.stages.tagger import LONGEST, SIDE_BY_SIDE, Tagger, pieces, side_by_side
from zhengwen.training import recurrent, tagger
from zhengwen.training.tagger import Sequences, fit_tagger

RNG = np.random.default_rng(0)
COLUMNS = 3


def sequences(lengths: list[int], kinds: int = 5, grams: int = 9) -> Sequences:
    """Articles of so many blocks, of random n-grams, columns and kinds; a sixth of the blocks has no label."""
    blocks = sum(lengths)
    number = RNG.integers(0, 5, blocks)
    starts = np.concatenate(([0], np.cumsum(number)))
    return Sequences(
        RNG.integers(0, grams, starts[-1]).astype(np.uint32),
        starts,
        RNG.normal(size=(blocks, COLUMNS)).astype(np.float32),
        np.where(RNG.random(blocks) < 1 / 6, tagger.UNLABELLED, RNG.integers(0, kinds, blocks)).astype(np.int8),
        np.concatenate(([0], np.cumsum(lengths))),
    )


def loss(layers: recurrent.Layers, table: np.ndarray, step: recurrent.Step, monkeypatch: pytest.MonkeyPatch) -> float:
    """Mean cross-entropy against the smoothed labels, under the dropout of seed 3."""
    said: list[np.ndarray] = []
    with monkeypatch.context() as patch:
        softmax = recurrent.softmax
        patch.setattr(recurrent, "softmax", lambda x: said.append(softmax(x)) or said[0])
        recurrent.gradients(np.random.default_rng(3), layers, table, step)
    labelled = step.targets >= 0
    return float(-(np.log(said[0]) * recurrent._goals(step.targets)).sum(1)[labelled].mean())


def test_gradients_are_those_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = sequences([5, 1, 7])
    step = tagger._step(np.random.default_rng(1), seen, np.array([[0, 5], [5, 6], [6, 13]]))
    layers = {n: v.astype(np.float64) for n, v in recurrent.fresh(RNG, 3, COLUMNS, 4).items()}
    for name in layers:  # biases that are zero stand on the kink of a unit
        layers[name] += RNG.normal(0, 0.1, layers[name].shape)
    table = RNG.normal(size=(9, 3))[step.met]
    by_layer, by_term = recurrent.gradients(np.random.default_rng(3), layers, table, step)
    assert by_layer.keys() == layers.keys()
    for values, gradient in [(layers[n], by_layer[n]) for n in layers] + [(table, by_term)]:
        places = list(np.ndindex(values.shape))
        for n in RNG.permutation(len(places))[:25].tolist():
            kept = values[places[n]]
            values[places[n]] = kept + 1e-4
            above = loss(layers, table, step, monkeypatch)
            values[places[n]] = kept - 1e-4
            below = loss(layers, table, step, monkeypatch)
            values[places[n]] = kept
            assert gradient[places[n]] == pytest.approx((above - below) / 2e-4, abs=2e-4)


def fitted(
    seen: Sequences,
    monkeypatch: pytest.MonkeyPatch,
    seed: int = 0,
    least: int = 100,
) -> Tagger:
    """A small tagger that knows every n-gram."""
    monkeypatch.setattr(tagger, "UNITS", 16)
    monkeypatch.setattr(tagger, "LEAST_STEPS", least)
    monkeypatch.setattr(tagger, "_LEAST_MET", 1)
    return fit_tagger(seen, seed)


def hashed(seen: Sequences) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(seen.grams, seen.starts)]


def read(model: Tagger, seen: Sequences) -> np.ndarray:
    return model.probabilities(hashed(seen), seen.columns, np.arange(len(seen.targets)), seen.articles)


def test_it_learns_what_only_the_blocks_around_tell_and_the_same_way_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = sequences([12] * 260)
    opener = seen.columns[:, 0] > 0.8
    after = np.zeros(len(opener), np.bool_)
    for start, stop in pairwise(seen.articles.tolist()):  # all that follows an opening is of kind 1
        after[start:stop] = np.maximum.accumulate(opener[start:stop])
    seen = Sequences(seen.grams, seen.starts, seen.columns, after.astype(np.int8), seen.articles)
    cut = 200 * 12
    known = Sequences(
        seen.grams[: seen.starts[cut]],
        seen.starts[: cut + 1],
        seen.columns[:cut],
        seen.targets[:cut],
        seen.articles[:201],
    )
    model, again = (fitted(known, monkeypatch, least=300) for _ in range(2))
    guesses = read(model, seen)[cut:].argmax(1)
    hidden = after[cut:] & ~opener[cut:]
    assert (guesses[hidden] == 1).mean() > 0.85
    assert (guesses == after[cut:]).mean() > 0.85
    assert np.array_equal(model.states, again.states)
    assert np.array_equal(model.embedding.axes, again.embedding.axes)
    assert not np.array_equal(model.states, fitted(known, monkeypatch, seed=1, least=30).states)


def test_a_kind_that_the_labels_never_show_becomes_improbable(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = sequences([6] * 40, kinds=2)
    assert read(fitted(seen, monkeypatch), seen)[:, 2:].max() < 1e-4


def test_an_article_scores_the_same_in_any_company_and_as_it_was_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = sequences([40, 3, 1, 300, 17, 5, 90, 2, 61, 8, 33])
    model = fitted(seen, monkeypatch, least=5)
    together = read(model, seen)
    for start, stop in pairwise(seen.articles.tolist()):
        rows = np.arange(start, stop)
        alone = model.probabilities(hashed(seen), seen.columns[rows], rows, np.array([0, len(rows)]))
        assert np.array_equal(alone, together[rows])
    vectors = model.embedding.vectors(hashed(seen), np.arange(len(seen.targets)))
    stood = (seen.columns - model.centre) / model.scale
    alone = np.maximum(np.hstack((vectors, np.clip(stood, -4, 4))) @ model.inward + model.inward_bias, 0)
    layers = {n: getattr(model, n) for n in ("gates", "gates_bias", "states", "states_bias")}
    order, _ = side_by_side(seen.articles[[0, 1]])
    trained = recurrent._read(layers, alone[:40].astype(np.float32), order[:, :, :1])
    states = model._states(np.pad(alone.astype(np.float32), ((0, 1), (0, 0))), seen.articles)
    assert np.allclose(trained.after, np.hstack(states[:, :40]), atol=1e-5)


def test_a_long_article_is_read_in_equal_parts_as_it_was_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = sequences([LONGEST + 45, 20])
    learnt: list[np.ndarray] = []
    batches = tagger._batches
    with monkeypatch.context() as patch:
        patch.setattr(tagger, "_batches", lambda rng, parts: learnt.append(parts) or batches(rng, parts))
        model = fitted(seen, monkeypatch, least=5)
    parts = pieces(seen.articles)
    assert np.diff(parts).tolist() == [(LONGEST + 45) // 2, (LONGEST + 46) // 2, 20]
    assert np.array_equal(np.ravel(learnt[0][:, 0]), parts[:-1])
    vectors = model.embedding.vectors(hashed(seen), np.arange(len(seen.targets)))
    whole = model.logits(vectors, seen.columns, seen.articles)
    assert np.array_equal(whole, model.logits(vectors, seen.columns, parts))
    half = slice(parts[1], parts[2])
    alone = model.logits(vectors[half], seen.columns[half], np.array([0, parts[2] - parts[1]]))
    assert np.array_equal(whole[half], alone)


def test_parts_of_an_article_are_equal() -> None:
    articles = np.array([0, 3, 3, 3 + LONGEST, 4 + 2 * LONGEST, 9 + 2 * LONGEST])
    half = 3 + LONGEST + (LONGEST + 1) // 2
    assert pieces(articles).tolist() == [*articles[:4].tolist(), half, *articles[4:].tolist()]
    assert pieces(np.array([0])).tolist() == [0]


@pytest.mark.parametrize("lengths", [[], [0, 0], [1], [5, 0, 9, 2] * 9, [3] * SIDE_BY_SIDE])
def test_a_reading_order_reaches_every_block_once_and_begins_every_article_anew(lengths: list[int]) -> None:
    articles = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    order, begins = side_by_side(articles)
    for way in (0, 1):
        assert sorted(order[:, way][order[:, way] < articles[-1]].tolist()) == list(range(articles[-1]))
    firsts, lasts = (order[:, way][begins].tolist() for way in (0, 1))
    assert sorted(firsts) == [a for a, b in pairwise(articles.tolist()) if b > a]
    assert sorted(lasts) == [b - 1 for a, b in pairwise(articles.tolist()) if b > a]
