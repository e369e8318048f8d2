"""``zhengwen dedup``: one article for each text."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
import numpy as np

from zhengwen.cli.comparing import Articles, batches, decide, gather, matching, settle, shelf, taken
from zhengwen.cli.comparing import against as compared
from zhengwen.cli.configured import Configured
from zhengwen.cli.local import LocalPath
from zhengwen.cli.shared import complain, limit_options, locate, progress
from zhengwen.dedup import index
from zhengwen.dedup.assign import LeftOut
from zhengwen.dedup.collection import Known, choose
from zhengwen.dedup.index import load
from zhengwen.dedup.lock import held
from zhengwen.dedup.verify import Limits, Reason
from zhengwen.errors import OutputError, UnreadableInputError
from zhengwen.readers import STDIN, Source, fetch
from zhengwen.repeats import RepeatedLine, by_folder, repeated_lines
from zhengwen.reports.findings import excerpt
from zhengwen.reports.summary import Summary
from zhengwen.reports.terminal import harmless
from zhengwen.writers import prepare, report_place, write


@click.command("dedup", cls=Configured)
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...")
@click.option("-o", "--output", type=LocalPath(), help="Folder to write the kept articles to.")
@click.option(
    "--dedup",
    "which",
    type=click.Choice(["near", "exact"]),
    default="near",
    show_default=True,
    help="Which copies go.",
)
@limit_options
@click.option(
    "--against",
    multiple=True,
    type=LocalPath(exists=True, file_okay=False),
    help="Folder whose articles count as kept.",
)
@click.option("--report", type=LocalPath(), help="File (.jsonl) for a line on each article left out.")
@click.option("--repeated", type=click.IntRange(2), metavar="N", help="List the lines that N articles carry instead.")
@click.option(
    "--overwrite",
    is_flag=True,
    help="Write into a folder that holds something else already; replace kept articles that have changed.",
)
def command(
    paths: tuple[str, ...],
    output: Path | None,
    which: str,
    similarity: float,
    containment: float,
    against: tuple[Path, ...],
    report: Path | None,
    repeated: int | None,
    overwrite: bool,
) -> int:
    """Leave out articles that say what another one says.

    Exact copies, near copies, and articles that another one contains; front matter, link targets, punctuation, width
    and case do not count. The longest stays, then the earliest. The output folder remembers what it keeps: run again
    with new articles, it compares them with all of those.
    """
    _check_usage(paths, output, against, report, repeated)
    summary = Summary()
    sources = locate(paths, summary, many=False)
    if repeated:
        _list_repeated(sources, repeated, report, summary)
        return summary.exit_code(findings_count=False)
    _check_against(against, output, sources)
    limits = Limits(which == "near", similarity, containment)
    if not output:
        new = gather(sources, summary)
        others = [compared(folder, new, summary) for folder in against]
        out = decide(new, others, limits)
        _report(report, new, others, out)
        _summarise(len(new.sources), out, summary)
        return summary.exit_code(findings_count=False)
    with _working_in(output, paths, sources, overwrite):
        before = load(output)
        new = gather(sources, summary)
        names = frozenset[str]() if overwrite else taken(output, before, new)
        again = before.retire(s.name for s in new.sources if s.name not in names)
        others = [*(compared(folder, new, summary) for folder in against), matching(output, again, new)]
        new, out = settle(output, new, others, limits, names, summary)
        _report(report, new, others, out)
        copies = {new.sources[row.article].name for row in out}
        same = frozenset[str]() if overwrite else before.holds(s.name for s in new.sources).keys()
        again.add(*_write(output, new, copies, same, summary))
        for name in before.holds(copies - names):
            (output / name).unlink(missing_ok=True)
    _summarise(len(new.sources), out, summary)
    return summary.exit_code(findings_count=False)


@contextmanager
def _working_in(output: Path, paths: Sequence[str], sources: Sequence[Source], overwrite: bool) -> Iterator[None]:
    """Makes the output folder, and locks its index until the block ends.

    Where another run is making it just now, its lock is asked first: what that run has written is not taken for
    something else.
    """

    def make() -> None:
        prepare(output, paths, {s: s.name for s in sources}, overwrite=overwrite or index.exists(output))

    with ExitStack() as stack:
        if not index.place(output).is_dir():
            try:
                make()
            except OutputError:
                if not index.place(output).is_dir():
                    raise
        stack.enter_context(held(output))
        make()
        yield


def _check_usage(
    paths: tuple[str, ...], output: Path | None, against: tuple[Path, ...], report: Path | None, repeated: int | None
) -> None:
    if STDIN in paths:
        raise click.UsageError("articles are compared with each other; name files or folders, not standard input")
    if repeated and (output or against):
        raise click.UsageError("--repeated only lists lines; leave -o and --against out")
    if not (output or report or repeated):
        raise click.UsageError("say where to write with -o FOLDER, or only look with --report FILE.jsonl")


def _check_against(against: tuple[Path, ...], output: Path | None, sources: Sequence[Source]) -> None:
    """Nothing is left out because of itself."""
    folders = {folder.resolve(): folder for folder in against}
    if output and output.resolve() in folders:
        raise click.UsageError(f"{output}: what the output folder keeps is compared with anyway; leave --against out")
    for source in sources:
        for folder in set(source.path.resolve().parents if source.path else ()) & folders.keys():
            raise click.UsageError(f"--against {folders[folder]} holds the input {source.shown}; choose another folder")


def _write(output: Path, new: Articles, copies: Set[str], same: Set[str], summary: Summary) -> tuple[Known, list[str]]:
    """Writes the articles that are no copies, and returns those that are there now, for the index.

    same: names under which the same text is kept already; these files stay as they are.
    """
    kept = np.zeros(len(new.sources), np.bool_)
    with progress(len(new.sources), "article written") as bar:
        for number, source in enumerate(new.sources):
            place = output / source.name
            try:
                if source.name not in copies and not (source.name in same and place.is_file()):
                    write(place, fetch(source))
                kept[number] = source.name not in copies
            except (OutputError, UnreadableInputError) as fault:
                complain(fault, summary)
            bar.update()
    return choose(new.known, kept), [s.name for s, k in zip(new.sources, kept.tolist(), strict=True) if k]


def _report(report: Path | None, new: Articles, others: Sequence[Articles], out: Sequence[LeftOut]) -> None:
    """Writes a line on each article left out, if that was asked for."""
    if report:
        places = shelf(new, others)
        _write_lines(report, [_as_json(row, places) for row in out])


def _as_json(row: LeftOut, places: Sequence[Source]) -> str:
    fields = {
        "path": places[row.article].shown,
        "keeper": places[row.keeper].shown,
        "reason": row.reason.value,
        "jaccard": round(row.jaccard, 4),
        "containment": round(row.containment, 4),
    }
    return json.dumps(fields, ensure_ascii=False)


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    """Writes a report, as a whole or not at all; to standard output if the path is -."""
    whole = "".join(f"{line}\n" for line in lines)
    if str(path) == STDIN:
        click.echo(whole, nl=False)
    else:
        write(report_place(path), whole.encode("utf-8", "surrogatepass"))


def _summarise(articles: int, out: Sequence[LeftOut], summary: Summary) -> None:
    if click.get_current_context().obj["quiet"]:
        return
    reasons = Counter(row.reason for row in out)
    click.echo(f"{articles:,} articles, {articles - len(out):,} kept, {len(out):,} left out", err=True)
    for reason in Reason:
        if reasons[reason]:
            click.echo(f"  {reason.value:<10} {reasons[reason]:>10,}", err=True)
    if summary.faults:
        noun = "input" if summary.faults == 1 else "inputs"
        click.echo(f"{summary.faults:,} {noun} could not be done, see above", err=True)


def _list_repeated(sources: Sequence[Source], least: int, report: Path | None, summary: Summary) -> None:
    found = repeated_lines(batches(by_folder(sources), summary), least)
    if report:
        _write_lines(report, [_line_as_json(line) for line in found])
        return
    for line in found:
        where = f"{line.examples[0].shown}:{line.line}"
        count = f"{line.articles:>8,} articles {line.sources:>6,} folders"
        click.echo(harmless(f"{count}  {where}  {excerpt(line.text)}"))


def _line_as_json(line: RepeatedLine) -> str:
    fields = {
        "text": line.text,
        "articles": line.articles,
        "sources": line.sources,
        "path": line.examples[0].shown,
        "line": line.line,
        "examples": [source.shown for source in line.examples],
        "excerpt": excerpt(line.text),
    }
    return json.dumps(fields, ensure_ascii=False)
