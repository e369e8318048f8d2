"""What the ledger does not know: the kept blocks that the model would nearly have taken, or takes for another kind."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from zhengwen.articles import KINDS, Article
from zhengwen.batching import by_size
from zhengwen.blocks import Flags, Floats, Ints
from zhengwen.cleaning import are_adverts
from zhengwen.ledger.entries import CLEANED, UNCHANGED
from zhengwen.model import Model, Reading
from zhengwen.reports.page.shown import ADVERT_KEPT, DOUBTFUL, KEPT, Mark, Shown

NEARLY = 0.25
"""Probability of a kind from which a kept block is shown as doubtful."""
_CHARACTERS, _ARTICLES = 1 << 19, 200
"""How much is read together: what bounds the memory."""


def read(shown: Iterable[Shown], model: Model) -> Iterator[Shown]:
    """The articles, in order, with marks on kept blocks and with the uncertainty of every block, not of the removed
    passages alone. Copies, and articles without text, stay as they are."""
    for batch in by_size(shown, lambda one: one.size, _CHARACTERS, _ARTICLES):
        chosen = [n for n, s in enumerate(batch) if s.text and not s.keeper]
        reading = model.read([Article(batch[n].name, batch[n].text or "") for n in chosen])
        whole = are_adverts(reading, reading.blocks.owner(), model.decoder.whole).tolist()
        for number, n in enumerate(chosen):
            batch[n] = _judged(batch[n], reading, number, advert=whole[number])
        yield from batch


def _judged(shown: Shown, reading: Reading, number: int, *, advert: bool) -> Shown:
    """With marks on what is not removed: "kept" if it is of a kind that was not looked for, or if the whole article was
    kept; else "doubtful", for somebody may have meant it to stay."""
    begin, stop = reading.blocks.articles[number], reading.blocks.articles[number + 1]
    bounds = reading.blocks.article(number).bounds
    weights = reading.features.weights[begin:stop]
    probabilities = reading.probabilities[begin:stop]
    taken = _covered(bounds, shown.marks)
    kinds = reading.kinds[begin:stop]
    boilerplate = taken | (kinds > 0)
    content = probabilities[:, 0]
    errors = np.where(boilerplate, content, 1 - content)[weights > 0]
    best = probabilities[:, 1:].argmax(1) + 1
    nearly = ~boilerplate & (weights > 0) & (1 - content >= NEARLY)
    plain = shown.status in (UNCHANGED, CLEANED)
    status = ADVERT_KEPT if advert and plain and not shown.marks else shown.status
    fates = np.where(taken, 0, np.where(kinds > 0, kinds, np.where(nearly, best + len(KINDS), 0)))
    if plain and status != ADVERT_KEPT:
        meant = np.isin(fates, [KINDS.index(kind) for kind in shown.sought])
        fates[meant] += len(KINDS)
    found = _runs(shown.text or "", bounds, fates, probabilities, weights)
    marks = tuple(sorted((*shown.marks, *found), key=lambda m: m.start))
    return replace(shown, marks=marks, status=status, uncertainty=float(errors.sum()))


def _covered(bounds: Ints, marks: Sequence[Mark]) -> Flags:
    """The blocks of which a mark covers a part."""
    covered = np.zeros(max(len(bounds) - 1, 0), np.bool_)
    for mark in marks:
        first = np.searchsorted(bounds, mark.start, side="right") - 1
        covered[first : np.searchsorted(bounds, mark.end, side="left")] = True
    return covered


def _runs(text: str, bounds: Ints, fates: Ints, probabilities: Floats, weights: Floats) -> Iterator[Mark]:
    """Runs of blocks of one fate (kind, or kind and the number of kinds if doubtful) as marks, without white space."""
    edges = np.flatnonzero(np.diff(fates, prepend=0, append=0))
    for first, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        fate = int(fates[first])
        if not fate:
            continue
        kind = fate % len(KINDS)
        inner = text[bounds[first] : bounds[end]]
        start = int(bounds[first]) + len(inner) - len(inner.lstrip())
        score = float(np.average(1 - probabilities[first:end, 0], weights=weights[first:end] + 1e-3))
        if inner.strip():
            name = DOUBTFUL if fate > len(KINDS) else KEPT
            yield Mark(start, start + len(inner.strip()), KINDS[kind], round(score, 4), name)
