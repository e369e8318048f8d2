"""What a few corrected articles of a site that the model never saw are worth.

python benchmarks/adaptation.py LABELS... --on GOLD.jsonl --work FOLDER [--bases-only]

The largest sources of GOLD are dealt into folds. A base is trained on LABELS without all sources of a fold, with the
temperature and the decoder of the shipped model, and kept in FOLDER for the next run.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from zhengwen.model import Model, load, save
from zhengwen.training.corpus import Batch, batches
from zhengwen.training.fit import STEPS, fit
from zhengwen.training.labels import Labelled, read_labels

SOURCES = 20
FOLDS = 4


def dealt(samples: Sequence[Labelled]) -> list[list[str]]:
    """The largest sources, dealt into folds by turns."""
    count = Counter(s.source for s in samples)
    largest = sorted(count, key=lambda s: (-count[s], s))[:SOURCES]
    return [largest[k::FOLDS] for k in range(FOLDS)]


def train_bases(samples: Sequence[Labelled], folds: Sequence[Sequence[str]], work: Path, jobs: int) -> None:
    """Trains the bases that are not there yet."""
    missing = [k for k in range(len(folds)) if not (work / f"base-{k}").is_dir()]
    if not missing:
        return
    fold_of = {source: k for k, sources in enumerate(folds) for source in sources}
    home = np.array([fold_of.get(s.source, -1) for s in samples])
    parts: dict[int, list[Batch]] = {}
    for k in range(-1, len(folds)):
        parts[k] = batches(samples, np.flatnonzero(home == k))
    _, groups = np.unique([s.source for s in samples], return_inverse=True)
    shipped = load()
    for k in missing:
        inside = [b for other, part in parts.items() if other != k for b in part]
        with tqdm(total=STEPS, unit=" step", desc=f"base {k}", mininterval=30) as bar:
            base = Model(*fit(inside, groups, jobs=jobs, tick=bar.update), shipped.decoder, {})
        save(replace(base, network=replace(base.network, temperature=shipped.network.temperature)), work / f"base-{k}")


def main() -> None:
    """Trains, adapts, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--on", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--bases-only", action="store_true")
    a = parser.parse_args()
    folds = dealt(read_labels([a.on]))
    train_bases(read_labels(a.labels), folds, a.work, a.jobs)


if __name__ == "__main__":
    main()
