"""``zhengwen train --base``: a trained model adapted to corrections, shown, and written if it is no worse."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from zhengwen.articles import BOILERPLATE, DEFAULT_SELECTION, Article, Span
from zhengwen.cleaning import Cleaner
from zhengwen.cli.remembered import put_back
from zhengwen.cli.shared import listed, progress
from zhengwen.errors import LabelError, OutputError, UnreadableInputError, ZhengwenError
from zhengwen.forms import form_of
from zhengwen.keeping import Keep
from zhengwen.keeplist import KEEP_LIST, add, read_list
from zhengwen.ledger.entries import CLEANED, UNCHANGED
from zhengwen.ledger.store import Ledger, location, opened
from zhengwen.model import Model, load, save
from zhengwen.readers import find, read
from zhengwen.reports import learning
from zhengwen.reports.terminal import harmless
from zhengwen.restoring import input_of
from zhengwen.training.adaptation import Adapted, adapt, steps
from zhengwen.training.evaluation import Figures, figures
from zhengwen.training.flips import Flip, flips, worst
from zhengwen.training.gate import Fall, falls
from zhengwen.training.labels import Labelled
from zhengwen.training.measuring import measure
from zhengwen.training.reference import reference
from zhengwen.training.restored import restored
from zhengwen.training.suspects import contradictions, suspects

DEFAULT = "default"
"""Name of the shipped model, as a base."""
_OF_TEXT = ("markdown", "text")


@dataclass(frozen=True, slots=True)
class Asked:
    """What `train --base` shall do.

    base: folder of the model; None for the shipped one. on: what to show flips of.
    min_f1: least f1 on the corrections. max_loss: points that a figure on the reference articles may fall by.
    report: file for everything that is printed, as JSON.
    """

    base: Path | None
    output: Path | None
    on: tuple[str, ...]
    min_f1: float | None
    max_loss: float
    check_only: bool
    report: Path | None

    @property
    def base_name(self) -> str:
        """How the base is called."""
        return DEFAULT if self.base is None else str(self.base)


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures before and after: of the corrections (None if there are too few), and of the reference articles."""

    corrections: tuple[Figures, Figures] | None
    reference: tuple[Figures, Figures]
    falls: list[Fall]


def run(samples: Sequence[Labelled], asked: Asked) -> int:
    """Adapts, shows and, if the gate lets it, writes; the exit code."""
    samples = _whole(samples)
    base = load(asked.base)
    began = time.perf_counter()
    with progress(steps(samples), "step", slow=True) as bar:
        adapted = adapt(base, samples, bar.update)
    seconds = time.perf_counter() - began
    doubts = contradictions(samples), suspects(adapted, samples)
    if asked.check_only:
        _print(learning.doubts(*doubts, every=True) or [f"{len(samples):,} articles: no label that stands out"])
        _report(asked, {"labels": learning.doubts_fields(*doubts)})
        return 1 if any(doubts) else 0
    measured = _measure(base, adapted, samples, asked.max_loss)
    found = _flips(base, adapted.model, asked) if asked.on else None
    _print(learning.heading(len(samples), asked.base_name, base.fingerprint, seconds))
    _print(learning.doubts(*doubts))
    _print(learning.compared(measured.corrections, measured.reference, len(samples)))
    _print(learning.flipped(found, asked.on))
    refused = _refusal(measured, asked)
    _report(
        asked,
        {
            "corrections": len(samples),
            "base": {"name": asked.base_name, "fingerprint": base.fingerprint},
            "figures": learning.compared_fields(measured.corrections, measured.reference),
            "gate": refused,
            "labels": learning.doubts_fields(*doubts),
            "flips": [learning.flip_fields(f) for f in found or ()],
        },
    )
    if refused:
        for line in refused:
            click.echo(f"zhengwen: {line}", err=True)
        return 1
    _write(base, adapted, samples, measured, asked)
    return 0


def _whole(samples: Sequence[Labelled]) -> list[Labelled]:
    whole = [s for s in samples if s.windows is None]
    if not whole:
        raise LabelError("the corrections cover windows only; adapting needs articles labelled as a whole")
    return whole


def _measure(base: Model, adapted: Adapted, samples: Sequence[Labelled], max_loss: float) -> Measured:
    after = adapted.tallies(samples)
    corrections = (figures(measure(base, samples)), figures(after)) if after else None
    tallies = measure(base, reference())
    two = figures(tallies), figures(measure(adapted.model, reference()))
    return Measured(corrections, two, falls(*two, tallies, max_loss))


