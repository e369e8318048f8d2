"""``zhengwen clean``: a scraped folder in, clean articles out."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.cli.configured import Configured, rules, tailored
from zhengwen.cli.configured import source as origin
from zhengwen.cli.engines import Engines, engine_options, size_of, working
from zhengwen.cli.recorded import Done, clean, configuration, note_advert, remembered
from zhengwen.cli.remembered import digest, put_back
from zhengwen.cli.repeating import remember, shared
from zhengwen.cli.shared import (
    ENCODING,
    Place,
    complain,
    copies_option,
    encoding_option,
    fields_options,
    ignored,
    keep_option,
    kinds_left,
    level_option,
    limit_options,
    listed,
    locate,
    max_removed_option,
    model_option,
    repetition_option,
    selection,
    summarise,
    to_option,
)
from zhengwen.cli.tailored import TailoredCleaner
from zhengwen.cli.walking import walk
from zhengwen.dedup.verify import Limits, Reason
from zhengwen.engines import Engine
from zhengwen.errors import OutputError, ZhengwenError
from zhengwen.forms import HTML, MARKDOWN, Edit, Fields, form_of
from zhengwen.keeping import Keep
from zhengwen.ledger.store import location
from zhengwen.model import load
from zhengwen.proving import Settings, excess
from zhengwen.readers import STDIN, Source, root_of
from zhengwen.reports.diff import unified
from zhengwen.reports.summary import Summary
from zhengwen.reports.terminal import harmless
from zhengwen.storage import is_url
from zhengwen.writers import prepare, targets


@click.command("clean", cls=Configured)
@click.argument("paths", nargs=-1, metavar="PATHS...")
@click.option("-o", "--output", type=Place(), help="Folder, or URL, to write the cleaned articles to.")
@click.option("--in-place", is_flag=True, help="Replace the files themselves; their ledger goes into .zhengwen beside.")
@click.option("--diff", is_flag=True, help="Show what would go, write nothing; exit code 1 if anything would.")
@click.option("--drop-adverts", is_flag=True, help="Leave out articles that are an advertisement as a whole.")
@click.option(
    "--overwrite", is_flag=True, help="Replace files in the way that are no earlier output of the same input."
)
@to_option
@max_removed_option
@copies_option
@limit_options
@repetition_option
@click.option("--to-encoding", type=ENCODING, help="Encoding of the outputs; that of each input if not given.")
@selection
@ignored
@keep_option
@fields_options
@encoding_option
@level_option
@model_option
@engine_options
def command(
    paths: tuple[str, ...],
    output: Path | str | None,
    in_place: bool,
    diff: bool,
    drop_adverts: bool,
    overwrite: bool,
    to: str | None,
    max_removed: float | None,
    copies: str | None,
    similarity: float,
    containment: float,
    repetition: bool,
    to_encoding: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    keep_list: Path | None,
    text_field: str,
    id_field: str | None,
    encoding: str | None,
    level: str | None,
    model: Path | None,
    jobs: int | None,
    engine: str,
    ray_address: str | None,
) -> int:
    """Write cleaned articles, and a ledger from which `restore` gives every original back.

    Reads files and folders (.md, .markdown, .txt, .html, .htm, .jsonl, .jsonl.gz, .jsonl.zst, .parquet, with
    sub-folders; nothing whose name begins with a dot) and writes what is left of each article under the same relative
    path below the output folder. Of an HTML page the main text is cleaned: page.html becomes page.md, or stays HTML
    with --to html. Of JSON Lines and Parquet the text in a field of each line or row is cleaned. A run that was stopped
    goes on with the same command. With - as the only path, filters standard input to standard output, without a ledger.
    """
    asked = {key: value if origin(key) == "command line" else None for key, value in (("to", to), ("dedup", copies))}
    _check_usage(paths, output, diff, in_place, overwrite, asked)
    summary = Summary()
    engines = Engines(jobs, engine, ray_address)
    share = (60.0 if in_place else 100.0) if max_removed is None else max_removed
    fields = Fields(text_field, id_field)
    to = HTML if in_place else to or MARKDOWN
    settings = Settings(drop_adverts, share / 100, to, encoding, to_encoding, overwrite, fields)
    limits = Limits(copies != "exact", similarity, containment) if output and copies != "off" else None
    if isinstance(output, str) or any(map(is_url, paths)):
        forbidden = {"--in-place": in_place, "--diff": diff}
        cleaner = Cleaner(load(model).at(level or ""), kinds_left(select, ignore), Keep(listed(keep_list, (), model)))
        return _by_url(cleaner, paths, output, forbidden, settings, limits, engines, summary)
    sources = locate(paths, summary)
    folder = root_of(paths) if in_place else output
    before = put_back(sources, but=folder)
    keep = Keep(listed(keep_list, paths, model), before)
    kinds = kinds_left(select, ignore)
    cleaner = TailoredCleaner(load(model).at(level or ""), kinds, keep, of=_selections(sources, select, ignore))
    outputs, clashes = targets(sources, to)
    for clash in clashes:
        complain(clash, summary)
    notes = []
    if output and not diff:
        prepare(output, paths, outputs, overwrite=overwrite)
    if repetition and paths != (STDIN,):
        found = shared(sources, encoding, root_of(paths), *([folder] if folder else []))
        cleaner = replace(cleaner, evidence=found.evidence())
        if folder and not diff:
            remember(found, folder)
    with working(engines, size_of(list(outputs))) as where:
        if not folder or diff:
            mindful = remembered(cleaner, folder) if folder else cleaner
            _without_ledger(mindful, list(outputs), settings, summary, where, diff=diff)
        else:
            tailoring = {"per_path": rules(("select", "ignore")), "put_back": digest(before), "alone": not repetition}
            how = (settings, limits, summary, tailoring)
            notes = _told(clean(cleaner, list(outputs), folder, *how, in_place=in_place, engine=where))
    summarise(summary, verb="to remove" if diff else "removed", notes=_adverts(summary, drop_adverts) + notes)
    return summary.exit_code(findings_count=diff, dropped=drop_adverts)


def _by_url(
    cleaner: Cleaner,
    paths: tuple[str, ...],
    output: Path | str | None,
    forbidden: Mapping[str, object],
    settings: Settings,
    limits: Limits | None,
    engines: Engines,
    summary: Summary,
) -> int:
    """Cleans a store into another one; the exit code. forbidden: options that need files of this machine."""
    from zhengwen.cli import remote

    given = remote.check_usage(paths, output, forbidden)
    what = configuration(cleaner, settings, limits, {})
    notes = remote.clean(cleaner, given, output or "", settings, what, limits, engines, summary)
    summarise(summary, verb="removed", notes=_adverts(summary, settings.drop_adverts) + notes)
    return summary.exit_code(findings_count=False)


def _selections(
    sources: Sequence[Source], select: tuple[str, ...], ignore: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """The kinds of the articles for which the settings say others than for the rest."""
    if not kinds_left(select, ignore):
        raise click.UsageError("--ignore leaves no kind to remove")
    values = tailored({"select": select, "ignore": ignore})
    kinds = {s.name: kinds_left(values(s)["select"], values(s)["ignore"]) for s in sources}
    return {name: mine for name, mine in kinds.items() if mine != kinds_left(select, ignore)}


def _check_usage(
    paths: tuple[str, ...],
    output: Path | str | None,
    diff: bool,
    in_place: bool,
    overwrite: bool,
    asked: Mapping[str, str | None],
) -> None:
    """asked: the options ``--to`` and ``--dedup``, if the command line itself has them."""
    filtering = paths == (STDIN,)
    if not paths:
        raise click.UsageError("name the files or folders to clean, or - for standard input")
    if STDIN in paths and not filtering:
        raise click.UsageError("- reads standard input and cannot be combined with other paths")
    if filtering and (output or in_place):
        raise click.UsageError("- writes to standard output; leave -o and --in-place out")
    if output and in_place:
        raise click.UsageError("-o writes elsewhere and --in-place does not; choose one")
    if diff:
        _check_diff(output, overwrite, asked)
    if in_place and asked["to"] == MARKDOWN:
        raise click.UsageError("in its place a page stays a page; leave --to out, or write elsewhere with -o")
    if asked["dedup"] not in (None, "off") and not output:
        raise click.UsageError("copies are left out of an output folder; name one with -o, or leave --dedup out")
    if not (filtering or diff or output or in_place):
        raise click.UsageError("say where to write with -o FOLDER or --in-place, or look first with --diff")


def _check_diff(output: Path | str | None, overwrite: bool, asked: Mapping[str, str | None]) -> None:
    """Of an earlier run ``--diff`` heeds what was put back; all else that is about writing it would ignore."""
    if overwrite:
        raise click.UsageError("--diff writes nothing; leave --overwrite out")
    if asked["dedup"] not in (None, "off"):
        raise click.UsageError("--diff does not compare articles with each other; leave --dedup out")
    if isinstance(output, Path) and not location(output).is_file():
        raise click.UsageError(f"--diff writes nothing, and {output} holds nothing that was put back; leave -o out")


def _without_ledger(
    cleaner: Cleaner, sources: Sequence[Source], settings: Settings, summary: Summary, engine: Engine, *, diff: bool
) -> None:
    """Shows what would go, or filters standard input to standard output."""
    for source, found in walk(cleaner, sources, summary, settings.fields, engine, settings.encoding):
        cleaned = _limited(source, found, settings, summary)
        summary.add(cleaned, count_adverts=False)
        drop = cleaned.advert and settings.drop_adverts and not cleaner.keep.guards(cleaned.article)
        if cleaned.advert:
            note_advert(source, cleaned.article, summary.adverts - 1, drop=drop)
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


def _told(done: Done) -> list[str]:
    """What the summary says of copies and of articles finished before."""
    reasons = Counter(copy.likeness.reason for copy in done.copies)
    copies = ", ".join(f"{reason} {reasons[reason]:,}" for reason in Reason if reasons[reason])
    return [
        *([f"left out as copies of others: {len(done.copies):,} ({copies})"] if copies else []),
        *([f"finished by an earlier run, not done again: {done.skipped:,}"] if done.skipped else []),
    ]


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
    for line in unified(name, *sides):
        color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(line, fg=color, bold=line.startswith(("---", "+++")))
