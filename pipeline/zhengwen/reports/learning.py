"""What a model has learnt from corrections, for people and for programs: figures before and after, flips, doubts."""

from collections.abc import Sequence
from typing import Any

from zhengwen.articles import fingerprint
from zhengwen.reports.findings import excerpt, graded
from zhengwen.reports.terminal import harmless_line
from zhengwen.training.evaluation import Figures
from zhengwen.training.flips import Flip
from zhengwen.training.suspects import Contradiction, Labelling, Suspect

_SHOWN = ("f1", "mixed_f1", "precision", "recall", "retention", "passages", "false_100", "intact", "clean", "kind")
_FEW = 10
_FLIPS = 20
Pair = tuple[Figures, Figures]


def heading(articles: int, base: str, fingerprint_: str, seconds: float) -> list[str]:
    """What was adapted to what, and how long it took."""
    return [f"{articles:,} corrected articles; adapted from {base} ({fingerprint_[:16]}) in {seconds:.1f} s"]


def compared(corrections: Pair | None, reference: Pair, articles: int) -> list[str]:
    """Figures before and after."""
    lines = ["", f"  {'':<12}{'your articles*':>18}{'reference articles':>22}"]
    lines.append(f"  {'':<12}{'before':>9}{'after':>9}{'before':>13}{'after':>9}")
    for name in _SHOWN:
        digits = 1 if name == "false_100" else 4
        mine = [f"{getattr(f, name):.{digits}f}" for f in corrections] if corrections else ["–", "–"]
        theirs = [f"{getattr(f, name):.{digits}f}" for f in reference]
        lines.append(f"  {name:<12}{mine[0]:>9}{mine[1]:>9}{theirs[0]:>13}{theirs[1]:>9}")
    if corrections:
        lines.append("  * each article by a model that was not shown it")
    else:
        lines.append(f"  * {articles} are too few to hold one out")
    return lines


def compared_fields(corrections: Pair | None, reference: Pair) -> dict[str, Any]:
    """The same for programs."""
    return {
        name: None if pair is None else {"before": pair[0].as_dict(), "after": pair[1].as_dict()}
        for name, pair in (("corrections", corrections), ("reference", reference))
    }


def flipped(found: Sequence[Flip] | None, on: Sequence[str]) -> list[str]:
    """What flips, worst first."""
    if found is None:
        return ["", "name a cleaned folder, or articles, with --on to see what flips"]
    gone = sum(f.before == "content" for f in found)
    where = ", ".join(on)
    lines = ["", f"What flips in {harmless_line(where)}: {gone:,} passages go, {len(found) - gone:,} stay"]
    for f in found[:_FLIPS]:
        line = f.article.text.count("\n", 0, f.start) + 1
        fate, kind = ("goes ", f.after) if f.before == "content" else ("stays", f.before)
        scores = f"{graded(f.scores[0])} → {graded(f.scores[1])}"
        lines.append(f"  {harmless_line(f.article.name)}:{line} {fate} {kind} {scores} {excerpt(f.text)}")
    if len(found) > _FLIPS:
        lines.append(f"  and {len(found) - _FLIPS:,} more; --report has all")
    return lines


def flip_fields(flip: Flip) -> dict[str, Any]:
    """A flip for programs; offsets are code points into the decoded article."""
    return {
        "path": flip.article.name,
        "start": flip.start,
        "end": flip.end,
        "line": flip.article.text.count("\n", 0, flip.start) + 1,
        "before": flip.before,
        "after": flip.after,
        "score_before": round(flip.scores[0], 4),
        "score_after": round(flip.scores[1], 4),
        "size": round(flip.size, 2),
        "excerpt": excerpt(flip.text),
        "fingerprint": fingerprint(flip.text),
    }


def doubts(contradictions: Sequence[Contradiction], suspects: Sequence[Suspect], *, every: bool = False) -> list[str]:
    """Labels to look at; the first few of each sort, or every one."""
    most = max(len(contradictions), len(suspects)) if every else _FEW
    lines = []
    if contradictions:
        lines.append(f"One text, two labels ({len(contradictions):,}):")
        lines += [
            f"  {_place(c.one)} {c.one.kind}, but {_place(c.other)} {c.other.kind}: {excerpt(c.one.text)}"
            for c in contradictions[:most]
        ]
    if suspects:
        lines.append(f"Labels that models disagree with that were not shown them ({len(suspects):,}):")
        for s in suspects[:most]:
            opinion = f"{s.labelling.kind} {graded(s.own)}, rather {s.opinion} {graded(s.score)}"
            lines.append(f"  {_place(s.labelling)} {opinion}: {excerpt(s.labelling.text)}")
    if not every and max(len(contradictions), len(suspects)) > _FEW:
        lines.append("  (--check-only lists all)")
    return lines


def doubts_fields(contradictions: Sequence[Contradiction], suspects: Sequence[Suspect]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "contradictions": [{"one": _fields(c.one), "other": _fields(c.other)} for c in contradictions],
        "suspects": [
            {**_fields(s.labelling), "score": round(s.own, 4), "opinion": s.opinion, "opinion_score": round(s.score, 4)}
            for s in suspects
        ],
    }


def _place(labelling: Labelling) -> str:
    return harmless_line(labelling.place)


def _fields(labelling: Labelling) -> dict[str, Any]:
    return {
        "place": labelling.place,
        "id": labelling.sample.article.name,
        "start": labelling.start,
        "end": labelling.end,
        "kind": labelling.kind,
        "excerpt": excerpt(labelling.text),
    }
