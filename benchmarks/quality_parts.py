"""The parts of the table of `quality.py`: each yields its lines."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from tqdm import tqdm

from zhengwen import repetition
from zhengwen.articles import BOILERPLATE
from zhengwen.blocks import Blocks
from zhengwen.cleaning import Cleaner
from zhengwen.explaining import PLACE, REPETITION
from zhengwen.levels import LEVELS
from zhengwen.model import Model
from zhengwen.scoring import Features
from zhengwen.stages.decode import Decoder
from zhengwen.training.calibration import Held, Outcome, calibration, outcome
from zhengwen.training.corpus import Batch, batches
from zhengwen.training.evaluation import Tally, covered, figures, paint, tally, weights
from zhengwen.training.labels import Labelled
from zhengwen.training.levels import levels
from zhengwen.training.validation import FOLDS, Validation, choose, held_out, split

DRAWS = 400
LEAST_OF_A_SITE = 8
LENGTHS = (0, 10, 30, 100, 300, 10**9)
EDGE = 0.15
BINS = 10
SHARES = (0.2, 0.45)


@dataclass(frozen=True, slots=True)
class Run:
    """A cross-validation, and the samples that count. svg: where the reliability plot goes."""

    samples: list[Labelled]
    found: Validation
    numbers: list[int]
    sites: dict[str, str]
    jobs: int
    svg: Path | None

    def held(self) -> list[list[Held]]:
        """Out-of-fold scores, fold by fold."""
        mine = [{id(b.features) for b in part} for part in self.found.parts]
        return [[h for h in self.found.held if id(h.features) in ids] for ids in mine]


def interval(tallies: list[tuple[str, Tally]], key: str) -> tuple[float, float]:
    """95 % bootstrap interval of a figure, whole sources resampled."""
    rng = random.Random(0)
    groups: dict[str, list[Tally]] = defaultdict(list)
    for source, t in tallies:
        groups[source].append(t)
    names = sorted(groups)
    values = sorted(
        figures([t for s in rng.choices(names, k=len(names)) for t in groups[s]]).as_dict()[key] for _ in range(DRAWS)
    )
    return values[int(0.025 * DRAWS)], values[int(0.975 * DRAWS) - 1]


def by_site(run: Run) -> Iterator[str]:
    """figures by site, those with few articles together."""
    site = {n: run.sites.get(run.samples[n].article.name) or run.samples[n].source.split("/")[0] for n in run.numbers}
    often = Counter(site.values())
    groups: dict[str, list[Tally]] = defaultdict(list)
    for n in run.numbers:
        groups[site[n] if often[site[n]] >= LEAST_OF_A_SITE else "others"].append(run.found.tallies[n])
    yield f"{'site':<22}{'articles':>9}{'mixed_f1':>10}{'passages':>10}{'false_100':>10}{'retention':>11}"
    for name, tallies in sorted(groups.items(), key=lambda g: -len(g[1])):
        f = figures(tallies)
        values = f"{f.mixed_f1:>10.3f}{f.passages:>10.3f}{f.false_100:>10.1f}{f.retention:>11.4f}"
        yield f"{name:<22}{f.documents:>9}{values}"


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of marks: its weight, the share of it that the other side marks, where its middle stands (0 to 1)."""

    weight: float
    share: float
    place: float


def passages(run: Run, *, gold: bool) -> list[Passage]:
    """Gold passages against what was predicted, or the other way about."""
    out = []
    for n in run.numbers:
        sample = run.samples[n]
        w = weights(sample.article.text)
        seen = np.flatnonzero(w)
        w = w[seen]
        spans = (sample.spans, run.found.predicted[n])
        one, other = (paint(len(sample.article.text), s)[seen] > 0 for s in (spans if gold else spans[::-1]))
        if not one.any():
            continue
        shares = covered(one, other, w)
        change = np.flatnonzero(np.concatenate(([True], one[1:] != one[:-1])))
        own = one[change]
        total = np.add.reduceat(w, change)[own]
        middle = (np.cumsum(w) - w / 2)[np.append(change[1:], len(w))[own] - 1] - total / 2
        places = middle / w.sum()
        out += [Passage(*three) for three in zip(total.tolist(), shares.tolist(), places.tolist(), strict=True)]
    return out


def in_folders(run: Run) -> Iterator[str]:
    """the same with what articles of a folder share: each source in a folder of its own; all in one."""
    model_of = {n: m for m, ns in zip(run.found.models, split(run.samples, FOLDS), strict=True) for n in ns.tolist()}
    chosen = [run.samples[n] for n in run.numbers]
    models = [model_of[n] for n in run.numbers]
    names = ("mixed_f1", "passages", "false_100", "retention", "intact", "clean", "adverts")
    yield f"{'folders':<22}" + "".join(f"{name:>11}" for name in names)
    rows = (
        ("articles alone", [run.found.tallies[n] for n in run.numbers]),
        ("one for each source", foldered(chosen, models, lambda s: s.source)),
        ("one for all", foldered(chosen, models, lambda _: "all")),
    )
    for row, tallies in rows:
        f = figures(tallies).as_dict()
        yield f"{row:<22}" + "".join(f"{f[name]:>11.4f}" for name in names)


