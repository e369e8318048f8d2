"""Fits taggers to parts of the labelled articles, in as many processes as asked for.

Each fit runs on one thread: a matrix product split among threads may round differently, and the number of processes
must not change a model.
"""

from collections.abc import Callable, Sequence

from joblib import Parallel, delayed

from zhengwen.stages.tagger import Tagger
from zhengwen.training.corpus import Batch, sequences
from zhengwen.training.tagger import Sequences, fit_tagger

Tick = Callable[[], object]
"""Called after each fit."""


def fit_each(
    parts: Sequence[Sequence[Batch]], learnt: Sequence[Sequence[int]], *, jobs: int, tick: Tick
) -> list[Tagger]:
    """A tagger for each choice of parts. Ticks ``len(learnt)`` times.

    learnt: for each tagger the numbers of the parts that it learns from.
    """
    read = [[Sequences.joined([sequences(b) for b in part])] if part else [] for part in parts]
    out = []
    tasks = (delayed(_fit)([one for n in numbers for one in read[n]]) for numbers in learnt)
    for tagger in Parallel(n_jobs=jobs, return_as="generator")(tasks):
        out.append(tagger)
        tick()
    return out


def _fit(parts: Sequence[Sequences]) -> Tagger:
    return fit_tagger(Sequences.joined(parts))
