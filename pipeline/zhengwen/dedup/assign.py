"""Candidates to verdicts: who stands for whom.

Articles are taken in one order: those decided before, then the longest, then the earliest, then by number. An
article is left out if it verifies against one that is kept already; its keeper is the first such. So every article
left out has a kept keeper that verifies, chains of resemblance leave nobody out, and the order of processing does
not matter.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Flags, Ints
from zhengwen.dedup.candidates import Facts, Pairs, candidates
from zhengwen.dedup.entries import carriers, shared
from zhengwen.dedup.fold import Codes
from zhengwen.dedup.sketch import GRAM, Keys
from zhengwen.dedup.verify import Likeness, Limits, Reason, Text, compare, take_samples

Fetch = Callable[[Sequence[int]], Sequence[Codes | None]]
"""The folded texts of articles, by number; None for one that cannot be had: then it stands for nobody and stays."""
_CACHED = 1 << 22
"""Code units, at most, of articles read before that are kept in memory with their 5-grams (some 50 MB)."""
_AHEAD = 64
"""Pairs for which texts are read at a time: folding a batch costs half of folding one by one."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An article that another one stands for.

    article, keeper: numbers; the keeper is kept.
    jaccard, containment: see `Likeness`; exact, from the two texts.
    """

    article: int
    keeper: int
    reason: Reason
    jaccard: float
    containment: float


def order(lengths: NDArray[np.int32], dates: Ints, fixed: Flags) -> Ints:
    """Each article's place in the order of keepers."""
    ranks = np.empty(len(lengths), np.int64)
    numbers = np.arange(len(lengths))
    ranks[np.lexsort((numbers, dates, -lengths.astype(np.int64), ~fixed))] = numbers
    return ranks


def decide(exact: Keys, facts: Facts, packed: Keys, fetch: Fetch, limits: Limits) -> list[LeftOut]:
    """The articles left out, by number.

    exact: the exact keys of the articles.
    packed: sorted entries of the articles (see `entries.entries`); those of fixed articles that nobody else
        shares may be missing.

    What is common depends on who is there; so if anything is, those of the kept articles that carry it are searched
    again, alone, until nothing more is found, and deduplicating what was deduplicated changes nothing. A pair of which
    one carries nothing common shares in every round what it shared in the first.
    """
    book = Book(fetch, limits)
    copies = _exact_copies(exact, facts)
    out = {copy: LeftOut(copy, keeper, Reason.EXACT, 1.0, 1.0) for copy, keeper in _verified(copies, book)}
    if not limits.near:
        return [out[n] for n in sorted(out)]
    alone = np.ones(len(exact), np.bool_)
    alone[list(out)] = False
    near: dict[int, LeftOut] = {}
    pairs, several = np.zeros((0, 2), np.int64), shared(packed)
    concerned = alone
    while True:
        searched = concerned.copy()
        searched[list(near)] = False
        found, common = candidates(packed, several, facts, limits, searched)
        new = _not_in(found, pairs)
        if not len(new):
            break
        pairs = np.concatenate((pairs, new))
        near = _assign(pairs, facts.ranks, book)
        if not len(common):
            break
        if concerned is alone:
            concerned = alone & carriers(several, common, len(alone))
    for copy, row in list(out.items()):
        if keeper := near.get(row.keeper):
            out[copy] = LeftOut(copy, keeper.keeper, keeper.reason, keeper.jaccard, keeper.containment)
    out |= near
    return [out[n] for n in sorted(out)]


def _exact_copies(exact: Keys, facts: Facts) -> list[tuple[int, int]]:
    """Articles with the exact key of one before them in the order, and the first of these."""
    by_key = np.lexsort((facts.ranks, exact))
    keys = exact[by_key]
    first = np.concatenate(([True], keys[1:] != keys[:-1]))[: len(keys)]
    keepers = by_key[np.flatnonzero(first)[np.cumsum(first) - 1]] if len(keys) else by_key
    copies = ~first & ~facts.fixed[by_key] & (facts.lengths[by_key] >= GRAM)
    return list(zip(by_key[copies].tolist(), keepers[copies].tolist(), strict=True))


