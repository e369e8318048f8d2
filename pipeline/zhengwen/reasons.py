"""Why a passage was found: the words that spoke most for it."""

from collections import Counter
from collections.abc import Iterable
from functools import cache

import numpy as np

from zhengwen.articles import KINDS
from zhengwen.blocks import Floats
from zhengwen.model import Model
from zhengwen.stages import features
from zhengwen.stages.segment import segment

MOST = 5
_READ = 2000
"""Characters of a passage that are looked at."""


def words(model: Model, passage: str, kind: str) -> tuple[str, ...]:
    """At most `MOST` words (jieba's) with the greatest share in the score of ``kind`` against content.

    A word's share is the sum over its characters; a character's, that of the n-grams that hold it, each n-gram's weight
    spread evenly over its characters. Only the block's own words: what its neighbours contributed is not in it.
    """
    text = passage[:_READ]
    if not text:
        return ()
    codes = features.encode([text])
    stream = features.stream(codes, segment(text))
    share = _shares(model, stream, KINDS.index(kind))
    folded = "".join(map(chr, stream.codes.tolist()))
    total: Counter[str] = Counter()
    place = 0
    for word in _cut(folded):
        if len(word) > 1 and word.isalnum():
            total[word] += float(share[place : place + len(word)].sum())  # type: ignore[assignment]
        place += len(word)
    return tuple(word for word, value in total.most_common(MOST) if value > 0)


def _shares(model: Model, stream: features.Stream, kind: int) -> Floats:
    """The share of each character of the stream in the score of the kind against content."""
    weights = model.words.weights
    share = np.zeros(len(stream.codes), np.float32)
    for order in features.ORDERS:
        buckets, starts = features.hashes(stream, order, model.words.bits)
        lengths = np.diff(starts)
        offset = stream.starts[:-1] + (order == 1) - starts[:-1]
        at = np.arange(len(buckets)) + np.repeat(offset, lengths)
        value = (weights[buckets, kind] - weights[buckets, 0]) / order
        for k in range(order):
            np.add.at(share, at + k, value)
    return share


@cache
def _cutter() -> "tuple[object, bool]":
    """rjieba, which cuts as jieba does at ten times its speed, or jieba itself."""
    try:
        import rjieba
    except ImportError:
        import logging

        import jieba

        jieba.setLogLevel(logging.WARNING)
        return jieba, False
    return rjieba, True


def _cut(text: str) -> Iterable[str]:
    cutter, fast = _cutter()
    return cutter.cut(text, False) if fast else cutter.cut(text, HMM=False)  # type: ignore[attr-defined,no-any-return]
