"""Grouped cross-validation of the whole way, from text to findings, and the final fit."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import GroupKFold

from zhengwen.articles import BOILERPLATE, KINDS, Span
from zhengwen.blocks import Ints
from zhengwen.cleaning import Cleaner
from zhengwen.errors import LabelError
from zhengwen.model import Model
from zhengwen.training.calibration import DEFAULT, Held, decoder, temperature
from zhengwen.training.corpus import Batch, batches
from zhengwen.training.evaluation import Figures, Tally, figures, tally
from zhengwen.training.fit import STEPS, Tick, fit
from zhengwen.training.labels import Labelled

FOLDS = 4


@dataclass(frozen=True, slots=True)
class Trained:
    """A model fitted on all samples, and what the cross-validation found.

    tallies, predicted: by number of the sample, for those labelled as a whole.
    """

    model: Model
    figures: Figures
    tallies: dict[int, Tally]
    predicted: dict[int, tuple[Span, ...]]


def steps(folds: int = FOLDS) -> int:
    """Number of ticks of `train`."""
    return (folds + 1) * STEPS


def train(samples: Sequence[Labelled], *, jobs: int, tick: Tick, folds: int = FOLDS) -> Trained:
    """Cross-validates by source, then fits on everything.

    Temperature and decoder of a fold are chosen on the other folds' held-out scores; those of the final model on all.
    """
    names, groups = np.unique([s.source for s in samples], return_inverse=True)
    if len(names) < folds:
        raise LabelError(f"the labels have {len(names)} sources; training needs {folds} at least, see the field source")
    whole = np.array([s.window is None for s in samples])
    if not whole.any():
        raise LabelError("the labels cover windows only; training needs articles labelled as a whole too")
    numbers = _folds(groups, folds)
    parts = [[batches(samples, fold[whole[fold]]), batches(samples, fold[~whole[fold]])] for fold in numbers]
    models: list[Model] = []
    held: list[list[Held]] = []
    for k in range(folds):
        inside = [b for other in range(folds) if other != k for part in parts[other] for b in part]
        models.append(Model(*fit(inside, groups, jobs=jobs, tick=tick), DEFAULT, {}))
        held.append([_held(models[k], b) for b in parts[k][0]])
    tallies: dict[int, Tally] = {}
    predicted: dict[int, tuple[Span, ...]] = {}
    for k, model in enumerate(models):
        chosen = choose(model, [h for other in range(folds) if other != k for h in held[other]])
        for n in numbers[k][whole[numbers[k]]].tolist():
            predicted[n] = predict(chosen, samples[n])
            tallies[n] = tally(samples[n].article.text, samples[n].spans, predicted[n])
    everything = [b for kinds in parts for part in kinds for b in part]
    final = Model(*fit(everything, groups, jobs=jobs, tick=tick), DEFAULT, {})
    final = choose(final, [h for part in held for h in part])
    result = figures([tallies[n] for n in sorted(tallies)])
    return Trained(replace(final, card=_card(samples, len(names), result, folds)), result, tallies, predicted)


def _folds(groups: Ints, folds: int) -> list[Ints]:
    """Numbers of the articles of each fold; a source is in one fold only."""
    split = GroupKFold(folds, shuffle=True, random_state=0).split(groups, groups=groups)
    return [np.sort(numbers) for _, numbers in split]


def _held(model: Model, batch: Batch) -> Held:
    return Held(batch.features, model.probabilities(batch.features), batch.targets, batch.weights)


def choose(model: Model, held: Sequence[Held]) -> Model:
    """The model with the temperature and the decoder that suit held-out scores."""
    tempered = replace(model, networks=replace(model.networks, temperature=temperature(held)))
    return replace(tempered, decoder=decoder(tempered, held))


def predict(model: Model, sample: Labelled) -> tuple[Span, ...]:
    """All kinds of findings in an article, as spans."""
    (cleaned,) = Cleaner(model, BOILERPLATE).clean([sample.article])
    return tuple((f.start, f.end, f.kind) for f in cleaned.findings)


def _card(samples: Sequence[Labelled], sources: int, result: Figures, folds: int) -> dict[str, object]:
    windows = sum(s.window is not None for s in samples)
    return {
        "trained": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "data": {
            "articles": len(samples) - windows,
            "windows": windows,
            "sources": sources,
            "characters": sum(len(s.article.text) for s in samples),
            "spans": {k: sum(span[2] == k for s in samples for span in s.spans) for k in KINDS[1:]},
        },
        "cross_validation": {
            "folds": folds,
            "grouped_by": "source",
            **{name: round(value, 4) for name, value in result.as_dict().items()},
        },
    }
