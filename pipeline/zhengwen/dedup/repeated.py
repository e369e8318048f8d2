"""Lines that many articles carry: footers, headers of series, pleas that no model knows yet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from zhengwen.blocks import Ints
from zhengwen.dedup.fold import DROPPED, Codes, fold_units, split
from zhengwen.dedup.sketch import Keys, mixed

LEAST = 6
"""Letters and digits of a line from which on its repetition is counted."""
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t>]*\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_BREAK = re.compile(r"\r\n|\n|\r")
_UNIT = re.compile(r"[\n\r]")
_BASE = 0x9E3779B97F4A7C15
_FIRST, _LAST = 0x4E00, 0x9FFF
"""The ideographs of the basic plane that are in use."""
_WAITING = 1 << 20
"""Lines that are counted at a time."""
MOST = 1 << 21
"""Different lines that are remembered."""
_COUNT = np.dtype(
    [
        ("hash", "<u8"),
        *((n, "<i4") for n in ("articles", "sources", "first", "last", "first_source", "last_source", "missed")),
    ]
)
Counts = np.ndarray[tuple[int], np.dtype[np.void]]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A line that several articles carry.

    fingerprint: 64-bit hash of the folded line.
    articles: how many carry it, once and more.
    sources: of how many sources these are.
    first, last: numbers of the first and of the last of them.
    """

    fingerprint: int
    articles: int
    sources: int
    first: int
    last: int


