"""Why a passage was found, or a line was not: what the score would be without each thing that speaks.

Nothing here is a story about the model: each part is the model's own answer to the same article with one thing taken
away (ablation), and the words are those whose n-grams are taken out. Effects are changes of the logarithm of the odds
of boilerplate against content. Parts depend on each other, so they do not add up to the whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import BOILERPLATE, KINDS, Article, Finding
from zhengwen.blocks import BlockType, Flags, Ints
from zhengwen.cleaning import Cleaner, Round
from zhengwen.model import Model, weighed
from zhengwen.reasons import telling
from zhengwen.scoring import Features
from zhengwen.stages import features
from zhengwen.stages.scores import BITS

MOST_AGAINST = 3
MOST_FOR = 5
PLACE = (
    "nearness to start",
    "nearness to end",
    "place",
    "blocks before",
    "blocks after",
    "blocks",
    "article letters",
    "letters before",
    "letters after",
)
"""Columns of structure that say where a block stands."""
REPETITION = ("repeats", "novelty")
"""Columns that say whether a block repeats others of its article, and how far its words stray from theirs."""
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Part:
    """What one thing does to a passage.

    effect: the logarithm of the odds of the kind against content, less what it is without the thing.
    without: the score without it.
    """

    name: str
    effect: float
    without: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A passage, its score, and what spoke.

    start, end: in the article's text. kind: of the finding; of a line that stays, the likeliest kind of boilerplate.
    removed: it is a finding. score: probability of boilerplate, mean over the passage. odds: logarithm of the odds of
    boilerplate against content. reading: which one found it, from 1: what earlier ones removed was gone then.
    parts: its own words, its neighbours' words, its heading's words, its form, place, repetition; what other articles
        of its folder share with it.
    words: runs of its characters, for the kind, then against it.
    """

    start: int
    end: int
    kind: str
    removed: bool
    score: float
    odds: float
    reading: int
    parts: tuple[Part, ...]
    words: tuple[Part, ...]


def explain(cleaner: Cleaner, article: Article) -> Iterator[Explanation]:
    """Explains every finding of an article, in the order of the readings and then of the text."""
    for number, (round_,) in enumerate(cleaner.passes([article]), 1):
        if round_.advert and number > 1:
            return
        case = _Case(cleaner, round_)
        for finding in round_.findings:
            yield case.explained(finding, number)


def explain_span(cleaner: Cleaner, article: Article, start: int, end: int) -> Explanation | None:
    """Explains why a span was not found, as the first reading sees it; None if nothing in it can be decided."""
    (round_,) = next(cleaner.passes([article]))
    case = _Case(cleaner, round_)
    rows = case.rows(start, end)
    if not len(rows):
        return None
    means = case.reading.probabilities[rows].mean(0)
    kind = BOILERPLATE[int(means[1:].argmax())]
    bounds = case.reading.blocks.bounds
    found = Finding(int(bounds[rows[0]]), int(bounds[rows[-1] + 1]), kind, float(1 - means[0]))
    return replace(case.explained(found, 1), removed=False)


class _Case:
    """One reading of one article, asked what it would have said."""

    def __init__(self, cleaner: Cleaner, round_: Round) -> None:
        self.model, self.work, self.reading = cleaner.model, round_.work, round_.reading
        self.found = round_.reading.features
        article, text = round_.work.article, round_.work.article.text
        self.shared = np.zeros(len(self.found.blocks), np.float32)
        if cleaner.evidence is not None:
            self.shared = cleaner.evidence.log_odds([article], self.found.blocks)
        self.stream = features.stream(features.encode([text]).folded, self.found.blocks)
        self.means = _means(self.model, self.found)

    def without(self, gone: Flags) -> Features:
        """The article when every n-gram that touches one of these characters of the stream is left out."""
        before = np.concatenate(([0], np.cumsum(gone)))
        hashed: list[tuple[NDArray[np.uint32], Ints]] = []
        for order in features.ORDERS:
            buckets, starts = features.hashes(self.stream, order, BITS, self.found.blocks.readable())
            at = features.places(self.stream, order, starts)
            stays = before[at + order] == before[at]
            hashed.append((buckets[stays], np.concatenate(([0], np.cumsum(stays)))[starts]))
        return replace(self.found, hashed=hashed)

    def rows(self, start: int, end: int) -> Ints:
        """The blocks of a span that carry a decision."""
        blocks = self.found.blocks
        inside = (blocks.bounds[:-1] < end) & (blocks.bounds[1:] > start) & blocks.readable()
        rows: Ints = np.flatnonzero(inside)
        return rows

    def explained(self, finding: Finding, number: int) -> Explanation:
        """The explanation of a finding of this reading."""
        rows = self.rows(finding.start, finding.end)
        ask = _Question(self, rows, KINDS.index(finding.kind))
        start, end = self.work.origin(finding.start, finding.end)
        passage = self.work.article.text[finding.start : finding.end]
        return Explanation(
            start, end, finding.kind, True, finding.score, ask.odds, number, ask.parts(), ask.words(passage)
        )


