"""Grouped cross-validation of the whole way, from text to findings, and the final fit."""

import datetime
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import GroupKFold

from zhengwen.articles import BOILERPLATE, KINDS, Span
from zhengwen.blocks import Ints
from zhengwen.cleaning import Cleaner
from zhengwen.errors import LabelError
from zhengwen.model import Model
from zhengwen.stages.scores import AS_SAID
from zhengwen.training.calibration import DEFAULT, Held, calibration, decoder
from zhengwen.training.corpus import Batch, batches
from zhengwen.training.evaluation import Figures, Tally, figures, tally
from zhengwen.training.fit import Tick, fit_each
from zhengwen.training.labels import Labelled
from zhengwen.training.levels import levels

FOLDS = 4


@dataclass(frozen=True, slots=True)
class Validation:
    """What the cross-validation found.

    tallies, predicted: by number of the sample, for those labelled as a whole.
    held: out-of-fold scores of those.
    parts: all batches, fold by fold.
    models: the model of each fold, with the calibration and the decoder chosen on the others.
    everything: a model that learnt from all folds, not calibrated, if it was asked for.
    """

    tallies: dict[int, Tally]
    predicted: dict[int, tuple[Span, ...]]
    held: list[Held]
    parts: list[list[Batch]]
    models: list[Model]
    everything: Model | None

    @property
    def figures(self) -> Figures:
        """Figures over all samples labelled as a whole."""
        return figures([self.tallies[n] for n in sorted(self.tallies)])


def cross_validate(
    samples: Sequence[Labelled], *, jobs: int, tick: Tick, folds: int = FOLDS, also_all: bool = False
) -> Validation:
    """Predicts every sample labelled as a whole with a model that saw no sample of its source.

    Calibration and decoder of a fold are chosen on the other folds' held-out scores. Ticks ``folds`` times, once more
    if a model that learns from all folds is fitted too.
    """
    numbers = split(samples, folds)
    if not any(s.spans for s in samples):
        raise LabelError("the labels mark nothing; training needs passages of boilerplate to learn from")
    whole = np.array([s.windows is None for s in samples])
    if not whole.any():
        raise LabelError("the labels cover windows only; training needs articles labelled as a whole too")
    parts = [(batches(samples, fold[whole[fold]]), batches(samples, fold[~whole[fold]])) for fold in numbers]
    everything = [[*one, *rest] for one, rest in parts]
    fitted, held = held_out(everything, [one for one, _ in parts], jobs=jobs, tick=tick, also_all=also_all)
    models = fitted[:folds]
    others = [[h for other in range(folds) if other != k for h in held[other]] for k in range(folds)]
    chosen = [choose(model, seen) for model, seen in zip(models, others, strict=True)]
    predicted: dict[int, tuple[Span, ...]] = {}
    for k, model in enumerate(chosen):
        for n in numbers[k][whole[numbers[k]]].tolist():
            predicted[n] = predict(model, samples[n])
    tallies = {n: tally(samples[n].article.text, samples[n].spans, spans) for n, spans in predicted.items()}
    final = fitted[folds] if also_all else None
    return Validation(tallies, predicted, [h for part in held for h in part], everything, chosen, final)


def held_out(
    learnt: Sequence[Sequence[Batch]],
    seen: Sequence[Sequence[Batch]],
    *,
    jobs: int,
    tick: Tick,
    also_all: bool = False,
) -> tuple[list[Model], list[list[Held]]]:
    """For each fold a model that learnt from the other folds' batches, and what it makes of those seen in its own;
    after these, if asked for, a model that learnt from all."""
    folds = range(len(learnt))
    choices = [[other for other in folds if other != k] for k in folds] + ([list(folds)] if also_all else [])
    models = [Model(t, AS_SAID, DEFAULT, {}) for t in fit_each(learnt, choices, jobs=jobs, tick=tick)]
    return models, [[_held(models[k], b) for b in seen[k]] for k in folds]


def train(samples: Sequence[Labelled], *, jobs: int, tick: Tick) -> tuple[Model, Validation]:
    """Cross-validates, then fits on everything, with calibration and decoder from all held-out scores.

    Ticks `STEPS_OF_TRAINING` times.
    """
    validation = cross_validate(samples, jobs=jobs, tick=tick, also_all=True)
    final = validation.everything
    assert final is not None
    chosen = choose(final, validation.held)
    card = _card(samples, validation.figures)
    return replace(chosen, levels=levels(chosen, validation.held), card=card), validation


def folds_by_source(samples: Sequence[Labelled], folds: int) -> list[list[int]]:
    """Numbers of the samples of each fold of `cross_validate`."""
    return [fold.tolist() for fold in split(samples, folds)]


STEPS_OF_TRAINING = FOLDS + 1


def split(samples: Sequence[Labelled], folds: int) -> list[Ints]:
    """Numbers of the articles of each fold; a source is in one fold only.

    The name of a source alone says in which, so figures stay comparable when sources are added. Where that leaves a
    fold with less than half of its share of the articles, as few sources may, they are dealt out evenly instead.
    """
    names, groups = np.unique([s.source for s in samples], return_inverse=True)
    if len(names) < folds:
        raise LabelError(f"the labels have {len(names)} sources; training needs {folds} at least, see the field source")
    fold = np.array([zlib.crc32(name.encode("utf-8", "surrogatepass")) % folds for name in names.tolist()])[groups]
    if np.bincount(fold, minlength=folds).min() >= len(samples) / folds / 2:
        return [np.flatnonzero(fold == k) for k in range(folds)]
    chosen = GroupKFold(folds, shuffle=True, random_state=0).split(groups, groups=groups)
    return [np.sort(numbers) for _, numbers in chosen]


def _held(model: Model, batch: Batch) -> Held:
    return Held(batch.features, model.probabilities(batch.features), batch.targets, batch.weights)


def choose(model: Model, held: Sequence[Held]) -> Model:
    """The model with the calibration and the decoder that suit held-out scores."""
    calibrated = replace(model, calibration=calibration(held))
    return replace(calibrated, decoder=decoder(calibrated, held))


def predict(model: Model, sample: Labelled) -> tuple[Span, ...]:
    """All kinds of findings in an article, as spans."""
    (cleaned,) = Cleaner(model, BOILERPLATE).clean([sample.article])
    return tuple((f.start, f.end, f.kind) for f in cleaned.findings)


def _card(samples: Sequence[Labelled], result: Figures) -> dict[str, object]:
    return {
        "trained": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "data": {
            "articles": sum(s.windows is None for s in samples),
            "windows": sum(len(s.windows or ()) for s in samples),
            "sources": len({s.source for s in samples}),
            "characters": sum(len(s.article.text) for s in samples),
            "spans": {k: sum(span[2] == k for s in samples for span in s.spans) for k in KINDS[1:]},
        },
        "cross_validation": {
            "folds": FOLDS,
            "grouped_by": "source",
            **{name: round(value, 4) for name, value in result.as_dict().items()},
        },
    }
