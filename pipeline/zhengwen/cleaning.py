"""Articles to cleaned articles: findings, and the spans that go."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from operator import itemgetter

import numpy as np

from zhengwen.articles import DEFAULT_SELECTION, KINDS, Article, Finding
from zhengwen.blocks import Flags, Floats, Ints
from zhengwen.coherence import Removal, coherent
from zhengwen.keeping import Keep
from zhengwen.model import Evidence, Model, Reading
from zhengwen.stages.decode import passages
from zhengwen.stages.edit import Deletion, apply, removable

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
    after each removal until nothing more is found.

    evidence: what is known of the articles beyond themselves.
    """

    model: Model
    selection: Collection[str] = DEFAULT_SELECTION
    keep: Keep = field(default_factory=Keep)
    evidence: Evidence | None = None

    def clean(self, articles: Sequence[Article]) -> list[Cleaned]:
        """The cleaned articles, in order; no article influences another."""
        done: dict[int, Cleaned] = {}
        for rounds in self.passes(articles):
            done |= {r.work.number: r.result(articles[r.work.number]) for r in rounds if not r.goes_on}
        return [done[n] for n in range(len(articles))]

    def passes(self, articles: Sequence[Article]) -> Iterator[list["Round"]]:
        """The readings of the articles that are left to read, one after another."""
        pending = [_Work(n, a, [(0, len(a.text))], (), ()) for n, a in enumerate(articles)]
        while pending:
            reading = self.model.read([w.article for w in pending], self.evidence)
            found = zip(pending, self._rounds(reading, pending), strict=True)
            rounds = [Round(reading, n, work, *round_) for n, (work, round_) in enumerate(found)]
            yield rounds
            pending = [r.work.less(r.findings, r.removed) for r in rounds if r.goes_on]

    def _rounds(self, reading: Reading, works: Sequence["_Work"]) -> list[tuple[list[Finding], list[Deletion], bool]]:
        """Findings, deletions and the verdict on the whole for each article of a reading, in its own offsets."""
        blocks = reading.blocks
        owner = blocks.owner()
        adverts = are_adverts(reading, owner, self.model.decoder.whole)
        selected = np.isin(reading.kinds, [KINDS.index(k) for k in self.selection])
        firsts, ends = passages(np.where(selected, reading.kinds, 0).astype(np.uint8), owner)
        of = owner[firsts] if len(firsts) else firsts
        rounds: list[tuple[list[Finding], list[Deletion], bool]] = [([], [], bool(advert)) for advert in adverts]
        numbers = sorted(set(of.tolist()))  # np.unique would import numpy.ma, a tenth of a short run
        removals = coherent([self._removal(reading, works[n], n) for n in numbers])
        for number, removal in zip(numbers, removals, strict=True):
            begin, mine = int(blocks.articles[number]), of == number
            runs = zip((firsts[mine] - begin).tolist(), (ends[mine] - begin).tolist(), strict=True)
            spans = [_Run(a, b, int(reading.kinds[begin + a])) for a, b in runs]
            removed = _past_mark(removal.text, removal.spans)
            found = [
                _finding(removal, removed, reading, begin, run)
                for span in _with_what_goes_along(spans, removal)
                for run in _gone_runs(removal.gone, removal.blocks.readable(), span)
            ]
            rounds[number] = ([f for f in found if f.start < f.end], removed, bool(adverts[number]))
        return rounds

    def _removal(self, reading: Reading, work: "_Work", number: int) -> Removal:
        """What goes of an article by its kinds, less what its author keeps."""
        blocks = reading.blocks
        own, article = blocks.article(number), work.article
        kinds = reading.kinds[blocks.articles[number] : blocks.articles[number + 1]]
        marked: Flags = np.isin(kinds, [KINDS.index(k) for k in self.selection])
        spared = self.keep.spared(article, own, marked)
        return Removal(article.text, own, removable(own, marked & ~spared), spared)


def _past_mark(text: str, removed: list[Deletion]) -> list[Deletion]:
    """The spans without the byte order mark, which belongs to the file and not to its first line."""
    if not removed or removed[0][0] > 0 or not text.startswith("\ufeff"):
        return removed
    return [(1, removed[0][1])][: removed[0][1] > 1] + removed[1:]


