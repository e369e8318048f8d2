"""The figures of quality: what a reader sees of right and wrong removals.

A letter, digit or Han character weighs 1, a picture 10; white space, punctuation, link targets and front matter
weigh nothing. All figures are shares of that weight unless they say passages or articles.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import KINDS, Span

_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)|<img\b[^>]*>", re.I)
_LINK_TARGET = re.compile(r"\]\([^)]*\)|<[^>]+>|https?://[^\s)>\]）】」]+")
_FRONT_MATTER = re.compile(r"\A\ufeff?---\r?\n.*?\r?\n---\r?(?:\n|\Z)", re.S)
_IMAGE_WEIGHT = 10
WHOLE_ADVERT = 0.8
"""Share of boilerplate from which an article is an advertisement as a whole."""


def weights(text: str) -> NDArray[np.int64]:
    """Weight of each character (characters,)."""
    letters = np.array(text, dtype=np.str_).reshape(1).view("<U1") if text else np.zeros(0, "<U1")
    w = np.zeros(len(text), np.int64)
    w[: len(letters)] = np.strings.isalnum(letters)
    for match in _LINK_TARGET.finditer(text):
        w[match.start() : match.end()] = 0
    for match in _IMAGE.finditer(text):
        w[match.start() : match.end()] = 0
        w[match.start()] = _IMAGE_WEIGHT
    if front := _FRONT_MATTER.match(text):
        w[: front.end()] = 0
    return w


def paint(length: int, spans: Iterable[Span]) -> NDArray[np.uint8]:
    """Kind of each character (length,), index of `KINDS`; later spans win."""
    kinds = np.zeros(length, np.uint8)
    for start, end, kind in spans:
        kinds[max(0, start) : min(length, end)] = KINDS.index(kind)
    return kinds


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one article: weights by outcome, and passages.

    found, kept, lost, left: boilerplate removed, content kept, content removed, boilerplate kept.
    kind: boilerplate removed under its right kind.
    passages, met, false: gold passages, those at least half removed, removed passages that are mostly content.
    gold, predicted: weight of each kind (4,) marked in gold, and predicted; hit: gold weight of each kind removed.
    right: predicted weight of each kind that is that kind in gold.
    """

    found: int
    kept: int
    lost: int
    left: int
    kind: int
    passages: int
    met: int
    false: int
    gold: tuple[int, ...]
    hit: tuple[int, ...]
    predicted: tuple[int, ...]
    right: tuple[int, ...]

    @property
    def whole_advert(self) -> bool:
        """At least `WHOLE_ADVERT` of it is boilerplate."""
        total = self.found + self.left + self.lost + self.kept
        return total > 0 and self.found + self.left >= WHOLE_ADVERT * total


def tally(text: str, gold: Iterable[Span], predicted: Iterable[Span]) -> Tally:
    """Compares predicted spans with gold ones on one article."""
    w = weights(text)
    seen = np.flatnonzero(w)
    w = w[seen]
    g, p = paint(len(text), gold)[seen], paint(len(text), predicted)[seen]
    halves = covered(g > 0, p > 0, w)
    wrong = covered(p > 0, g > 0, w)

    def weigh(flags: NDArray[np.bool_]) -> int:
        return int(w[flags].sum())

    def by_kind(flags: NDArray[np.bool_], kinds: NDArray[np.uint8]) -> tuple[int, ...]:
        return tuple(np.bincount(kinds[flags], w[flags], minlength=len(KINDS))[1:].astype(int).tolist())

    return Tally(
        found=weigh((g > 0) & (p > 0)),
        kept=weigh((g == 0) & (p == 0)),
        lost=weigh((g == 0) & (p > 0)),
        left=weigh((g > 0) & (p == 0)),
        kind=weigh((g > 0) & (p == g)),
        passages=len(halves),
        met=int((halves >= 0.5).sum()),
        false=int((wrong < 0.5).sum()),
        gold=by_kind(g > 0, g),
        hit=by_kind(p > 0, g),
        predicted=by_kind(p > 0, p),
        right=by_kind(p == g, g),
    )


def covered(
    marks: NDArray[np.bool_], other: NDArray[np.bool_], w: NDArray[Any], owner: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Of each run of marks, the share of its weight that the other marks cover; runs end with their ``owner``."""
    if not marks.any():
        return np.zeros(0)
    edge = marks[1:] != marks[:-1]
    if owner is not None:
        edge |= owner[1:] != owner[:-1]
    change = np.flatnonzero(np.concatenate(([True], edge)))
    shares: NDArray[np.float64] = np.add.reduceat(w * other, change) / np.add.reduceat(w, change)
    return shares[marks[change]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures over articles; see the module for the weights.

    precision, recall, f1: of removed weight against boilerplate. retention: content kept. kind: right kind given.
    intact: articles that lost at most 0.5 % of their content. clean: left with at most 5 % of their boilerplate.
    passages: boilerplate passages at least half removed. false_100: mostly-content passages removed, per 100 articles.
    mixed_f1: f1 without whole advertisements. adverts: whole advertisements at least 80 % removed.
    """

    documents: int
    precision: float
    recall: float
    f1: float
    retention: float
    kind: float
    intact: float
    clean: float
    passages: float
    false_100: float
    mixed_f1: float
    adverts: float

    def as_dict(self) -> dict[str, float]:
        """Names and values, in order."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def figures(tallies: Sequence[Tally]) -> Figures:
    """Sums the tallies up."""
    found, kept, lost, left, kind, passages, met, false = (
        sum(getattr(t, name) for t in tallies)
        for name in ("found", "kept", "lost", "left", "kind", "passages", "met", "false")
    )
    adverts = [t for t in tallies if t.whole_advert]
    return Figures(
        documents=len(tallies),
        precision=_ratio(found, found + lost),
        recall=_ratio(found, found + left),
        f1=_f1(tallies),
        retention=_ratio(kept, kept + lost),
        kind=_ratio(kind, found),
        intact=_ratio(sum(t.lost <= 0.005 * (t.kept + t.lost) for t in tallies), len(tallies)),
        clean=_ratio(sum(t.left <= 0.05 * (t.found + t.left) for t in tallies), len(tallies)),
        passages=_ratio(met, passages),
        false_100=100 * false / max(1, len(tallies)),
        mixed_f1=_f1([t for t in tallies if not t.whole_advert]),
        adverts=_ratio(sum(t.found >= 0.8 * (t.found + t.left) for t in adverts), len(adverts)),
    )


def _f1(tallies: Sequence[Tally]) -> float:
    found, wrong = sum(t.found for t in tallies), sum(t.lost + t.left for t in tallies)
    return _ratio(2 * found, 2 * found + wrong)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


def kind_figures(tallies: Sequence[Tally]) -> dict[str, dict[str, float]]:
    """For each kind: its gold weight; ``precision``, of what was given this kind, the part that has it; ``recall``, of
    its weight, the part removed under any kind."""
    out = {}
    for k, name in enumerate(KINDS[1:]):
        gold, hit, predicted, right = (
            sum(getattr(t, column)[k] for t in tallies) for column in ("gold", "hit", "predicted", "right")
        )
        out[name] = {"weight": gold, "precision": _ratio(right, predicted), "recall": _ratio(hit, gold)}
    return out
