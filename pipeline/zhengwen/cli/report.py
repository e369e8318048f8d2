"""``zhengwen report``: one page about a cleaned folder."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from zhengwen.cli.local import LocalPath
from zhengwen.cli.shared import model_option, progress, tell
from zhengwen.errors import LedgerError, OutputError
from zhengwen.ledger.store import location, opened
from zhengwen.reports.page.document import ORDERS, TEXTS, Document, Settings
from zhengwen.reports.page.recorded import articles
from zhengwen.reports.page.shown import Shown
from zhengwen.reports.terminal import harmless, harmless_line
from zhengwen.writers import report_place, write_pieces

_FEW = 20


@click.command("report")
@click.argument("folder", metavar="DIR", type=LocalPath())
@click.option("-o", "--output", required=True, type=LocalPath(), help="File to write the page to.")
@click.option(
    "--order",
    type=click.Choice(ORDERS),
    default="path",
    show_default=True,
    help="Which articles come first.",
)
@click.option(
    "--texts",
    type=click.Choice(TEXTS),
    default="changed",
    show_default=True,
    help="Articles whose whole text is in the page; of the others there are the passages.",
)
@click.option(
    "--max-size",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    metavar="MB",
    help="Most of texts in the page; the most uncertain articles come in first.",
)
@click.option(
    "--scores/--no-scores",
    default=True,
    show_default=True,
    help="Read the articles again, for what was nearly taken and advertisements that were kept.",
)
@model_option
def command(
    folder: Path,
    output: Path,
    order: str,
    texts: str,
    max_size: int,
    scores: bool,
    model: Path | None,
) -> int:
    """Write one HTML page that shows what `clean` took from the articles in DIR, and takes corrections.

    The page holds all it needs: it opens from a disk or a CI artifact, without a network. Its “Save corrections” gives
    labels for `train`. DIR is an output folder of `clean`, or a folder cleaned in place.
    """
    if not location(folder).is_file():
        raise LedgerError(
            f"{folder}: holds no ledger; name a folder that zhengwen cleaned, or look at one that it did not with "
            f"`zhengwen check {folder} --report html={output}`"
        )
    place = _place(output, folder)
    settings = Settings(folder.resolve().name, texts, max_size << 20, order, scores)
    with contextlib.closing(Document(settings)) as document, opened(folder) as ledger:
        found = articles(ledger, folder)
        faults = _gather(document, _scored(found, model) if scores else found, len(ledger))
        size = write_pieces(place, document.pieces())
        if not click.get_current_context().obj["quiet"]:
            message = f"{output}: {len(document.index):,} articles, {size / (1 << 20):.1f} MB"
            click.echo(harmless_line(message), err=True)
    return 2 if faults else 0


def _place(output: Path, folder: Path) -> Path:
    """Where the page goes. Raises `OutputError` if it would lie among the articles, or is a folder."""
    place = report_place(output)
    if place.is_dir():
        raise OutputError(f"{output}: is a folder; name a file for the page")
    if folder.resolve() in place.resolve().parents:
        raise OutputError(f"{output}: lies inside of {folder}, whose next run would read it; choose another place")
    return place


def _gather(document: Document, found: Iterable[Shown], total: int) -> int:
    """Takes all articles into the page; how many had no text that should have one."""
    faults = 0
    with progress(total, "article") as bar:
        for shown in found:
            document.add(shown)
            bar.update()
            if shown.missing:
                faults += 1
                if faults <= _FEW:
                    tell(f"zhengwen: error: {harmless(shown.why)}")
    if faults > _FEW:
        tell(f"zhengwen: error: {faults - _FEW:,} more articles are without their text")
    return faults


def _scored(found: Iterable[Shown], folder: Path | None) -> Iterator[Shown]:
    from zhengwen.model import load
    from zhengwen.reports.page.doubts import read

    return read(found, load(folder))