def foldered(samples: Sequence[Labelled], models: Sequence[Model], folder: Callable[[Labelled], str]) -> list[Tally]:
    """What each sample's model does where samples with the same folder lie together."""
    order = sorted(range(len(samples)), key=lambda n: folder(samples[n]))
    evidence = repetition.count((folder(samples[n]), [samples[n].article.text]) for n in order)
    tallies = []
    for sample, model in zip(samples, models, strict=True):
        article = replace(sample.article, name=f"{folder(sample)}/{sample.article.name.replace('/', '-')}")
        (cleaned,) = Cleaner(model, BOILERPLATE, evidence=evidence).clean([article])
        tallies.append(tally(article.text, sample.spans, [(f.start, f.end, f.kind) for f in cleaned.findings]))
    return tallies


def by_length(run: Run) -> Iterator[str]:
    """gold passages by their weight, and the share at least half removed."""
    found = passages(run, gold=True)
    yield f"{'weight':<22}{'passages':>9}{'met':>10}"
    for low, high in pairwise(LENGTHS):
        mine = [p for p in found if low < p.weight <= high]
        name = f"{low + 1}–{high}" if high < LENGTHS[-1] else f"over {low}"
        yield f"{name:<22}{len(mine):>9}{_share(p.share >= 0.5 for p in mine):>10}"


def by_place(run: Run) -> Iterator[str]:
    """passages by the place of their middle, first and last 15 % of the article's weight and between."""
    names = ("start", "middle", "end")

    def where(p: Passage) -> str:
        return names[(p.place > EDGE) + (p.place > 1 - EDGE)]

    gold, removed = passages(run, gold=True), passages(run, gold=False)
    yield f"{'place':<22}{'passages':>9}{'met':>10}{'removed':>10}{'false':>8}"
    for name in names:
        mine, gone = ([p for p in group if where(p) == name] for group in (gold, removed))
        false = sum(p.share < 0.5 for p in gone)
        yield f"{name:<22}{len(mine):>9}{_share(p.share >= 0.5 for p in mine):>10}{len(gone):>10}{false:>8}"


def _share(flags: Iterator[bool]) -> str:
    known = list(flags)
    return f"{sum(known) / len(known):.3f}" if known else "–"


def reliability(run: Run) -> Iterator[str]:
    """probability of boilerplate against its share among held-out blocks; the calibration is the other folds'."""
    held = run.held()
    said, true = [], []
    for k, part in enumerate(held):
        meant = calibration([h for other, hs in enumerate(held) if other != k for h in hs])
        for h in part:
            rows = (h.targets >= 0) & h.features.blocks.readable()
            said.append(1 - meant(h.probabilities[rows])[:, 0])
            true.append(h.targets[rows] > 0)
    p, y = np.concatenate(said), np.concatenate(true)
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    points = [(float(p[m].mean()), float(y[m].mean()), int(m.sum())) for k in range(BINS) if (m := place == k).any()]
    error = sum(abs(mean - share) * count for mean, share, count in points) / max(len(p), 1)
    yield f"{'said':>8}{'is':>8}{'blocks':>10}"
    for mean, share, count in points:
        yield f"{mean:>8.3f}{share:>8.3f}{count:>10,}  {'#' * round(40 * share)}"
    yield f"expected calibration error {error:.4f}"
    if run.svg:
        run.svg.write_text(_plot([(mean, share) for mean, share, _ in points]), encoding="utf-8")


def _plot(points: Sequence[tuple[float, float]]) -> str:
    """A square of 200 units with its diagonal and the points."""
    dots = "".join(f'<circle cx="{200 * x:.1f}" cy="{200 - 200 * y:.1f}" r="3"/>' for x, y in points)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -10 220 220" width="440" height="440">'
        '<path d="M0 200V0H200V200ZL200 0" fill="none" stroke="#999"/>'
        f"{dots}</svg>\n"
    )


def by_level(run: Run) -> Iterator[str]:
    """each level's decoder chosen on the other folds; block by block, mean of the folds."""
    held = run.held()
    rows: dict[str, list[Outcome]] = {name: [] for name in LEVELS}
    for k, part in enumerate(held):
        others = [h for other, hs in enumerate(held) if other != k for h in hs]
        model = run.found.models[k]
        for name, decoder in levels(model, others).items():
            rows[name].append(_outcome(model, part, decoder))
    yield _HEAD
    for name, outcomes in rows.items():
        yield _row(f"{name} ({LEVELS[name]})", outcomes)


