"""What a few corrected articles of a site are worth that the model never saw.

python benchmarks/adaptation.py LABELS... --on GOLD.jsonl --work FOLDER [--sizes 5 10 20] [--draws N] [--only 1 20]

LABELS are what a base learns from; for each fold of the cross-validation by source one is trained without the fold's
sources, with the calibration and the decoder of the shipped model, and kept in FOLDER for the next run, which then
does not read LABELS. For each of the
20 largest sources of GOLD the base of its fold is adapted to 5, 10, 20 of its articles, chosen at random, if that
leaves three to measure on. Printed: f1 on the rest of the source before and after, the part of the error (weight
wrongly removed or kept) that is gone, the change of f1 on other sources that the base never saw (a sample of the fold's
articles), and the seconds of processor time that the adaptation took.
"""

import argparse
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from zhengwen.model import Model, load, save
from zhengwen.training.adaptation import adapt
from zhengwen.training.corpus import batches
from zhengwen.training.evaluation import Tally, figures
from zhengwen.training.fit import fit_each
from zhengwen.training.labels import Labelled, read_labels
from zhengwen.training.measuring import measure
from zhengwen.training.validation import FOLDS, folds_by_source

SOURCES = 20
SIZES = (5, 10, 20)
LEAST = 3
"""Articles of a source, at least, that are left to measure on."""
OTHERS = 64
"""Articles of other sources that forgetting is measured on, a fold."""


def train_bases(labels: Sequence[Path], work: Path, jobs: int) -> dict[str, int]:
    """Trains the bases that are not there yet; the fold of each source."""
    missing = [k for k in range(FOLDS) if not (work / f"base-{k}").is_dir()]
    known = work / "folds.json"
    if not missing and known.is_file():
        found: dict[str, int] = json.loads(known.read_text(encoding="utf-8"))
        return found
    samples = read_labels(labels)
    folds = folds_by_source(samples, FOLDS)
    work.mkdir(parents=True, exist_ok=True)
    fold_of = {samples[n].source: k for k, fold in enumerate(folds) for n in fold}
    known.write_text(json.dumps(fold_of, ensure_ascii=False), encoding="utf-8")
    if missing:
        _train(samples, folds, missing, work, jobs)
    return fold_of


def _train(
    samples: Sequence[Labelled], folds: Sequence[Sequence[int]], missing: Sequence[int], work: Path, jobs: int
) -> None:
    whole = np.array([s.windows is None for s in samples])
    parts = [
        [*batches(samples, fold[whole[fold]]), *batches(samples, fold[~whole[fold]])] for fold in map(np.array, folds)
    ]
    shipped = load()
    others = [[other for other in range(len(parts)) if other != k] for k in missing]
    with tqdm(total=len(missing), unit=" base", mininterval=30) as bar:
        taggers = fit_each(parts, others, jobs=jobs, tick=bar.update)
    for k, tagger in zip(missing, taggers, strict=True):
        save(Model(tagger, shipped.calibration, shipped.decoder, {}), work / f"base-{k}")


@dataclass(frozen=True, slots=True)
class Trial:
    """One adaptation: tallies of the rest of the source, and f1 on other sources, before and after; seconds."""

    source: str
    size: int
    before: list[Tally]
    after: list[Tally]
    others: tuple[float, float]
    seconds: float

    @property
    def errors(self) -> tuple[int, int]:
        """Weight wrongly removed or kept."""
        return sum(t.lost + t.left for t in self.before), sum(t.lost + t.left for t in self.after)


def trials(
    gold: Sequence[Labelled], fold_of: dict[str, int], work: Path, sizes: Sequence[int], draws: int, only: slice
) -> Iterator[Trial]:
    """Adapts the bases to each large source in turn; ``only``: some of them."""
    by_source = defaultdict(list)
    for sample in gold:
        by_source[sample.source].append(sample)
    count = Counter(s.source for s in gold)
    largest = sorted(count, key=lambda s: (-count[s], s))[:SOURCES]
    used = sorted({fold_of[source] for source in largest[only]})
    others = {k: _others(gold, fold_of, k, set(largest)) for k in used}
    bases = {k: load(work / f"base-{k}") for k in used}
    known = {k: figures(measure(bases[k], others[k])).f1 for k in used}
    for source in largest[only]:
        fold = fold_of[source]
        for draw in range(draws):
            own = by_source[source][:]
            random.Random(f"{source} {draw}").shuffle(own)
            before = dict(zip((s.article.name for s in own), measure(bases[fold], own), strict=True))
            for size in sizes:
                if len(own) - size < LEAST:
                    continue
                rest = own[size:]
                began = time.process_time()
                model = adapt(bases[fold], own[:size]).model
                seconds = time.process_time() - began
                forgotten = (known[fold], figures(measure(model, others[fold])).f1)
                earlier = [before[s.article.name] for s in rest]
                yield Trial(source, size, earlier, measure(model, rest), forgotten, seconds)


def _others(gold: Sequence[Labelled], fold_of: dict[str, int], fold: int, largest: set[str]) -> list[Labelled]:
    found = [s for s in gold if fold_of[s.source] == fold and s.source not in largest]
    random.Random(fold).shuffle(found)
    return found[:OTHERS]


def line(name: str, some: Sequence[Trial]) -> str:
    """A line of the table over trials."""
    before, after = (
        figures([t for tallies in side for t in tallies])
        for side in zip(*((s.before, s.after) for s in some), strict=True)
    )
    wrong = [sum(t.errors[side] for t in some) for side in (0, 1)]
    gone = f"{1 - wrong[1] / wrong[0]:>8.0%}" if wrong[0] else f"{'–':>8}"
    loss = [100 * (t.others[1] - t.others[0]) for t in some]
    forgetting = f"{np.mean(loss):>+8.2f}{min(loss):>+8.2f}"
    seconds = max(t.seconds for t in some)
    return (
        f"{name[:34]:<34}{before.documents:>6}{before.f1:>8.3f}{after.f1:>8.3f}{gone}{before.retention:>9.4f}"
        f"{after.retention:>8.4f}{forgetting}{seconds:>7.1f}"
    )


def main() -> None:
    """Trains, adapts, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--on", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--only", type=int, nargs=2, default=(1, SOURCES), metavar=("FIRST", "LAST"))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--bases-only", action="store_true")
    a = parser.parse_args()
    fold_of = train_bases(a.labels, a.work, a.jobs)
    if a.bases_only:
        return
    gold = read_labels([a.on])
    print(
        f"{'source':<34}{'rest':>6}{'f1':>8}{'after':>8}{'gone':>8}{'retention':>9}{'after':>8}{'others':>8}{'worst':>8}"
        f"{'s':>7}"
    )
    found = []
    for trial in trials(gold, fold_of, a.work, a.sizes, a.draws, slice(a.only[0] - 1, a.only[1])):
        found.append(trial)
        print(line(f"{trial.size:>2} of {trial.source}", [trial]), flush=True)
    for size in a.sizes:
        some = [t for t in found if t.size == size]
        if some:
            print(line(f"{size:>2} of each, {len(some)} trials", some))


if __name__ == "__main__":
    main()
