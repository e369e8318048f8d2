"""Trains the tagger: embeddings of n-grams and all that reads them, at once, from whole articles.

Dropout of n-grams (Iyyer et al., ACL 2015); AdamW with a one-cycle learning rate (Smith and Topin, 2019). An embedding
moves only in steps that meet its n-gram.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from zhengwen.articles import KINDS
from zhengwen.blocks import Floats, Ints
from zhengwen.stages.scores import BITS, Embedding
from zhengwen.stages.tagger import Tagger, pieces, standardise
from zhengwen.training.adam import Adam
from zhengwen.training.recurrent import Step, fresh, gradients

UNLABELLED = -1
TERMS = 150_000
_LEAST_MET = 3
"""Times that labelled blocks must hold an n-gram to make it a term."""
DIMENSIONS = 32
UNITS = 96
EPOCHS = 8
LEAST_STEPS = 200
"""Of few articles, there are more epochs."""
TOGETHER = 24
"""Pieces of articles in a step."""
_DROP_GRAMS = 0.4
_RATE = 2e-3
_DECAY = 1e-2
_WARM_UP = 0.1
_SPREAD = 0.05
_STEPS_OF_A_BYTE = 127
_PROBED = 499
"""Articles that say what vectors lean to."""
ABSENT = -20.0
"""Score of a kind that the labels never show."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """Readable blocks of articles, or of parts of them that are read by themselves, one after the other.

    grams: uint32, buckets of n-grams, or the numbers of those that are terms, block by block.
    starts: (blocks + 1,), where each block's begin.
    columns: float32 (blocks, columns). targets: int8 (blocks,), index of `KINDS` or `UNLABELLED`.
    articles: (articles + 1,), the block at which each begins.
    """

    grams: NDArray[np.uint32]
    starts: Ints
    columns: Floats
    targets: NDArray[np.int8]
    articles: Ints

    @classmethod
    def joined(cls, parts: Sequence["Sequences"]) -> "Sequences":
        """Several as one."""
        grams, columns, targets = (
            np.concatenate([getattr(p, name) for p in parts]) for name in ("grams", "columns", "targets")
        )
        return cls(grams, _edges([p.starts for p in parts]), columns, targets, _edges([p.articles for p in parts]))


def fit_tagger(seen: Sequences, seed: int = 0) -> Tagger:
    """A tagger fitted to sequences; the same bytes for the same input, on one thread."""
    with threadpool_limits(1):
        return _fitted(seen, np.random.default_rng(seed))


def _fitted(seen: Sequences, rng: np.random.Generator) -> Tagger:
    centre, scale = seen.columns.mean(0), seen.columns.std(0) + np.float32(1e-3)
    raw, seen = seen.columns, replace(seen, columns=standardise(seen.columns, centre, scale))
    terms, met, seen = _known(seen)
    table = rng.normal(0, _SPREAD, (len(terms), DIMENSIONS)).astype(np.float32)
    layers = fresh(rng, DIMENSIONS, raw.shape[1], UNITS)
    edges = pieces(seen.articles)
    parts = np.stack((edges[:-1], edges[1:]), axis=1)[np.diff(edges) > 0]
    epochs = max(EPOCHS, -(-LEAST_STEPS // max(-(-len(parts) // TOGETHER), 1)))
    batches = [batch for _ in range(epochs) for batch in _batches(rng, parts)]
    of_layers, of_table = Adam.of(layers), Adam.of({"table": table})
    for done, batch in enumerate(batches):
        step = _step(rng, seen, batch)
        if (step.targets == UNLABELLED).all():
            continue
        by_layer, by_term = gradients(rng, layers, table[step.met], step)
        rate = _rate(done, len(batches))
        of_layers.move(layers, by_layer, rate, _DECAY)
        of_table.move_some(table, by_term, step.met, rate)
    absent = np.bincount(seen.targets[seen.targets >= 0], minlength=len(KINDS)) == 0
    layers["output"][:, absent] = layers["direct"][:, absent] = 0
    layers["output_bias"][absent] = ABSENT
    nothing = np.zeros_like(layers["direct"])
    fitted = Tagger(_stored(terms, met, table), centre, scale, **layers, leaning=nothing)
    return replace(fitted, leaning=_leaning(fitted, replace(seen, columns=raw)))


def _known(seen: Sequences) -> tuple[NDArray[np.uint32], NDArray[np.uint32], Sequences]:
    """The buckets that become terms, how often labelled blocks hold each, and the sequences with numbers of terms in
    place of buckets."""
    size = np.diff(seen.starts)
    met = np.bincount(seen.grams[np.repeat(seen.targets != UNLABELLED, size)], minlength=1 << BITS)
    terms = np.sort(np.argsort(-met, kind="stable")[:TERMS])
    terms = terms[met[terms] >= _LEAST_MET]
    number = np.full(1 << BITS, len(terms), np.uint32)
    number[terms] = np.arange(len(terms))
    grams = number[seen.grams]
    is_known = grams < len(terms)
    fewer = replace(seen, grams=grams[is_known], starts=np.concatenate(([0], np.cumsum(is_known)))[seen.starts])
    return terms.astype(np.uint32), met[terms].astype(np.uint32), fewer


def _stored(terms: NDArray[np.uint32], met: NDArray[np.uint32], table: Floats) -> Embedding:
    """The embedding as it will be stored, a byte a number."""
    unit = (np.abs(table).max(0, initial=0) / _STEPS_OF_A_BYTE + 1e-12).astype(np.float32)
    return Embedding(terms, met, np.rint(table / unit).astype(np.int8), unit)


def _leaning(tagger: Tagger, seen: Sequences) -> Floats:
    """The linear map from vectors to scores (dimensions, kinds) of least squares over the first articles."""
    articles = seen.articles[: _PROBED + 1]
    rows = int(articles[-1])
    counts = _counts(seen.grams[: seen.starts[rows]], seen.starts[: rows + 1], len(tagger.embedding.terms))
    vectors = counts @ (tagger.embedding.axes * tagger.embedding.scale)
    scores = tagger.logits(vectors, seen.columns[:rows], articles)
    known = np.hstack((vectors, np.ones((rows, 1), np.float32)))
    leaning: Floats = np.linalg.lstsq(known, scores, rcond=None)[0][:-1].astype(np.float32)
    return leaning


def _batches(rng: np.random.Generator, parts: Ints) -> list[Ints]:
    """All pieces (first block, end) in random order, `TOGETHER` at a time, those of a step of like length."""
    pool = 16 * TOGETHER
    order = rng.permutation(len(parts))
    out = []
    for start in range(0, len(order), pool):
        part = parts[order[start : start + pool]]
        part = part[np.argsort(part[:, 0] - part[:, 1], kind="stable")]
        out += [part[i : i + TOGETHER] for i in range(0, len(part), TOGETHER)]
    return [out[n] for n in rng.permutation(len(out)).tolist()]


def _step(rng: np.random.Generator, seen: Sequences, parts: Ints) -> Step:
    sizes = parts[:, 1] - parts[:, 0]
    firsts = np.concatenate(([0], np.cumsum(sizes)))
    rows = np.repeat(parts[:, 0] - firsts[:-1], sizes) + np.arange(firsts[-1])
    number = np.diff(seen.starts)[rows]
    ends = np.cumsum(number)
    grams = seen.grams[np.repeat(seen.starts[rows] - ends + number, number) + np.arange(number.sum())]
    kept = rng.random(len(grams), np.float32) >= _DROP_GRAMS
    starts = np.concatenate(([0], np.cumsum(kept)))[np.concatenate(([0], ends))]
    met, place = np.unique(grams[kept], return_inverse=True)
    at = np.arange(int(sizes.max()))[:, None]
    ways = (firsts[:-1] + at, firsts[1:] - 1 - at)
    order = np.stack([np.where(at < sizes, way, len(rows)) for way in ways], axis=1)
    return Step(_counts(place, starts, len(met)), met, seen.columns[rows], seen.targets[rows], order)


def _counts(terms: NDArray[np.integer[Any]], starts: Ints, width: int) -> sp.csr_matrix:
    """How often each block holds each term, over the square root of the number of its terms: (blocks, terms)."""
    number = np.diff(starts)
    values = np.repeat((1 / np.sqrt(np.maximum(number, 1))).astype(np.float32), number)
    return sp.csr_matrix((values, terms.astype(np.int32), starts.astype(np.int32)), (len(number), width))


def _edges(parts: Sequence[Ints]) -> Ints:
    """Beginnings of all, from the beginnings and the end of each of several parts."""
    offsets = np.cumsum([0, *(int(p[-1]) for p in parts)])
    begun = [p[:-1] + offset for p, offset in zip(parts, offsets[:-1].tolist(), strict=True)]
    return np.concatenate([*begun, offsets[-1:]])


def _rate(done: int, steps: int) -> float:
    """A line up to `_RATE`, then half a cosine down to nothing."""
    share = done / steps
    if share < _WARM_UP:
        return _RATE * share / _WARM_UP
    return float(_RATE * 0.5 * (1 + np.cos(np.pi * (share - _WARM_UP) / (1 - _WARM_UP))))
