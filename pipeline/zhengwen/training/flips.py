"""What a new model would do otherwise: passages that change their fate, from kept to removed or back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import KINDS, Article, Span
from zhengwen.blocks import Floats
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.model import Reading
from zhengwen.training.evaluation import paint

_BATCH = 64


@dataclass(frozen=True, slots=True)
class Flip:
    """A passage that changes its fate.

    before, after: its kind; `content` where it is kept.
    scores: probability that it is boilerplate, 0 to 1, by the model before and by the new one.
    weight: letters, digits and Han characters, and 10 a picture.
    """

    article: Article
    start: int
    end: int
    before: str
    after: str
    scores: tuple[float, float]
    weight: float

    @property
    def size(self) -> float:
        """How much changes: the change of the score times the length."""
        return abs(self.scores[1] - self.scores[0]) * self.weight

    @property
    def text(self) -> str:
        """The passage."""
        return self.article.text[self.start : self.end]


def flips(
    before: Cleaner, after: Cleaner, articles: Sequence[tuple[Article, tuple[Span, ...] | None]]
) -> Iterator[Flip]:
    """The passages that change their fate in articles, each with the spans that went before, if that is recorded."""
    for start in range(0, len(articles), _BATCH):
        yield from _of_batch(before, after, articles[start : start + _BATCH])


def worst(found: Iterable[Flip]) -> list[Flip]:
    """Flips by size, the largest first."""
    return sorted(found, key=lambda f: (-f.size, f.article.name, f.start))


def _of_batch(
    before: Cleaner, after: Cleaner, articles: Sequence[tuple[Article, tuple[Span, ...] | None]]
) -> Iterator[Flip]:
    unknown = [a for a, spans in articles if spans is None]
    cleaned = iter(before.clean(unknown))
    olds = [_spans(next(cleaned)) if spans is None else spans for _, spans in articles]
    news = [_spans(c) for c in after.clean([a for a, _ in articles])]
    changed = [
        (article, runs)
        for (article, _), old, new in zip(articles, olds, news, strict=True)
        if old != new and (runs := list(_runs(article, old, new)))
    ]
    if not changed:
        return
    readings = [c.model.read([article for article, _ in changed]) for c in (before, after)]
    for number, (_, runs) in enumerate(changed):
        bounds = readings[0].blocks.article(number).bounds
        shares, weights = [_shares(r, number) for r in readings], _weights(readings[0], number)
        for flip in runs:
            inside = slice(
                int(np.searchsorted(bounds, flip.start, side="right")) - 1, int(np.searchsorted(bounds, flip.end))
            )
            w = weights[inside] + 1e-3
            one, two = (float(np.average(s[inside], weights=w)) for s in shares)
            yield replace(flip, scores=(one, two), weight=float(weights[inside].sum()))


def _spans(cleaned: Cleaned) -> tuple[Span, ...]:
    """What goes: of an advertisement as a whole, which is kept as it is, nothing."""
    return () if cleaned.advert else tuple((f.start, f.end, f.kind) for f in cleaned.findings)


def _runs(article: Article, old: Sequence[Span], new: Sequence[Span]) -> Iterator[Flip]:
    """The parts of a text that one of the two removes and the other keeps, of one kind each, without white space."""
    text = article.text
    kinds = [paint(len(text), spans) for spans in (old, new)]
    differ = (kinds[0] > 0) != (kinds[1] > 0)
    key = np.where(differ, kinds[0].astype(np.int64) * len(KINDS) + kinds[1], 0)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], key, [0]))))
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        said = text[start:end]
        if key[start] and any(map(str.isalnum, said)):
            first = start + len(said) - len(said.lstrip())
            one, two = KINDS[kinds[0][start]], KINDS[kinds[1][start]]
            yield Flip(article, first, start + len(said.rstrip()), one, two, (0, 0), 0)


def _shares(reading: Reading, number: int) -> Floats:
    """Of each block of an article, the probability that it is boilerplate."""
    rows = slice(reading.blocks.articles[number], reading.blocks.articles[number + 1])
    share: Floats = 1 - reading.probabilities[rows, 0]
    return share


def _weights(reading: Reading, number: int) -> NDArray[np.float32]:
    weights: NDArray[np.float32] = reading.features.weights[
        reading.blocks.articles[number] : reading.blocks.articles[number + 1]
    ]
    return weights