def fingerprints(texts: Sequence[str]) -> tuple[Keys, Ints, Ints]:
    """The hashes of the lines (uint64, (lines,)), the letters of each, and the article that each stands in.

    Front matter and what stands in code fences has none.
    """
    encoded = [_encoded(_body(t)) for t in texts]
    raw = np.frombuffer(b"".join(encoded), dtype="<u2")
    breaks, hashes, lengths = _hashed(raw)
    owner = np.searchsorted(np.cumsum([len(e) // 2 for e in encoded]), breaks, side="right")
    return hashes, lengths, owner


def lines_at(texts: Sequence[str], starts: Ints) -> tuple[Keys, Ints, Ints]:
    """The hash, the letters and, among these, the ideographs of the lines that hold the sorted places: code points of
    the texts end to end. The same line has the same hash as in `fingerprints`."""
    raw = np.frombuffer(_encoded("\n".join(texts) + "\n"), dtype="<u2")
    breaks, hashes, lengths = _hashed(raw)
    ideographs = np.append(0, np.cumsum((raw >= _FIRST) & (raw <= _LAST)))
    points = np.cumsum(raw & 0xFC00 != 0xDC00)  # the second half of a pair is no code point of its own
    between = np.searchsorted(np.cumsum([len(t) for t in texts]), starts, side="right")
    line = np.searchsorted(points[breaks], starts + between, side="right")
    return hashes[line], lengths[line], np.diff(ideographs[np.append(0, breaks + 1)])[line]


def _encoded(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _hashed(raw: Codes) -> tuple[Ints, Keys, Ints]:
    """Where lines end, their hashes and letters; all of these end with a break.

    A line's hash is the difference of two sums over the batch, times a power of the inverse of the base, modulo 2⁶⁴: no
    loop over lines (Karp and Rabin, 1987).
    """
    folded = fold_units(raw)
    kept = np.flatnonzero(folded != DROPPED)
    breaks = np.flatnonzero((raw == ord("\n")) | (raw == ord("\r")))
    ends = np.searchsorted(kept, breaks)
    starts = np.concatenate(([0], ends[:-1]))
    sums = np.zeros(len(kept) + 1, np.uint64)
    np.cumsum(folded[kept] * _powers(_BASE, len(kept)), out=sums[1:])
    inverse = _powers(pow(_BASE, -1, 2**64), len(kept) + 1)
    lengths = ends - starts
    return breaks, mixed((sums[ends] - sums[starts]) * inverse[starts] + lengths.astype(np.uint64)), lengths


def find(text: str, fingerprint: int) -> tuple[int, str]:
    """Number (from 1) and text of the line of an article that has the fingerprint; the article must carry it."""
    for number, line in enumerate(_BREAK.split(text), start=1):
        if (hashed := fingerprints([line])[0]).size and int(hashed[0]) == fingerprint:
            return number, line
    return 1, ""


def line(text: str, fingerprint: int) -> str:
    """The line that has the fingerprint; empty if the article does not carry it. Faster than `find`, for which the
    line's number is to be known."""
    at = np.flatnonzero(fingerprints([text])[0] == np.uint64(fingerprint))
    return _UNIT.split(_body(text))[int(at[0])] if len(at) else ""


def _body(text: str) -> str:
    """What lines are counted in: the article without front matter and code fences."""
    return _FENCE.sub("\n", split(text)[0]) + "\n"


def _powers(base: int, count: int) -> Keys:
    powers = np.full(count, base, np.uint64)
    if count:
        powers[0] = 1
    return np.cumprod(powers)


@dataclass(slots=True)
class Tally:
    """Counts in how many articles and sources each line stands, in memory that does not grow beyond some 300 MB.

    When there are more than `MOST` different lines, those that stand in the fewest articles are forgotten (lossy
    counting: Manku and Motwani, VLDB 2002), so `counts` are exact until then, and after it too low by at most
    ``missed``: one more for every few million lines that stand in no other article.
    """

    _rows: Counts = field(default_factory=lambda: np.zeros(0, _COUNT))
    _waiting: list[Counts] = field(default_factory=list)
    _articles: int = 0
    most: int = MOST
    least: int = LEAST
    missed: int = 0

    def add(self, texts: Sequence[str], sources: Sequence[int] | None = None) -> None:
        """Counts a batch of articles, numbered in the order they come.

        sources: a number for the source of each, not lower than any before; if not given, all are of one.
        """
        hashes, lengths, owner = fingerprints(texts)
        long_enough = lengths >= self.least
        hashes, owner = hashes[long_enough], owner[long_enough]
        by_line = np.lexsort((hashes, owner))
        hashes, owner = hashes[by_line], owner[by_line]
        new = np.ones(len(hashes), np.bool_)
        new[1:] = (hashes[1:] != hashes[:-1]) | (owner[1:] != owner[:-1])
        rows = np.zeros(int(new.sum()), _COUNT)
        of_source = np.array(sources if sources is not None else [0] * len(texts), np.int32)[owner[new]]
        rows["hash"], rows["articles"], rows["sources"] = hashes[new], 1, 1
        rows["first"] = rows["last"] = owner[new] + self._articles
        rows["first_source"] = rows["last_source"] = of_source
        rows["missed"] = self.missed
        self._waiting.append(rows)
        self._articles += len(texts)
        if sum(map(len, self._waiting)) >= _WAITING:
            self._count()

    def carried_by(self, articles: int) -> list[Repeated]:
        """The lines that so many articles and more carry, the most frequent first."""
        self._count()
        many = self._rows[self._rows["articles"] >= articles]
        many = many[np.lexsort((many["hash"], -many["articles"].astype(np.int64)))]
        columns = (many[name].tolist() for name in ("hash", "articles", "sources", "first", "last"))
        return [Repeated(*row) for row in zip(*columns, strict=True)]

    def _count(self) -> None:
        rows = np.concatenate([self._rows, *self._waiting])
        self._waiting = []
        if not len(rows):
            return
        rows = rows[np.argsort(rows["hash"], kind="stable")]
        same = rows["hash"][1:] == rows["hash"][:-1]
        starts = np.flatnonzero(np.concatenate(([True], ~same)))
        ends = np.append(starts[1:], len(rows)) - 1
        met = np.zeros(len(rows), np.int32)
        met[1:] = same & (rows["first_source"][1:] == rows["last_source"][:-1])
        counted = rows[starts]
        counted["articles"] = np.add.reduceat(rows["articles"], starts)
        counted["sources"] = np.add.reduceat(rows["sources"] - met, starts)
        counted["last"], counted["last_source"] = rows["last"][ends], rows["last_source"][ends]
        self._rows = self._remembered(counted)

    def _remembered(self, rows: Counts) -> Counts:
        while len(rows) > self.most:
            self.missed += 1
            rows = rows[rows["articles"] + rows["missed"] > self.missed]
        return rows
