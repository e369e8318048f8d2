"""Features to scores: linear models over hashed n-grams, and small networks over what stands around a block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Floats, Ints

Hashed = Sequence[tuple[NDArray[np.uint32], Ints]]
"""For each order of n-gram: buckets, block by block, and where each block's begin (blocks + 1)."""
BITS = 22
"""Width of an n-gram's bucket number. Of the buckets, those that training met often enough are terms."""
_TOGETHER = 1 << 14
"""N-grams that are added up at a time: what is made of them stays in the processor's cache."""
_LINE = 8
"""Numbers of a row that the processor fetches at once."""
_PAYS = 1 << 18
"""N-grams for which searching for each among the terms takes as long as making tables."""


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


@dataclass(slots=True)
class _Tables:
    """Numbers of terms, laid out so that looking them up takes one step; see `_Terms.ready`.

    asked: n-grams that were looked up so far. row: (buckets,), of each bucket the row of its term, 0 for none.
    rows: the numbers; frequent terms come first, so that what is looked up most lies together.
    """

    asked: int = 0
    row: NDArray[Any] | None = None
    rows: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class _Terms:
    """Buckets that are known, and numbers for each.

    terms: uint32 (terms,), sorted. idf: float32 (terms,), inverse document frequency.
    """

    terms: NDArray[np.uint32]
    idf: Floats
    _tables: _Tables = field(default_factory=_Tables, init=False, repr=False, compare=False)

    def _numbers(self, places: Ints) -> NDArray[Any]:
        """The numbers of some terms: (places, columns)."""
        raise NotImplementedError

    def _nothing(self) -> NDArray[Any]:
        """The numbers of what is no term: (columns,)."""
        raise NotImplementedError

    def ready(self, grams: int) -> None:
        """Says that so many n-grams will be looked up. Tables are made when it pays: a short run needs none."""
        self._tables.asked += grams
        if self._tables.rows is None and self._tables.asked >= _PAYS:
            self.lay_out()

    def lay_out(self) -> None:
        """Makes the tables."""
        if self._tables.rows is not None:
            return
        order = np.argsort(np.clip(self.idf * 16, 0, 255).astype(np.uint8), kind="stable")
        kind = np.uint16 if len(order) < 1 << 16 else np.int32
        place = np.empty(len(order), kind)
        place[order] = np.arange(1, len(order) + 1)
        row = np.zeros(1 << BITS, kind)
        row[self.terms] = place
        self._tables.row, self._tables.rows = row, np.concatenate((self._nothing()[None], self._numbers(order)))

    def look_up(self, buckets: NDArray[np.uint32]) -> NDArray[Any]:
        """The numbers of the n-grams in these buckets: (n-grams, columns)."""
        row, rows = self._tables.row, self._tables.rows
        if row is not None and rows is not None:
            return rows.take(row.take(buckets), axis=0)
        found = np.broadcast_to(self._nothing(), (len(buckets), len(self._nothing()))).copy()
        places = np.searchsorted(self.terms, buckets)
        known = np.flatnonzero(places < len(self.terms))
        known = known[self.terms[places[known]] == buckets[known]]
        found[known] = self._numbers(places[known])
        return found


def _state(terms: _Terms) -> list[Any]:
    """What is sent to other processes: with the tables, so that they share them."""
    terms.lay_out()
    return [getattr(terms, part.name) for part in fields(terms)]


