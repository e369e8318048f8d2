"""Probabilities to kinds: what is boilerplate in each article, then of which kind (Viterbi, 1967, for both)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Flags, Floats, Ints

Kinds = NDArray[np.uint8]
_KIND = 0.7
"""Logarithm of the odds against a change of kind within a run of boilerplate."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """How probabilities become decisions.

    Whether a block is boilerplate is asked of the sum of its kinds, so that a doubt between two kinds is none about
    that; which kind it is, is asked within each run of boilerplate.

    change: logarithm of the odds against a change between content and boilerplate from one block to the next; 0 decides
        each block alone.
    caution: added to the logarithm of the probability of content; above 0 removes less.
    whole: share of boilerplate in an article's weight from which, if half of it is promotion at least, the article is
        an advertisement as a whole.
    """

    change: float
    caution: float
    whole: float

    def kinds(self, probabilities: Floats, starts: Ints) -> Kinds:
        """The kind (index of `KINDS`) of each row; ``starts`` (articles + 1,) says where articles begin in the rows."""
        both = np.stack((probabilities[:, 0], probabilities[:, 1:].sum(1)), axis=1)
        scores = np.log(np.maximum(both, 1e-6))
        scores[:, 0] += self.caution
        edge = np.zeros(len(scores) + 1, np.bool_)
        edge[starts] = True
        found = self._found(scores, edge)
        out = np.zeros(len(scores), np.uint8)
        begins = found & (edge[:-1] | ~np.append(False, found[:-1]))
        runs = np.append(np.flatnonzero(begins[found]), np.count_nonzero(found))
        out[found] = 1 + _viterbi(np.log(np.maximum(probabilities[found, 1:], 1e-6)), runs, _KIND)
        return out

    def _found(self, scores: Floats, edge: Flags) -> Flags:
        """Which rows are boilerplate, from scores (rows, 2) of content and boilerplate, in the best sequence of each
        article. A row whose content leads by more than two changes can cost is content in every best sequence; so
        the search is for the runs of other rows between such rows alone."""
        if self.change <= 0:
            alone: Flags = scores[:, 1] > scores[:, 0]
            return alone
        found = np.zeros(len(scores), np.bool_)
        open_ = scores[:, 0] - scores[:, 1] <= 2 * self.change
        follows = np.append(False, open_[:-1]) & ~edge[:-1]
        continues = np.append(open_[1:], False) & ~edge[1:]
        first, last = np.flatnonzero(open_ & ~follows), np.flatnonzero(open_ & ~continues)
        bounded = scores[open_]
        row = np.cumsum(open_) - 1
        bounded[row[first], 1] -= self.change * ~edge[first]
        bounded[row[last], 1] -= self.change * ~edge[last + 1]
        found[open_] = _viterbi(bounded, np.append(row[first], len(bounded)), self.change) > 0
        return found


def _viterbi(scores: Floats, starts: Ints, change: float) -> Kinds:
    """The best state of each row of scores (rows, states): all sequences at once, a step for each place in the longest
    of them. ``starts`` (sequences + 1,)."""
    lengths = np.diff(starts)
    order = np.argsort(-lengths, kind="stable")
    first, lengths = starts[:-1][order], lengths[order]
    out = np.zeros(len(scores), np.uint8)
    longest = int(lengths.max(initial=0))
    if not longest:
        return out
    active = np.searchsorted(-lengths, -np.arange(longest), side="left")
    states = np.arange(scores.shape[1], dtype=np.uint8)
    back = np.zeros(scores.shape, np.uint8)
    best = scores[first[: active[0]]]
    for step in range(1, longest):
        n = active[step]
        rows = first[:n] + step
        top = best[:n].argmax(1)
        moved = best[np.arange(n), top][:, None] - change
        stay = best[:n] >= moved
        back[rows] = np.where(stay, states, top[:, None])
        best[:n] = np.where(stay, best[:n], moved) + scores[rows]
    state = best.argmax(1).astype(np.uint8)
    for step in range(longest - 1, -1, -1):
        n = active[step]
        rows = first[:n] + step
        out[rows] = state[:n]
        state[:n] = back[rows, state[:n]]
    return out


def bridge(kinds: Kinds, silent: NDArray[np.bool_], owner: Ints) -> Kinds:
    """Gives blocks that say nothing the kind of their neighbours, where the nearest on both sides in the same article
    agree, and content elsewhere."""
    n = len(kinds)
    row = np.arange(n)
    before = np.maximum.accumulate(np.where(silent, -1, row))
    after = np.minimum.accumulate(np.where(silent, n, row)[::-1])[::-1]
    inside = (before >= 0) & (after < n)
    left, right = np.maximum(before, 0), np.minimum(after, max(n - 1, 0))
    agree = inside & (owner[left] == owner) & (owner[right] == owner) & (kinds[left] == kinds[right])
    return np.where(silent, np.where(agree, kinds[left], 0), kinds).astype(np.uint8)


def passages(kinds: Kinds, owner: Ints) -> tuple[Ints, Ints]:
    """First row and end of each run of boilerplate of one kind within an article."""
    if not len(kinds):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    change = np.concatenate(([True], (kinds[1:] != kinds[:-1]) | (owner[1:] != owner[:-1])))
    starts = np.flatnonzero(change)
    ends = np.append(starts[1:], len(kinds))
    found = kinds[starts] > 0
    return starts[found], ends[found]
