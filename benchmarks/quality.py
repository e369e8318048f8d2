"""Grouped cross-validation of the whole way from text to findings, with bootstrap intervals over sources.

python benchmarks/quality.py LABELS... [--on GOLD.jsonl ...] [--jobs N] [--predicted FILE]

LABELS are what a model learns from: files or folders of JSON Lines, windows among them. In four folds grouped by source
each article is predicted by a model that saw no article of its source, with temperature and decoder chosen on the other
folds. With --on, figures count only the articles of those files; --predicted writes the predictions in doccano's
format, for another scorer.
"""

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path

from tqdm import tqdm

from zhengwen.reports.figures import table
from zhengwen.training.evaluation import Tally, figures
from zhengwen.training.fit import STEPS
from zhengwen.training.labels import read_labels
from zhengwen.training.validation import FOLDS, cross_validate

DRAWS = 400
KEYS = ("mixed_f1", "passages", "false_100", "retention", "intact", "adverts", "kind")


def interval(tallies: list[tuple[str, Tally]], key: str) -> tuple[float, float]:
    """95 % bootstrap interval of a figure, whole sources resampled."""
    rng = random.Random(0)
    groups: dict[str, list[Tally]] = defaultdict(list)
    for source, t in tallies:
        groups[source].append(t)
    sources = sorted(groups)
    values = sorted(
        figures([t for s in rng.choices(sources, k=len(sources)) for t in groups[s]]).as_dict()[key]
        for _ in range(DRAWS)
    )
    return values[int(0.025 * DRAWS)], values[int(0.975 * DRAWS) - 1]


def main() -> None:
    """Trains, predicts, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--on", nargs="+", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--predicted", type=Path, help="file to write the predictions to")
    a = parser.parse_args()
    samples = read_labels(a.labels)
    counted = {s.article.name for s in (read_labels(a.on) if a.on else samples)}
    with tqdm(total=FOLDS * STEPS, unit=" step") as bar:
        found = cross_validate(samples, jobs=a.jobs, tick=bar.update)
    numbers = [n for n in sorted(found.tallies) if samples[n].article.name in counted]
    tallies = [(samples[n].source, found.tallies[n]) for n in numbers]
    print("\n".join(table(tallies, by_source=False)))
    print("\n  95 % intervals, sources resampled")
    for key in KEYS:
        low, high = interval(tallies, key)
        print(f"  {key:<12}{low:>8.4f} – {high:.4f}")
    if a.predicted:
        rows = ({"id": samples[n].article.name, "label": found.predicted[n]} for n in numbers)
        a.predicted.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
