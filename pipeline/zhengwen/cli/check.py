"""``zhengwen check``: reports; the only thing it writes of its own accord is a cache."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zhengwen import baseline
from zhengwen.articles import folder_of
from zhengwen.cli.checking import Checker, Listed, Result
from zhengwen.cli.configured import Configured, current, source, tailored
from zhengwen.cli.engines import Engines, engine_options, size_of, working
from zhengwen.cli.filters import Filters, Known, Sought
from zhengwen.cli.fixing import Asked, fix
from zhengwen.cli.flaws import Flaws
from zhengwen.cli.outputs import Outputs, ReportType
from zhengwen.cli.remembered import put_back
from zhengwen.cli.repeating import Shared, shared
from zhengwen.cli.shared import check_options, kinds_left, listed, locate, progress, summarise
from zhengwen.errors import BaselineError, UnreadableInputError
from zhengwen.forms import Fields
from zhengwen.readers import STDIN, Source, root_of
from zhengwen.reports.diff import unified
from zhengwen.reports.findings import Checked
from zhengwen.reports.formats import Renderer, Scene, renderer
from zhengwen.reports.kept import Kept
from zhengwen.reports.statistics import Statistics
from zhengwen.reports.summary import Summary
from zhengwen.repository import common_parent, root
from zhengwen.writers import report_place, write

if TYPE_CHECKING:
    from zhengwen.cache import Cache
    from zhengwen.model import Model

_WITH_STATISTICS = ("full", "concise", "jsonl", "json")
_CACHE = ".zhengwen_cache"
_FEW = 20


@dataclass(frozen=True, slots=True)
class _Options:
    """What the command line says of one run, by the names of the options."""

    form: str
    reports: tuple[tuple[str, Path], ...]
    statistics: bool
    diff: bool
    since: str | None
    baseline: Path | None
    write_baseline: Path | None
    exit_zero: bool
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    min_score: float
    model: Path | None
    level: str | None
    keep_list: Path | None
    text_field: str
    id_field: str | None
    repetition: bool
    encoding: str | None
    cache: bool
    cache_dir: Path | None
    fix: bool
    overwrite: bool
    show_kept: bool
    jobs: int | None
    engine: str
    ray_address: str | None


@click.command("check", cls=Configured)
@click.argument("paths", nargs=-1, metavar="PATHS...")
@check_options
@engine_options
@click.option("--report", "reports", type=ReportType(), multiple=True, help="Write a report too; any number of times.")
@click.option("--statistics", is_flag=True, help="Show how often each kind was found in place of the findings.")
@click.option("--diff", is_flag=True, help="Show what `clean` would take of the findings in place of the findings.")
@click.option("--since", metavar="REV", help="Report only what changed since this revision, or since leaving it.")
@click.option("--write-baseline", type=click.Path(path_type=Path), help="Write the findings to this file; exit with 0.")
@click.option("--show-kept", is_flag=True, help="Show what comments and keep-lists hold back in place of the findings.")
@click.option("--fix", is_flag=True, help="First take what scores 0.9 and more, in place; `restore` gives it back.")
@click.option(
    "--overwrite", is_flag=True, help="With --fix, take an article that was edited after a fix for a new one."
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 although there are findings.")
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Print what `clean` would remove, and the passages of articles that are an advertisement as a whole.

    Exit code 0 if there is nothing, 1 if there are findings, 2 if anything could not be done, in every format. With
    --format jsonl each finding is a JSON object on a line of its own; start and end are offsets in code points into the
    decoded text; those of an HTML page into its source, those of a record of JSON Lines into its text. With --fix only
    what is left counts as a finding.
    """
    said = _Options(**options)
    if (said.diff or said.statistics or said.show_kept) and source("format") != "command line":
        said = replace(said, form="full")
    _check_usage(paths, said)
    settings = _settings(said)
    summary = Summary()
    own = {
        p.resolve()
        for p in (said.baseline, said.write_baseline, *(p for _, p in said.reports if p.suffix == ".jsonl"))
        if p
    }
    sources = [s for s in locate(paths, summary) if not own or not s.path or s.path.resolve() not in own]
    ledgers = [root_of(paths)] if any(s.path for s in sources) else []
    beside = sources
    filters = Filters(lambda s: settings(s).min_score, known=_known(said), sought=lambda s: settings(s).kinds)
    if said.since is not None:
        from zhengwen.revisions import changes

        filters.changed = changed = changes(common_parent(paths), said.since)
        sources = [s for s in sources if s.path and changed.has(s.path)]
        folders = {folder_of(s.name) for s in sources}
        beside = [s for s in beside if folder_of(s.name) in folders]
    listed_ = Listed(listed(said.keep_list, paths, said.model), put_back(sources))
    fixed: list[str] = []
    engines = Engines(said.jobs, said.engine, said.ray_address)
    with _cache(said, paths) as cache, working(engines, size_of(sources)) as engine:
        checker = Checker(
            said.model,
            _loader(said.model, said.level or ""),
            lambda s: settings(s).kinds,
            lambda *_: None,
            lambda _: None,
            listed_,
            said.encoding,
            cache,
            Fields(said.text_field, said.id_field),
            engine,
            said.level or "",
            shared(beside, said.encoding, *ledgers, cache=cache) if said.repetition else Shared(),
            said.repetition,
        )
        if said.fix:
            known = baseline.read(said.baseline) if said.baseline else []
            asked = Asked(kinds_left(said.select, said.ignore), said.min_score, settings, known, said.overwrite)
            fixed = fix(checker, asked, sources, root_of(paths), summary)
        held = Summary()
        entries = _run(paths, said, filters, checker, sources, summary, held)
    notes = fixed + _notes(said, filters)
    if said.write_baseline:
        notes.append(_write_baseline(said.write_baseline, entries, summary))
    if said.show_kept:
        summarise(replace(held, faults=summary.faults), verb="kept", notes=notes)
    else:
        summarise(summary, verb="found", notes=notes)
    return summary.exit_code(findings_count=not (said.exit_zero or said.write_baseline))


