"""From a cleaned folder and its ledger: every article as it came, and what was taken of it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from zhengwen.articles import BOILERPLATE, Article
from zhengwen.errors import UnreadableInputError, ZhengwenError
from zhengwen.forms import HTML, Fields, corpus_form_of, form_of
from zhengwen.forms.jsonl import parse
from zhengwen.forms.records import Flaw, Line, Record, line_of
from zhengwen.forms.streams import digest
from zhengwen.ledger.entries import UNREADABLE, Entry, original, rebuild, sha256, unpack
from zhengwen.ledger.store import Ledger
from zhengwen.reports.page.shown import REMOVED, Mark, Shown, expected_errors
from zhengwen.restoring import input_of


def articles(ledger: Ledger, folder: Path) -> Iterator[Shown]:
    """Every article of a ledger, by path. One whose text is not at hand says why and has its passages alone."""
    configurations: dict[int, dict[str, Any]] = {}
    for recorded in ledger.files():
        entry, run = recorded.entry, recorded.run
        if run not in configurations:
            configurations[run] = ledger.configuration(run)
        said = configurations[run]
        sought = tuple(kind for kind in BOILERPLATE if kind in said.get("select", ()))
        if form_of(entry.key[0]).many:
            fields = Fields(said.get("text_field", "text"), said.get("id_field"))
            found = _records(ledger, entry, folder, fields)
        else:
            found = iter([_file(entry, folder)])
        yield from (replace(shown, sought=sought) for shown in found)


def _file(entry: Entry, folder: Path) -> Shown:
    try:
        article = _article(entry, folder) if entry.status != UNREADABLE else None
    except ZhengwenError as fault:
        return _shown(entry, entry.key[0], None, str(fault), missing=True)
    return _shown(entry, entry.key[0], article, entry.why)


def _article(entry: Entry, folder: Path) -> Article:
    """The article as it came. Raises `ZhengwenError` where its text cannot be given back."""
    name = entry.key[0]
    if entry.output and entry.cleaned:
        there = folder / entry.output
        try:
            data = there.read_bytes()
        except OSError as e:
            raise UnreadableInputError(f"{there}: cannot be read ({e.strerror}); clean the input again") from None
        if sha256(data) != entry.cleaned:
            raise UnreadableInputError(f"{there}: changed since it was cleaned; clean the input again")
        return Article(name, rebuild(data.decode(entry.written), entry.cuts))
    data = input_of(entry, folder)
    if form_of(name).name == HTML:
        return form_of(name).read(data, name, name, entry.encoding)
    return Article(name, data.decode(entry.encoding), entry.encoding)


def _records(ledger: Ledger, entry: Entry, folder: Path, fields: Fields) -> Iterator[Shown]:
    """The records of a file of many, each from what its line became."""
    name, path = entry.key[0], folder / entry.place
    form = corpus_form_of(name)
    lines: Iterator[Line] = iter(())
    why = ""
    try:
        if digest(path, str(path)) != entry.cleaned:
            raise UnreadableInputError(f"{path}: changed since it was cleaned; clean the input again")
        lines = chain.from_iterable(form.groups(path, name, str(path), fields, entry.written))
    except (ZhengwenError, OSError) as fault:
        why = str(fault)
    number = 0
    for recorded in ledger.records(name):
        one = recorded.entry
        here = line_of(one.key[1])
        for _ in islice(lines, here - number - 1):
            pass
        number = here
        line = b"" if one.cleaned is None else next(lines, b"")
        yield _record(one, f"{name}:{one.key[1]}", line, fields, why)


def _record(entry: Entry, name: str, line: Line, fields: Fields, why: str) -> Shown:
    if entry.status == UNREADABLE:
        return _shown(entry, name, None, entry.why)
    if why:
        return _shown(entry, name, None, why, missing=True)
    try:
        data = unpack(entry.whole) if entry.whole is not None else original(_data(line), entry)
        found = _read(data, entry, fields)
    except (ZhengwenError, UnicodeDecodeError) as fault:
        return _shown(entry, name, None, f"{name}: {fault}", missing=True)
    if found is None:
        return _shown(entry, name, None, f'{name}: has no text in "{fields.text}" any more; clean again', missing=True)
    return _shown(entry, name, found, entry.why)


def _data(line: Line) -> bytes:
    if isinstance(line, Record):
        return line.source.encode(line.encoding)
    return line.data if isinstance(line, Flaw) else line


def _read(data: bytes, entry: Entry, fields: Fields) -> Article | None:
    """The article in an original line; of a table, what its row holds is the article."""
    name = entry.key[0]
    if not corpus_form_of(name).by_lines:
        return Article(name, data.decode(entry.encoding), entry.encoding)
    found = parse(data, line_of(entry.key[1]), name, name, fields, entry.encoding)
    return found if isinstance(found, Record) else None


def _shown(entry: Entry, name: str, article: Article | None, why: str, *, missing: bool = False) -> Shown:
    marks = _marks(entry, article)
    return Shown(
        name,
        article.text if article else None,
        len(article.text) if article else 0,
        entry.status,
        marks,
        why,
        entry.keeper[0] if entry.keeper else "",
        entry.likeness,
        expected_errors(marks),
        missing,
    )


def _marks(entry: Entry, article: Article | None) -> tuple[Mark, ...]:
    """The removed passages, where they stand in the article's text."""
    if article is None or entry.output:
        return _by_cuts(entry)
    plain = [Mark(p.start, p.end, p.kind, p.score, REMOVED, p.reasons) for p in entry.passages if p.kind]
    return tuple(plain) if article.origin is article.text else by_lines(plain, article)


def _by_cuts(entry: Entry) -> tuple[Mark, ...]:
    """From the text that went; its places are those in the original, or in the Markdown that a page became."""
    marks = []
    for passage in entry.passages:
        cuts = [c for c in entry.cuts if c.passage == passage.id]
        text = "".join(c.text for c in cuts)
        if not passage.kind or not text.strip():
            continue
        start = cuts[0].start + len(cuts[0].text) - len(cuts[0].text.lstrip())
        end = max(start + 1, cuts[-1].start + len(cuts[-1].text.rstrip()))
        marks.append(Mark(start, end, passage.kind, passage.score, REMOVED, passage.reasons, text.strip()))
    return tuple(sorted(marks, key=lambda m: m.start))


def by_lines(marks: Sequence[Mark], article: Article) -> tuple[Mark, ...]:
    """The lines of a page's Markdown that came from what went of its source; ``marks`` count in the source."""
    starts = [m.start for m in marks]
    found: list[Mark] = []
    place, last = 0, -1
    for line in article.text.splitlines(keepends=True):
        start, end = place, place + len(line.rstrip())
        place += len(line)
        if start >= end:
            continue
        low, high = article.locate(start, end)
        at = bisect_right(starts, low) - 1
        if at < 0 or high > marks[at].end or low >= high:
            continue
        if at == last and not article.text[found[-1].end : start].strip():
            found[-1] = replace(found[-1], end=end)
        else:
            found.append(replace(marks[at], start=start, end=end))
        last = at
    return tuple(found)
