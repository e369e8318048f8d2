"""Grouped cross-validation of the whole way from text to findings, with bootstrap intervals over sources.

python benchmarks/quality.py LABELS... [--on GOLD.jsonl ...] [--parts PARTS] [--jobs N] [--predicted FILE] [--svg FILE]

LABELS are what a model learns from: files or folders of JSON Lines, windows among them. In four folds grouped by source
each article is predicted by a model that saw no article of its source, with calibration and decoder chosen on the other
folds. With --on, figures count only the articles of those files; --predicted writes the predictions in doccano's
format, for another scorer; --svg the reliability plot.

PARTS, separated by commas, or ALL: sites, folders, lengths, places, reliability, levels need nothing beyond the
cross-validation (levels and reliability count all of LABELS); ablations and curve train it anew, six and three times,
and count blocks.
"""

import argparse
import json
from pathlib import Path

from quality_parts import PARTS, Run, interval
from tqdm import tqdm

from zhengwen.reports.figures import table
from zhengwen.training.labels import read_labels
from zhengwen.training.validation import FOLDS, cross_validate

KEYS = ("mixed_f1", "passages", "false_100", "retention", "intact", "adverts", "kind")
CHEAP = ("sites", "folders", "lengths", "places", "reliability", "levels")


def wanted(text: str) -> tuple[str, ...]:
    """The parts named."""
    names = tuple(PARTS) if text == "ALL" else tuple(filter(None, text.split(",")))
    for name in names:
        if name not in PARTS:
            raise argparse.ArgumentTypeError(f"there is no part {name!r}; choose from {', '.join(PARTS)} or ALL")
    return names


def site_of(paths: list[Path]) -> dict[str, str]:
    """The site of each article whose labels name one."""
    files = [f for p in paths for f in (sorted(p.glob("*.jsonl")) if p.is_dir() else [p])]
    rows = (json.loads(line) for f in files for line in f.read_text(encoding="utf-8-sig").split("\n") if line.strip())
    return {str(row["id"]): str(row["site"]) for row in rows if "site" in row}


def main() -> None:
    """Trains, predicts, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--on", nargs="+", type=Path)
    parser.add_argument("--parts", type=wanted, default=CHEAP, help=f"of {', '.join(PARTS)}")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--predicted", type=Path, help="file to write the predictions to")
    parser.add_argument("--svg", type=Path, help="file to write the reliability plot to")
    a = parser.parse_args()
    samples = read_labels(a.labels)
    counted = {s.article.name for s in (read_labels(a.on) if a.on else samples)}
    with tqdm(total=FOLDS, unit=" fold") as bar:
        found = cross_validate(samples, jobs=a.jobs, tick=bar.update)
    numbers = [n for n in sorted(found.tallies) if samples[n].article.name in counted]
    tallies = [(samples[n].source, found.tallies[n]) for n in numbers]
    print("\n".join(table(tallies, by_source=False)))
    print("\n  95 % intervals, sources resampled")
    for key in KEYS:
        low, high = interval(tallies, key)
        print(f"  {key:<12}{low:>8.4f} – {high:.4f}")
    run = Run(samples, found, numbers, site_of(a.labels), a.jobs, a.svg)
    for name in a.parts:
        print(f"\n  {name}: {PARTS[name].__doc__}")
        for line in PARTS[name](run):
            print(f"  {line}", flush=True)
    if a.predicted:
        rows = ({"id": samples[n].article.name, "label": found.predicted[n]} for n in numbers)
        a.predicted.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
