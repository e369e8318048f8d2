"""Features to scores: linear models over hashed n-grams, and small networks over what stands around a block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Floats, Ints

Hashed = Sequence[tuple[NDArray[np.uint32], Ints]]
"""For each order of n-gram: buckets, block by block, and where each block's begin (blocks + 1)."""


BITS = 22
"""Width of an n-gram's bucket number. Of the buckets, those that training met often enough are terms."""
_Number = TypeVar("_Number", np.int32, np.uint16)
_TOGETHER = 1 << 14
"""N-grams that are added up at a time: what is made of them stays in the processor's cache."""
_LINE = 8
"""Numbers of a row that the processor fetches at once."""


def _tiles(starts: Ints, some: Ints) -> Iterator[tuple[slice, slice, Ints]]:
    """Goes through the blocks ``some``, which are those that have n-grams, about `_TOGETHER` n-grams at a time.

    starts: (blocks + 1,), as in `Hashed`. Yields which of ``some``, their n-grams, and where among these each begins.
    """
    edges = np.append(starts[some], starts[-1])
    first = 0
    while first < len(some):
        end = max(first + 1, int(np.searchsorted(edges, edges[first] + _TOGETHER, side="right")) - 1)
        yield slice(first, end), slice(edges[first], edges[end]), edges[first:end] - edges[first]
        first = end


def _frequent_first(idf: Floats) -> Ints:
    """Terms in an order in which what is looked up most lies together, for the processor's cache."""
    order: Ints = np.argsort(np.clip(idf * 16, 0, 255).astype(np.uint8), kind="stable")
    return order


def _rows(terms: NDArray[np.uint32], order: Ints, kind: type[_Number]) -> NDArray[_Number]:
    """Of each bucket, the place of its term in the order, from 1; 0 for none."""
    place = np.empty(len(order), kind)
    place[order] = np.arange(1, len(order) + 1)
    rows = np.zeros(1 << BITS, kind)
    rows[terms] = place
    return rows