def _verified(copies: list[tuple[int, int]], book: "Book") -> Iterator[tuple[int, int]]:
    for at in range(0, len(copies), _AHEAD):
        book.read_ahead(copies[at : at + _AHEAD])
        for copy, keeper in copies[at : at + _AHEAD]:
            likeness = book.likeness(copy, keeper)
            if likeness and likeness.same:
                yield copy, keeper


def _not_in(found: Pairs, pairs: Ints) -> Ints:
    """The found pairs (rows of two) that are not among the pairs."""
    if not len(found):
        return np.zeros((0, 2), np.int64)
    rows = np.stack((found.first, found.second), axis=1)
    seen = np.isin(rows[:, 0] << 32 | rows[:, 1], pairs[:, 0] << 32 | pairs[:, 1])
    unseen: Ints = rows[~seen]
    return unseen


def _assign(pairs: Ints, ranks: Ints, book: "Book") -> dict[int, LeftOut]:
    """Walks each connected component in the order of keepers."""
    swap = ranks[pairs[:, 0]] > ranks[pairs[:, 1]]
    keepers = np.where(swap, pairs[:, 1], pairs[:, 0])
    articles = np.where(swap, pairs[:, 0], pairs[:, 1])
    component = _components(pairs, len(ranks))[articles]
    by_component = np.lexsort((ranks[keepers], ranks[articles], component))
    rows = list(zip(articles[by_component].tolist(), keepers[by_component].tolist(), strict=True))
    out: dict[int, LeftOut] = {}
    for at in range(0, len(rows), _AHEAD):
        ahead = [(a, k) for a, k in rows[at : at + _AHEAD] if a not in out and k not in out]
        book.read_ahead(ahead)
        for article, keeper in ahead:
            if article in out or keeper in out:
                continue
            likeness = book.likeness(article, keeper)
            if likeness and (reason := book.limits.reason(likeness)):
                out[article] = LeftOut(article, keeper, reason, likeness.jaccard, likeness.containment)
    return out


def _components(pairs: Ints, articles: int) -> Ints:
    """A number for each article, the smallest of those that chains of pairs connect it with.

    In each round, every pair passes the smaller number of its two on, and every article takes the number of the article
    that it is numbered after (Shiloach and Vishkin, 1982). SciPy does the same, but takes a second to be imported.
    """
    labels: Ints = np.arange(articles)
    one, other = pairs[:, 0], pairs[:, 1]
    while (labels[one] != labels[other]).any():
        smaller = np.minimum(labels[one], labels[other])
        np.minimum.at(labels, labels[one], smaller)
        np.minimum.at(labels, labels[other], smaller)
        while (labels[labels] != labels).any():
            labels = labels[labels]
    return labels


class Book:
    """Reads texts once in a while, compares two once at most."""

    def __init__(self, fetch: Fetch, limits: Limits) -> None:
        self.limits = limits
        self._fetch = fetch
        self._texts: OrderedDict[int, Text | None] = OrderedDict()
        self._size = 0
        self._known: dict[tuple[int, int], Likeness | None] = {}

    def likeness(self, article: int, keeper: int) -> Likeness | None:
        """How alike the two are; None if not nearly enough, or if one cannot be read."""
        pair = article, keeper
        if pair not in self._known:
            if not {article, keeper} <= self._texts.keys():
                self.read_ahead([pair])
            one, other = self._texts[article], self._texts[keeper]
            self._known[pair] = compare(one, other, self.limits) if one and other else None
        return self._known[pair]

    def read_ahead(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Reads the texts that comparing the pairs needs; forgets those not used for long."""
        needed = dict.fromkeys(n for pair in pairs if pair not in self._known for n in pair)
        for number in needed:
            if number in self._texts:
                self._texts.move_to_end(number)
        missing = [n for n in needed if n not in self._texts]
        for number, codes in zip(missing, self._fetch(missing) if missing else (), strict=True):
            self._texts[number] = None if codes is None else Text(codes)
            self._size += 0 if codes is None else len(codes)
        if missing and self.limits.near:
            take_samples([t for n in missing if (t := self._texts[n])])
        while self._size > _CACHED and len(self._texts) > len(needed):
            gone = self._texts.popitem(last=False)[1]
            self._size -= len(gone.codes) if gone else 0