def _run(
    paths: tuple[str, ...],
    said: _Options,
    filters: Filters,
    checker: Checker,
    sources: list[Source],
    summary: Summary,
    held: Summary,
) -> list[baseline.Entry]:
    """Checks the sources and writes every output; what a baseline would hold, if one is to be written.

    summary, held: are told what is found, and what authors keep.
    """
    scene = _scene(paths)
    entries: list[baseline.Entry] = []
    with (
        Outputs(said.reports, sources, replace(scene, color=False)) as outputs,
        progress(len(sources), "article") as bar,
    ):
        if shown := _shown(said, scene):
            outputs.show(shown)
        if "github" in (said.form, *(name for name, _ in said.reports)):
            outputs.summarise_job()
        outputs.begin()
        for message in summary.messages:
            outputs.fault(message)

        flaws = Flaws(summary)

        def fail(fault: UnreadableInputError) -> None:
            if flaws.complain(fault):
                outputs.fault(str(fault))

        checker = replace(checker, complain=fail, tick=bar.update)
        for result in checker.check(sources):
            checked = filters.checked(result)
            summary.count(checked.records, advert=checked.advert)
            held.count(checked.kept, advert=False)
            outputs.article(checked)
            if said.diff and checked.records:
                _show(result, checked, color=scene.color)
            if said.write_baseline and checked.path:
                place = baseline.place(checked.path, said.write_baseline.parent)
                entries += baseline.entries(place, checked.records)
        for sentence in flaws.sum_up():
            outputs.fault(sentence)
        outputs.end()
    return entries


def _check_usage(paths: tuple[str, ...], said: _Options) -> None:
    form = said.form
    if not paths:
        raise click.UsageError("name the files or folders to check, or - for standard input")
    if said.since is not None and STDIN in paths:
        raise click.UsageError("git knows nothing of standard input; leave --since out, or name files")
    if said.write_baseline and said.since is not None:
        raise click.UsageError("a baseline holds all findings; leave --since or --write-baseline out")
    if said.diff + said.statistics + said.show_kept > 1:
        raise click.UsageError("--diff, --statistics and --show-kept take the place of the findings; choose one")
    _check_fix(paths, said)
    if said.statistics and form not in _WITH_STATISTICS:
        raise click.UsageError(f"--statistics knows the formats {', '.join(_WITH_STATISTICS)}, not {form}")
    if said.show_kept and form not in _WITH_STATISTICS:
        raise click.UsageError(f"--show-kept knows the formats {', '.join(_WITH_STATISTICS)}, not {form}")
    if said.diff and form not in ("full", "concise"):
        raise click.UsageError(f"--diff takes the place of the findings; write them with --report {form}=FILE")