class _Question:
    """What becomes of some blocks' score when something is taken away. kind: the one whose words are looked for."""

    def __init__(self, case: _Case, rows: Ints, kind: int) -> None:
        self.case, self.rows, self.kind = case, rows, kind
        self.odds, _ = self._answer(case.found)

    def _answer(self, found: Features, *, alone: bool = False) -> tuple[float, float]:
        """Logarithm of the odds, and score; ``alone``: without what other articles share."""
        chances = self.case.model.probabilities(found)[self.rows]
        if not alone:
            chances = weighed(chances, self.case.shared[self.rows])
        mean = np.average(chances, axis=0, weights=found.weights[self.rows] + 1e-3)
        boilerplate = 1 - mean[0]
        odds = np.log(np.maximum(boilerplate, _LEAST)) - np.log(np.maximum(mean[0], _LEAST))
        return float(odds), float(boilerplate)

    def _part(self, name: str, without: Features) -> Part:
        odds, score = self._answer(without)
        return Part(name, self.odds - odds, score)

    def parts(self) -> tuple[Part, ...]:
        """The parts, by ablation: blocks without a word, and structure as of the mean training block."""
        heading = self._heading()
        others = np.ones(len(self.case.found.blocks), np.bool_)
        others[self.rows] = False
        others[heading] = False
        groups = {"place": PLACE, "repetition": REPETITION}
        form = [name for name in self.case.found.structure if name not in (*PLACE, *REPETITION)]
        return (
            self._part("words", self._silenced(self.rows)),
            self._part("neighbours", self._silenced(np.flatnonzero(others))),
            *([self._part("heading", self._silenced(heading))] if len(heading) else []),
            self._part("form", self._averaged(form)),
            *(self._part(name, self._averaged(columns)) for name, columns in groups.items()),
            *([self._folder()] if self.case.shared[self.rows].any() else []),
        )

    def _folder(self) -> Part:
        """What it does that other articles of the folder carry these lines."""
        odds, score = self._answer(self.case.found, alone=True)
        return Part("folder", self.odds - odds, score)

    def _heading(self) -> Ints:
        """The heading that the blocks stand under, if it is none of them."""
        headings = np.flatnonzero(self.case.found.blocks.types[: self.rows[0]] == BlockType.HEADING)
        return headings[-1:]

    def _silenced(self, rows: Ints) -> Features:
        """The article when these blocks have no n-gram."""
        stream = self.case.stream
        gone = np.zeros(len(stream.codes), np.bool_)
        for row in rows.tolist():
            gone[stream.starts[row] + 1 : stream.starts[row + 1]] = True
        return self.case.without(gone)

    def _averaged(self, columns: Sequence[str]) -> Features:
        structure = dict(self.case.found.structure)
        for name in columns:
            structure[name] = structure[name].copy()
            structure[name][self.rows] = self.case.means[name]
        return replace(self.case.found, structure=structure)

    def words(self, passage: str) -> tuple[Part, ...]:
        """The runs of characters that speak most for and against, each with what its absence changes."""
        model, kind = self.case.model, KINDS[self.kind]
        runs = telling(model, passage, kind, MOST_FOR) + telling(model, passage, kind, MOST_AGAINST, against=True)
        found = ((run.shown, self._occurrences(run.text)) for run in runs)
        return tuple(self._part(shown, self.case.without(gone)) for shown, gone in found if gone.any())

    def _occurrences(self, text: str) -> Flags:
        """Where in the stream a run of characters stands, within the passage's blocks."""
        stream = self.case.stream
        places = np.zeros(len(stream.codes), np.bool_)
        for row in self.rows.tolist():
            begin = int(stream.starts[row])
            said = "".join(map(chr, stream.codes[begin : stream.starts[row + 1]].tolist()))
            at = said.find(text)
            while at >= 0:
                places[begin + at : begin + at + len(text)] = True
                at = said.find(text, at + 1)
        return places


def _means(model: Model, found: Features) -> dict[str, float]:
    """The mean of each column of structure over the blocks that the model learnt from."""
    return dict(zip(found.structure, model.tagger.centre.tolist(), strict=True))