_HEAD = f"{'':<22}{'retention':>11}{'f1':>8}{'passages':>10}{'false':>8}"


def _outcome(model: Model, part: Sequence[Held], decoder: Decoder) -> Outcome:
    calibrated = [model.calibration(h.probabilities) for h in part]
    return outcome(replace(model, decoder=decoder), part, calibrated)


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    keys = ("retention", "f1", "passages", "false")
    r, f, p, w = (float(np.mean([getattr(o, key) for o in outcomes])) for key in keys)
    return f"{name:<22}{r:>11.4f}{f:>8.3f}{p:>10.3f}{w:>8.3f}"


Change = Callable[[Features], Features]


def _wordless(found: Features) -> Features:
    """Every block says one n-gram of each length, always the same."""
    n = len(found.blocks)
    same = (np.zeros(n, np.uint32), np.arange(n + 1))
    return replace(found, hashed=[same for _ in found.hashed])


def _level(*columns: str) -> Change:
    """Makes the columns of structure with these names the same everywhere; all of them if none is named."""
    return lambda found: replace(
        found,
        structure={n: np.zeros_like(c) if n in columns or not columns else c for n, c in found.structure.items()},
    )


def _alone(found: Features) -> Features:
    """Each block an article of its own."""
    b = found.blocks
    blocks = Blocks(b.bounds, b.types, b.levels, b.quoted, b.continued, b.leaves, np.arange(len(b) + 1))
    return replace(found, blocks=blocks)


ABLATIONS: dict[str, Change] = {
    "nothing": lambda found: found,
    "words": _wordless,
    "structure": _level(),
    "place": _level(*PLACE),
    "repetition": _level(*REPETITION),
    "neighbours": _alone,
}


def ablations(run: Run) -> Iterator[str]:
    """trained anew without each; without neighbours a block is an article of its own, also when it is decided."""
    parts = _parts(run, 1.0)
    yield _HEAD
    for name, change in ABLATIONS.items():
        learnt = [[_altered(b, change) for b in (*a, *w)] for a, w, _ in parts]
        seen = [[_altered(b, change) for b in t] for _, _, t in parts]
        yield _row(f"without {name}", _trained(run, learnt, seen))


def curve(run: Run) -> Iterator[str]:
    """learnt from a share of the sources, trained anew."""
    yield _HEAD
    for share in (*SHARES, 1.0):
        parts = _parts(run, share)
        outcomes = _trained(run, [[*a, *w] for a, w, _ in parts], [t for _, _, t in parts])
        yield _row(f"{share:.0%} of the sources", outcomes)


def _altered(batch: Batch, change: Change) -> Batch:
    """The batch with other features. Its articles stay numbered block by block if each block is one of its own."""
    found = change(batch.features)
    alone = len(found.blocks.articles) != len(batch.features.blocks.articles)
    return replace(batch, features=found, articles=batch.owner if alone else batch.articles)


def _parts(run: Run, share: float) -> list[tuple[list[Batch], list[Batch], list[Batch]]]:
    """For each fold whole articles and windows to learn from, of that share of the
    sources, and the articles that count."""
    whole = np.array([s.windows is None for s in run.samples])
    counted = np.isin(np.arange(len(run.samples)), run.numbers)
    sources, source = np.unique([s.source for s in run.samples], return_inverse=True)
    chosen = (np.random.default_rng(0).random(len(sources)) < share)[source]
    parts = []
    for fold in split(run.samples, FOLDS):
        taken = fold[chosen[fold]]
        three = (taken[whole[taken]], taken[~whole[taken]], fold[counted[fold]])
        parts.append(tuple(batches(run.samples, numbers) for numbers in three))
    return parts


def _trained(run: Run, learnt: list[list[Batch]], seen: list[list[Batch]]) -> list[Outcome]:
    """What each fold's model does on its articles, calibration and decoder chosen on the other folds."""
    with tqdm(total=FOLDS, unit=" fold") as bar:
        models, held = held_out(learnt, seen, jobs=run.jobs, tick=bar.update)
    out = []
    for k, (model, part) in enumerate(zip(models, held, strict=True)):
        chosen = choose(model, [h for other, hs in enumerate(held) if other != k for h in hs])
        out.append(_outcome(chosen, part, chosen.decoder))
    return out


PARTS: dict[str, Callable[[Run], Iterator[str]]] = {
    "sites": by_site,
    "folders": in_folders,
    "lengths": by_length,
    "places": by_place,
    "reliability": reliability,
    "levels": by_level,
    "ablations": ablations,
    "curve": curve,
}
