"""Figures of quality as a table."""

from collections import defaultdict
from collections.abc import Sequence

from zhengwen.training.evaluation import Figures, Tally, figures, kind_figures

_ORDER = (
    "mixed_f1",
    "passages",
    "false_100",
    "retention",
    "intact",
    "clean",
    "adverts",
    "kind",
    "precision",
    "recall",
    "f1",
)


def table(tallies: Sequence[tuple[str, Tally]], *, by_source: bool) -> list[str]:
    """Lines: the figures of all articles, by kind, and by source (worst first). Tallies come with their source."""
    every = [t for _, t in tallies]
    lines = [f"{len(every):,} articles of {len({s for s, _ in tallies}):,} sources", *_overall(figures(every)), ""]
    lines.append(f"  {'kind':<12}{'weight':>10}{'precision':>11}{'recall':>9}")
    for kind, row in kind_figures(every).items():
        lines.append(f"  {kind:<12}{row['weight']:>10,}{row['precision']:>11.3f}{row['recall']:>9.3f}")
    if by_source:
        lines += ["", f"  {'articles':>8} {'f1':>6} {'precision':>10} {'recall':>7} {'retention':>10}  source"]
        groups: dict[str, list[Tally]] = defaultdict(list)
        for source, t in tallies:
            groups[source].append(t)
        for source, ts in sorted(groups.items(), key=lambda g: (figures(g[1]).f1, g[0])):
            f = figures(ts)
            lines.append(
                f"  {f.documents:>8} {f.f1:>6.3f} {f.precision:>10.3f} {f.recall:>7.3f} {f.retention:>10.4f}  {source}"
            )
    return lines


def _overall(f: Figures) -> list[str]:
    values = f.as_dict()
    return [f"  {name:<12}{values[name]:>8.{1 if name == 'false_100' else 4}f}" for name in _ORDER]
