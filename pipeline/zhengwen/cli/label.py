"""``zhengwen label``: the articles whose labels would teach most, pre-labelled for a tool that labels texts."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from zhengwen.articles import BOILERPLATE, Article
from zhengwen.cleaning import Cleaner
from zhengwen.cli.configured import Configured
from zhengwen.cli.flaws import Flaws
from zhengwen.cli.local import LocalPath
from zhengwen.cli.shared import complain, encoding_option, fields_options, locate, model_option, progress
from zhengwen.errors import OutputError, UnreadableInputError
from zhengwen.forms import Fields, form_of
from zhengwen.forms.records import Flaw, Record
from zhengwen.model import load
from zhengwen.readers import Source, batches, read, records, shards
from zhengwen.reports.summary import Summary
from zhengwen.training.tasks import TOOLS, Task, Tool, row
from zhengwen.writers import report_place, write


@click.command("label", cls=Configured)
@click.argument("paths", nargs=-1, metavar="PATHS...")
@click.option("-o", "--output", required=True, type=LocalPath(), help="File to write the articles to.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Articles to choose, at most.")
@click.option(
    "--for",
    "tool",
    type=click.Choice(TOOLS),
    default="zhengwen",
    show_default=True,
    help="Whose format: JSON Lines for zhengwen's page and doccano, a JSON array for Label Studio.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file if it is there.")
@fields_options
@encoding_option
@model_option
def command(
    paths: tuple[str, ...],
    output: Path,
    limit: int,
    tool: Tool,
    overwrite: bool,
    text_field: str,
    id_field: str | None,
    encoding: str | None,
    model: Path | None,
) -> int:
    """Choose the articles whose labels would teach most, with what the model finds in them marked.

    An article is chosen for what the model is unsure of in it, more so if other articles carry the same passages, and
    less if an article chosen before it has them. The file is for `train --base` once it is corrected.
    """
    if not paths:
        raise click.UsageError("name the files or folders to choose from")
    where = report_place(output)
    if where.exists() and not overwrite:
        raise OutputError(f"{output}: is there already; name another file or add --overwrite")
    from zhengwen.training.selection import Pool

    summary = Summary()
    sources = locate(paths, summary)
    chosen_model = load(model)
    pool = Pool(chosen_model)
    found: list[Source | Article] = []
    with progress(len(sources), "article") as bar:
        for batch in _articles(sources, Fields(text_field, id_field), encoding, summary, bar.update):
            pool.add([article for _, article in batch])
            found += [article if article.line else source for source, article in batch]
    tasks = []
    for number, gain in pool.choose(limit):
        place = found[number]
        article = read(place, encoding) if isinstance(place, Source) else place
        (cleaned,) = Cleaner(chosen_model, BOILERPLATE).clean([article])
        tasks.append(Task(article, [(f.start, f.end, f.kind) for f in cleaned.findings], gain))
    write(where, _encoded(tasks, tool))
    if not click.get_current_context().obj["quiet"]:
        click.echo(f"{len(tasks):,} of {len(found):,} articles in {output}, those that teach most first", err=True)
    return 2 if summary.faults else 0


def _encoded(tasks: Sequence[Task], tool: Tool) -> bytes:
    rows = [json.dumps(row(task, tool), ensure_ascii=False) for task in tasks]
    text = "[\n" + ",\n".join(rows) + "\n]\n" if tool == "label-studio" else "".join(f"{line}\n" for line in rows)
    return text.encode("utf-8", "surrogatepass")


def _articles(
    sources: Sequence[Source], fields: Fields, encoding: str | None, summary: Summary, tick: Callable[[int], object]
) -> Iterator[list[tuple[Source, Article]]]:
    """The articles in batches; complains of what cannot be read."""
    for shard in shards(sources):
        if form_of(shard[0].name).many:
            yield from _records(shard[0], fields, encoding, summary)
        else:
            batch = []
            for source in shard:
                try:
                    batch.append((source, read(source, encoding)))
                except UnreadableInputError as fault:
                    complain(fault, summary)
            yield batch
        tick(len(shard))


def _records(
    source: Source, fields: Fields, encoding: str | None, summary: Summary
) -> Iterator[list[tuple[Source, Article]]]:
    flaws = Flaws(summary)
    try:
        for lines in batches(records(source, fields, encoding)):
            for line in lines:
                if isinstance(line, Flaw):
                    flaws.complain(line.fault)
            yield [(source, line) for line in lines if isinstance(line, Record)]
    except UnreadableInputError as fault:
        complain(fault, summary)
    flaws.sum_up()
