"""Why a passage was found: the runs of characters that spoke most for it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from zhengwen.articles import KINDS
from zhengwen.blocks import Floats
from zhengwen.cleaning import Cleaned
from zhengwen.model import Model
from zhengwen.stages import features
from zhengwen.stages.scores import BITS
from zhengwen.stages.segment import segment

MOST = 5
_READ = 2000
"""Characters of a passage that are looked at."""
_LENGTHS = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of characters of a passage.

    text: as the features read it. shown: as it stands there, folded in width, case and digits alone.
    share: its share in the score of a kind against content.
    """

    text: str
    shown: str
    share: float


Asked = tuple[str, str]
"""A passage and the kind that it was found to be."""
Reasons = Mapping[Asked, tuple[str, ...]]


def words(model: Model, passage: str, kind: str) -> tuple[str, ...]:
    """The reasons for one passage, see `explain`."""
    return explain(model, [(passage, kind)])[passage, kind]


def explain(model: Model, asked: Iterable[Asked]) -> Reasons:
    """At most `MOST` runs of two to four characters with the greatest share in the score of ``kind`` against content.

    A character's share is that of the n-grams that hold it, each n-gram's weight spread evenly over its characters;
    a run's, the sum over its characters and places. Only what a reader sees is read, no link target; what the block's
    neighbours and its place contributed is not in it. Runs that overlap a stronger one are left out. No passage
    influences another.
    """
    each = list(dict.fromkeys(asked))
    some = [(passage, kind) for passage, kind in each if passage]
    found: dict[Asked, tuple[str, ...]] = dict.fromkeys(each, ())
    for one, runs in zip(some, _runs(model, some), strict=True):
        found[one] = tuple(run.shown for run in _best(runs, MOST))
    return found


def telling(model: Model, passage: str, kind: str, most: int, *, against: bool = False) -> list[Run]:
    """The runs of one passage that speak most for a kind, or for content against it; see `explain`."""
    if not passage:
        return []
    (runs,) = _runs(model, [(passage, kind)])
    return _best([Run(r.text, r.shown, -r.share) for r in runs] if against else runs, most)


def removed(cleaned: Iterable[Cleaned]) -> Iterator[Asked]:
    """The passages of the articles from which something goes."""
    return found(c for c in cleaned if c.removed)


def found(cleaned: Iterable[Cleaned]) -> Iterator[Asked]:
    """The passages found in articles."""
    for c in cleaned:
        for f in c.findings:
            yield c.article.text[f.start : f.end], f.kind


def _best(runs: list[Run], most: int) -> list[Run]:
    chosen: list[Run] = []
    for run in sorted(runs, key=lambda r: (r.share, r.text), reverse=True):
        if run.share <= 0 or len(chosen) == most:
            break
        if not any(run.text in c.text or c.text in run.text or _overlap(run.text, c.text) for c in chosen):
            chosen.append(run)
    return chosen


def _runs(model: Model, asked: list[Asked]) -> Iterator[list[Run]]:
    """For each passage, its runs of Han characters, letters and digits, with a Han character in each."""
    if not asked:
        return
    texts = [passage[:_READ] for passage, _ in asked]
    blocks = segment(texts)
    codes = features.encode(texts)
    stream = features.stream(codes.shown, blocks)
    seen = np.where(codes.shown > features.TAG, features.plain(codes.raw), codes.shown)
    plain = features.stream(seen, blocks).codes
    edges = stream.starts[blocks.articles]
    kinds = np.repeat([KINDS.index(kind) for _, kind in asked], np.diff(edges))
    shares = _shares(model, stream, np.append(kinds, 0))
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        folded, shown = ("".join(map(chr, part[start : end + 1].tolist())) for part in (stream.codes, plain))
        sums = np.concatenate(([0.0], np.cumsum(shares[start : end + 1])))
        total: dict[str, float] = {}
        first: dict[str, str] = {}
        for length in _LENGTHS:
            for place, share in enumerate((sums[length:] - sums[:-length]).round(6).tolist()):
                run = folded[place : place + length]
                if run.isalnum() and not run.isascii():
                    total[run] = total.get(run, 0.0) + share
                    first.setdefault(run, shown[place : place + length])
        yield [Run(text, first[text], share) for text, share in total.items()]


def _shares(model: Model, stream: features.Stream, kinds: np.ndarray) -> Floats:
    """The share of each character of the stream in the score of its passage's kind against content: float64."""
    share = np.zeros(len(stream.codes), np.float64)
    for order in features.ORDERS:
        buckets, starts = features.hashes(stream, order, BITS)
        at = features.places(stream, order, starts)
        grams = model.per_gram(buckets)
        weights = (grams[np.arange(len(at)), kinds[at]] - grams[:, 0]) / order
        for k in range(order):
            np.add.at(share, at + k, weights)
    share[stream.starts] = 0
    return share


def _overlap(one: str, other: str) -> bool:
    """Whether one ends, by two characters or more, as the other begins."""
    shortest = min(len(one), len(other))
    return any(one.endswith(other[:n]) or other.endswith(one[:n]) for n in range(_LENGTHS[0], shortest))
