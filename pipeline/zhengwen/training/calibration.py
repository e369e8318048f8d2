"""Temperature and decoder, chosen on out-of-fold probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from zhengwen.blocks import Floats
from zhengwen.model import Model
from zhengwen.scoring import Features
from zhengwen.stages.decode import Decoder
from zhengwen.stages.scores import temper
from zhengwen.training.evaluation import covered

CHANGES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
CAUTIONS = (-0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
RETENTION = 0.98
"""Least share of content that the chosen decoder must keep."""
WHOLE = 0.8
DEFAULT = Decoder(0.5, 0.0, WHOLE)


@dataclass(frozen=True, slots=True)
class Held:
    """A held-out batch: its features, untempered probabilities (blocks, kinds), targets and weights (blocks,)."""

    features: Features
    probabilities: Floats
    targets: NDArray[np.int8]
    weights: Floats


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
        """What is weighed against each other where retention allows, whatever the level."""
        return self.f1 + self.passages - self.false


def temperature(held: Sequence[Held]) -> float:
    """The temperature of least log loss (Guo et al., ICML 2017)."""
    rows = [(h.targets >= 0) & h.features.blocks.readable() for h in held]
    probabilities = np.concatenate([h.probabilities[r] for h, r in zip(held, rows, strict=True)])
    targets = np.concatenate([h.targets[r] for h, r in zip(held, rows, strict=True)])

    def loss(log_temperature: float) -> float:
        tempered = temper(probabilities, float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(tempered[np.arange(len(targets)), targets], 1e-9)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-1, 1), method="bounded").x))


def decoder(model: Model, held: Sequence[Held]) -> Decoder:
    """The best decoder that keeps `RETENTION` of the content. The model gives the temperature alone."""
    return best(outcomes(model, held, CAUTIONS), RETENTION)


def outcomes(model: Model, held: Sequence[Held], cautions: Sequence[float]) -> dict[Decoder, Outcome]:
    """What each decoder of a grid does. The model gives the temperature alone."""
    tempered = [temper(h.probabilities, model.temperature) for h in held]
    grid = [Decoder(change, caution, WHOLE) for change in CHANGES for caution in cautions]
    return {decoder: outcome(replace(model, decoder=decoder), held, tempered) for decoder in grid}


def best(measured: Mapping[Decoder, Outcome], target: float) -> Decoder:
    """The decoder of the best value among those that keep this share of the content; if none does, the one that keeps
    most."""
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
