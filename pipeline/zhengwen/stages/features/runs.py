"""Runs, neighbours and windows over the rows of a batch, article by article.

Running sums are whole numbers (exact in double precision), so that a row never depends on what stands before its
article in the batch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Flags, Floats, Ints

_FIXED_POINT = 2.0**24
Rows = slice | Ints
"""Rows that are asked for."""
EVERY = slice(None)


@dataclass(frozen=True, slots=True)
class Runs:
    """Consecutive rows with the same key: the row at which each run begins, its length, and the run of each row."""

    starts: Ints
    lengths: Ints
    of_row: Ints

    @classmethod
    def split(cls, change: Flags) -> "Runs":
        """Runs that begin at the rows marked."""
        starts = np.flatnonzero(change)
        return cls(starts, np.diff(np.append(starts, len(change))), np.cumsum(change) - 1)

    @property
    def first(self) -> Ints:
        """Of each row, where its run begins."""
        return self.starts[self.of_row]

    @property
    def stop(self) -> Ints:
        """Of each row, where its run ends."""
        return (self.starts + self.lengths)[self.of_row]

    def mean(self, rows: Floats, at: Rows = EVERY) -> Floats:
        """Of the rows chosen, the mean over each one's run."""
        means: Floats = np.add.reduceat(rows, self.starts) / self.lengths[:, None].astype(np.float32)
        return means[self.of_row[at]]

    def maximum(self, rows: Floats, at: Rows = EVERY) -> Floats:
        """Of the rows chosen, the greatest values of each one's run."""
        highest: Floats = np.maximum.reduceat(rows, self.starts)
        return highest[self.of_row[at]]


def changes(keys: NDArray[np.generic]) -> Flags:
    """Where a key is not that of the row before."""
    return np.concatenate(([True], keys[1:] != keys[:-1]))


def shifted(rows: Floats, by: int, owner: Ints, at: Rows = EVERY) -> Floats:
    """Of the rows chosen, the row ``by`` places further on (back if negative) in the same article, or zeros."""
    if at is EVERY:
        return _moved(rows, by, owner)
    here = np.arange(len(rows))[at]
    there = np.clip(here + by, 0, len(rows) - 1)
    inside = (owner[there] == owner[here]) & (there == here + by)
    chosen: Floats = rows[there] * inside[:, None]
    return chosen


def _moved(rows: Floats, by: int, owner: Ints) -> Floats:
    moved = np.zeros_like(rows)
    if abs(by) >= len(rows):
        return moved
    here, there = (slice(None, -by), slice(by, None)) if by > 0 else (slice(-by, None), slice(None, by))
    moved[here] = rows[there] * (owner[here] == owner[there])[:, None]
    return moved


class Windows:
    """Means of rows (rows, columns) over windows around those chosen; windows end where an article does."""

    def __init__(self, rows: Floats, articles: Runs, at: Rows = EVERY) -> None:
        self._sums = np.zeros((len(rows) + 1, rows.shape[1]))
        np.cumsum(np.rint(rows * np.float32(_FIXED_POINT)), 0, out=self._sums[1:])
        self._row = np.arange(len(rows))[at]
        self._first, self._stop = articles.first[at], articles.stop[at]

    def before(self, size: int) -> Floats:
        """Over as many rows before each."""
        return self._mean(self._row - size, self._row)

    def after(self, size: int) -> Floats:
        """Over as many rows after each."""
        return self._mean(self._row + 1, self._row + 1 + size)

    def all_before(self) -> Floats:
        """Over all rows of the article before each."""
        return self._mean(self._first, self._row)

    def all_after(self) -> Floats:
        """Over all rows of the article after each."""
        return self._mean(self._row + 1, self._stop)

    def whole(self) -> Floats:
        """Over the whole article."""
        return self._mean(self._first, self._stop)

    def _mean(self, begin: Ints, end: Ints) -> Floats:
        begin, end = np.maximum(begin, self._first), np.minimum(end, self._stop)
        means = self._sums.take(end, axis=0)
        means -= self._sums.take(begin, axis=0)
        means /= (np.maximum(end - begin, 1) * _FIXED_POINT)[:, None]
        out: Floats = means.astype(np.float32)
        return out
