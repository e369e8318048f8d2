"""The perceptron's training: exact gradients, the same bytes each time, and it learns what a line cannot."""

import numpy as np
import pytest

from zhengwen.training import network
from zhengwen.training.network import fit_network

RNG = np.random.default_rng(0)
SIZES = ((6, 4), (4, 5))


def layers() -> list[np.ndarray]:
    return [part for size in SIZES for part in (RNG.normal(size=size), RNG.normal(size=size[1]))]


def loss(weights: list[np.ndarray], rows: np.ndarray, goals: np.ndarray) -> float:
    """Mean cross-entropy under the dropout of seed 3."""
    rng = np.random.default_rng(3)
    hidden, hidden_bias, output, output_bias = weights
    seen = rows * network._dropout(rng, rows.shape, 0.2)
    inside = seen @ hidden + hidden_bias
    inside = np.maximum(inside, 0) * network._dropout(rng, inside.shape, network._DROP_HIDDEN)
    logits = inside @ output + output_bias
    logits -= logits.max(1, keepdims=True)
    return float((np.log(np.exp(logits).sum(1)) - (logits * goals).sum(1)).mean())


def test_gradients_are_those_of_the_loss() -> None:
    rows, goals = RNG.normal(size=(9, 6)), np.eye(5)[RNG.integers(0, 5, 9)]
    weights = layers()
    gradients = network._gradients(np.random.default_rng(3), weights, rows, goals, 0.2)
    for layer, gradient in zip(weights, gradients, strict=True):
        for place in np.ndindex(layer.shape):
            kept = layer[place]
            layer[place] = kept + 1e-6
            above = loss(weights, rows, goals)
            layer[place] = kept - 1e-6
            below = loss(weights, rows, goals)
            layer[place] = kept
            assert gradient[place] == pytest.approx((above - below) / 2e-6, abs=1e-6)


def test_it_learns_what_no_straight_line_parts_and_the_same_way_each_time() -> None:
    rows = RNG.normal(size=(4_000, 4)).astype(np.float32)
    targets = ((rows[:, 0] > 0) ^ (rows[:, 1] > 0)).astype(np.int8)
    fitted, again = fit_network(rows[:3_000], targets[:3_000], 0), fit_network(rows[:3_000], targets[:3_000], 0)
    guesses = fitted.probabilities(rows[3_000:]).argmax(1)
    assert (guesses == targets[3_000:]).mean() > 0.9
    assert np.array_equal(fitted.hidden, again.hidden)
    assert not np.array_equal(fitted.hidden, fit_network(rows[:3_000], targets[:3_000], 1).hidden)


def test_a_kind_that_the_labels_never_show_becomes_improbable() -> None:
    rows = RNG.normal(size=(3_000, 4)).astype(np.float32)
    fitted = fit_network(rows, (rows[:, 0] > 0).astype(np.int8), 0)
    assert fitted.probabilities(rows)[:, 2:].max() < 1e-4
