"""``zhengwen clean``: a scraped folder in, clean articles out."""

import difflib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.cli.recorded import clean, note_advert, remembered
from zhengwen.cli.shared import (
    ENCODING,
    complain,
    encoding_option,
    fields_options,
    keep_option,
    listed,
    locate,
    model_option,
    selection,
    summarise,
    walk,
)
from zhengwen.errors import OutputError, ZhengwenError
from zhengwen.forms import HTML, MARKDOWN, TARGETS, Edit, Fields, form_of
from zhengwen.model import load
from zhengwen.readers import STDIN, Source, root_of
from zhengwen.recording import Settings, excess
from zhengwen.reports.summary import Summary
from zhengwen.reports.terminal import harmless
from zhengwen.writers import prepare, targets

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@click.command("clean")
@click.argument("paths", nargs=-1, metavar="PATHS...")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write the cleaned articles to.")
@click.option("--in-place", is_flag=True, help="Replace the files themselves; their ledger goes into .zhengwen beside.")
@click.option("--diff", is_flag=True, help="Show what would go, write nothing; exit code 1 if anything would.")
@click.option("--drop-adverts", is_flag=True, help="Leave out articles that are an advertisement as a whole.")
@click.option(
    "--overwrite", is_flag=True, help="Replace files in the way that are no earlier output of the same input."
)
@click.option(
    "--to",
    type=click.Choice(TARGETS),
    help="What HTML pages are written as.  [default: markdown; html with --in-place]",
)
@click.option(
    "--max-removed",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Keep an article as it is if more of its characters would go.  [default: 60 with --in-place, else 100]",
)
@click.option("--to-encoding", type=ENCODING, help="Encoding of the outputs; that of each input if not given.")
@selection
@keep_option
@fields_options
@encoding_option
@model_option
def command(
    paths: tuple[str, ...],
    output: Path | None,
    in_place: bool,
    diff: bool,
    drop_adverts: bool,
    overwrite: bool,
    to: str | None,
    max_removed: float | None,
    to_encoding: str | None,
    select: tuple[str, ...],
    keep_list: Path | None,
    text_field: str,
    id_field: str | None,
    encoding: str | None,
    model: Path | None,
) -> int:
    """Write cleaned articles, and a ledger from which `restore` gives every original back.

    Reads files and folders (.md, .markdown, .txt, .html, .htm, .jsonl, .jsonl.gz, .jsonl.zst, with sub-folders) and
    writes what is left of each article under the same relative path below the output folder. Of an HTML page the main
    text is cleaned: page.html becomes page.md, or stays HTML with --to html. Of JSON Lines the text in a field of each
    line is cleaned. A run that was stopped goes on with the same command. With - as the only path, filters standard
    input to standard output, without a ledger.
    """
    _check_usage(paths, output, to, diff, in_place)
    summary = Summary()
    sources = locate(paths, summary)
    cleaner = Cleaner(load(model), select, listed(keep_list, paths))
    limit = (60.0 if in_place else 100.0) if max_removed is None else max_removed
    to = to or (HTML if in_place else MARKDOWN)
    settings = Settings(drop_adverts, limit / 100, to, encoding, to_encoding, overwrite, Fields(text_field, id_field))
    outputs, clashes = targets(sources, to)
    for clash in clashes:
        complain(clash, summary)
    folder = root_of(paths) if in_place else output
    skipped = 0
    if not folder or diff:
        cleaner = remembered(cleaner, folder) if folder else cleaner
        _without_ledger(cleaner, list(outputs), settings, summary, diff=diff)
    else:
        if output:
            prepare(output, paths, outputs, overwrite=overwrite)
        skipped = clean(cleaner, list(outputs), folder, settings, summary, in_place=in_place)
    before = [f"finished by an earlier run, not done again: {skipped:,}"] if skipped else []
    notes = _adverts(summary, drop_adverts) + before
    summarise(summary, verb="to remove" if diff else "removed", notes=notes)
    return summary.exit_code(findings_count=diff, dropped=drop_adverts)


def _check_usage(paths: tuple[str, ...], output: Path | None, to: str | None, diff: bool, in_place: bool) -> None:
    filtering = paths == (STDIN,)
    if not paths:
        raise click.UsageError("name the files or folders to clean, or - for standard input")
    if STDIN in paths and not filtering:
        raise click.UsageError("- reads standard input and cannot be combined with other paths")
    if filtering and (output or in_place):
        raise click.UsageError("- writes to standard output; leave -o and --in-place out")
    if output and in_place:
        raise click.UsageError("-o writes elsewhere and --in-place does not; choose one")
    if in_place and to == MARKDOWN:
        raise click.UsageError("in its place a page stays a page; leave --to out, or write elsewhere with -o")
    if not (filtering or diff or output or in_place):
        raise click.UsageError("say where to write with -o FOLDER or --in-place, or look first with --diff")


def _without_ledger(
    cleaner: Cleaner, sources: Sequence[Source], settings: Settings, summary: Summary, *, diff: bool
) -> None:
    """Shows what would go, or filters standard input to standard output."""
    for source, found in walk(cleaner, sources, summary, settings.fields, settings.encoding):
        cleaned = _limited(source, found, settings, summary)
        summary.add(cleaned, count_adverts=False)
        drop = cleaned.advert and settings.drop_adverts and not cleaner.keep.guards(cleaned.article)
        if cleaned.advert:
            note_advert(source, cleaned.article, drop=drop)
        try:
            if diff and drop:
                click.secho(f"--- {harmless(source.shown)}\n+++ (left out)", bold=True)
            elif diff:
                _show(source, cleaned, settings)
            elif not drop:
                _print(source, form_of(source.name).edit(cleaned, source.shown, settings.to), settings)
        except ZhengwenError as fault:
            complain(fault, summary)


def _print(source: Source, edit: Edit, settings: Settings) -> None:
    try:
        sys.stdout.buffer.write(edit.converted(settings.to_encoding).output)
    except OutputError as e:
        raise OutputError(f"{source.shown}: {e}; choose another --to-encoding") from None


def _limited(source: Source, cleaned: Cleaned, settings: Settings, summary: Summary) -> Cleaned:
    """The article, as it came if more of it would go than may."""
    fault = excess(source, cleaned, settings)
    if not fault:
        return cleaned
    complain(fault, summary)
    return replace(cleaned, findings=(), removed=())


def _adverts(summary: Summary, drop: bool) -> list[str]:
    if not summary.adverts:
        return []
    fate = "left out" if drop else "kept as they are; --drop-adverts leaves them out"
    return [f"advertisements as a whole: {summary.adverts:,} ({fate})"]


def _show(source: Source, cleaned: Cleaned, settings: Settings) -> None:
    article = cleaned.article
    if article.line:
        name, sides = f"{source.shown}:{article.line}", (article.text, cleaned.text)
    else:
        edit = form_of(source.name).edit(cleaned, source.shown, settings.to)
        name, sides = source.shown, (edit.before, edit.after)
    for line in _diff(harmless(name), *sides):
        color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(line, fg=color, bold=line.startswith(("---", "+++")))


def _diff(name: str, *sides: str) -> Iterator[str]:
    before, after = (_LINE_BREAK.split(text) for text in sides)
    for line in difflib.unified_diff(before, after, name, f"{name} (cleaned)", lineterm=""):
        yield harmless(line.expandtabs(4))
