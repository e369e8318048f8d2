"""A trained model and a few corrected articles to a model that has learnt from them, without the base's training data.

The words are adapted first (`zhengwen.training.prior`), so that what stands around a block is seen anew; what comes
after them stays as it is; then what the words of a block add to its last scores is fitted. As in the training of the
base, the second fit reads scores of articles that the words were not adapted on; so each part of the corrections has
a model that never saw it, and those models give the cross-validated figures. In an article without a word that the
corrections are rich in and the base poor, next to nothing changes: that is why little is forgotten.
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
from zhengwen.training.prior import adapt_words, correct, joined

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
    words = adapt_words(base.scorer.words, counts, targets)
    tick()
    partial = [words]
    if not alone:
        partial = [
            _ticked(adapt_words(base.scorer.words, counts[fold != k], targets[fold != k]), tick)
            for k in range(int(fold_of.max()) + 1)
        ]
    scores = np.concatenate([_scores(base, b, partial, fold_of) for b in parts])
    model = _with(base, words, correct(words, counts, targets, scores))
    tick()
    held = []
    for k, seen in enumerate(partial) if not alone else ():
        some = fold != k
        more = _ticked(correct(seen, counts[some], targets[some], scores[some]), tick)
        held.append(_with(base, seen, more))
    return Adapted(model, tuple(held), fold_of)


def _with(base: Model, words: Words, more: Words) -> Model:
    """The base with other words, and more corrections than its own."""
    return replace(base, scorer=replace(base.scorer, words=words), corrections=joined(base.corrections, more))


def steps(samples: Sequence[Labelled]) -> int:
    """Ticks of `adapt`."""
    parts = int(_folds(samples).max()) + 1
    return 2 + (2 * parts if parts > 1 else 0)


def _ticked(words: Words, tick: Callable[[], object]) -> Words:
    tick()
    return words


def _folds(samples: Sequence[Labelled]) -> Ints:
    """The part that each article is in; articles of one text are in one part."""
    _, groups = np.unique([s.article.text for s in samples], return_inverse=True)
    number = int(groups.max()) + 1
    fold_of: Ints = np.random.default_rng(0).permutation(number)[groups] % min(FOLDS, number)
    return fold_of


def _scores(base: Model, batch: Batch, partial: Sequence[Words], fold_of: Ints) -> Floats:
    """The last scores (labelled blocks, kinds) without new corrections, each article's word scores from the words that
    were not adapted on it."""
    found = batch.features
    folds = fold_of[batch.owner] if len(partial) > 1 else np.zeros(len(batch.owner), np.int64)
    logits = np.zeros((len(found.blocks), len(base.words.bias)), np.float32)
    for k in np.unique(folds).tolist():
        logits[folds == k] = partial[k].logits(found.hashed)[folds == k]
    scores: Floats = np.log(np.maximum(base.probabilities(found, logits), 1e-9))[batch.labelled]
    return scores
