"""``zhengwen clean``: a scraped folder in, clean articles out."""

import difflib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.cli.shared import complain, locate, model_option, selection, summarise, walk
from zhengwen.errors import ZhengwenError
from zhengwen.forms import MARKDOWN, TARGETS, form_of
from zhengwen.model import load
from zhengwen.readers import STDIN, Source
from zhengwen.reports.summary import Summary
from zhengwen.reports.terminal import harmless
from zhengwen.writers import prepare, targets, write

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@click.command("clean")
@click.argument("paths", nargs=-1, metavar="PATHS...")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write the cleaned articles to.")
@click.option("--diff", is_flag=True, help="Show what would go, write nothing; exit code 1 if anything would.")
@click.option("--drop-adverts", is_flag=True, help="Leave out articles that are an advertisement as a whole.")
@click.option("--overwrite", is_flag=True, help="Write into an output folder that holds something already.")
@click.option(
    "--to", type=click.Choice(TARGETS), default=MARKDOWN, show_default=True, help="What HTML pages are written as."
)
@selection
@model_option
def command(
    paths: tuple[str, ...],
    output: Path | None,
    diff: bool,
    drop_adverts: bool,
    overwrite: bool,
    to: str,
    select: tuple[str, ...],
    model: Path | None,
) -> int:
    """Write cleaned articles.

    Reads files and folders (.md, .markdown, .txt, .html, .htm, with sub-folders) and writes what is left of each
    article under the same relative path below the output folder. Of an HTML page the main text is cleaned: page.html
    becomes page.md, or stays HTML with --to html. With - as the only path, filters standard input to standard output.
    """
    _check_usage(paths, output, diff)
    summary = Summary()
    sources = locate(paths, summary)
    cleaner = Cleaner(load(model), select)
    outputs, clashes = targets(sources, to)
    for clash in clashes:
        complain(clash, summary)
    if output and not diff:
        prepare(output, paths, outputs, overwrite=overwrite)
    for source, cleaned in walk(cleaner, list(outputs), summary):
        summary.add(cleaned, count_adverts=False)
        if cleaned.advert:
            _note_advert(source, drop=drop_adverts)
        if diff and cleaned.advert and drop_adverts:
            click.secho(f"--- {harmless(source.shown)}\n+++ (left out)", bold=True)
        elif diff:
            _show(source, cleaned, to)
        elif not (cleaned.advert and drop_adverts):
            _put(output / outputs[source] if output else None, source, cleaned, to, summary)
    summarise(summary, verb="to remove" if diff else "removed", notes=_adverts(summary, drop_adverts))
    return summary.exit_code(findings_count=diff, dropped=drop_adverts)


def _check_usage(paths: tuple[str, ...], output: Path | None, diff: bool) -> None:
    filtering = paths == (STDIN,)
    if not paths:
        raise click.UsageError("name the files or folders to clean, or - for standard input")
    if STDIN in paths and not filtering:
        raise click.UsageError("- reads standard input and cannot be combined with other paths")
    if filtering and output:
        raise click.UsageError("- writes to standard output; leave -o out")
    if not (filtering or diff or output):
        raise click.UsageError("say where to write with -o FOLDER, or look first with --diff")


def _put(path: Path | None, source: Source, cleaned: Cleaned, to: str, summary: Summary) -> None:
    try:
        data = form_of(source.name).write(cleaned, source.shown, to)
        if path:
            write(path, data)
        else:
            sys.stdout.buffer.write(data)
    except ZhengwenError as fault:
        complain(fault, summary)


def _note_advert(source: Source, *, drop: bool) -> None:
    if not click.get_current_context().obj["quiet"]:
        fate = "left out" if drop else "kept as it is"
        click.echo(f"{source.shown}: an advertisement as a whole, {fate}", err=True)


def _adverts(summary: Summary, drop: bool) -> list[str]:
    if not summary.adverts:
        return []
    fate = "left out" if drop else "kept as they are; --drop-adverts leaves them out"
    return [f"advertisements as a whole: {summary.adverts:,} ({fate})"]


def _show(source: Source, cleaned: Cleaned, to: str) -> None:
    for line in _diff(source, *form_of(source.name).sides(cleaned, to)):
        color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(line, fg=color, bold=line.startswith(("---", "+++")))


def _diff(source: Source, *sides: str) -> Iterator[str]:
    before, after = (_LINE_BREAK.split(text) for text in sides)
    name = harmless(source.shown)
    for line in difflib.unified_diff(before, after, name, f"{name} (cleaned)", lineterm=""):
        yield harmless(line.expandtabs(4))
