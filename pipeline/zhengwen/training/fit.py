"""Fits taggers to parts of the labelled articles, in as many processes as asked for.

Each fit runs on one thread: a matrix product split among threads may round differently, and the number of processes
must not change a model.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from joblib import Parallel, delayed

from zhengwen.stages.tagger import Tagger
from zhengwen.training.corpus import Batch, sequences
from zhengwen.training.tagger import UNITS, UNITS_OF_TEACHERS, Sequences, fit_tagger

Tick = Callable[[], object]
"""Called after each fit."""


def fit_each(
    parts: Sequence[Sequence[Batch]], learnt: Sequence[Sequence[int]], *, jobs: int, tick: Tick, teachers: int = 0
) -> list[Tagger]:
    """A tagger for each choice of parts. Ticks ``len(learnt) * (teachers + 1)`` times.

    learnt: for each tagger the numbers of the parts that it learns from.
    teachers: so many others are fitted to the same parts first, and it learns from what they agree on too.
    """
    read = [[Sequences.joined([sequences(b) for b in part])] if part else [] for part in parts]
    seen = [[one for n in numbers for one in read[n]] for numbers in learnt]
    seeds = range(1, teachers + 1)
    taught = _run((delayed(_fit)(some, seed, (), UNITS_OF_TEACHERS) for some in seen for seed in seeds), jobs, tick)
    agreeing = [taught[n * teachers : (n + 1) * teachers] for n in range(len(seen))]
    return _run((delayed(_fit)(some, 0, those, UNITS) for some, those in zip(seen, agreeing, strict=True)), jobs, tick)


def _run(tasks: Iterator[Any], jobs: int, tick: Tick) -> list[Tagger]:
    out = []
    for tagger in Parallel(n_jobs=jobs, return_as="generator")(tasks):
        out.append(tagger)
        tick()
    return out


def _fit(parts: Sequence[Sequences], seed: int, teachers: Sequence[Tagger], units: int) -> Tagger:
    return fit_tagger(Sequences.joined(parts), seed, teachers, units)
