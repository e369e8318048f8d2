"""Why a passage was found: the runs of characters that spoke most for it."""

import numpy as np

from zhengwen.articles import KINDS
from zhengwen.blocks import Floats
from zhengwen.model import Model
from zhengwen.stages import features
from zhengwen.stages.scores import BITS
from zhengwen.stages.segment import segment

MOST = 5
_READ = 2000
"""Characters of a passage that are looked at."""
_LENGTHS = (2, 3, 4)


def words(model: Model, passage: str, kind: str) -> tuple[str, ...]:
    """At most `MOST` runs of two to four characters with the greatest share in the score of ``kind`` against content.

    A character's share is that of the n-grams that hold it, each n-gram's weight spread evenly over its characters;
    a run's, the sum over its characters and places. Only what a reader sees is read, no link target; what the block's
    neighbours and its place contributed is not in it. Runs that overlap a stronger one are left out.
    """
    if not passage:
        return ()
    best = sorted(
        ((share, run) for run, share in _runs(model, passage[:_READ], KINDS.index(kind)).items()), reverse=True
    )
    chosen: list[str] = []
    for share, run in best:
        if share <= 0 or len(chosen) == MOST:
            break
        if not any(run in c or c in run or _overlap(run, c) for c in chosen):
            chosen.append(run)
    return tuple(chosen)


def _runs(model: Model, text: str, kind: int) -> dict[str, float]:
    """Share of each run of Han characters, letters and digits, with a Han character in it at least."""
    stream = features.stream(features.encode([text]).shown, segment([text]))
    folded = "".join(map(chr, stream.codes.tolist()))
    sums = np.concatenate(([0.0], np.cumsum(_shares(model, stream, kind), dtype=np.float64)))
    total: dict[str, float] = {}
    for length in _LENGTHS:
        for place, share in enumerate((sums[length:] - sums[:-length]).tolist()):
            run = folded[place : place + length]
            if run.isalnum() and not run.isascii():
                total[run] = total.get(run, 0.0) + round(share, 6)
    return total


def _shares(model: Model, stream: features.Stream, kind: int) -> Floats:
    """The share of each character of the stream in the score of the kind against content."""
    share = np.zeros(len(stream.codes), np.float64)
    for order in features.ORDERS:
        buckets, starts = features.hashes(stream, order, BITS)
        offset = stream.starts[:-1] + (order == 1) - starts[:-1]
        at = np.arange(len(buckets)) + np.repeat(offset, np.diff(starts))
        grams = model.words.per_gram(buckets)
        weights = (grams[:, kind] - grams[:, 0]) / order
        for k in range(order):
            np.add.at(share, at + k, weights)
    return share


def _overlap(one: str, other: str) -> bool:
    """Whether one ends, by two characters or more, as the other begins."""
    shortest = min(len(one), len(other))
    return any(one.endswith(other[:n]) or other.endswith(one[:n]) for n in range(_LENGTHS[0], shortest))
