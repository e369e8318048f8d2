"""Numbers for hashed n-grams, added up block by block: vectors, and scores of linear models."""

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
    """Buckets that are known, and numbers for each. terms: uint32 (terms,), sorted."""

    terms: NDArray[np.uint32]
    _tables: _Tables = field(default_factory=_Tables, init=False, repr=False, compare=False)

    def _numbers(self, places: Ints) -> NDArray[Any]:
        """The numbers of some terms: (places, columns)."""
        raise NotImplementedError

    def _nothing(self) -> NDArray[Any]:
        """The numbers of what is no term: (columns,)."""
        raise NotImplementedError

    def _frequent_first(self) -> Ints:
        """The places of all terms, those first that are looked up most: (terms,)."""
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
        order = self._frequent_first()
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
    """A linear model of TF-IDF of n-grams, over the square root of the number of a block's n-grams.

    idf: float32 (terms,). weights: float32 or, as they are stored, float16 (terms, kinds).
    """

    idf: Floats
    weights: Floats

    __getstate__ = _state

    def _numbers(self, places: Ints) -> Floats:
        """The weight for each kind, and nothing, up to what the processor fetches at once."""
        rows = np.zeros((len(places), len(self._nothing())), np.float32)
        np.multiply(self.weights.take(places, axis=0), self.idf.take(places)[:, None], out=rows[:, : self._kinds])
        return rows

    def _nothing(self) -> Floats:
        return np.zeros(-(-self._kinds // _LINE) * _LINE, np.float32)

    def _frequent_first(self) -> Ints:
        return np.argsort(self.idf, kind="stable")

    @property
    def _kinds(self) -> int:
        kinds: int = self.weights.shape[1]
        return kinds

    def logits(self, hashed: Hashed) -> Floats:
        """Scores (blocks, kinds) of each block's own words."""
        self.ready(sum(len(buckets) for buckets, _ in hashed))
        total = np.zeros((len(hashed[0][1]) - 1, self._kinds), np.float32)
        for buckets, starts in hashed:
            some = np.flatnonzero(starts[1:] > starts[:-1])
            found = np.empty((len(some), total.shape[1]), np.float32)
            for rows, grams, places in _tiles(starts, some):
                np.add.reduceat(self.per_gram(buckets[grams]), places, out=found[rows])
            total[some] += found
        return total / lengths(hashed)

    def per_gram(self, buckets: NDArray[np.uint32]) -> Floats:
        """The weight of each n-gram for each kind: (n-grams, kinds)."""
        return self.look_up(buckets)[:, : self._kinds]


def lengths(hashed: Hashed) -> Floats:
    """Square root of the number of each block's n-grams, one at least: (blocks, 1)."""
    number = sum(np.diff(starts) for _, starts in hashed)
    return np.sqrt(np.maximum(number, 1)).astype(np.float32)[:, None]


@dataclass(frozen=True, slots=True)
class Embedding(_Terms):
    """Vectors of blocks: of the n-grams that are terms, the sum of what stands for each, over the square root of their
    number.

    axes: int8 (terms, dimensions); a unit is worth scale: float32 (dimensions,).
    met: uint32 (terms,), how often labelled blocks of the training data held each.
    """

    met: NDArray[np.uint32]
    axes: NDArray[np.int8]
    scale: Floats

    __getstate__ = _state

    def _numbers(self, places: Ints) -> NDArray[np.uint64]:
        """The axes less `_LOWEST`, four in one number, sixteen bits each, so that one addition adds up four; and a
        one."""
        rows = np.empty((len(places), len(self._nothing())), np.uint64)
        lanes = rows.view(np.uint16)
        lanes[:, len(self.scale) :] = 0
        lanes[:, : len(self.scale)] = self.axes.take(places, axis=0).astype(np.int16) - _LOWEST
        rows[:, -1] = 1
        return rows

    def _nothing(self) -> NDArray[np.uint64]:
        return np.zeros(-(-len(self.scale) // 4) + 1, np.uint64)

    def _frequent_first(self) -> Ints:
        return np.argsort(self.met, kind="stable")[::-1]

    def per_gram(self, buckets: NDArray[np.uint32]) -> Floats:
        """The vector of each n-gram, nothing for what is no term: (n-grams, dimensions)."""
        rows = self.look_up(buckets)
        width = len(self.scale)
        return (rows.view(np.uint16)[:, :width] + np.float32(_LOWEST) * rows[:, -1:].astype(np.float32)) * self.scale

    def vectors(self, hashed: Hashed, rows: Ints) -> Floats:
        """Vectors (rows, dimensions) of the blocks with these numbers."""
        self.ready(sum(len(buckets) for buckets, _ in hashed))
        width = len(self.scale)
        total = np.zeros((len(hashed[0][1]) - 1, width + 1), np.float32)
        for buckets, starts in hashed:
            self._add(total, buckets, starts)
        number = total[rows, width:]
        sums = total[rows, :width] + np.float32(_LOWEST) * number
        return sums * self.scale / np.sqrt(np.maximum(number, np.float32(1)))

    def _add(self, total: Floats, buckets: NDArray[np.uint32], starts: Ints) -> None:
        """Adds up the numbers of each block's n-grams of one order: whole numbers, so that no sum is rounded."""
        pieces, of_piece, within = _pieces(starts)
        some = np.flatnonzero(pieces[1:] > pieces[:-1])
        sums = np.empty((len(some), len(self._nothing())), np.uint64)
        for tile, grams, places in _tiles(pieces, some):
            np.add.reduceat(self.look_up(buckets[grams]), places, out=sums[tile])
        width = len(self.scale)
        for piece in range(int(within.max(initial=-1)) + 1):
            chosen = within[some] == piece
            at = of_piece[some[chosen]]
            total[at, :width] += sums[chosen].view(np.uint16)[:, :width]
            total[at, width] += sums[chosen, -1]


_PIECE = 256
_LOWEST = -128
"""Of the numbers of a byte with a sign; a piece of them, less this, adds up to what sixteen bits hold."""


def _pieces(starts: Ints) -> tuple[Ints, Ints, Ints]:
    """Blocks (blocks + 1,) in pieces of at most `_PIECE` n-grams: where they begin (pieces + 1,), the block of each,
    and which of the block's it is."""
    number = np.maximum(-(-np.diff(starts) // _PIECE), 1)
    of_piece = np.repeat(np.arange(len(number)), number)
    within = np.arange(len(of_piece)) - (np.cumsum(number) - number)[of_piece]
    return np.append(starts[of_piece] + within * _PIECE, starts[-1]), of_piece, within


def softmax(logits: Floats) -> Floats:
    """Probabilities over the last axis."""
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    share: Floats = raised / raised.sum(-1, keepdims=True)
    return share


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a score means: the logarithm of the odds of boilerplate that was said, and what it should have been.

    said: float64 (knots,), rising. meant: float64 (knots,), rising; between knots a line, beyond them one of slope one.
    """

    said: Floats
    meant: Floats

    def __call__(self, probabilities: Floats) -> Floats:
        """Calibrated probabilities (rows, kinds): of boilerplate, and of each kind of it in proportion."""
        odds = log_odds(probabilities)
        inside = np.clip(odds, self.said[0], self.said[-1])
        meant = np.interp(inside, self.said, self.meant) + odds - inside
        share = 1 / (1 + np.exp(-meant))
        out = probabilities[:, 1:] * (share / np.maximum(probabilities[:, 1:].sum(1), _LEAST))[:, None]
        calibrated: Floats = np.concatenate((1 - share[:, None], out), axis=1, dtype=np.float32)
        return calibrated


AS_SAID = Calibration(np.array([-1.0, 1.0]), np.array([-1.0, 1.0]))
"""Changes nothing."""
_LEAST = 1e-7


def log_odds(probabilities: Floats) -> Floats:
    """Logarithm of the odds of boilerplate against content: float64 (rows,), from probabilities (rows, kinds)."""
    kept = np.clip(probabilities[:, 0].astype(np.float64), _LEAST, 1 - _LEAST)
    odds: Floats = np.log1p(-kept) - np.log(kept)
    return odds
