"""Articles to cleaned articles: findings, and the spans that go."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from operator import itemgetter

import numpy as np

from zhengwen.articles import DEFAULT_SELECTION, KINDS, Article, Finding
from zhengwen.blocks import Flags, Floats, Ints
from zhengwen.keeping import Keep
from zhengwen.model import Model, Reading
from zhengwen.stages.decode import passages
from zhengwen.stages.edit import Deletion, apply, deletions, removable

_PROMOTION = KINDS.index("promotion")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An article and what was found in it; offsets are code points into ``article.text``.

    findings: sorted and disjoint.
    removed: spans that go, sorted and disjoint: the findings with the line ends and blank lines that only they needed.
    advert: the article as a whole is an advertisement; then nothing of it is removed.
    """

    article: Article
    findings: tuple[Finding, ...]
    removed: tuple[Deletion, ...]
    advert: bool

    @property
    def text(self) -> str:
        """What is kept."""
        return apply(self.article.text, list(self.removed))


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Finds and removes the selected kinds. A cleaned text, cleaned again, stays as it is: an article is read anew
    after each removal until nothing more is found."""

    model: Model
    selection: Collection[str] = DEFAULT_SELECTION
    keep: Keep = field(default_factory=Keep)

    def clean(self, articles: Sequence[Article]) -> list[Cleaned]:
        """The cleaned articles, in order; no article influences another."""
        done: list[Cleaned | None] = [None] * len(articles)
        pending = [_Work(n, a, [(0, len(a.text))], (), ()) for n, a in enumerate(articles)]
        first = True
        while pending:
            reading = self.model.read([w.article for w in pending])
            ahead = []
            for work, round_ in zip(pending, self._rounds(reading, pending), strict=True):
                findings, removed, advert = round_
                if advert and first:
                    done[work.number] = Cleaned(articles[work.number], tuple(findings), (), True)
                elif advert or not removed:
                    done[work.number] = work.finish(articles[work.number])
                else:
                    ahead.append(work.less(findings, removed))
            pending, first = ahead, False
        return [c for c in done if c is not None]

    def _rounds(self, reading: Reading, works: Sequence["_Work"]) -> list[tuple[list[Finding], list[Deletion], bool]]:
        """Findings, deletions and the verdict on the whole for each article of a reading, in its own offsets."""
        blocks = reading.blocks
        owner = blocks.owner()
        whole = adverts(reading, owner, self.model.decoder.whole)
        selected = np.isin(reading.kinds, [KINDS.index(k) for k in self.selection])
        firsts, ends = passages(np.where(selected, reading.kinds, 0).astype(np.uint8), owner)
        of = owner[firsts] if len(firsts) else firsts
        rounds: list[tuple[list[Finding], list[Deletion], bool]] = []
        for number, work in enumerate(works):
            mine = of == number
            if not mine.any():
                rounds.append(([], [], bool(whole[number])))
                continue
            begin, stop = blocks.articles[number], blocks.articles[number + 1]
            own = blocks.article(number)
            text = work.article.text
            marked = selected[begin:stop]
            gone = removable(own, marked & ~self.keep.spared(work.article, own, marked))
            spans = zip((firsts[mine] - begin).tolist(), (ends[mine] - begin).tolist(), strict=True)
            removed = _past_mark(text, deletions(text, own, gone))
            found = [
                _finding(text, own.bounds, removed, reading, int(begin), first, end)
                for a, b in spans
                for first, end in _gone_runs(gone, own.readable(), a, b)
            ]
            rounds.append(([f for f in found if f.start < f.end], removed, bool(whole[number])))
        return rounds


def _past_mark(text: str, removed: list[Deletion]) -> list[Deletion]:
    """The spans without the byte order mark, which belongs to the file and not to its first line."""
    if not removed or removed[0][0] > 0 or not text.startswith("\ufeff"):
        return removed
    return [(1, removed[0][1])][: removed[0][1] > 1] + removed[1:]


def _gone_runs(gone: Flags, readable: Flags, first: int, end: int) -> list[tuple[int, int]]:
    """The parts of a passage that go: blocks that must stay (a table's head) part it, blank lines do not."""
    runs: list[tuple[int, int]] = []
    broken = True
    for row in range(first, end):
        if gone[row]:
            if broken:
                runs.append((row, row + 1))
            runs[-1] = (runs[-1][0], row + 1)
            broken = False
        elif readable[row]:
            broken = True
    return runs


def _finding(
    text: str, bounds: Ints, removed: Sequence[Deletion], reading: Reading, begin: int, first: int, end: int
) -> Finding:
    """A passage without the white space around it and without what stays of its first and last line."""
    kind = reading.kinds[begin + first]
    weights = reading.features.weights[begin + first : begin + end] + 1e-3
    score = float(np.average(reading.probabilities[begin + first : begin + end, kind], weights=weights))
    start, stop = int(bounds[first]), int(bounds[end])
    inside = removed[bisect_right(removed, start, key=itemgetter(1)) : bisect_left(removed, stop, key=itemgetter(0))]
    if inside:
        start, stop = max(start, inside[0][0]), min(stop, inside[-1][1])
    return _trimmed(text, Finding(start, stop, KINDS[kind], score))


def _trimmed(text: str, finding: Finding) -> Finding:
    inner = text[finding.start : finding.end]
    start = finding.start + len(inner) - len(inner.lstrip())
    return replace(finding, start=start, end=max(start, finding.end - len(inner) + len(inner.rstrip())))


def adverts(reading: Reading, owner: Ints, whole: float) -> Flags:
    """Which articles are boilerplate, most of it promotion, to at least the share ``whole`` of their weight."""
    articles = len(reading.blocks.articles) - 1
    weights = reading.features.weights

    def share(flags: Flags) -> Floats:
        total = np.bincount(owner, weights, minlength=articles)
        part: Floats = np.bincount(owner, weights * flags, minlength=articles) / np.maximum(total, 1)
        return part

    whole_enough: Flags = (share(reading.kinds > 0) >= whole) & (share(reading.kinds == _PROMOTION) >= whole / 2)
    return whole_enough


@dataclass(frozen=True, slots=True)
class _Work:
    """An article on its way: what is left of it, and where that stood in the original."""

    number: int
    article: Article
    kept: list[tuple[int, int]]
    findings: tuple[Finding, ...]
    removed: tuple[Deletion, ...]

    def less(self, findings: list[Finding], removed: list[Deletion]) -> "_Work":
        """The article without what a round found."""
        places = [0, *accumulate(high - low for low, high in self.kept)]
        gone = [p for start, end in removed for p in self._pieces(places, start, end)]
        found = [replace(f, start=s, end=e) for f in findings for s, e in self._pieces(places, f.start, f.end)]
        return _Work(
            self.number,
            replace(self.article, text=apply(self.article.text, removed)),
            _without(self.kept, gone),
            (*self.findings, *found),
            (*self.removed, *gone),
        )

    def finish(self, article: Article) -> Cleaned:
        """The result, in offsets of the original."""
        findings = sorted((_trimmed(article.text, f) for f in self.findings), key=lambda f: f.start)
        found = tuple(f for f in findings if f.start < f.end)
        return Cleaned(article, found, tuple(_merge(sorted(self.removed))), False)

    def _pieces(self, places: list[int], start: int, end: int) -> list[tuple[int, int]]:
        """A span of what is left, as spans of the original; ``places``: where the kept spans stand in what is left."""
        pieces = []
        for n in range(bisect_right(places, start) - 1, bisect_left(places, end)):
            low, high = self.kept[n]
            a, b = max(start - places[n], 0), min(end - places[n], high - low)
            if a < b:
                pieces.append((low + a, low + b))
        return pieces


def _without(kept: list[tuple[int, int]], gone: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The kept spans less those that are gone (sorted, disjoint, each within a kept one)."""
    left, n = [], 0
    for low, high in kept:
        while n < len(gone) and gone[n][0] < high:
            if low < gone[n][0]:
                left.append((low, gone[n][0]))
            low = gone[n][1]
            n += 1
        if low < high:
            left.append((low, high))
    return left


def _merge(spans: list[Deletion]) -> list[Deletion]:
    merged: list[Deletion] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
