"""What several commands have in common: options, progress, the walk over the inputs."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from zhengwen import levels
from zhengwen.articles import BOILERPLATE, DEFAULT_SELECTION
from zhengwen.charsets import known
from zhengwen.cli.configured import excludes
from zhengwen.cli.local import check_local
from zhengwen.errors import UnreadableInputError, ZhengwenError
from zhengwen.forms import SUFFIXES, TARGETS, form_of
from zhengwen.keeplist import KEEP_LIST, read_list
from zhengwen.levels import LEVELS
from zhengwen.readers import STDIN, Source, find
from zhengwen.reports.formats import FORMATS
from zhengwen.reports.summary import Summary
from zhengwen.reports.terminal import harmless
from zhengwen.storage import is_url

Command = TypeVar("Command", bound=Callable[..., Any])


_FEW = 20


class Kinds(click.ParamType[Any]):
    """Comma-separated kinds, or ``ALL``."""

    name = "KINDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The kinds, in the order given."""
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
        type=Kinds(),
        default=",".join(DEFAULT_SELECTION),
        show_default=True,
        help="Kinds to look for, separated by commas, or ALL.",
    )(command)


def ignored(command: Command) -> Command:
    """The option ``--ignore``."""
    help_ = "Kinds to leave alone, of those selected."
    return click.option("--ignore", type=Kinds(), default=(), help=help_)(command)


def model_option(command: Command) -> Command:
    """The option ``--model``."""
    return click.option(
        "--model", type=click.Path(path_type=Path), help="Folder of the model; the shipped one if not given."
    )(command)


def level_option(command: Command) -> Command:
    """The option ``--level``."""
    share = ", ".join(f"{name} {share:.1%}" for name, share in LEVELS.items())
    return click.option(
        "--level",
        type=click.Choice([*LEVELS]),
        default=levels.DEFAULT or None,
        show_default=bool(levels.DEFAULT),
        help=f"How sure to be: the share of content kept on held-out articles ({share}).",
    )(command)


class _Encoding(click.ParamType[Any]):
    """An encoding that Python knows, with its byte order where it has one."""

    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Python's name of it."""
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


class Place(click.ParamType[Any]):
    """A path of this machine, as a `Path`, or a URL as it is."""

    name = "PATH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | Path:  # noqa: ARG002
        """The one or the other."""
        return value if isinstance(value, Path) or is_url(value) else Path(value)


_AT_LEAST = click.FloatRange(0.5, 1)


def limit_options(command: Command) -> Command:
    """The options ``--similarity`` and ``--containment``: from where on an article counts as a copy."""
    near = click.option(
        "--similarity", type=_AT_LEAST, default=0.8, show_default=True, help="Least Jaccard of a near copy."
    )
    part = click.option(
        "--containment",
        type=_AT_LEAST,
        default=0.9,
        show_default=True,
        help="Least share of a part that its whole holds.",
    )
    return near(part(command))


def max_removed_option(command: Command) -> Command:
    """The option ``--max-removed``."""
    return click.option(
        "--max-removed",
        type=click.FloatRange(0, 100),
        metavar="PERCENT",
        help="Keep an article as it is, and name it, if more of its characters would go, wherever it is written.  "
        "[default: 60 with --in-place, else 100]",
    )(command)


def to_option(command: Command) -> Command:
    """The option ``--to`` of `clean`."""
    return click.option(
        "--to",
        type=click.Choice(TARGETS),
        help="What HTML pages are written as.  [default: markdown; html with --in-place]",
    )(command)


def copies_option(command: Command) -> Command:
    """The option ``--dedup`` of `clean`."""
    return click.option(
        "--dedup",
        "copies",
        type=click.Choice(["near", "exact", "off"]),
        help="Which copies of other articles are left out.  [default: near; off with --in-place]",
    )(command)


def fields_options(command: Command) -> Command:
    """The options ``--text-field`` and ``--id-field``."""
    text = click.option(
        "--text-field", default="text", show_default=True, help="Field of JSON Lines, or column, that is cleaned."
    )
    number = click.option("--id-field", help="Field or column that names a record; its number if not given.")
    return text(number(command))


