"""``zhengwen clean``: a scraped folder in, clean articles out."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from zhengwen.cleaning import Cleaned
from zhengwen.cli.configured import Configured, tailored
from zhengwen.cli.shared import complain, ignored, kinds_left, locate, model_option, selection, summarise, walk
from zhengwen.cli.tailored import TailoredCleaner
from zhengwen.errors import OutputError
from zhengwen.model import load
from zhengwen.readers import STDIN, Source
from zhengwen.reports.diff import unified
from zhengwen.reports.summary import Summary
from zhengwen.reports.terminal import harmless
from zhengwen.writers import prepare, write


@click.command("clean", cls=Configured)
@click.argument("paths", nargs=-1, metavar="PATHS...")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write the cleaned articles to.")
@click.option("--diff", is_flag=True, help="Show what would go, write nothing; exit code 1 if anything would.")
@click.option("--drop-adverts", is_flag=True, help="Leave out articles that are an advertisement as a whole.")
@click.option("--overwrite", is_flag=True, help="Write into an output folder that holds something already.")
@selection
@ignored
@model_option
def command(
    paths: tuple[str, ...],
    output: Path | None,
    diff: bool,
    drop_adverts: bool,
    overwrite: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    model: Path | None,
) -> int:
    """Write cleaned articles.

    Reads files and folders (.md, .markdown, .txt, with sub-folders) and writes what is left of each article under the
    same relative path below the output folder. With - as the only path, filters standard input to standard output.
    """
    _check_usage(paths, output, diff)
    summary = Summary()
    sources = locate(paths, summary)
    cleaner = TailoredCleaner(load(model), kinds_left(select, ignore), of=_selections(sources, select, ignore))
    if output and not diff:
        prepare(output, paths, sources, overwrite=overwrite)
    for source, cleaned in walk(cleaner, sources, summary):
        summary.add(cleaned, count_adverts=False)
        if cleaned.advert:
            _note_advert(source, drop=drop_adverts)
        if diff and cleaned.advert and drop_adverts:
            click.secho(f"--- {harmless(source.shown)}\n+++ (left out)", bold=True)
        elif diff:
            _show(source, cleaned)
        elif not (cleaned.advert and drop_adverts):
            _put(output, source, cleaned, summary)
    summarise(summary, verb="to remove" if diff else "removed", notes=_adverts(summary, drop_adverts))
    return summary.exit_code(findings_count=diff, dropped=drop_adverts)


def _selections(
    sources: Sequence[Source], select: tuple[str, ...], ignore: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """The kinds of the articles for which the settings say others than for the rest."""
    if not kinds_left(select, ignore):
        raise click.UsageError("--ignore leaves no kind to remove")
    values = tailored({"select": select, "ignore": ignore})
    kinds = {s.name: kinds_left(values(s)["select"], values(s)["ignore"]) for s in sources}
    return {name: mine for name, mine in kinds.items() if mine != kinds_left(select, ignore)}


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


def _put(output: Path | None, source: Source, cleaned: Cleaned, summary: Summary) -> None:
    if not output:
        sys.stdout.buffer.write(cleaned.text.encode())
        return
    try:
        write(output, source.name, cleaned.text)
    except OutputError as fault:
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


def _show(source: Source, cleaned: Cleaned) -> None:
    for line in unified(source.shown, cleaned.article.text, cleaned.text):
        color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(line, fg=color, bold=line.startswith(("---", "+++")))