def _check_fix(paths: tuple[str, ...], said: _Options) -> None:
    if said.overwrite and not said.fix:
        raise click.UsageError("--overwrite says what --fix may do; add it, or leave --overwrite out")
    if said.fix and STDIN in paths:
        raise click.UsageError("standard input has no place to be fixed in; leave --fix out, or use `zhengwen clean -`")
    for option, given in (("since", said.since), ("diff", said.diff), ("write-baseline", said.write_baseline)):
        if said.fix and given:
            raise click.UsageError(f"--fix goes before everything else; leave --{option} for a run of its own")


def _settings(said: _Options) -> Callable[[Source], Sought]:
    """The settings of each source."""
    kinds = kinds_left(said.select, said.ignore)
    if not kinds:
        raise click.UsageError("--ignore leaves no kind to look for")
    common = Sought(kinds, said.min_score)
    given = {"select": said.select, "ignore": said.ignore, "min-score": said.min_score}
    values = tailored(given)

    def of(one: Source) -> Sought:
        mine = values(one)
        return common if mine is given else Sought(kinds_left(mine["select"], mine["ignore"]), mine["min-score"])

    return of


def _loader(folder: Path | None, level: str) -> "Callable[[], Model]":
    """Loads the model when it is asked for first."""

    @cache
    def loaded() -> "Model":
        from zhengwen.model import load

        return load(folder).at(level)

    return loaded


def _known(said: _Options) -> Known | None:
    if not said.baseline or said.write_baseline:
        return None
    return Known(said.baseline, baseline.Baseline(baseline.read(said.baseline), said.baseline.parent))


def _notes(said: _Options, filters: Filters) -> list[str]:
    """What the baseline did, and which of its entries are stale."""
    if not filters.known:
        return []
    stale = filters.known.entries.stale(kinds_left(said.select, said.ignore))
    where = filters.known.path
    notes = [f"{filters.left_out:,} known from {where}"] if filters.left_out else []
    notes += [f"{where}: stale, not found any more: {' '.join(key)}" for key in stale[:_FEW]]
    if stale:
        count = f"{len(stale):,} stale {'entry' if len(stale) == 1 else 'entries'}"
        notes.append(f"{where}: {count}; --write-baseline {where} leaves them out")
    return notes


def _write_baseline(path: Path, entries: list[baseline.Entry], summary: Summary) -> str:
    """Writes the baseline and says so; not if an article could not be read, whose entries would be lost."""
    if summary.faults:
        raise BaselineError(f"{path}: not written, because inputs could not be done, see above; mend or exclude them")
    write(report_place(path), baseline.write(entries).encode("utf-8", "backslashreplace"))
    return f"{len(entries):,} {'entry' if len(entries) == 1 else 'entries'} written to {path}"


@contextlib.contextmanager
def _cache(said: _Options, paths: tuple[str, ...]) -> Iterator["Cache | None"]:
    """The cache: beside the file of settings, else in the root of the repository, else in the working folder."""
    if not said.cache or paths == (STDIN,):
        yield None
        return
    from zhengwen.cache import Cache

    file = current().file
    nearest = file.parent if file else root(common_parent(paths)) or Path.cwd()
    with Cache(said.cache_dir or nearest / _CACHE) as cache:
        yield cache


def _scene(paths: tuple[str, ...]) -> Scene:
    color = click.get_current_context().color
    folder = root(common_parent(paths)) or Path.cwd()
    return Scene(folder, sys.stdout.isatty() if color is None else color)


def _shown(said: _Options, scene: Scene) -> Renderer | None:
    if said.diff:
        return None
    if said.show_kept:
        return Kept(renderer("concise" if said.form == "full" else said.form, scene))
    return Statistics(said.form.startswith("json")) if said.statistics else renderer(said.form, scene)


def _show(result: Result, checked: Checked, *, color: bool) -> None:
    """The diff of what would go of the findings that are reported."""
    kept, place = [], 0
    text = result.text
    for start, end in result.removed:
        if any(r.start < end and start < r.end for r in checked.records):
            kept.append(text[place:start])
            place = end
    for line in unified(checked.shown, text, "".join((*kept, text[place:]))):
        hue = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        told = click.style(line, fg=hue, bold=line.startswith(("---", "+++"))) if color else line
        sys.stdout.write(f"{told}\n")