def _refusal(measured: Measured, asked: Asked) -> list[str]:
    """Why the model is not written, and what to do; nothing if it is."""
    said = []
    if measured.falls:
        what = "; ".join(map(str, measured.falls))
        said.append(
            f"not written: on the reference articles {what}, more than --max-loss {asked.max_loss:g} allows. Look at "
            f"the labels with --check-only, correct more articles, or raise --max-loss if yours matter more"
        )
    if asked.min_f1 is not None:
        if not measured.corrections:
            said.append("not written: --min-f1 needs two corrected articles at least, one to be held out")
        elif measured.corrections[1].f1 < asked.min_f1:
            said.append(
                f"not written: f1 on corrections that the model was not shown is {measured.corrections[1].f1:.4f}, "
                f"less than --min-f1 {asked.min_f1:g}. Look at the labels with --check-only, or correct more articles"
            )
    return said


def _write(base: Model, adapted: Adapted, samples: Sequence[Labelled], measured: Measured, asked: Asked) -> None:
    if not asked.output:
        return
    earlier = (asked.base / KEEP_LIST) if asked.base else None
    known = dict.fromkeys(read_list(earlier), "") if earlier and earlier.is_file() else {}
    marks = known | restored((base, adapted.model), samples)
    card = {
        **{key: value for key, value in base.card.items() if key not in ("fingerprint", "files", "format")},
        "adapted": {
            "base": base.fingerprint,
            "articles": len(samples),
            "corrections": measured.corrections[1].as_dict() if measured.corrections else None,
            "reference": measured.reference[1].as_dict(),
        },
    }
    save(replace(adapted.model, card=card), asked.output)
    if marks:
        add(asked.output / KEEP_LIST, marks)
        click.echo(f"{len(marks):,} passages that your labels call content are kept, see {asked.output / KEEP_LIST}")
    click.echo(f"Model written to {asked.output}")


def _flips(base: Model, model: Model, asked: Asked) -> list[Flip]:
    """What flips in the articles of a cleaned folder, or of others, worst first."""
    found: list[Flip] = []
    for selection, keep, articles in _scenes(asked.on):
        found += flips(Cleaner(base, selection, keep), Cleaner(model, selection, keep), articles)
    return worst(found)


Scene = tuple[tuple[str, ...], Keep, list[tuple[Article, tuple[Span, ...] | None]]]
"""The kinds removed, what is kept, and the articles, each with what went, where that is recorded."""


def _scenes(on: Sequence[str]) -> Iterator[Scene]:
    recorded = [p for p in on if location(Path(p)).is_file()]
    for folder in recorded:
        with opened(Path(folder)) as ledger:
            yield from _recorded(ledger, Path(folder))
    others = [p for p in on if p not in recorded]
    if not others:
        return
    found, faults = find(others, None)
    if not found:
        raise UnreadableInputError(f"{', '.join(others)}: no articles here to show flips of; name a cleaned folder")
    sources = [s for s in found if not form_of(s.name).many]
    articles: list[tuple[Article, tuple[Span, ...] | None]] = []
    for source in sources:
        try:
            articles.append((read(source), None))
        except UnreadableInputError as fault:
            faults.append(fault)
    for missing in faults:
        click.echo(f"zhengwen: error: {harmless(str(missing))}", err=True)
    yield DEFAULT_SELECTION, Keep(listed(None, others), put_back(sources)), articles


def _recorded(ledger: Ledger, folder: Path) -> Iterator[Scene]:
    """The originals of a cleaned folder, by the kinds that their runs removed."""
    scenes: dict[tuple[str, ...], list[tuple[Article, tuple[Span, ...] | None]]] = {}
    for recorded in ledger.files():
        entry = recorded.entry
        if entry.status not in (UNCHANGED, CLEANED) or entry.form not in _OF_TEXT:
            continue
        try:
            text = input_of(entry, folder).decode(entry.encoding)
        except (ZhengwenError, UnicodeDecodeError) as fault:
            click.echo(f"zhengwen: error: {harmless(str(fault))}", err=True)
            continue
        went = tuple((p.start, p.end, p.kind) for p in entry.passages if p.kind in BOILERPLATE)
        kinds = tuple(ledger.configuration(recorded.run).get("select", DEFAULT_SELECTION))
        scenes.setdefault(kinds, []).append((Article(entry.key[0], text, entry.encoding), went))
    keep = Keep(within=ledger.kept())
    yield from ((kinds, keep, articles) for kinds, articles in scenes.items())


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(line)


def _report(asked: Asked, value: dict[str, Any]) -> None:
    if not asked.report:
        return
    try:
        asked.report.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as e:
        raise OutputError(f"{asked.report}: the report cannot be written ({e.strerror})") from None
