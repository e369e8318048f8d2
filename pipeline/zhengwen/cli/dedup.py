"""``zhengwen dedup``: one article for each text."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from zhengwen.cli.configured import Configured
from zhengwen.cli.local import LocalPath
from zhengwen.cli.shared import complain, limit_options, locate, progress
from zhengwen.dedup import index
from zhengwen.dedup.assign import Fetch, LeftOut
from zhengwen.dedup.collection import EMPTY, Collection, Known, choose, deduplicate, merge
from zhengwen.dedup.fold import Codes, fold_texts
from zhengwen.dedup.index import Index, load
from zhengwen.dedup.lock import held
from zhengwen.dedup.verify import Limits, Reason
from zhengwen.errors import OutputError, UnreadableInputError
from zhengwen.readers import STDIN, Source, fetch, read, shards
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
        readable, new = _gather(sources, summary)
        out = _decide(readable, new, [_against(folder, new, summary) for folder in against], limits, report)
        _summarise(len(readable), out, summary)
        return summary.exit_code(findings_count=False)
    with _working_in(output, paths, sources, overwrite):
        before = load(output)
        readable, new = _gather(sources, summary)
        if not overwrite:
            readable, new = _without_others(output, before, readable, new, summary)
        others = [_against(folder, new, summary) for folder in against]
        others.append(_matching(output, before.retire(s.name for s in readable), new))
        out = _decide(readable, new, others, limits, report)
        _write(output, readable, out, new, before, summary)
    _summarise(len(readable), out, summary)
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


def _decide(
    readable: list[Source], new: Known, others: "list[_Others]", limits: Limits, report: Path | None
) -> list[LeftOut]:
    """Who is left out, and reports it."""
    shelf = [*readable, *(s for o in others for s in o.sources)]
    fixed = merge([o.known for o in others]) if others else EMPTY
    out = deduplicate(new, fixed, _fetcher(shelf), limits)
    if report:
        _write_lines(report, [_as_json(row, shelf) for row in out])
    return out


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


def _batches(sources: Sequence[Source], summary: Summary) -> Iterator[tuple[list[Source], list[str]]]:
    """Reads the sources, shard by shard, with progress; complains of those that cannot be read."""
    with progress(len(sources), "article") as bar:
        for shard in shards(sources):
            readable, texts = [], []
            for source in shard:
                try:
                    texts.append(read(source).text)
                except UnreadableInputError as fault:
                    complain(fault, summary)
                else:
                    readable.append(source)
            yield readable, texts
            bar.update(len(shard))


def _gather(sources: Sequence[Source], summary: Summary) -> tuple[list[Source], Known]:
    """The sources that can be read, and what is kept of them in memory."""
    readable: list[Source] = []
    collection = Collection()
    for batch, texts in _batches(sources, summary):
        readable += batch
        collection.add(texts)
    return readable, collection.known()


def _without_others(
    output: Path, before: Index, readable: list[Source], new: Known, summary: Summary
) -> tuple[list[Source], Known]:
    """Complains of articles that would take the place of kept ones that say something else; the rest."""
    held = before.holds(s.name for s in readable)
    mine = new.records["exact"].tolist()
    good = [held.get(source.name, exact) == exact for source, exact in zip(readable, mine, strict=True)]
    if all(good):
        return readable, new
    for source, is_good in zip(readable, good, strict=True):
        if not is_good:
            kept = f"{output / source.name} from an earlier run says something else"
            complain(
                OutputError(f"{source.shown}: {kept}; name it otherwise, or add --overwrite to replace it"), summary
            )
    return [s for s, g in zip(readable, good, strict=True) if g], choose(new, np.array(good))


@dataclass(frozen=True, slots=True)
class _Others:
    """Articles decided before, and where they are."""

    sources: list[Source]
    known: Known


def _against(folder: Path, new: Known, summary: Summary) -> _Others:
    """The articles of another folder, from its index if it has one."""
    if index.exists(folder):
        return _matching(folder, load(folder), new)
    return _Others(*_gather(locate([str(folder)], summary, many=False), summary))


def _matching(folder: Path, kept: Index, new: Known) -> _Others:
    match = kept.match(new)
    return _Others([Source(name, folder / name, 0) for name in match.names], match.known)


def _fetcher(shelf: Sequence[Source]) -> Fetch:
    """Reads articles again, to compare them; one that has gone since stands for nobody."""

    def fetch(numbers: Sequence[int]) -> list[Codes | None]:
        texts: list[str | None] = []
        for number in numbers:
            try:
                texts.append(read(shelf[number]).text)
            except UnreadableInputError:
                texts.append(None)
        folded = fold_texts([t or "" for t in texts])
        return [None if t is None else folded.article(n) for n, t in enumerate(texts)]

    return fetch


def _write(
    output: Path, readable: list[Source], out: list[LeftOut], new: Known, before: Index, summary: Summary
) -> None:
    """Writes the kept articles, then the index, then deletes what was kept before and is left out now."""
    kept = np.ones(len(readable), np.bool_)
    kept[[row.article for row in out]] = False
    with progress(len(readable), "article written") as bar:
        for number, source in enumerate(readable):
            if kept[number]:
                try:
                    write(output / source.name, fetch(source))
                except (OutputError, UnreadableInputError) as fault:
                    complain(fault, summary)
                    kept[number] = False
            bar.update()
    names = [s.name for s in readable]
    before.retire(names).add(choose(new, kept), [n for n, k in zip(names, kept.tolist(), strict=True) if k])
    for name in before.holds(names[row.article] for row in out):
        (output / name).unlink(missing_ok=True)


def _as_json(row: LeftOut, shelf: Sequence[Source]) -> str:
    fields = {
        "path": shelf[row.article].shown,
        "keeper": shelf[row.keeper].shown,
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
    found = repeated_lines(_batches(by_folder(sources), summary), least)
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
