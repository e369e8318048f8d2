"""Labels that had better be looked at before they teach: contradictions, and disagreement with held-out models."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import KINDS, letters
from zhengwen.blocks import Floats
from zhengwen.training.adaptation import Adapted
from zhengwen.training.corpus import Batch, batches
from zhengwen.training.labels import Labelled

SHORTEST = 8
"""Letters, at least, of a text whose labels may contradict each other: short ones mean this here and that there."""
_FEW = 5
"""Blocks of a kind from which on their own mean tells how sure a model is where it is right."""
_SURE = 0.9


@dataclass(frozen=True, slots=True)
class Labelling:
    """A passage with its label: a span of ``sample``'s text, and its kind."""

    sample: Labelled
    start: int
    end: int
    kind: str

    @property
    def text(self) -> str:
        """The passage."""
        return self.sample.article.text[self.start : self.end]

    @property
    def place(self) -> str:
        """File and line of the labels, the article's id, and the passage's line in the article."""
        line = self.sample.article.text.count("\n", 0, self.start) + 1
        return f"{self.sample.place}, {self.sample.article.name}:{line}"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One text under two labels."""

    one: Labelling
    other: Labelling


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label that models disagree with that were not shown it.

    opinion: the kind that they give it. score: the probability that they give that kind; own: that of the label.
    """

    labelling: Labelling
    opinion: str
    score: float
    own: float


def contradictions(samples: Sequence[Labelled]) -> list[Contradiction]:
    """Blocks of the same letters whose labels differ, each rarer label against the most frequent one."""
    by_text: dict[str, dict[str, Labelling]] = defaultdict(dict)
    count: dict[tuple[str, str], int] = defaultdict(int)
    for batch in batches(samples, np.arange(len(samples))):
        for labelling in _blocks(samples, batch):
            said = letters(labelling.text)
            if len(said) >= SHORTEST:
                by_text[said].setdefault(labelling.kind, labelling)
                count[said, labelling.kind] += 1
    found = []
    for said, kinds in by_text.items():
        common = max(kinds, key=lambda kind: (count[said, kind], kind))
        found += [Contradiction(kinds[kind], kinds[common]) for kind in kinds if kind != common]
    return found


def _blocks(samples: Sequence[Labelled], batch: Batch) -> Iterator[Labelling]:
    """The labelled blocks of a batch."""
    for number, sample in enumerate(samples[n] for n in batch.articles.tolist()):
        rows, bounds = _article(batch, number)
        for row in np.flatnonzero(batch.labelled[rows]).tolist():
            yield _labelling(sample, bounds[row], bounds[row + 1], int(batch.targets[rows][row]))


def suspects(adapted: Adapted, samples: Sequence[Labelled]) -> list[Suspect]:
    """Passages whose label the models that were not shown it contradict with confidence, the surest first.

    Confident learning (Northcutt et al., JAIR 2021): a model is confident of a kind if its probability is at least the
    mean of those blocks that are labelled so. None if there are too few articles to hold some out.
    """
    parts = [
        (batch, model.probabilities(batch.features))
        for fold, model in enumerate(adapted.held)
        for batch in batches(samples, np.flatnonzero(adapted.fold_of == fold))
    ]
    if not parts:
        return []
    thresholds = _thresholds(parts)
    found = [s for batch, shares in parts for s in _of_batch(samples, batch, shares, thresholds)]
    return sorted(found, key=lambda s: (s.own - s.score, s.labelling.place))


def _thresholds(parts: Sequence[tuple[Batch, Floats]]) -> NDArray[np.float64]:
    """The probability of each kind from which on a model is confident of it."""
    shares = np.concatenate([p[b.labelled] for b, p in parts])
    targets = np.concatenate([b.targets[b.labelled] for b, _ in parts])
    own = [shares[targets == kind, kind] for kind in range(len(KINDS))]
    return np.array([float(o.mean()) if len(o) >= _FEW else _SURE for o in own])


def _of_batch(
    samples: Sequence[Labelled], batch: Batch, shares: Floats, thresholds: NDArray[np.float64]
) -> Iterator[Suspect]:
    confident = np.where(shares >= thresholds, shares, 0)
    opinions = np.where(confident.max(1) > 0, confident.argmax(1), batch.targets)
    opinions = np.where(batch.labelled & (batch.weights > 0), opinions, batch.targets)
    for number, sample in enumerate(samples[n] for n in batch.articles.tolist()):
        rows, bounds = _article(batch, number)
        targets, mine, given = batch.targets[rows], opinions[rows], shares[rows]
        weights = batch.weights[rows] + 1e-3
        for first, end in _runs(np.where(mine == targets, -1, mine * len(KINDS) + targets)):
            label, opinion = int(targets[first]), int(mine[first])
            mean = np.average(given[first:end], axis=0, weights=weights[first:end])
            labelling = _labelling(sample, bounds[first], bounds[end], label)
            yield Suspect(labelling, KINDS[opinion], float(mean[opinion]), float(mean[label]))


def _article(batch: Batch, number: int) -> tuple[slice, list[int]]:
    """The rows of an article of a batch, and the bounds of its blocks in its text."""
    blocks = batch.features.blocks
    first, end = blocks.articles[number], blocks.articles[number + 1]
    return slice(first, end), (blocks.bounds[first : end + 1] - blocks.bounds[first]).tolist()


def _runs(keys: NDArray[np.int64]) -> Iterable[tuple[int, int]]:
    """First and end of each run of one key, less those of a negative one."""
    edges = np.flatnonzero(np.diff(np.concatenate(([-1], keys, [-1]))))
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return [(a, b) for a, b in pairs if keys[a] >= 0]


def _labelling(sample: Labelled, start: int, end: int, kind: int) -> Labelling:
    said = sample.article.text[start:end]
    first = start + len(said) - len(said.lstrip())
    return Labelling(sample, first, max(first, start + len(said.rstrip())), KINDS[kind])
