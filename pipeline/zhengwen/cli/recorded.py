"""``zhengwen clean`` with a ledger: into a folder, or in place."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zhengwen import __version__
from zhengwen.articles import Article
from zhengwen.cleaning import Cleaner
from zhengwen.cli.flaws import Flaws
from zhengwen.cli.inside import Inside
from zhengwen.cli.remembered import joined
from zhengwen.cli.shared import progress, tell
from zhengwen.corpora import CorpusRecorder
from zhengwen.dedup.verify import Limits
from zhengwen.engines import Engine
from zhengwen.forms import form_of
from zhengwen.keeping import Keep
from zhengwen.ledger.entries import ADVERT, REFUSED, Key
from zhengwen.ledger.store import Ledger, location, opened
from zhengwen.places import Folder, InPlace
from zhengwen.proving import Settings
from zhengwen.readers import Source
from zhengwen.recording import Outcome, Recorder
from zhengwen.reports.summary import Summary
from zhengwen.reports.terminal import harmless, harmless_line

if TYPE_CHECKING:
    from zhengwen.copies import Copy

_FEW = 20
"""Messages of one kind that are shown."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a run found done already, and what it left out as copies."""

    skipped: int
    copies: "list[Copy]"


def clean(
    cleaner: Cleaner,
    sources: Sequence[Source],
    folder: Path,
    settings: Settings,
    copies: Limits | None,
    summary: Summary,
    also: Mapping[str, object],
    *,
    in_place: bool,
    engine: Engine | None = None,
) -> Done:
    """Cleans the sources into ``folder``, or in place with the ledger there; then leaves copies out, if asked to.

    also: what else decides what becomes of an article, for the ledger; what is empty is not recorded.
    """
    skipped = 0
    done: list[tuple[Key, bool]] = []
    with (
        opened(folder, create=True) as ledger,
        _held(folder) if copies else nullcontext(),
        progress(len(sources), "article") as bar,
        Inside() as inside,
    ):
        run = ledger.run(cleaner.model.fingerprint, configuration(cleaner, settings, copies, also))
        ledger.keep(cleaner.keep.within)
        cleaner = remembering(cleaner, ledger)
        place = InPlace(folder) if in_place else Folder(folder, settings.to)
        sources = _distinct(sources, folder) if in_place else sources
        how = (cleaner, place, ledger, run, settings, engine)
        flaws = Flaws(summary)
        for some in (
            Recorder(*how).outcomes(_files(sources, many=False)),
            CorpusRecorder(*how).outcomes(_files(sources, many=True)),
        ):
            for outcome in some:
                skipped += outcome.skipped and not outcome.part and not outcome.fault
                if not form_of(outcome.source.name).many:
                    done.append(((outcome.source.name, ""), not outcome.skipped))
                _count(outcome, summary, flaws)
                bar.update(not outcome.part)
                inside.add(outcome.source, outcome.size)
        flaws.sum_up()
        found = _left_out(folder, ledger, run, done, copies) if copies else []
    for number, copy in enumerate(found):
        alike = f"{copy.likeness.reason}, Jaccard {copy.likeness.jaccard:.2f}, {copy.likeness.containment:.0%} of it"
        _say_first(number, f"{harmless(copy.name)}: left out, {harmless(copy.keeper)} says the same ({alike})")
    return Done(skipped, found)


def _held(folder: Path) -> AbstractContextManager[None]:
    from zhengwen.dedup.lock import held

    return held(folder)


def _left_out(folder: Path, ledger: Ledger, run: int, done: list[tuple[Key, bool]], limits: Limits) -> "list[Copy]":
    from zhengwen.copies import leave_out

    return leave_out(folder, ledger, run, done, limits)


def _files(sources: Sequence[Source], *, many: bool) -> list[Source]:
    """The sources that hold an article each, or many."""
    return [s for s in sources if form_of(s.name).many == many]


def configuration(
    cleaner: Cleaner, settings: Settings, copies: Limits | None, also: Mapping[str, object]
) -> dict[str, object]:
    """All, beside the model, that decides what becomes of an article."""
    listed = "\n".join(sorted(cleaner.keep.everywhere))
    return {
        "zhengwen": __version__,
        "select": sorted(cleaner.selection),
        "keep_list": hashlib.sha256(listed.encode()).hexdigest() if listed else "",
        "drop_adverts": settings.drop_adverts,
        "max_removed": settings.max_removed,
        "to": settings.to,
        "text_field": settings.fields.text,
        "id_field": settings.fields.id,
        "encoding": settings.encoding,
        "to_encoding": settings.to_encoding,
        "copies": asdict(copies) if copies else None,
        **{key: value for key, value in also.items() if value},
    }


def remembering(cleaner: Cleaner, ledger: Ledger) -> Cleaner:
    """A cleaner that keeps what was put back."""
    return replace(cleaner, keep=Keep(cleaner.keep.everywhere, joined(cleaner.keep.within, ledger.kept())))


def remembered(cleaner: Cleaner, folder: Path) -> Cleaner:
    """A cleaner that keeps what was put back in a folder, if that has a ledger."""
    if not location(folder).is_file():
        return cleaner
    with opened(folder) as ledger:
        return remembering(cleaner, ledger)


def _distinct(sources: Sequence[Source], folder: Path) -> list[Source]:
    """The sources less further names of the same file: a file is cleaned in place once. Says which lie elsewhere."""
    found: dict[Path, Source] = {}
    inside = folder.resolve()
    for source in sources:
        path = source.path.resolve() if source.path else Path()
        first = found.setdefault(path, source)
        if first is source and not path.is_relative_to(inside):
            _say(f"zhengwen: warning: {source.shown}: is a link to {path}, outside of {folder}; that file is cleaned")
        if first is not source:
            _say(f"{source.shown}: is {first.shown} under another name, cleaned and recorded there")
    return list(found.values())


def _count(outcome: Outcome, summary: Summary, flaws: Flaws) -> None:
    if outcome.cleaned:
        untouched = outcome.status == REFUSED
        cleaned = replace(outcome.cleaned, findings=(), removed=()) if untouched else outcome.cleaned
        summary.add(cleaned, count_adverts=False)
        if cleaned.advert:
            note_advert(outcome.source, cleaned.article, summary.adverts - 1, drop=outcome.status == ADVERT)
    if outcome.warning:
        _say(f"zhengwen: warning: {outcome.warning}")
    if outcome.fault:
        flaws.complain(outcome.fault)


def note_advert(source: Source, article: Article, number: int, *, drop: bool) -> None:
    """Says what becomes of an article that is an advertisement as a whole, the ``number``-th of the run."""
    fate = "left out" if drop else "kept as it is"
    name = f"{source.shown}:{article.line}" if article.line else source.shown
    _say_first(number, f"{name}: an advertisement as a whole, {fate}")


def _say_first(number: int, message: str) -> None:
    """Says the first few messages of a kind; all with --verbose."""
    if number < _FEW or click.get_current_context().obj["verbose"]:
        _say(message)
    elif number == _FEW:
        _say("(more like this one are not shown; --verbose shows all, the ledger has them)")


def _say(message: str) -> None:
    if not click.get_current_context().obj["quiet"]:
        tell(harmless_line(message))