@dataclass(frozen=True, slots=True)
class Words:
    """Multinomial logistic regression on TF-IDF of n-grams, each block's vector of unit length.

    terms: uint32 (terms,), the buckets that are known, sorted.
    idf: float32 (terms,), inverse document frequency. weights: float32 (terms, kinds). bias: float32 (kinds,).
    _row, _table: of each bucket, where in the table its numbers are; frequent terms come first, so that what is looked
        up most lies together.
    """

    terms: NDArray[np.uint32]
    idf: Floats
    weights: Floats
    bias: Floats
    _row: NDArray[np.int32] = field(init=False, repr=False)
    _table: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        order = _frequent_first(self.idf)
        kinds = self.weights.shape[1]
        table = np.zeros((len(order) + 1, -(-(kinds + 1) // _LINE) * _LINE), np.float32)
        idf = self.idf.take(order)
        for kind in range(kinds):
            np.multiply(self.weights[:, kind].take(order), idf, out=table[1:, kind])
        np.square(idf, out=table[1:, kinds])
        object.__setattr__(self, "_row", _rows(self.terms, order, np.int32))
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
        total = np.zeros((len(hashed[0][1]) - 1, self.weights.shape[1] + 1), np.float32)
        for buckets, starts in hashed:
            some = np.flatnonzero(starts[1:] > starts[:-1])
            found = np.empty((len(some), total.shape[1]), np.float32)
            for rows, grams, places in _tiles(starts, some):
                np.add.reduceat(self.per_gram(buckets[grams]), places, out=found[rows])
            total[some] += found
        return total

    def per_gram(self, buckets: NDArray[np.uint32]) -> Floats:
        """Of each n-gram, its weight for each kind and the square of its length: (n-grams, kinds + 1)."""
        return self._table.take(self._row.take(buckets), axis=0)[:, : self.weights.shape[1] + 1]


def _lengths(sums: Floats) -> Floats:
    lengths: Floats = np.sqrt(np.maximum(sums[:, -1:], 1e-6))
    return lengths


@dataclass(frozen=True, slots=True)
class Embedding:
    """Vectors of blocks: TF-IDF of bigrams of unit length, projected on the axes along which texts differ most.

    Latent semantic analysis (Deerwester et al., 1990). It is fitted without labels, so it knows words no label showed.
    terms: uint32 (terms,), the buckets that are known, sorted, fewer than 65,536. idf: float32 (terms,).
    axes: int8 (terms, dimensions); a unit is worth scale: float32 (dimensions,).
    _row: of each bucket, the place of its term, 0 for none. _lanes: uint64 (terms + 1, columns), the axes less
        `_LOWEST`, four in one number, sixteen bits each: one addition adds up four. _squares: of idf.
    """

    terms: NDArray[np.uint32]
    idf: Floats
    axes: NDArray[np.int8]
    scale: Floats
    _row: NDArray[np.uint16] = field(init=False, repr=False)
    _lanes: NDArray[np.uint64] = field(init=False, repr=False)
    _squares: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        order = _frequent_first(self.idf)
        dimensions = self.axes.shape[1]
        lanes = np.full((len(order) + 1, -(-dimensions // 4) * 4), -_LOWEST, np.uint16)
        axes = self.axes.take(order, axis=0).astype(np.int16)
        lanes[1:, :dimensions] = axes - _LOWEST
        object.__setattr__(self, "_row", _rows(self.terms, order, np.uint16))
        object.__setattr__(self, "_lanes", lanes.view(np.uint64))
        object.__setattr__(self, "_squares", np.append(np.float32(0), self.idf[order] ** 2))

    ORDER = 2
    """Length of the n-grams that it reads."""

    def vectors(self, hashed: Hashed, rows: Ints) -> Floats:
        """Vectors (rows, dimensions) of the blocks with these numbers."""
        buckets, starts = hashed[self.ORDER - 1]
        pieces, of_piece = _pieces(starts)
        some = np.flatnonzero(pieces[1:] > pieces[:-1])
        sums = np.empty((len(some), self._lanes.shape[1]), np.uint64)
        squares = np.empty(len(some), np.float32)
        for tile, grams, places in _tiles(pieces, some):
            known = self._row.take(buckets[grams]).astype(np.intp)
            np.add.reduceat(self._lanes.take(known, axis=0), places, out=sums[tile])
            np.add.reduceat(self._squares.take(known), places, out=squares[tile])
        axes = sums.view(np.uint16)[:, : len(self.scale)].astype(np.float32)
        axes += np.float32(_LOWEST) * (pieces[some + 1] - pieces[some]).astype(np.float32)[:, None]
        total = np.zeros((len(starts) - 1, len(self.scale) + 1), np.float32)
        fresh = np.diff(of_piece[some], prepend=-1) > 0
        first, more = some[fresh], some[~fresh]
        total[of_piece[first], :-1], total[of_piece[first], -1] = axes[fresh], squares[fresh]
        np.add.at(total, of_piece[more], np.concatenate((axes[~fresh], squares[~fresh, None]), axis=1))
        return total[rows, :-1] * self.scale / np.sqrt(np.maximum(total[rows, -1:], np.float32(1e-6)))


_LOWEST = -128
"""Of the numbers of a byte with a sign; so many of them, less this, add up to what sixteen bits hold."""
_PIECE = 256


def _pieces(starts: Ints) -> tuple[Ints, Ints]:
    """Blocks (blocks + 1,) in pieces of at most `_PIECE` n-grams: where they begin (pieces + 1,), the block of each."""
    number = np.maximum(-(-np.diff(starts) // _PIECE), 1)
    of_piece = np.repeat(np.arange(len(number)), number)
    within = np.arange(len(of_piece)) - (np.cumsum(number) - number)[of_piece]
    return np.append(starts[of_piece] + within * _PIECE, starts[-1]), of_piece


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
    _hidden: Floats = field(init=False, repr=False)
    _low: Floats = field(init=False, repr=False)
    _high: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """The scale goes into the weights, so that rows need not be divided by it."""
        object.__setattr__(self, "_hidden", (self.hidden / self.scale[:, None]).astype(np.float32))
        object.__setattr__(self, "_low", -CLIP * self.scale)
        object.__setattr__(self, "_high", CLIP * self.scale)

    def probabilities(self, rows: Floats) -> Floats:
        """Probabilities (rows, kinds).

        Rows are computed in tiles of one shape: a matrix product may round differently for another number of rows, and
        an article's scores must not depend on its batch.
        """
        out = np.empty((len(rows), len(self.output_bias)), np.float32)
        tile = np.zeros((TILE, rows.shape[1]), np.float32)
        inside = np.empty((TILE, len(self.hidden_bias)), np.float32)
        for start in range(0, len(rows), TILE):
            part = rows[start : start + TILE]
            seen = tile[: len(part)]
            np.subtract(part, self.centre, out=seen)
            np.maximum(seen, self._low, out=seen)
            np.minimum(seen, self._high, out=seen)
            np.matmul(tile, self._hidden, out=inside)
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
