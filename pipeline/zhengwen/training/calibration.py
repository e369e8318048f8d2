"""Temperature and decoder, chosen on out-of-fold probabilities."""

from collections.abc import Sequence
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

CHANGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
CAUTIONS = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4)
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
    """The decoder of the best value (see `_value`) among those that keep at least `RETENTION` of the content.

    The model gives the temperature alone.
    """
    tempered = [temper(h.probabilities, model.temperature) for h in held]
    best, choice = -np.inf, DEFAULT
    for change in CHANGES:
        for caution in CAUTIONS:
            candidate = Decoder(change, caution, WHOLE)
            value = _value(replace(model, decoder=candidate), held, tempered)
            if value > best:
                best, choice = value, candidate
    return choice


def _value(model: Model, held: Sequence[Held], tempered: Sequence[Floats]) -> float:
    """f1 by weight, plus the share of gold passages at least half found, less the number of false ones a passage."""
    counts = np.zeros(7)
    for h, probabilities in zip(held, tempered, strict=True):
        kinds = model.decide(h.features, probabilities).kinds
        seen = np.flatnonzero((h.targets >= 0) & (h.weights > 0))
        gold, found, w = h.targets[seen] > 0, kinds[seen] > 0, h.weights[seen]
        owner = h.features.blocks.owner()[seen]
        counts[:4] += [w[a & b].sum() for a, b in ((gold, found), (gold, ~found), (~gold, found), (~gold, ~found))]
        shares = covered(gold, found, w, owner)
        counts[4:6] += (shares >= 0.5).sum(), len(shares)
        counts[6] += (covered(found, gold, w, owner) < 0.5).sum()
    hit, left, lost, kept, half, passages, false = counts.tolist()
    if kept < RETENTION * (kept + lost):
        return kept / max(kept + lost, 1) - RETENTION - 1
    passages = max(passages, 1)
    return 2 * hit / max(2 * hit + left + lost, 1) + (half - false) / passages
