"""``zhengwen clean`` with a ledger: into a folder, or in place."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from zhengwen import __version__
from zhengwen.articles import Article
from zhengwen.cleaning import Cleaner
from zhengwen.cli.shared import FLAWS, complain, more, progress
from zhengwen.corpora import CorpusRecorder
from zhengwen.forms import form_of
from zhengwen.keeping import Keep
from zhengwen.ledger.entries import ADVERT, REFUSED
from zhengwen.ledger.store import Ledger, location, opened
from zhengwen.places import Folder, InPlace
from zhengwen.readers import Source
from zhengwen.recording import Outcome, Recorder, Settings
from zhengwen.reports.summary import Summary


def clean(
    cleaner: Cleaner, sources: Sequence[Source], folder: Path, settings: Settings, summary: Summary, *, in_place: bool
) -> int:
    """Cleans the sources into ``folder``, or in place with the ledger there; how many were finished before."""
    skipped = 0
    with opened(folder, create=True) as ledger, progress(len(sources), "article") as bar:
        run = ledger.run(cleaner.model.fingerprint, _configuration(cleaner, settings))
        cleaner = remembering(cleaner, ledger)
        place = InPlace() if in_place else Folder(folder, settings.to)
        sources = _distinct(sources) if in_place else sources
        how = (cleaner, place, ledger, run, settings)
        flaws = Counter[Source]()
        for some in (
            Recorder(*how).outcomes(_files(sources, many=False)),
            CorpusRecorder(*how).outcomes(_files(sources, many=True)),
        ):
            for outcome in some:
                skipped += outcome.skipped and not outcome.part
                flaws[outcome.source] += outcome.part and outcome.fault is not None
                _count(outcome, summary, show=flaws[outcome.source] <= FLAWS)
                bar.update(not outcome.part)
        for source, count in flaws.items():
            more(source, count)
    return skipped


def _files(sources: Sequence[Source], *, many: bool) -> list[Source]:
    """The sources that hold an article each, or many."""
    return [s for s in sources if form_of(s.name).many == many]


def _configuration(cleaner: Cleaner, settings: Settings) -> dict[str, object]:
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
    }


def remembering(cleaner: Cleaner, ledger: Ledger) -> Cleaner:
    """A cleaner that keeps what was put back."""
    return replace(cleaner, keep=Keep(cleaner.keep.everywhere, ledger.kept()))


def remembered(cleaner: Cleaner, folder: Path) -> Cleaner:
    """A cleaner that keeps what was put back in a folder, if that has a ledger."""
    if not location(folder).is_file():
        return cleaner
    with opened(folder) as ledger:
        return remembering(cleaner, ledger)


def _distinct(sources: Sequence[Source]) -> list[Source]:
    """The sources less further names of the same file: a file is cleaned in place once."""
    found: dict[Path, Source] = {}
    for source in sources:
        first = found.setdefault(source.path.resolve() if source.path else Path(), source)
        if first is not source:
            _say(f"{source.shown}: is {first.shown} under another name, cleaned and recorded there")
    return list(found.values())


def _count(outcome: Outcome, summary: Summary, *, show: bool) -> None:
    if outcome.cleaned:
        untouched = outcome.status == REFUSED
        cleaned = replace(outcome.cleaned, findings=(), removed=()) if untouched else outcome.cleaned
        summary.add(cleaned, count_adverts=False)
        if cleaned.advert:
            note_advert(outcome.source, cleaned.article, drop=outcome.status == ADVERT)
    if outcome.warning:
        _say(f"zhengwen: warning: {outcome.warning}")
    if outcome.fault:
        complain(outcome.fault, summary, show=show)


def note_advert(source: Source, article: Article, *, drop: bool) -> None:
    """Says what becomes of an article that is an advertisement as a whole."""
    fate = "left out" if drop else "kept as it is"
    name = f"{source.shown}:{article.line}" if article.line else source.shown
    _say(f"{name}: an advertisement as a whole, {fate}")


def _say(message: str) -> None:
    if not click.get_current_context().obj["quiet"]:
        click.echo(message, err=True)
