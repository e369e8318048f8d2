"""Articles to probabilities: features, words, and two networks of which the second reads what the first made of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import KINDS, Article
from zhengwen.blocks import Blocks, Flags, Floats, Ints
from zhengwen.stages import features
from zhengwen.stages.scores import BITS, Embedding, Network, Words
from zhengwen.stages.segment import segment

IMAGE_WEIGHT = 10
"""A picture weighs as much as this many letters."""
CERTAIN = 0.98
"""What the first network holds for content with this probability, the second is not asked about."""
_LEAST = 1e-5


@dataclass(frozen=True, slots=True)
class Features:
    """Everything about a batch of articles that the classifier reads.

    hashed: buckets of n-grams by order, see `zhengwen.stages.features.hashes`.
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
    weights[~blocks.readable()] = 0
    words = features.unrolled(features.stream(codes.folded, blocks), blocks)
    hashed = [features.hashes(words, order, BITS) for order in features.ORDERS]
    return Features(blocks, hashed, columns, weights.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Scorer:
    """Three stages: each block's words; what stands around it and what it is about; the same, seen a second time.

    first, second: networks over `first_rows` and `second_rows`.
    """

    words: Words
    embedding: Embedding
    first: Network
    second: Network

    def probabilities(self, found: Features, own: Floats | None = None) -> Floats:
        """Probabilities (blocks, kinds), not calibrated; certain content for blocks that carry no decision.

        own: word scores (blocks, kinds) in place of those of the scorer's words.
        """
        own = self.words.logits(found.hashed) if own is None else own
        rows = first_rows(own, self.embedding, found)
        seen = self.first.probabilities(rows)
        doubt = np.flatnonzero(seen[:, 0] < CERTAIN)
        if len(doubt):
            seen[doubt] = self.second.probabilities(second_rows(seen, rows, found, doubt))
        return spread(seen, found)


def first_rows(own: Floats, embedding: Embedding, found: Features) -> Floats:
    """Rows (readable blocks, features) of the first network, from the words' scores (blocks, kinds)."""
    vectors = embedding.vectors(found.hashed, np.flatnonzero(found.blocks.readable()))
    return features.context(own, found.structure, found.blocks, features.meaning(vectors, found.blocks))


def second_rows(seen: Floats, rows: Floats, found: Features, at: Ints) -> Floats:
    """Rows (rows, features) of the second network, for some of the readable blocks: the context of what the first one
    made of all (readable blocks, kinds), and the scores of the words, with which the first one's ``rows`` begin."""
    logits = np.log(np.maximum(spread(seen, found), np.float32(_LEAST)))
    return features.context(logits, found.structure, found.blocks, rows[at, : 2 * len(KINDS)], at)


def spread(seen: Floats, found: Features) -> Floats:
    """Probabilities (readable blocks, kinds) among all blocks (blocks, kinds), the others certain content."""
    out = np.zeros((len(found.blocks), len(KINDS)), np.float32)
    out[:, 0] = 1
    out[found.blocks.readable()] = seen
    return out
