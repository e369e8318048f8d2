"""Gradients of the tagger: through its layers, and through the blocks of an article in both directions.

Dropout (Srivastava et al., JMLR 2014) of columns and units; backpropagation through time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from zhengwen.articles import KINDS
from zhengwen.blocks import Floats, Ints
from zhengwen.stages.scores import softmax
from zhengwen.stages.tagger import advance
from zhengwen.training.adam import Layers

_DROP_VECTOR = 0.2
_DROP_DIRECT = 0.3
_DROP_COLUMNS = 0.2
_DROP_ALONE = 0.3
_DROP_STATES = 0.4
_DROP_MIDDLE = 0.4
_SMOOTH = 0.03
"""Share of a label that is spread over all kinds, lest scores be driven to certainty (Szegedy et al., CVPR 2016)."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step reads: the n-grams of its blocks, which terms these are, columns, goals, and the reading order.

    counts: sparse (blocks, terms met), a row's numbers over the square root of their sum. met: (terms met,).
    order: (steps, 2, pieces), the block that each piece has reached, forwards and backwards; ``blocks`` for none.
    """

    counts: sp.csr_matrix
    met: Ints
    columns: Floats
    targets: NDArray[np.int8]
    order: Ints


def fresh(rng: np.random.Generator, dimensions: int, columns: int, units: int) -> Layers:
    """Layers as they are before the first step."""

    def uniform(*shape: int) -> Floats:
        reach = shape[-2] ** -0.5
        return rng.uniform(-reach, reach, shape).astype(np.float32)

    def zeros(*shape: int) -> Floats:
        return np.zeros(shape, np.float32)

    kinds = len(KINDS)
    return {
        "inward": uniform(dimensions + columns, units),
        "inward_bias": zeros(units),
        "gates": uniform(units, 6 * units),
        "gates_bias": zeros(6 * units),
        "states": uniform(2, units, 3 * units),
        "states_bias": zeros(2, 3 * units),
        "middle": uniform(3 * units, units),
        "middle_bias": zeros(units),
        "output": uniform(units, kinds),
        "output_bias": zeros(kinds),
        "direct": uniform(dimensions, kinds),
    }


def _dropout(rng: np.random.Generator, shape: Sequence[int], share: float) -> Floats:
    """Zero for the given share, and what makes up for it elsewhere."""
    kept = np.float32(1 - share)
    mask: Floats = (rng.random(shape, np.float32) < kept) / kept
    return mask


def _goals(targets: NDArray[np.int8]) -> Floats:
    """What the probabilities (blocks, kinds) should be; of blocks without a label it does not matter."""
    return np.eye(len(KINDS), dtype=np.float32)[np.maximum(targets, 0)] * (1 - _SMOOTH) + np.float32(
        _SMOOTH / len(KINDS)
    )


def gradients(rng: np.random.Generator, layers: Layers, table: Floats, step: Step) -> tuple[Layers, Floats]:
    """Of the mean cross-entropy of the labelled blocks, by the layers, and by the embeddings of the terms met.

    table: (terms met, dimensions).
    """
    w = layers
    blocks, width, units = len(step.targets), table.shape[1], len(w["inward_bias"])
    vectors = step.counts @ table
    masks = [_dropout(rng, vectors.shape, s) for s in (_DROP_VECTOR, _DROP_DIRECT)]
    seen = np.concatenate((vectors * masks[0], step.columns * _dropout(rng, step.columns.shape, _DROP_COLUMNS)), axis=1)
    alone = seen @ w["inward"] + w["inward_bias"]
    passing = (alone > 0) * _dropout(rng, alone.shape, _DROP_ALONE)
    alone *= passing
    read = _read(w, alone, step.order)
    of_states = _dropout(rng, read.after.shape, _DROP_STATES)
    joined = np.concatenate((read.after * of_states, alone), axis=1)
    inside = joined @ w["middle"] + w["middle_bias"]
    through = (inside > 0) * _dropout(rng, inside.shape, _DROP_MIDDLE)
    inside *= through
    straight = vectors * masks[1]
    chances = softmax(inside @ w["output"] + straight @ w["direct"] + w["output_bias"])
    labelled = step.targets >= 0
    wrong = chances - _goals(step.targets)
    wrong *= (labelled / np.float32(max(labelled.sum(), 1)))[:, None]

    found: Layers = {"output": inside.T @ wrong, "output_bias": wrong.sum(0), "direct": straight.T @ wrong}
    back = (wrong @ w["output"].T) * through
    found["middle"], found["middle_bias"] = joined.T @ back, back.sum(0)
    back = back @ w["middle"].T
    said = np.zeros((blocks + 1, 6 * units), np.float32)
    found["states"], found["states_bias"] = _through_time(w, read, step.order, back[:, : 2 * units] * of_states, said)
    found["gates"], found["gates_bias"] = alone.T @ said[:-1], said[:-1].sum(0)
    back = (back[:, 2 * units :] + said[:-1] @ w["gates"].T) * passing
    found["inward"], found["inward_bias"] = seen.T @ back, back.sum(0)
    of_vectors = (back @ w["inward"].T)[:, :width] * masks[0] + (wrong @ w["direct"].T) * masks[1]
    return found, step.counts.T @ of_vectors


@dataclass(frozen=True, slots=True)
class _Read:
    """What reading forwards and backwards left behind; the first axis of all but `after` is the step.

    before: states (steps, 2, pieces, units). asked: what they said, for the candidate. gates: (steps, 2, pieces,
    2 * units). candidates: (steps, 2, pieces, units). after: both states after each block (blocks, 2 * units).
    """

    before: Floats
    asked: Floats
    gates: Floats
    candidates: Floats
    after: Floats


def _read(w: Layers, alone: Floats, order: Ints) -> _Read:
    steps, _, pieces = order.shape
    units = alone.shape[1]
    said = np.zeros((2, len(alone) + 1, 3 * units), np.float32)
    whole = alone @ w["gates"] + w["gates_bias"]
    said[0, :-1], said[1, :-1] = whole[:, : 3 * units], whole[:, 3 * units :]
    before, asked, candidates = (np.empty((steps, 2, pieces, units), np.float32) for _ in range(3))
    gates = np.empty((steps, 2, pieces, 2 * units), np.float32)
    after = np.zeros((2, len(alone) + 1, units), np.float32)
    state = np.zeros((2, pieces, units), np.float32)
    heard = np.empty((2, pieces, 3 * units), np.float32)
    for k in range(steps):
        heard[0], heard[1] = said[0].take(order[k, 0], 0), said[1].take(order[k, 1], 0)
        answer = state @ w["states"] + w["states_bias"][:, None]
        before[k], asked[k] = state, answer[..., 2 * units :]
        state, gates[k], candidates[k] = advance(state, heard, answer)
        after[0, order[k, 0]], after[1, order[k, 1]] = state
    return _Read(before, asked, gates, candidates, np.concatenate((after[0, :-1], after[1, :-1]), axis=1))


def _through_time(w: Layers, read: _Read, order: Ints, of_after: Floats, said: Floats) -> tuple[Floats, Floats]:
    """Gradients by ``states`` and ``states_bias``; those by what each block said are added to ``said``.

    of_after: by both states after each block (blocks, 2 * units). said: (blocks + 1, 6 * units).
    """
    steps, _, pieces = order.shape
    units = of_after.shape[1] // 2
    given = np.zeros((2, len(of_after) + 1, units), np.float32)
    given[0, :-1], given[1, :-1] = of_after[:, :units], of_after[:, units:]
    turned = w["states"].transpose(0, 2, 1)
    answers = np.empty((steps, 2, pieces, 3 * units), np.float32)
    back = np.zeros((2, pieces, units), np.float32)
    for k in range(steps - 1, -1, -1):
        back[0] += given[0].take(order[k, 0], 0)
        back[1] += given[1].take(order[k, 1], 0)
        reset, update = read.gates[k][..., :units], read.gates[k][..., units:]
        candidate = read.candidates[k]
        of_candidate = back * (1 - update) * (1 - candidate**2)
        heard = np.concatenate(
            (
                of_candidate * read.asked[k] * reset * (1 - reset),
                back * (read.before[k] - candidate) * update * (1 - update),
                of_candidate,
            ),
            axis=-1,
        )
        said[order[k, 0], : 3 * units], said[order[k, 1], 3 * units :] = heard
        answers[k] = heard
        answers[k][..., 2 * units :] *= reset
        back = back * update + answers[k] @ turned
    flat = answers.transpose(1, 0, 2, 3).reshape(2, steps * pieces, 3 * units)
    before = read.before.transpose(1, 0, 2, 3).reshape(2, steps * pieces, units)
    return before.transpose(0, 2, 1) @ flat, flat.sum(1)
