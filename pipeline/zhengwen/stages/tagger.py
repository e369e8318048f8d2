"""A block's n-grams and structure, read in both directions of its article, to probabilities.

A bag of n-gram embeddings (Joulin et al., EACL 2017), gated recurrent units over the blocks of an article (Cho et al.,
EMNLP 2014), forwards and backwards, and a perceptron over what both say of a block.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zhengwen.blocks import Flags, Floats, Ints
from zhengwen.stages.scores import Embedding, Hashed, softmax

CLIP = 4.0
"""Standardised columns are clipped to this many standard deviations."""
ROWS = 256
"""Blocks that go through a layer together."""
SIDE_BY_SIDE = 16
"""Pieces of articles that are read together."""
LONGEST = 256
"""Blocks of an article that are read as one: of a longer one, equal parts are read by themselves."""
_STEPS = 256
"""Steps of reading whose blocks are heard at once: memory is for these alone."""


@dataclass(frozen=True, slots=True)
class Tagger:
    """Layers; all float32 but the embedding's.

    embedding: of n-grams (dimensions). centre, scale: (columns,), of the standardisation.
    inward: (dimensions + columns, units), inward_bias: (units,), what is made of a block alone.
    gates: (units, 6 * units), gates_bias: (6 * units,), what a block says to the gates for reset and update and to the
    candidate, forwards, then backwards. states: (2, units, 3 * units), states_bias: (2, 3 * units), what a state says.
    middle: (3 * units, units), middle_bias: (units,), over both states and the block alone.
    output: (units, kinds), output_bias: (kinds,). direct: (dimensions, kinds), past all layers.
    leaning: (dimensions, kinds), the linear map from a block's vector that came nearest to the scores of the blocks of
    the training data; it decides nothing and names the words that are looked at when a decision is explained.
    """

    embedding: Embedding
    centre: Floats
    scale: Floats
    inward: Floats
    inward_bias: Floats
    gates: Floats
    gates_bias: Floats
    states: Floats
    states_bias: Floats
    middle: Floats
    middle_bias: Floats
    output: Floats
    output_bias: Floats
    direct: Floats
    leaning: Floats

    def probabilities(self, hashed: Hashed, columns: Floats, at: Ints, articles: Ints) -> Floats:
        """Probabilities (rows, kinds) of some of the blocks.

        hashed: the n-grams of all blocks. columns: (rows, columns). at: (rows,), the blocks of the rows.
        articles: (articles + 1,), where each article's rows begin.
        """
        return softmax(self.logits(self.embedding.vectors(hashed, at), columns, articles))

    def logits(self, vectors: Floats, columns: Floats, articles: Ints) -> Floats:
        """Scores (rows, kinds) from the vectors of blocks (rows, dimensions); the rest as in `probabilities`."""
        rows = len(vectors)
        alone = np.zeros((rows + 1, len(self.inward_bias)), np.float32)
        for part in _tiles(rows):
            seen = np.concatenate((vectors[part], standardise(columns[part], self.centre, self.scale)), axis=1)
            np.maximum(_product(seen, self.inward) + self.inward_bias, 0, out=alone[part])
        states = self._states(alone, pieces(articles))
        out = np.empty((rows, len(self.output_bias)), np.float32)
        for part in _tiles(rows):
            joined = np.concatenate((states[0, part], states[1, part], alone[part]), axis=1)
            inside = np.maximum(_product(joined, self.middle) + self.middle_bias, 0)
            out[part] = _product(inside, self.output) + _product(vectors[part], self.direct) + self.output_bias
        return out

    def _states(self, alone: Floats, articles: Ints) -> Floats:
        """The states after each block, forwards and backwards (2, rows + 1, units), from what blocks say by themselves
        (rows + 1, units); the last row is nobody's. articles: of what is read by itself."""
        units = alone.shape[1]
        order, begins = side_by_side(articles)
        after = np.empty((2, len(alone), units), np.float32)
        state = np.zeros((2, SIDE_BY_SIDE, units), np.float32)
        bias = self.gates_bias.reshape(2, 3 * units).copy()
        bias[:, : 2 * units] += self.states_bias[:, : 2 * units]
        for first in range(0, len(order), _STEPS):
            steps = slice(first, first + _STEPS)
            said = np.empty((2, *order[steps, 0].shape, 3 * units), np.float32)
            for way, half in enumerate((slice(3 * units), slice(3 * units, None))):
                heard = alone.take(order[steps, way].ravel(), axis=0)
                for part in _tiles(len(heard)):
                    said[way].reshape(-1, 3 * units)[part] = _product(heard[part], self.gates[:, half])
            said += bias[:, None, None]
            states = self._read(state, said, begins[steps])
            state = states[:, -1]
            for way in (0, 1):
                after[way, order[steps, way]] = states[way]
        return after

    def _read(self, state: Floats, said: Floats, begins: Flags) -> Floats:
        """The states (2, steps, SIDE_BY_SIDE, units) after each step that follows a state (2, SIDE_BY_SIDE, units).

        said: (2, steps, SIDE_BY_SIDE, 3 * units), what blocks say, with what is added to the gates in any case; it is
        used up. begins: see `side_by_side`.
        """
        units = state.shape[2]
        weights, bias = self.states.copy(), self.states_bias[:, None, 2 * units :]
        np.negative(weights[..., : 2 * units], out=weights[..., : 2 * units])
        np.negative(said[..., : 2 * units], out=said[..., : 2 * units])
        states = np.empty((*said.shape[:3], units), np.float32)
        asked = np.empty((2, SIDE_BY_SIDE, 3 * units), np.float32)
        shut, wanted = asked[..., : 2 * units], asked[..., 2 * units :]
        reset, update = shut[..., :units], shut[..., units:]
        anew = set(np.flatnonzero(begins.any(1)).tolist())
        with np.errstate(over="ignore"):  # a gate that is shut
            for step in range(said.shape[1]):
                if step in anew:
                    state = np.where(begins[step, :, None], np.float32(0), state)
                heard, after = said[:, step], states[:, step]
                candidate = heard[..., 2 * units :]
                np.matmul(state, weights, out=asked)
                shut += heard[..., : 2 * units]
                np.exp(shut, out=shut)
                shut += 1
                wanted += bias
                wanted /= reset
                candidate += wanted
                np.tanh(candidate, out=candidate)
                np.subtract(state, candidate, out=after)
                after /= update
                after += candidate
                state = after
        return states