@dataclass(frozen=True, slots=True)
class _Run:
    """Blocks of an article, from ``first`` to before ``end``, of a kind (an index of `KINDS`)."""

    first: int
    end: int
    kind: int


def _with_what_goes_along(spans: Sequence[_Run], removal: Removal) -> list[_Run]:
    """The passages, each with the heading that goes with it; what else goes along is a passage of the nearest kind."""
    found = sorted(spans, key=lambda s: s.first)
    covered = np.zeros(len(removal.gone), np.bool_)
    for span in found:
        covered[span.first : span.end] = True
    stays = removal.blocks.readable() & ~removal.gone
    for block in reversed(np.flatnonzero(removal.gone & ~covered).tolist()):
        after = next((n for n, s in enumerate(found) if s.first > block), len(found))
        if after < len(found) and not stays[block : found[after].first].any():
            found[after] = replace(found[after], first=block)
        else:
            near = found[max(after - 1, 0)]
            found.insert(after, _Run(block, block + 1, near.kind))
    return found


def _gone_runs(gone: Flags, readable: Flags, span: _Run) -> list[_Run]:
    """The parts of a passage that go: blocks that must stay (a table's head) part it, blank lines do not."""
    runs: list[_Run] = []
    broken = True
    for row in range(span.first, span.end):
        if gone[row]:
            if broken:
                runs.append(_Run(row, row + 1, span.kind))
            runs[-1] = replace(runs[-1], end=row + 1)
            broken = False
        elif readable[row]:
            broken = True
    return runs


def _finding(removal: Removal, removed: Sequence[Deletion], reading: Reading, begin: int, run: _Run) -> Finding:
    """A passage without the white space around it and without what stays of its first and last line."""
    rows, bounds = slice(begin + run.first, begin + run.end), removal.blocks.bounds
    weights = reading.features.weights[rows] + 1e-3
    score = float(np.average(1 - reading.probabilities[rows, 0], weights=weights))
    start, stop = int(bounds[run.first]), int(bounds[run.end])
    inside = removed[bisect_right(removed, start, key=itemgetter(1)) : bisect_left(removed, stop, key=itemgetter(0))]
    if inside:
        start, stop = max(start, inside[0][0]), min(stop, inside[-1][1])
    return _trimmed(removal.text, Finding(start, stop, KINDS[run.kind], score))


def _trimmed(text: str, finding: Finding) -> Finding:
    inner = text[finding.start : finding.end]
    start = finding.start + len(inner) - len(inner.lstrip())
    return replace(finding, start=start, end=max(start, finding.end - len(inner) + len(inner.rstrip())))


def are_adverts(reading: Reading, owner: Ints, whole: float) -> Flags:
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
class Round:
    """What one reading makes of one article, or of what earlier ones left of it.

    number: of the article in the reading. findings, removed: in offsets of what was read.
    """

    reading: Reading
    number: int
    work: "_Work"
    findings: list[Finding]
    removed: list[Deletion]
    advert: bool

    @property
    def goes_on(self) -> bool:
        """Whether something went, so that the rest is read anew."""
        return bool(self.removed) and not self.advert

    def result(self, article: Article) -> Cleaned:
        """What became of the article in the end."""
        if self.advert and not self.work.removed:
            return Cleaned(article, tuple(self.findings), (), True)
        return self.work.finish(article)


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
        found = tuple(f for f in (_trimmed(article.text, f) for f in _apart(self.findings)) if f.start < f.end)
        return Cleaned(article, found, tuple(_merge(sorted(self.removed))), False)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where a span of what is left begins and ends in the original."""
        pieces = self._pieces([0, *accumulate(high - low for low, high in self.kept)], start, end)
        return pieces[0][0], pieces[-1][1]

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


def _apart(findings: Sequence[Finding]) -> Iterator[Finding]:
    """The findings in order, each from where the one before ends: what a reading left within a passage, such as the
    mark of a quotation, a later one finds again."""
    upto = 0
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        if finding.end > upto:
            yield replace(finding, start=max(finding.start, upto))
            upto = finding.end


def _merge(spans: list[Deletion]) -> list[Deletion]:
    merged: list[Deletion] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
