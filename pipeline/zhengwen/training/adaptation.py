"""A trained model and a few corrected articles to a model that has learnt from them, without the base's training data.

What the words of a block add to its scores is fitted (`zhengwen.training.prior`). Models that were not shown a part of
the corrections give the cross-validated figures. In an article without a word that the corrections are rich in and the
base poor, next to nothing changes: that is why little is forgotten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from zhengwen.blocks import Floats, Ints
from zhengwen.errors import LabelError
from zhengwen.model import Model
from zhengwen.stages.scores import Words
from zhengwen.training.corpus import Batch, batches, word_counts
from zhengwen.training.evaluation import Tally
from zhengwen.training.labels import Labelled
from zhengwen.training.measuring import measure
from zhengwen.training.prior import correct, joined

FOLDS = 5
"""Parts of the corrections, at most, that a model each is not shown."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """What came of corrections.

    model: adapted to all of them.
    held: models that were each not shown a part of them; none if there is one article alone.
    fold_of: int64 (articles,), the part that each correction is in.
    """

    model: Model
    held: tuple[Model, ...]
    fold_of: Ints

    def tallies(self, samples: Sequence[Labelled]) -> list[Tally]:
        """The tally of each correction by a model that was not shown it; none if there is no such model."""
        found: dict[int, Tally] = {}
        for fold, model in enumerate(self.held):
            numbers = np.flatnonzero(self.fold_of == fold).tolist()
            found |= dict(zip(numbers, measure(model, [samples[n] for n in numbers]), strict=True))
        return [found[n] for n in sorted(found)]


def adapt(base: Model, samples: Sequence[Labelled], tick: Callable[[], object] = lambda: None) -> Adapted:
    """Adapts a model to corrections. Ticks `steps` times.

    Raises `LabelError` if the corrections hold nothing to learn from.
    """
    parts = batches(samples, np.arange(len(samples)))
    targets = np.concatenate([b.targets[b.labelled] for b in parts])
    if not len(targets):
        raise LabelError("the corrections hold no text to learn from")
    fold_of = _folds(samples)
    fold = fold_of[np.concatenate([b.owner[b.labelled] for b in parts])]
    alone = not fold.any()
    counts = sp.vstack([word_counts(b, np.flatnonzero(b.labelled)) for b in parts], format="csr")
    scores = np.concatenate([_scores(base, b) for b in parts])
    model = _with(base, correct(base.tagger.embedding, counts, targets, scores))
    tick()
    held = []
    for k in range(int(fold_of.max()) + 1) if not alone else ():
        some = fold != k
        held.append(_with(base, correct(base.tagger.embedding, counts[some], targets[some], scores[some])))
        tick()
    return Adapted(model, tuple(held), fold_of)


def _with(base: Model, more: Words) -> Model:
    """The base with more corrections than its own."""
    return replace(base, corrections=joined(base.corrections, more))


def steps(samples: Sequence[Labelled]) -> int:
    """Ticks of `adapt`."""
    parts = int(_folds(samples).max()) + 1
    return 1 + (parts if parts > 1 else 0)


def _folds(samples: Sequence[Labelled]) -> Ints:
    """The part that each article is in; articles of one text are in one part."""
    _, groups = np.unique([s.article.text for s in samples], return_inverse=True)
    number = int(groups.max()) + 1
    fold_of: Ints = np.random.default_rng(0).permutation(number)[groups] % min(FOLDS, number)
    return fold_of


def _scores(base: Model, batch: Batch) -> Floats:
    """The scores (labelled blocks, kinds) without new corrections."""
    scores: Floats = np.log(np.maximum(base.probabilities(batch.features), 1e-9))[batch.labelled]
    return scores