def advance(state: Floats, heard: Floats, asked: Floats) -> tuple[Floats, Floats, Floats]:
    """The next state (..., units) from what the block and the state say (..., 3 * units); with it the gates for reset
    and update (..., 2 * units), and the candidate. One step of reading, which `Tagger` does faster."""
    units = state.shape[-1]
    with np.errstate(over="ignore"):  # a gate that is shut
        gates = 1 / (1 + np.exp(-(heard[..., : 2 * units] + asked[..., : 2 * units])))
    candidate = np.tanh(heard[..., 2 * units :] + gates[..., :units] * asked[..., 2 * units :])
    return candidate + gates[..., units:] * (state - candidate), gates, candidate


def pieces(articles: Ints) -> Ints:
    """Where each article's rows begin, and where those that are too long are parted: (pieces + 1,)."""
    lengths = np.diff(articles)
    parts = np.maximum(-(-lengths // LONGEST), 1)
    article = np.repeat(np.arange(len(lengths)), parts)
    part = np.arange(len(article)) - (np.cumsum(parts) - parts)[article]
    return np.append(articles[article] + part * lengths[article] // parts[article], articles[-1])


def side_by_side(articles: Ints) -> tuple[Ints, Flags]:
    """A reading order of articles or pieces, `SIDE_BY_SIDE` at a time; where one ends, the next begins.

    articles: (articles + 1,), where each one's rows begin. Gives the row that each has reached, forwards and backwards,
    (steps, 2, SIDE_BY_SIDE), one past the last row where nothing is left; and where one begins (steps, SIDE_BY_SIDE).
    """
    lengths = np.diff(articles).tolist()
    ends = [0] * SIDE_BY_SIDE
    places = []
    for article in sorted(range(len(lengths)), key=lambda a: -lengths[a]):
        side = ends.index(min(ends))
        if lengths[article]:
            places.append((article, side, ends[side]))
        ends[side] += lengths[article]
    order = np.full((max(ends), 2, SIDE_BY_SIDE), articles[-1])
    begins = np.zeros((max(ends), SIDE_BY_SIDE), np.bool_)
    for article, side, step in places:
        rows = np.arange(articles[article], articles[article + 1])
        order[step : step + len(rows), 0, side] = rows
        order[step : step + len(rows), 1, side] = rows[::-1]
        begins[step, side] = True
    return order, begins


def standardise(rows: Floats, centre: Floats, scale: Floats) -> Floats:
    """Rows less their centre, by their scale, clipped."""
    moved: Floats = rows - centre
    moved /= scale
    return np.clip(moved, -CLIP, CLIP, out=moved)


def _tiles(rows: int) -> Iterator[slice]:
    """All rows, at most `ROWS` together."""
    return (slice(first, min(first + ROWS, rows)) for first in range(0, rows, ROWS))


def _product(rows: Floats, weights: Floats) -> Floats:
    """Matrix product of at most `ROWS` rows, always in one shape: it may round differently for another number of rows,
    and an article's scores must not depend on its batch."""
    if len(rows) == ROWS:
        return rows @ weights
    tile = np.zeros((ROWS, rows.shape[1]), np.float32)
    tile[: len(rows)] = rows
    product: Floats = tile @ weights
    return product[: len(rows)]
