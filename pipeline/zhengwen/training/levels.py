"""The decoders of the levels, chosen on out-of-fold probabilities."""

from collections.abc import Mapping, Sequence

from zhengwen.levels import LEVELS
from zhengwen.model import Model
from zhengwen.stages.decode import Decoder
from zhengwen.training.calibration import Held, best, outcomes

CAUTIONS = (-0.8, -0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0)


def levels(model: Model, held: Sequence[Held], targets: Mapping[str, float] = LEVELS) -> dict[str, Decoder]:
    """For each level the best decoder that keeps its share of the content. The model gives the calibration alone."""
    measured = outcomes(model, held, CAUTIONS)
    return {name: best(measured, target) for name, target in targets.items()}
