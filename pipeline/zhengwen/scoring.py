"""Articles to probabilities: features, and the tagger that reads them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import KINDS, Article
from zhengwen.blocks import Blocks, Flags, Floats, Ints
from zhengwen.stages import features
from zhengwen.stages.scores import BITS
from zhengwen.stages.segment import segment
from zhengwen.stages.tagger import Tagger

IMAGE_WEIGHT = 10
"""A picture weighs as much as this many letters."""


@dataclass(frozen=True, slots=True)
class Features:
    """Everything about a batch of articles that the classifier reads.

    hashed: buckets of n-grams by order, of blocks that carry a decision, see `zhengwen.stages.features.hashes`.
    structure: named columns of float32 (blocks,).
    weights: float32 (blocks,), letters, digits and Han characters, and `IMAGE_WEIGHT` a picture; 0 in front matter.
    """

    blocks: Blocks
    hashed: list[tuple[NDArray[np.uint32], Ints]]
    structure: dict[str, Floats]
    weights: Floats

    @property
    def silent(self) -> Flags:
        """Blocks that hold nothing to decide about."""
        weightless: Flags = self.weights == 0
        return weightless


def featurise(articles: Sequence[Article]) -> Features:
    """Segments a batch of articles and computes their features."""
    blocks = segment([a.text for a in articles])
    codes = features.encode([a.text for a in articles])
    columns = features.structure(codes, features.stream(codes.shown, blocks), blocks)
    weights = np.rint(np.expm1(columns["letters"])) + IMAGE_WEIGHT * features.count(blocks, codes.images)
    readable = blocks.readable()
    weights[~readable] = 0
    words = features.stream(codes.folded, blocks)
    hashed = [features.hashes(words, order, BITS, readable) for order in features.ORDERS]
    return Features(blocks, hashed, columns, weights.astype(np.float32))


def score(tagger: Tagger, found: Features) -> Floats:
    """Probabilities (blocks, kinds), not calibrated; certain content for blocks that carry no decision."""
    readable = found.blocks.readable()
    rows = np.flatnonzero(readable)
    articles = np.concatenate(([0], np.cumsum(readable)))[found.blocks.articles]
    out = np.zeros((len(found.blocks), len(KINDS)), np.float32)
    out[:, 0] = 1
    out[rows] = tagger.probabilities(found.hashed, columns(found, rows), rows, articles)
    return out


def columns(found: Features, rows: Ints) -> Floats:
    """Structure (rows, columns) of the blocks with these numbers, as the tagger reads it."""
    return np.array([column.take(rows) for column in found.structure.values()], np.float32).T
