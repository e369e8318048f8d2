"""``zhengwen check``: reports, never writes to an article."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zhengwen.cli.checking import Checker, Result
from zhengwen.cli.configured import Configured, tailored
from zhengwen.cli.outputs import Outputs, ReportType
from zhengwen.cli.shared import check_options, complain, kinds_left, locate, progress, summarise
from zhengwen.errors import UnreadableInputError
from zhengwen.readers import STDIN, Source
from zhengwen.reports.diff import unified
from zhengwen.reports.findings import Checked
from zhengwen.reports.formats import Renderer, Scene, renderer
from zhengwen.reports.statistics import Statistics
from zhengwen.reports.summary import Summary
from zhengwen.repository import common_parent, root

if TYPE_CHECKING:
    from zhengwen.revisions import Changes

_WITH_STATISTICS = ("full", "concise", "jsonl", "json")


@click.command("check", cls=Configured)
@click.argument("paths", nargs=-1, metavar="PATHS...")
@check_options
@click.option("--report", "reports", type=ReportType(), multiple=True, help="Write a report too; any number of times.")
@click.option("--statistics", is_flag=True, help="Show how often each kind was found in place of the findings.")
@click.option("--diff", is_flag=True, help="Show what `clean` would take of the findings in place of the findings.")
@click.option("--since", metavar="REV", help="Report only what changed since this revision, or since leaving it.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 although there are findings.")
def command(
    paths: tuple[str, ...],
    form: str,
    reports: tuple[tuple[str, Path], ...],
    statistics: bool,
    diff: bool,
    since: str | None,
    exit_zero: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    min_score: float,
    model: Path | None,
) -> int:
    """Print what `clean` would remove, and the passages of articles that are an advertisement as a whole.

    Exit code 0 if there is nothing, 1 if there are findings, 2 if anything could not be done, in every format. With
    --format jsonl each finding is a JSON object on a line of its own; start and end are offsets in code points into the
    decoded text.
    """
    _check_usage(paths, form, statistics=statistics, diff=diff, since=since)
    settings = _settings(select, ignore, min_score)
    summary = Summary()
    sources = locate(paths, summary)
    changed = _changes(paths, since) if since is not None else None
    if changed:
        sources = [source for source in sources if source.path and changed.has(source.path)]
    scene = _scene(paths)
    with Outputs(reports, sources, replace(scene, color=False)) as outputs, progress(len(sources), "article") as bar:
        shown = _shown(form, scene, statistics=statistics, diff=diff)
        if shown:
            outputs.show(shown)
        if "github" in (form, *(name for name, _ in reports)):
            outputs.summarise_job()
        outputs.begin()
        for message in summary.messages:
            outputs.fault(message)

        def fail(fault: UnreadableInputError) -> None:
            complain(fault, summary)
            outputs.fault(str(fault))

        checker = Checker(model, lambda source: settings(source).kinds, fail, bar.update)
        for result in checker.check(sources):
            checked = _filtered(result, settings(result.source).min_score, changed)
            summary.count(checked.records, advert=checked.advert)
            outputs.article(checked)
            if diff:
                _show(result, checked, color=scene.color)
        outputs.end()
    summarise(summary, verb="found")
    return summary.exit_code(findings_count=not exit_zero)


def _check_usage(paths: tuple[str, ...], form: str, *, statistics: bool, diff: bool, since: str | None) -> None:
    if not paths:
        raise click.UsageError("name the files or folders to check, or - for standard input")
    if since is not None and STDIN in paths:
        raise click.UsageError("git knows nothing of standard input; leave --since out, or name files")
    if diff and statistics:
        raise click.UsageError("--diff and --statistics both take the place of the findings; choose one")
    if statistics and form not in _WITH_STATISTICS:
        raise click.UsageError(f"--statistics knows the formats {', '.join(_WITH_STATISTICS)}, not {form}")
    if diff and form not in ("full", "concise"):
        raise click.UsageError(f"--diff takes the place of the findings; write them with --report {form}=FILE")


@dataclass(frozen=True, slots=True)
class _Settings:
    """What is looked for in one article."""

    kinds: tuple[str, ...]
    min_score: float


def _settings(select: tuple[str, ...], ignore: tuple[str, ...], min_score: float) -> Callable[[Source], _Settings]:
    """The settings of each source."""
    if not kinds_left(select, ignore):
        raise click.UsageError("--ignore leaves no kind to look for")
    values = tailored({"select": select, "ignore": ignore, "min-score": min_score})

    def of(source: Source) -> _Settings:
        mine = values(source)
        return _Settings(kinds_left(mine["select"], mine["ignore"]), mine["min-score"])

    return of


def _scene(paths: tuple[str, ...]) -> Scene:
    color = click.get_current_context().color
    folder = root(common_parent(paths)) or Path.cwd()
    return Scene(folder, sys.stdout.isatty() if color is None else color)


def _shown(form: str, scene: Scene, *, statistics: bool, diff: bool) -> Renderer | None:
    if diff:
        return None
    return Statistics(form.startswith("json")) if statistics else renderer(form, scene)


def _changes(paths: tuple[str, ...], since: str) -> "Changes":
    from zhengwen.revisions import changes

    return changes(common_parent(paths), since)


def _filtered(result: Result, min_score: float, changed: "Changes | None") -> Checked:
    path = result.source.path
    found = tuple(r for r in result.records if r.score >= min_score)
    if changed and path:
        found = tuple(r for r in found if changed.touch(path, result.text, r.start, r.end))
    return Checked(result.source.shown, path, found, result.advert and bool(found))


def _show(result: Result, checked: Checked, *, color: bool) -> None:
    """The diff of what would go of the findings that are reported."""
    kept, place = [], 0
    for start, end in result.removed:
        if any(r.start < end and start < r.end for r in checked.records):
            kept.append(result.text[place:start])
            place = end
    after = "".join((*kept, result.text[place:]))
    for line in unified(checked.shown, result.text, after):
        hue = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        told = click.style(line, fg=hue, bold=line.startswith(("---", "+++"))) if color else line
        sys.stdout.write(f"{told}\n")
