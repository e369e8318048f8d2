"""The labelled articles that come with zhengwen: what a model must not lose."""

from functools import cache
from pathlib import Path

from zhengwen.training.labels import Labelled, read_labels

_PACKED = Path(__file__).parents[1] / "samples" / "labelled"
_CHECKOUT = Path(__file__).parents[3] / "samples" / "labelled"


@cache
def reference() -> tuple[Labelled, ...]:
    """The samples, of an installed package or of a checkout."""
    return tuple(read_labels([_PACKED if _PACKED.is_dir() else _CHECKOUT]))
