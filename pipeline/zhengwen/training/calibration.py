"""Calibration and decoder, chosen on out-of-fold probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from zhengwen.blocks import Floats
from zhengwen.model import Model
from zhengwen.scoring import Features
from zhengwen.stages.decode import Decoder
from zhengwen.stages.scores import AS_SAID, Calibration, log_odds
from zhengwen.training.evaluation import covered

CHANGES = (0.1, 0.2, 0.3, 0.4, 0.6, 0.8)
CAUTIONS = (-1.0, -0.8, -0.6, -0.5, -0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.6)
RETENTION = 0.985
"""Least share of content that the chosen decoder must keep."""
WHOLE = 0.8
DEFAULT = Decoder(0.5, 0.0, WHOLE)
_BINS = 12
"""Bins of as many blocks of content each, and of boilerplate."""
_SLOPE = 1e-3
"""What keeps one score above another where what they mean is the same."""


@dataclass(frozen=True, slots=True)
class Held:
    """A held-out batch: its features, what the tagger says (blocks, kinds), targets and weights (blocks,)."""

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


def calibration(held: Sequence[Held]) -> Calibration:
    """The rising map of log-odds that comes nearest to what blocks are: isotonic regression (Zadrozny and Elkan, KDD
    2002), between the mean log-odds of `_BINS` bins of as many blocks each; without blocks, what changes nothing."""
    rows = [(h.targets >= 0) & h.features.blocks.readable() for h in held]
    if not any(r.any() for r in rows):
        return AS_SAID
    odds = np.concatenate([log_odds(h.probabilities[r]) for h, r in zip(held, rows, strict=True)])
    is_boilerplate = np.concatenate([h.targets[r] for h, r in zip(held, rows, strict=True)]) > 0
    order = np.argsort(odds, kind="stable")
    edges = np.unique(np.concatenate([_places(is_boilerplate[order] == k) for k in (False, True)]))
    bins = [order[a:b] for a, b in pairwise([0, *edges.tolist(), len(order)]) if b > a]
    said = np.array([odds[b].mean() for b in bins])
    share = np.array([(is_boilerplate[b].sum() + 0.5) / (len(b) + 1) for b in bins])
    share = IsotonicRegression().fit_transform(said, share, sample_weight=np.array([len(b) for b in bins]))
    said, first = np.unique(said, return_index=True)
    return Calibration(said, np.log(share[first] / (1 - share[first])) + _SLOPE * (said - said[0]))


def _places(chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Places that part the chosen ones into `_BINS` bins of as many each."""
    at = np.flatnonzero(chosen)
    places: NDArray[np.int64] = (
        at[np.linspace(0, len(at), _BINS, endpoint=False).astype(np.int64)[1:]] if len(at) else at
    )
    return places


def decoder(model: Model, held: Sequence[Held]) -> Decoder:
    """The best decoder that keeps `RETENTION` of the content. The model gives the calibration alone."""
    return best(outcomes(model, held, CAUTIONS), RETENTION)


def outcomes(model: Model, held: Sequence[Held], cautions: Sequence[float]) -> dict[Decoder, Outcome]:
    """What each decoder of a grid does. The model gives the calibration alone."""
    calibrated = [model.calibration(h.probabilities) for h in held]
    grid = [Decoder(change, caution, WHOLE) for change in CHANGES for caution in cautions]
    return {decoder: outcome(replace(model, decoder=decoder), held, calibrated) for decoder in grid}


def best(measured: Mapping[Decoder, Outcome], target: float) -> Decoder:
    """The decoder of the best value among those that keep this share of the content; if none does, the one that keeps
    most."""
    enough = [d for d, o in measured.items() if o.retention >= target]
    if not enough:
        return max(measured, key=lambda d: measured[d].retention)
    return max(enough, key=lambda d: measured[d].value)


def outcome(model: Model, held: Sequence[Held], calibrated: Sequence[Floats]) -> Outcome:
    """What the model's decoder makes of calibrated probabilities."""
    hit = left = lost = kept = 0.0
    half = passages = false = 0
    for h, probabilities in zip(held, calibrated, strict=True):
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
