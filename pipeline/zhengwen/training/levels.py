"""The decoders of the levels, chosen on out-of-fold probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zhengwen.blocks import Floats
from zhengwen.levels import LEVELS
from zhengwen.model import Model
from zhengwen.stages.decode import Decoder
from zhengwen.stages.scores import temper
from zhengwen.training.calibration import CHANGES, WHOLE, Held
from zhengwen.training.evaluation import covered

CAUTIONS = (-0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decoder does on held-out articles, block by block.

    retention: share of the content's weight that it keeps. f1: by weight. passages: share of the gold passages at
    least half found. false: removed passages that are mostly content, for each gold passage.
    """

    retention: float
    f1: float
    passages: float
    false: float

    @property
    def value(self) -> float:
        """What is weighed against each other where retention allows, as for the decoder without a level."""
        return self.f1 + self.passages - self.false


def levels(model: Model, held: Sequence[Held], targets: Mapping[str, float] = LEVELS) -> dict[str, Decoder]:
    """For each level the decoder of the best value among those that keep its share of the content; if none does, the
    one that keeps most. The model gives the temperature alone."""
    measured = outcomes(model, held)
    return {name: _best(measured, target) for name, target in targets.items()}


def outcomes(model: Model, held: Sequence[Held]) -> dict[Decoder, Outcome]:
    """What each decoder of a grid does."""
    tempered = [temper(h.probabilities, model.temperature) for h in held]
    grid = [Decoder(change, caution, WHOLE) for change in CHANGES for caution in CAUTIONS]
    return {decoder: outcome(replace(model, decoder=decoder), held, tempered) for decoder in grid}


def _best(measured: Mapping[Decoder, Outcome], target: float) -> Decoder:
    enough = [d for d, o in measured.items() if o.retention >= target]
    if not enough:
        return max(measured, key=lambda d: measured[d].retention)
    return max(enough, key=lambda d: measured[d].value)


def outcome(model: Model, held: Sequence[Held], tempered: Sequence[Floats]) -> Outcome:
    """What the model's decoder makes of calibrated probabilities."""
    hit = left = lost = kept = 0.0
    half = passages = false = 0
    for h, probabilities in zip(held, tempered, strict=True):
        kinds = model.decide(h.features, probabilities).kinds
        seen = np.flatnonzero((h.targets >= 0) & (h.weights > 0))
        gold, found, w = h.targets[seen] > 0, kinds[seen] > 0, h.weights[seen]
        owner = h.features.blocks.owner()[seen]
        hit, left = hit + float(w[gold & found].sum()), left + float(w[gold & ~found].sum())
        lost, kept = lost + float(w[~gold & found].sum()), kept + float(w[~gold & ~found].sum())
        shares = covered(gold, found, w, owner)
        half, passages = half + int((shares >= 0.5).sum()), passages + len(shares)
        false += int((covered(found, gold, w, owner) < 0.5).sum())
    f1 = 2 * hit / max(2 * hit + left + lost, 1)
    return Outcome(kept / max(kept + lost, 1), f1, half / max(passages, 1), false / max(passages, 1))
