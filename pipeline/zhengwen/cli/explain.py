"""``zhengwen explain``: why a passage was found, or a line was not."""

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zhengwen.articles import KINDS, Article
from zhengwen.cleaning import Cleaner
from zhengwen.cli.configured import Configured
from zhengwen.cli.flaws import Flaws
from zhengwen.cli.repeating import shared
from zhengwen.cli.shared import (
    complain,
    encoding_option,
    fields_options,
    level_option,
    locate,
    model_option,
    repetition_option,
    selection,
)
from zhengwen.errors import UnreadableInputError
from zhengwen.explaining import Explanation, Part, explain, explain_span
from zhengwen.forms import Fields, form_of
from zhengwen.forms.records import Flaw, Record
from zhengwen.model import load
from zhengwen.readers import Source, batches, find, read, records
from zhengwen.reports.findings import excerpt, graded, line_starts
from zhengwen.reports.rules import COLORS
from zhengwen.reports.summary import Summary
from zhengwen.reports.terminal import harmless_line

if TYPE_CHECKING:
    from zhengwen.repetition import Repetition


@click.command("explain", cls=Configured)
@click.argument("paths", nargs=-1, required=True, metavar="PATH[:LINE]...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
@selection
@fields_options
@repetition_option
@encoding_option
@level_option
@model_option
def command(
    paths: tuple[str, ...],
    form: str,
    select: tuple[str, ...],
    text_field: str,
    id_field: str | None,
    repetition: bool,
    encoding: str | None,
    level: str | None,
    model: Path | None,
) -> int:
    """Say why each passage was found: its score, and what the score would be without each thing that spoke.

    With a line, only what was found there; if nothing was, why it stays. A part is the model's own answer with one
    thing taken away: the passage's words, those of its neighbours, those of its heading, its form, its place, its
    repetition within the article, a run of its characters; folder: that other articles of its folder carry its lines
    (of a file too those that lie beside it count). Effects are changes of the logarithm of the odds against content.
    Of JSON Lines the line is that of a record.
    """
    summary = Summary()
    cleaner = Cleaner(load(model).at(level or ""), select)
    flaws = Flaws(summary)
    told = []
    for path in paths:
        name, line = _parted(path)
        beside = replace(cleaner, evidence=_beside(name, encoding)) if repetition else cleaner
        for source in locate([name], summary):
            try:
                for article in _articles(source, Fields(text_field, id_field), encoding, line, flaws):
                    found = [_fields(source, article, e) for e in _explanations(beside, article, line)]
                    if form == "text":
                        _print(source, article, line, found)
                    told += found
            except UnreadableInputError as fault:
                complain(fault, summary)
    flaws.sum_up()
    if form == "json":
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    return 2 if summary.faults else 0


def _parted(path: str) -> tuple[str, int]:
    """The path, and the line or 0."""
    name, _, line = path.rpartition(":")
    if name and line.isascii() and line.isdigit() and not Path(path).exists():
        if int(line) == 0:
            raise click.UsageError(f"{path}: lines count from 1")
        return name, int(line)
    return path, 0


def _beside(path: str, encoding: str | None) -> "Repetition | None":
    """The lines that articles of a folder share: of a file those in its own."""
    if not Path(path).exists():
        return None
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    sources, _ = find([str(folder)])
    mine = sources if Path(path).is_dir() else [s for s in sources if "/" not in s.name]
    return shared(mine, encoding, folder).evidence()


def _articles(source: Source, fields: Fields, encoding: str | None, line: int, flaws: Flaws) -> Iterator[Article]:
    """The articles of a source; of a file of many only that on the line, if there is one. Complains of its flaws."""
    if not form_of(source.name).many:
        yield read(source, encoding)
        return
    for batch in batches(records(source, fields, encoding)):
        for one in batch:
            if isinstance(one, Record) and line in (0, one.line):
                yield one
            elif isinstance(one, Flaw) and line in (0, one.line):
                flaws.complain(one.fault)


def _explanations(cleaner: Cleaner, article: Article, line: int) -> list[Explanation]:
    """What there is to say of an article, or of one of its lines."""
    found = sorted(explain(cleaner, article), key=lambda e: e.start)
    if not line or article.line:
        return found
    starts = line_starts(article.origin)
    if line > len(starts):
        raise UnreadableInputError(f"{article.name}:{line}: the file ends at line {len(starts)}")
    here = [e for e in found if _line(article, starts, e.start) <= line <= _line(article, starts, e.end - 1)]
    if here:
        return here
    rows = _span(article, starts, line)
    one = explain_span(cleaner, article, *rows) if rows else None
    return [one] if one else []


def _line(article: Article, starts: Sequence[int], place: int) -> int:
    return bisect_right(starts, article.locate(place, place + 1)[0])


def _span(article: Article, starts: Sequence[int], line: int) -> tuple[int, int] | None:
    """The part of the article's text on a line of its file."""
    if article.origin is article.text:
        return starts[line - 1], starts[line] if line < len(starts) else len(article.text)
    inside = [n for n in range(len(article.text)) if _line(article, starts, n) == line]
    return (inside[0], inside[-1] + 1) if inside else None


def _fields(source: Source, article: Article, e: Explanation) -> dict[str, Any]:
    """What programs read of an explanation."""
    start, end = article.locate(e.start, e.end)
    starts = line_starts(article.origin)
    return {
        "path": source.shown,
        **({"record": article.record} if article.record else {}),
        "start": start,
        "end": end,
        "line": article.line or bisect_right(starts, start),
        "end_line": article.line or bisect_right(starts, max(start, end - 1)),
        "kind": e.kind,
        "removed": e.removed,
        "score": round(e.score, 4),
        "log_odds": round(e.odds, 3),
        "reading": e.reading,
        "excerpt": excerpt(article.text[e.start : e.end].strip()),
        "parts": [_part(p) for p in e.parts],
        "words": [_part(p) for p in e.words],
    }


def _part(part: Part) -> dict[str, Any]:
    return {"name": part.name, "effect": round(part.effect, 3), "score_without": round(part.without, 4)}


def _print(source: Source, article: Article, line: int, found: Sequence[dict[str, Any]]) -> None:
    where = f"{source.shown}:{line or article.line}" if line or article.line else source.shown
    if not found:
        click.echo(f"{harmless_line(where)}: nothing {'to decide here' if line and not article.line else 'found'}")
    for one in found:
        for text in _lines(one):
            click.echo(text)


def _lines(one: dict[str, Any]) -> Iterator[str]:
    last = f"–{one['end_line']}" if one["end_line"] > one["line"] else ""
    place = click.style(harmless_line(f"{one['path']}:{one['line']}{last}"), bold=True)
    kind = click.style(one["kind"], fg=COLORS[one["kind"]])
    stays = "" if one["removed"] else "stays; likeliest of what would go: "
    again = f" (found in reading {one['reading']})" if one["reading"] > 1 else ""
    yield f"{place}: {stays}{kind} {graded(one['score'])}{again}"
    yield f"  | {one['excerpt']}"
    yield f"  log odds against {KINDS[0]} {one['log_odds']:+.2f}; without"
    for part in one["parts"]:
        yield f"    {part['name']:<12}{part['effect']:>+7.2f}   {graded(part['score_without'])}"
    for name, sign in (("words for", 1), ("words against", -1)):
        spoke = [w for w in one["words"] if w["effect"] * sign > 0]
        if spoke:
            yield f"  {name}: " + ", ".join(f"{harmless_line(w['name'])} {w['effect']:+.2f}" for w in spoke)
    yield ""