def repetition_option(command: Command) -> Command:
    """The option ``--repetition``."""
    return click.option(
        "--repetition/--no-repetition",
        default=True,
        show_default=True,
        help="Whether a line that two other articles of the same folder carry speaks for boilerplate.",
    )(command)


def offsets_option(command: Command) -> Command:
    """The option ``--offsets`` of labels."""
    return click.option(
        "--offsets",
        type=click.Choice(["auto", "code-points", "utf-16", "bytes"]),
        default="auto",
        show_default=True,
        help="What the offsets of the labels count; auto: what the file says, or else code points.",
    )(command)


def keep_option(command: Command) -> Command:
    """The option ``--keep-list``."""
    return click.option(
        "--keep-list",
        type=click.Path(path_type=Path),
        help=f"Fingerprints of passages to keep, one a line; {KEEP_LIST} beside the inputs if not given.",
    )(command)


def listed(given: Path | None, paths: Sequence[str], model: Path | None = None) -> frozenset[str]:
    """Marks of the passages to keep: of the list given, or of those that lie in the folders of the inputs; and of the
    list that a model has from its training."""
    inputs = {p if p.is_dir() else p.parent for p in map(Path, paths) if str(p) != STDIN}
    folders = [*([] if given else inputs), *([model] if model else [])]
    found = [read_list(folder / KEEP_LIST) for folder in folders if (folder / KEEP_LIST).is_file()]
    return frozenset[str]().union(*found, *([read_list(given)] if given else []))


def check_options(command: Command) -> Command:
    """What decides which findings `check` reports, and how."""
    for option in (
        click.option("--cache-dir", type=click.Path(path_type=Path), help="Folder of the cache."),
        click.option("--cache/--no-cache", default=True, help="Remember results by content.", show_default=True),
        click.option("--baseline", type=click.Path(path_type=Path), help="Leave out the findings of this file."),
        model_option,
        level_option,
        encoding_option,
        fields_options,
        repetition_option,
        keep_option,
        click.option(
            "--min-score",
            type=click.FloatRange(0, 1),
            default=0.0,
            show_default=True,
            help="Report no finding below this score.",
        ),
        ignored,
        selection,
        click.option(
            "--format", "form", type=click.Choice(FORMATS), default="full", show_default=True, help="Form of output."
        ),
    ):
        command = option(command)
    return command


def kinds_left(select: Sequence[str], ignore: Sequence[str]) -> tuple[str, ...]:
    """The kinds selected and not ignored."""
    return tuple(kind for kind in select if kind not in ignore)


def complain(fault: ZhengwenError, summary: Summary, *, show: bool = True) -> None:
    """Reports something that could not be done; the run goes on."""
    summary.faults += 1
    if not show:
        return
    summary.messages.append(str(fault))
    tell(f"zhengwen: error: {harmless(str(fault))}")


def tell(message: str) -> None:
    """Prints a line on standard error, above a progress bar if there is one."""
    if "tqdm" in sys.modules and sys.stderr.isatty():
        from tqdm import tqdm

        tqdm.write(message, file=sys.stderr)
    else:
        click.echo(message, err=True)


def locate(paths: Sequence[str], summary: Summary, *, many: bool = True) -> list[Source]:
    """The files to read, less those that the settings leave out; complains of those that are not there. Files of many
    articles are left out unless ``many``, if they are not named themselves.

    Raises `UnreadableInputError` if there is none and none was left out.
    """
    if "" in paths:
        raise click.UsageError("an empty path names nothing; is a variable not set?")
    for path in paths:
        check_local(path)
    left_out = excludes()
    sources, faults = find(paths, left_out)
    noted = left_out.noted if left_out else []
    if not click.get_current_context().obj["quiet"]:
        for note in (*noted[:_FEW], *([f"and {len(noted) - _FEW:,} more"] if len(noted) > _FEW else [])):
            click.echo(f"zhengwen: note: {harmless(note)}", err=True)
    for fault in faults:
        complain(fault, summary)
    if not many:
        named = {Path(p) for p in paths}
        sources = [s for s in sources if s.path in named or not form_of(s.name).many]
    if not sources and not faults and not noted:
        where = ", ".join(paths)
        known = " or ".join((", ".join(SUFFIXES[:-1]), SUFFIXES[-1]))
        raise UnreadableInputError(f"{where}: no {known} file here; name files or other folders")
    return sources


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
