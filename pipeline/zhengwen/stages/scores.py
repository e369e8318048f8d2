"""Features to scores: linear models over hashed n-grams, and small networks over what stands around a block."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Floats, Ints

Hashed = Sequence[tuple[NDArray[np.uint32], Ints]]
"""For each order of n-gram: buckets, block by block, and where each block's begin (blocks + 1)."""


@dataclass(frozen=True, slots=True)
class Words:
    """Multinomial logistic regression on TF-IDF of n-grams, each block's vector of unit length.

    terms: uint32 (terms,), the buckets that are known, sorted.
    idf: float32 (terms,), inverse document frequency. weights: float32 (terms, kinds). bias: float32 (kinds,).
    """

    terms: NDArray[np.uint32]
    idf: Floats
    weights: Floats
    bias: Floats
    _row: NDArray[np.int32] = field(init=False, repr=False)
    _table: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        row = np.zeros(1 << BITS, np.int32)
        row[self.terms] = np.arange(1, len(self.terms) + 1)
        table = np.zeros((len(self.terms) + 1, self.weights.shape[1] + 1), np.float32)
        table[1:, :-1] = self.weights * self.idf[:, None]
        table[1:, -1] = self.idf**2
        object.__setattr__(self, "_row", row)
        object.__setattr__(self, "_table", table)

    def logits(self, hashed: Hashed, lengths: Floats | None = None) -> Floats:
        """Scores (blocks, kinds) of each block's own words; ``lengths`` (blocks, 1) of vectors of more words than
        these."""
        total = self._sums(hashed)
        return total[:, :-1] / (_lengths(total) if lengths is None else lengths) + self.bias

    def lengths(self, hashed: Hashed) -> Floats:
        """Length (blocks, 1) of each block's vector before it is made a unit."""
        return _lengths(self._sums(hashed))

    def _sums(self, hashed: Hashed) -> Floats:
        total = np.zeros((len(hashed[0][1]) - 1, self._table.shape[1]), np.float32)
        for buckets, starts in hashed:
            some = starts[1:] > starts[:-1]
            if some.any():
                total[some] += np.add.reduceat(self.per_gram(buckets), starts[:-1][some])
        return total

    def per_gram(self, buckets: NDArray[np.uint32]) -> Floats:
        """Of each n-gram, its weight for each kind and the square of its length: (n-grams, kinds + 1)."""
        return self._table.take(self._row.take(buckets), axis=0)


def _lengths(sums: Floats) -> Floats:
    lengths: Floats = np.sqrt(np.maximum(sums[:, -1:], 1e-6))
    return lengths


BITS = 22
"""Width of an n-gram's bucket number. Of the buckets, those that training met often enough are terms."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """Vectors of blocks: TF-IDF of bigrams of unit length, projected on the axes along which texts differ most.

    Latent semantic analysis (Deerwester et al., 1990). It is fitted without labels, so it knows words no label showed.
    terms: uint32 (terms,), the buckets that are known, sorted, fewer than 65,536. idf: float32 (terms,).
    axes: int8 (terms, dimensions); a unit is worth scale: float32 (dimensions,).
    """

    terms: NDArray[np.uint32]
    idf: Floats
    axes: NDArray[np.int8]
    scale: Floats
    _row: NDArray[np.uint16] = field(init=False, repr=False)
    _table: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        row = np.zeros(1 << BITS, np.uint16)
        row[self.terms] = np.arange(1, len(self.terms) + 1)
        table = np.zeros((len(self.terms) + 1, self.axes.shape[1] + 1), np.float32)
        table[1:, :-1] = self.axes * self.scale
        table[1:, -1] = self.idf**2
        object.__setattr__(self, "_row", row)
        object.__setattr__(self, "_table", table)

    ORDER = 2
    """Length of the n-grams that it reads."""

    def vectors(self, hashed: Hashed, rows: Ints) -> Floats:
        """Vectors (rows, dimensions) of the blocks with these numbers."""
        buckets, starts = hashed[self.ORDER - 1]
        read = np.zeros(len(starts) - 1, np.bool_)
        read[rows] = True
        known = self._row.take(buckets[np.repeat(read, np.diff(starts))])
        ends = np.cumsum((starts[1:] - starts[:-1])[rows])
        bounds = np.concatenate(([0], np.concatenate(([0], np.cumsum(known > 0)))[ends]))
        known = known[known > 0]
        total = np.zeros((len(rows), self._table.shape[1]), np.float32)
        for first in range(0, len(rows), TILE):
            some = first + np.flatnonzero(np.diff(bounds[first : first + TILE + 1]))
            if len(some):
                begin, end = bounds[some[0]], bounds[some[-1] + 1]
                grams = self._table.take(known[begin:end], axis=0)
                total[some] = np.add.reduceat(grams, bounds[some] - begin)
        return total[:, :-1] / np.sqrt(np.maximum(total[:, -1:], 1e-6))


@dataclass(frozen=True, slots=True)
class Network:
    """A perceptron with one hidden layer (ReLU).

    centre, scale: float32 (features,), of the standardisation, whose result is clipped to ± `CLIP`.
    hidden: float32 (features, units). hidden_bias: (units,). output: float32 (units, kinds). output_bias: (kinds,).
    """

    centre: Floats
    scale: Floats
    hidden: Floats
    hidden_bias: Floats
    output: Floats
    output_bias: Floats

    def probabilities(self, rows: Floats) -> Floats:
        """Probabilities (rows, kinds).

        Rows are computed in tiles of one shape: a matrix product may round differently for another number of rows, and
        an article's scores must not depend on its batch.
        """
        out = np.empty((len(rows), len(self.output_bias)), np.float32)
        tile = np.zeros((TILE, rows.shape[1]), np.float32)
        for start in range(0, len(rows), TILE):
            part = rows[start : start + TILE]
            tile[: len(part)] = standardise(part, self.centre, self.scale)
            inside = tile @ self.hidden
            inside += self.hidden_bias
            np.maximum(inside, 0, out=inside)
            out[start : start + TILE] = (inside @ self.output)[: len(part)]
        out += self.output_bias
        return softmax(out)


TILE = 256
"""Rows that go through a network together."""
CLIP = 4.0
"""Standardised features are clipped to this many standard deviations."""


def standardise(rows: Floats, centre: Floats, scale: Floats) -> Floats:
    """Rows less their centre, by their scale, clipped."""
    moved: Floats = rows - centre
    moved /= scale
    return np.clip(moved, -CLIP, CLIP, out=moved)


def softmax(logits: Floats) -> Floats:
    """Probabilities over the last axis."""
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    share: Floats = raised / raised.sum(-1, keepdims=True)
    return share


def temper(probabilities: Floats, temperature: float) -> Floats:
    """Probabilities raised to the power ``1 / temperature`` and normalised."""
    raised = np.maximum(probabilities, 1e-9) ** (1 / temperature)
    share: Floats = (raised / raised.sum(1, keepdims=True)).astype(np.float32)
    return share