@dataclass(frozen=True, slots=True)
class Words(_Terms):
    """Multinomial logistic regression on TF-IDF of n-grams, each block's vector of unit length.

    weights: float32 or, as they are stored, float16 (terms, kinds). bias: float32 (kinds,).
    """

    weights: Floats
    bias: Floats

    __getstate__ = _state

    def _numbers(self, places: Ints) -> Floats:
        """The weight for each kind, the square of idf, and nothing, up to what the processor fetches at once."""
        kinds = self.weights.shape[1]
        idf = self.idf.take(places)
        rows = np.zeros((len(places), len(self._nothing())), np.float32)
        for kind in range(kinds):
            np.multiply(self.weights[:, kind].take(places), idf, out=rows[:, kind])
        np.square(idf, out=rows[:, kinds])
        return rows

    def _nothing(self) -> Floats:
        return np.zeros(-(-(self.weights.shape[1] + 1) // _LINE) * _LINE, np.float32)

    def logits(self, hashed: Hashed, lengths: Floats | None = None) -> Floats:
        """Scores (blocks, kinds) of each block's own words; ``lengths`` (blocks, 1) of vectors of more words than
        these."""
        total = self._sums(hashed)
        return total[:, :-1] / (_lengths(total) if lengths is None else lengths) + self.bias

    def lengths(self, hashed: Hashed) -> Floats:
        """Length (blocks, 1) of each block's vector before it is made a unit."""
        return _lengths(self._sums(hashed))

    def _sums(self, hashed: Hashed) -> Floats:
        self.ready(sum(len(buckets) for buckets, _ in hashed))
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
        return self.look_up(buckets)[:, : self.weights.shape[1] + 1]


def _lengths(sums: Floats) -> Floats:
    lengths: Floats = np.sqrt(np.maximum(sums[:, -1:], 1e-6))
    return lengths


@dataclass(frozen=True, slots=True)
class Embedding(_Terms):
    """Vectors of blocks: TF-IDF of bigrams of unit length, projected on the axes along which texts differ most.

    Latent semantic analysis (Deerwester et al., 1990). It is fitted without labels, so it knows words no label showed.
    axes: int8 (terms, dimensions); a unit is worth scale: float32 (dimensions,).
    """

    axes: NDArray[np.int8]
    scale: Floats

    __getstate__ = _state

    ORDER = 2
    """Length of the n-grams that it reads."""

    def _numbers(self, places: Ints) -> NDArray[np.uint64]:
        """The axes less `_LOWEST`, four in one number, sixteen bits each, so that one addition adds up four; and the
        square of idf, in `_SQUARE`."""
        rows = np.empty((len(places), len(self._nothing())), np.uint64)
        lanes = rows.view(np.uint16)
        lanes[:, len(self.scale) :] = 0
        lanes[:, : len(self.scale)] = self.axes.take(places, axis=0).astype(np.int16) - _LOWEST
        rows[:, -1] = np.rint(np.square(self.idf.take(places), dtype=np.float64) * _SQUARE)
        return rows

    def _nothing(self) -> NDArray[np.uint64]:
        row = np.full(-(-len(self.scale) // 4) * 4 + 4, -_LOWEST, np.uint16)
        row[-4:] = 0
        return row.view(np.uint64)

    def vectors(self, hashed: Hashed, rows: Ints) -> Floats:
        """Vectors (rows, dimensions) of the blocks with these numbers."""
        buckets, starts = hashed[self.ORDER - 1]
        self.ready(len(buckets))
        pieces, of_piece = _pieces(starts)
        some = np.flatnonzero(pieces[1:] > pieces[:-1])
        sums = np.empty((len(some), len(self._nothing())), np.uint64)
        for tile, grams, places in _tiles(pieces, some):
            np.add.reduceat(self.look_up(buckets[grams]), places, out=sums[tile])
        width = len(self.scale)
        found = np.empty((len(some), width + 1), np.float32)
        found[:, :width] = sums.view(np.uint16)[:, :width]
        found[:, :width] += np.float32(_LOWEST) * (pieces[some + 1] - pieces[some]).astype(np.float32)[:, None]
        found[:, width] = sums[:, -1] / _SQUARE
        total = np.zeros((len(starts) - 1, width + 1), np.float32)
        fresh = np.diff(of_piece[some], prepend=-1) > 0
        total[of_piece[some[fresh]]] = found[fresh]
        np.add.at(total, of_piece[some[~fresh]], found[~fresh])
        return total[rows, :width] * self.scale / np.sqrt(np.maximum(total[rows, width:], np.float32(1e-6)))


_LOWEST = -128
"""Of the numbers of a byte with a sign; so many of them, less this, add up to what sixteen bits hold."""
_PIECE = 256
_SQUARE = float(1 << 20)
"""Unit of squares of numbers in half precision between 1 and 32: they are whole in it."""


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
