"""Why a passage was found: the runs of characters that spoke most for it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import KINDS
from zhengwen.blocks import Flags, Floats
from zhengwen.model import Model
from zhengwen.stages import features
from zhengwen.stages.scores import BITS
from zhengwen.stages.segment import segment

MOST = 5
_READ = 2000
"""Characters of a passage that are looked at."""
_LENGTHS = (2, 3, 4)
_WIDEST = np.uint64(16)
_AT_ONCE = 50
"""Runs that become strings together: the best ones overlap each other."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of characters of a passage.

    text: as the features read it. shown: as it stands there, folded in width, case and digits alone.
    share: its share in the score of a kind against content.
    """

    text: str
    shown: str
    share: float


def words(model: Model, passage: str, kind: str) -> tuple[str, ...]:
    """At most `MOST` runs of two to four characters with the greatest share in the score of ``kind`` against content.

    A character's share is that of the n-grams that hold it, each n-gram's weight spread evenly over its characters;
    a run's, the sum over its characters and places. Only what a reader sees is read, no link target; what the block's
    neighbours and its place contributed is not in it. Runs that overlap a stronger one are left out.
    """
    return tuple(run.shown for run in telling(model, passage, kind, MOST))


def telling(model: Model, passage: str, kind: str, most: int, *, against: bool = False) -> list[Run]:
    """The runs that speak most for a kind, or for content against it; see `words`."""
    chosen: list[Run] = []
    if not passage:
        return chosen
    for run in _runs(model, passage[:_READ], KINDS.index(kind), against=against):
        if len(chosen) == most:
            break
        if not any(run.text in c.text or c.text in run.text or _overlap(run.text, c.text) for c in chosen):
            chosen.append(run)
    return chosen


def _runs(model: Model, text: str, kind: int, *, against: bool) -> Iterator[Run]:
    """Runs of Han characters, letters and digits, with one at least that is not ASCII; the strongest first."""
    blocks = segment([text])
    codes = features.encode([text])
    stream = features.stream(codes.shown, blocks)
    seen = np.where(codes.shown > features.TAG, features.plain(codes.raw), codes.shown)
    plain = features.stream(seen, blocks).codes
    sums = np.concatenate(([0.0], np.cumsum(_shares(model, stream, kind), dtype=np.float64)))
    sums = -sums if against else sums
    letters, wide = _letters(stream.codes), stream.codes >= 0x80
    found = [_of_length(stream.codes, sums, letters, wide, length) for length in _LENGTHS]
    share, place, size = (np.concatenate(parts) for parts in zip(*found, strict=True))
    good = np.flatnonzero(share > 0)
    order = good[np.argsort(-share[good], kind="stable")]
    for start in range(0, len(order), _AT_ONCE):
        for n in order[start : start + _AT_ONCE].tolist():
            run = slice(place[n], place[n] + size[n])
            yield Run(_text(stream.codes[run]), _text(plain[run]), float(share[n]) * (-1 if against else 1))


def _text(codes: NDArray[np.uint32]) -> str:
    return "".join(map(chr, codes.tolist()))


def _letters(codes: NDArray[np.uint32]) -> Flags:
    """Which codes are letters or digits; those beyond the basic plane are none, since runs are told apart by 16 bits a
    character."""
    kinds, where = np.unique(codes, return_inverse=True)
    letters: Flags = np.array([code <= 0xFFFF and chr(code).isalnum() for code in kinds.tolist()], np.bool_)[where]
    return letters


def _of_length(
    codes: NDArray[np.uint32], sums: Floats, letters: Flags, wide: Flags, length: int
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Of each different run of a length: its share over all places, the first place, the length."""
    count = max(len(codes) - length + 1, 0)
    fits, han = np.ones(count, np.bool_), np.zeros(count, np.bool_)
    key = np.zeros(count, np.uint64)
    for k in range(length):
        fits &= letters[k : count + k]
        han |= wide[k : count + k]
        key = key << _WIDEST | codes[k : count + k]
    at = np.flatnonzero(fits & han)
    if not len(at):
        return np.zeros(0), at, at
    _, first, which = np.unique(key[at], return_index=True, return_inverse=True)
    share = np.bincount(which, np.round(sums[at + length] - sums[at], 6))
    return share.astype(np.float64), at[first].astype(np.int64), np.full(len(first), length, np.int64)


def _shares(model: Model, stream: features.Stream, kind: int) -> Floats:
    """The share of each character of the stream in the score of the kind against content."""
    share = np.zeros(len(stream.codes), np.float64)
    for order in features.ORDERS:
        buckets, starts = features.hashes(stream, order, BITS)
        at = features.places(stream, order, starts)
        grams = model.words.per_gram(buckets)
        weights = (grams[:, kind] - grams[:, 0]) / order
        for k in range(order):
            share += np.bincount(at + k, weights, minlength=len(share))
    return share


def _overlap(one: str, other: str) -> bool:
    """Whether one ends, by two characters or more, as the other begins."""
    shortest = min(len(one), len(other))
    return any(one.endswith(other[:n]) or other.endswith(one[:n]) for n in range(_LENGTHS[0], shortest))
