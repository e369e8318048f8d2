"""What several commands have in common: options, progress, the walk over the inputs."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from zhengwen.articles import BOILERPLATE, DEFAULT_SELECTION, Article
from zhengwen.charsets import known
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.errors import UnreadableInputError, ZhengwenError
from zhengwen.forms import SUFFIXES, Fields, form_of
from zhengwen.forms.jsonl import Flaw, Record
from zhengwen.keeping import KEEP_LIST, Keep, read_list
from zhengwen.readers import STDIN, Source, batches, find, read, records, shards
from zhengwen.reports.summary import Summary

Command = TypeVar("Command", bound=Callable[..., Any])


_FEW = 20
FLAWS = 20
"""Lines of a file of many articles, at most, that are named when they cannot be read."""


class _Selection(click.ParamType[Any]):
    """Comma-separated kinds, or ``ALL``."""

    name = "KINDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        kinds = tuple(k.strip() for k in str(value).split(",") if k.strip())
        if "ALL" in kinds:
            return BOILERPLATE
        for kind in kinds:
            if kind not in BOILERPLATE:
                self.fail(f"unknown kind {kind!r}; choose from {', '.join(BOILERPLATE)} or ALL", param, ctx)
        if not kinds:
            self.fail(f"name a kind: {', '.join(BOILERPLATE)} or ALL", param, ctx)
        return kinds


def selection(command: Command) -> Command:
    """The option ``--select``."""
    return click.option(
        "--select",
        type=_Selection(),
        default=",".join(DEFAULT_SELECTION),
        show_default=True,
        help="Kinds to look for, separated by commas, or ALL.",
    )(command)


def model_option(command: Command) -> Command:
    """The option ``--model``."""
    return click.option(
        "--model", type=click.Path(path_type=Path), help="Folder of the model; the shipped one if not given."
    )(command)


class _Encoding(click.ParamType[Any]):
    """An encoding that Python knows, with its byte order where it has one."""

    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = known(str(value))
        if not found:
            self.fail(
                f"{value!r} is no encoding of text with a byte order of its own; try utf-8, gb18030, big5, utf-16-le",
                param,
                ctx,
            )
        return found


ENCODING = _Encoding()


def encoding_option(command: Command) -> Command:
    """The option ``--encoding``."""
    return click.option("--encoding", type=ENCODING, help="Encoding of the inputs; found out for each if not given.")(
        command
    )


def fields_options(command: Command) -> Command:
    """The options ``--text-field`` and ``--id-field``."""
    text = click.option("--text-field", default="text", show_default=True, help="Field of JSON Lines that is cleaned.")
    number = click.option("--id-field", help="Field of JSON Lines that names a record; the line's number if not given.")
    return text(number(command))


def keep_option(command: Command) -> Command:
    """The option ``--keep-list``."""
    return click.option(
        "--keep-list",
        type=click.Path(path_type=Path),
        help=f"Fingerprints of passages to keep, one a line; {KEEP_LIST} beside the inputs if not given.",
    )(command)


def listed(given: Path | None, paths: Sequence[str]) -> Keep:
    """The passages to keep: from the list given, or from those that lie in the folders of the inputs."""
    if given:
        return Keep(read_list(given))
    folders = {p if p.is_dir() else p.parent for p in map(Path, paths) if str(p) != STDIN}
    found = [read_list(folder / KEEP_LIST) for folder in folders if (folder / KEEP_LIST).is_file()]
    return Keep(frozenset[str]().union(*found))


def complain(fault: ZhengwenError, summary: Summary, *, show: bool = True) -> None:
    """Reports something that could not be done; the run goes on."""
    summary.faults += 1
    if show:
        click.echo(f"zhengwen: error: {fault}", err=True)


def locate(paths: Sequence[str], summary: Summary, *, many: bool = True) -> list[Source]:
    """The files to read; complains of those that are not there. Files of many articles are left out unless ``many``, if
    they are not named themselves.

    Raises `UnreadableInputError` if there is none.
    """
    sources, faults = find(paths)
    for fault in faults:
        complain(fault, summary)
    if not many:
        named = {Path(p) for p in paths}
        sources = [s for s in sources if s.path in named or not form_of(s.name).many]
    if not sources and not faults:
        where = ", ".join(paths)
        known = " or ".join((", ".join(SUFFIXES[:-1]), SUFFIXES[-1]))
        raise UnreadableInputError(f"{where}: no {known} file here; name files or other folders")
    return sources


def walk(
    cleaner: Cleaner, sources: Sequence[Source], summary: Summary, fields: Fields, encoding: str | None = None
) -> Iterator[tuple[Source, Cleaned]]:
    """Reads and cleans the sources, in order, with progress; complains of those that cannot be read."""
    with progress(len(sources), "article") as bar:
        for shard in shards(sources):
            if form_of(shard[0].name).many:
                yield from _walk_records(cleaner, shard[0], summary, fields, encoding)
            else:
                yield from _walk_articles(cleaner, shard, summary, encoding)
            bar.update(len(shard))


def _walk_articles(
    cleaner: Cleaner, shard: Sequence[Source], summary: Summary, encoding: str | None
) -> Iterator[tuple[Source, Cleaned]]:
    readable: list[tuple[Source, Article]] = []
    for source in shard:
        try:
            readable.append((source, read(source, encoding)))
        except UnreadableInputError as fault:
            complain(fault, summary)
    cleaned = cleaner.clean([article for _, article in readable])
    yield from zip((source for source, _ in readable), cleaned, strict=True)


def _walk_records(
    cleaner: Cleaner, source: Source, summary: Summary, fields: Fields, encoding: str | None
) -> Iterator[tuple[Source, Cleaned]]:
    flaws = 0
    try:
        for batch in batches(records(source, fields, encoding)):
            for line in batch:
                if isinstance(line, Flaw):
                    flaws += 1
                    complain(line.fault, summary, show=flaws <= FLAWS)
            for cleaned in cleaner.clean([line for line in batch if isinstance(line, Record)]):
                yield source, cleaned
    except UnreadableInputError as fault:
        complain(fault, summary)
    more(source, flaws)


def more(source: Source, flaws: int) -> None:
    """Says how many lines of a file were not named one by one."""
    if flaws > FLAWS:
        click.echo(f"zhengwen: error: {source.shown}: {flaws - FLAWS:,} more lines are kept as they are", err=True)


class _NoBar:
    """Stands in for a progress bar that nobody would see."""

    def __enter__(self) -> "_NoBar":
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self, n: int = 1) -> None:
        """Does nothing."""


def progress(total: int, unit: str, *, slow: bool = False) -> Any:
    """A bar on standard error with rate and time left; rare lines if that is not a terminal; nothing if quiet.

    A run of few steps gets none, unless the steps are slow: the bar would cost more than the work.
    """
    if click.get_current_context().obj["quiet"] or (total < _FEW and not slow):
        return _NoBar()
    from tqdm import tqdm

    terminal = sys.stderr.isatty()
    return tqdm(
        total=total,
        unit=f" {unit}",
        file=sys.stderr,
        mininterval=0.1 if terminal else 30,
        delay=0 if terminal else 10,
        leave=not terminal,
        dynamic_ncols=True,
    )


def summarise(summary: Summary, *, verb: str, notes: Sequence[str] = ()) -> None:
    """Prints the summary on standard error."""
    if not click.get_current_context().obj["quiet"]:
        for line in (*summary.lines(verb=verb), *notes):
            click.echo(line, err=True)
