"""Articles to what they say: letters and digits, without width, case, punctuation, white space and link targets."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Ints

Codes = NDArray[np.uint16]

DROPPED = 0
CHUNK = 1 << 15
"""Code units that are handled at a time where arrays of 64-bit numbers arise: small ones need no pages of their own,
which the system would have to clear each time."""
_KEPT_PAGES = 1 << 24
"""Bytes: more than the arrays of a batch."""
UNDATED = 2**62
"""Stands for the date of an article that has none: later than every date."""
_END = "\n".encode("utf-16-le")
"""Stands between articles, so that no link target runs on into the next one."""
_TARGET = 2000
"""Code units, at most, between the brackets of a link target."""
_DATE = re.compile(
    r"(?<![^\r\n])date[ \t]*[:=][ \t]*[\"']?(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:(?:T|[ \t]+)(\d\d?):(\d\d)(?::(\d\d))?(?:\.\d+)?[ \t]*(Z|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)
_UNCHANGED = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xAC00, 0xD7A4), (0xD800, 0xE000))
"""Ranges that fold to themselves: ideographs, syllables of Hangul; halves of pairs, see `_fold_pairs`."""


@dataclass(frozen=True, slots=True)
class Folded:
    """The folded texts of a batch, end to end: article ``i`` is ``codes[starts[i]:starts[i + 1]]``.

    codes: uint16 (units,), UTF-16 code units, none of them `DROPPED`.
    starts: int64 (articles + 1,).
    dates: int64 (articles,), seconds since 1970 in UTC from the front matter, or `UNDATED`.
    """

    codes: Codes
    starts: Ints
    dates: Ints

    def __len__(self) -> int:
        return len(self.dates)

    def article(self, number: int) -> Codes:
        """The folded text of one article."""
        return self.codes[self.starts[number] : self.starts[number + 1]]


def fold_texts(texts: Sequence[str]) -> Folded:
    """Folds a batch of articles."""
    _keep_pages()
    parts = [split(t) for t in texts]
    encoded = [body.encode("utf-16-le", "surrogatepass") for body, _ in parts]
    folded = fold_units(np.frombuffer(_END.join(encoded), dtype="<u2"))
    codes, bounds = _kept(folded, np.cumsum([0, *((len(e) + len(_END)) // 2 for e in encoded)]))
    return Folded(codes, bounds, np.array([d for _, d in parts], np.int64))


@cache
def _keep_pages() -> None:
    """Has the C library keep what a batch gives back, for the next one.

    It does once it has freed something as large (glibc: mallopt(3), `M_MMAP_THRESHOLD`); the array is never written,
    and so takes no memory. Else it may return pages after every step, and the system clears them anew: a fifth of the
    time where nine hundred thousand articles are known already.
    """
    np.empty(_KEPT_PAGES, np.uint8)


def _kept(folded: Codes, bounds: Ints) -> tuple[Codes, Ints]:
    """What counts of the folded code units, moved together where it is, and where each article begins in it."""
    kept = folded != DROPPED
    starts = np.empty(len(bounds), np.int64)
    end = passed = 0
    for at in range(0, len(folded), CHUNK):
        places = np.flatnonzero(kept[at : at + CHUNK])
        upto = int(np.searchsorted(bounds, at + CHUNK))
        starts[passed:upto] = end + np.searchsorted(places, bounds[passed:upto] - at)
        folded[end : end + len(places)] = folded[at : at + CHUNK].take(places)
        end, passed = end + len(places), upto
    starts[passed:] = end
    return folded[:end], starts


def fold_units(raw: Codes) -> Codes:
    """The folded code unit of each UTF-16 code unit; `DROPPED` for what does not count."""
    folded = np.empty(len(raw), np.uint16)
    for at in range(0, len(raw), CHUNK):
        _table().take(raw[at : at + CHUNK], out=folded[at : at + CHUNK], mode="clip")
    _fold_pairs(raw, folded)
    targets = _targets(raw)
    if len(targets):
        cuts = np.concatenate(([0], targets.ravel(), [len(raw)]))
        folded *= np.repeat(np.arange(len(cuts) - 1) % 2 == 0, np.diff(cuts))
    return folded


def _folded(char: str) -> str:
    """What one character folds to: NFKC and case folding where that gives one letter or digit; else nothing."""
    candidates = (unicodedata.normalize("NFKC", char).casefold(), char.casefold(), char)
    folded = next(c for c in candidates if len(c) == 1)
    return folded if folded.isalnum() else ""


@cache
def _table() -> Codes:
    """Folded code units of the basic plane."""
    table = np.zeros(0x10000, np.uint16)
    place = 0
    for low, high in (*_UNCHANGED, (0x10000, 0x10000)):
        for code in range(place, low):
            if (folded := _folded(chr(code))) and ord(folded) < 0x10000:
                table[code] = ord(folded)
        table[low:high] = np.arange(low, high)
        place = high
    return table


def _fold_pairs(raw: Codes, folded: Codes) -> None:
    """Folds, in place, what stands beyond the basic plane: letters stay, emoji and halves without the other go."""
    halves = np.flatnonzero((raw & 0xF800) == 0xD800)
    if not len(halves):
        return
    folded[halves] = DROPPED
    firsts = halves[:-1][(np.diff(halves) == 1) & (raw[halves[:-1]] < 0xDC00) & (raw[halves[1:]] >= 0xDC00)]
    points = ((raw[firsts].astype(np.uint32) & 0x3FF) << 10 | raw[firsts + 1] & 0x3FF) + 0x10000
    units = np.array([_folded_pair(point) for point in points.tolist()], np.uint16).reshape(-1, 2)
    folded[firsts], folded[firsts + 1] = units.T


@cache
def _folded_pair(point: int) -> tuple[int, int]:
    """The folded code units of a character beyond the basic plane, `DROPPED` in place of those that there are not."""
    raw = _folded(chr(point)).encode("utf-16-le")
    first, second = (int.from_bytes(raw[at : at + 2], "little") for at in (0, 2))
    return first, second


def split(text: str) -> tuple[str, int]:
    """An article's text without front matter, and the front matter's date (see `Folded.dates`)."""
    begin = 1 if text.startswith("\ufeff") else 0
    fence = text[begin : begin + 3]
    if fence not in ("---", "+++") or text[begin + 3 : begin + 5].strip(" \t\r")[:1] not in ("", "\n"):
        return text, UNDATED
    end = text.find(f"\n{fence}", begin + 3)
    while end >= 0:
        stop = text.find("\n", end + 1)
        line = text[end + 1 :] if stop < 0 else text[end + 1 : stop]
        if line.rstrip() == fence:
            return ("" if stop < 0 else text[stop:]), _date(text[begin + 3 : end])
        end = text.find(f"\n{fence}", end + 1)
    return text, UNDATED


def _date(front_matter: str) -> int:
    found = _DATE.search(front_matter)
    return _seconds(found) if found else UNDATED


def _seconds(found: re.Match[str]) -> int:
    year, month, day, hour, minute, second = (int(g or 0) for g in found.groups()[:6])
    try:
        return int(datetime(year, month, day, hour, minute, second, tzinfo=_zone(found[7] or "Z")).timestamp())
    except (ValueError, OverflowError):
        return UNDATED


@lru_cache
def _zone(spelled: str) -> tzinfo:
    """The time zone ``Z``, ``+08:00`` or the like."""
    if spelled in "Zz":
        return UTC
    offset = timedelta(hours=int(spelled[1:3]), minutes=int(spelled[-2:]))
    return timezone(offset if spelled[0] == "+" else -offset)


def _targets(raw: Codes) -> Ints:
    """Where link targets ``](…)`` begin and end, for those that end on their line: a repost has its pictures elsewhere.

    int64 (targets, 2), sorted; none overlaps another.
    """
    closes = np.flatnonzero(raw[:-1] == ord("]"))
    opens = closes[raw[closes + 1] == ord("(")]
    stops = _next(np.flatnonzero(raw == ord(")")), opens)
    near: Ints = np.stack((opens, stops), axis=1)[stops - opens < _TARGET]
    if not len(near):
        return near
    broken = np.logical_or.reduceat(raw == ord("\n"), near.ravel())[::2]
    whole = near[~broken]
    outermost: Ints = whole[np.diff(whole[:, 1], prepend=-1) > 0]
    return outermost


def _next(places: Ints, after: Ints) -> Ints:
    """The first of the sorted places that comes after each one given; far away if there is none."""
    beyond: Ints = np.append(places, 2**62)
    return beyond[np.searchsorted(places, after)]
