"""``zhengwen check``: reports, never writes."""

from pathlib import Path

import click

from zhengwen.cleaning import Cleaner
from zhengwen.cli.shared import (
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
from zhengwen.forms import Fields
from zhengwen.model import load
from zhengwen.reports.findings import FORMATS, Record, as_json, records
from zhengwen.reports.summary import Summary
from zhengwen.reports.terminal import harmless

_COLORS = {"promotion": "red", "engagement": "magenta", "notice": "blue", "navigation": "cyan"}


@click.command("check")
@click.argument("paths", nargs=-1, metavar="PATHS...")
@click.option("--format", "form", type=click.Choice(FORMATS), default="full", show_default=True, help="Form of output.")
@selection
@keep_option
@fields_options
@encoding_option
@model_option
def command(
    paths: tuple[str, ...],
    form: str,
    select: tuple[str, ...],
    keep_list: Path | None,
    text_field: str,
    id_field: str | None,
    encoding: str | None,
    model: Path | None,
) -> int:
    """Print what `clean` would remove, and the passages of articles that are an advertisement as a whole.

    Exit code 0 if there is nothing, 1 if there are findings, 2 if anything could not be read. With --format jsonl each
    finding is a JSON object on a line of its own; start and end are offsets in code points into the decoded text;
    those of an HTML page into its source, those of a record of JSON Lines into its text.
    """
    if not paths:
        raise click.UsageError("name the files or folders to check, or - for standard input")
    summary = Summary()
    sources = locate(paths, summary)
    cleaner = Cleaner(load(model), select, listed(keep_list, paths))
    for source, cleaned in walk(cleaner, sources, summary, Fields(text_field, id_field), encoding):
        summary.add(cleaned, count_adverts=True)
        for record in records(cleaned, source.shown, cleaner.model):
            click.echo(as_json(record) if form == "jsonl" else _concise(record))
            if form == "full":
                _details(record)
        if cleaned.advert and form == "full":
            name = f"{source.shown}:{cleaned.article.line}" if cleaned.article.line else source.shown
            click.secho(f"{harmless(name)}: an advertisement as a whole", bold=True)
    summarise(summary, verb="found")
    return summary.exit_code(findings_count=True)


def _concise(record: Record) -> str:
    named = f" [{harmless(record.record)}]" if record.record else ""
    place = click.style(f"{harmless(record.path)}:{record.line}:{record.column}{named}", bold=True)
    kind = click.style(record.kind, fg=_COLORS[record.kind])
    return f"{place}: {kind} {record.score:.2f} {record.excerpt}"


def _details(record: Record) -> None:
    lines = f"line {record.line}" if record.line == record.end_line else f"lines {record.line}–{record.end_line}"
    said = f"; words: {'、'.join(record.reasons)}" if record.reasons else ""
    click.secho(f"    {lines}, {record.end - record.start:,} characters{said}", dim=True)
