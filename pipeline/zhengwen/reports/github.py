"""GitHub Actions: annotations as workflow commands, and the summary of the job in Markdown."""

import string
from collections.abc import Iterable, Iterator

from zhengwen.reports.findings import Checked, Record, graded, located
from zhengwen.reports.formats import Scene
from zhengwen.reports.rules import RULES
from zhengwen.reports.terminal import harmless

ANNOTATIONS = 10
"""Of each level, GitHub shows so many in a step and drops the rest."""
SUMMARY_BYTES = 1_000_000
"""A little less than the 1 MiB that GitHub takes of a step's summary."""
_IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = _IN_DATA | str.maketrans({":": "%3A", ",": "%2C"})
_ENTITIES = str.maketrans({c: f"&#{ord(c)};" for c in string.punctuation})


class Annotations:
    """A warning for each of the first ten articles with findings; the findings that have none are plain lines."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._warnings = self._errors = 0

    def begin(self) -> Iterable[str]:
        """Nothing."""
        return ()

    def article(self, checked: Checked) -> Iterator[str]:
        """The worst finding as the article's annotation, or all as lines once ten articles have one."""
        if not checked.records:
            return
        if self._warnings < ANNOTATIONS:
            self._warnings += 1
            yield _annotation(checked, self._scene.place(checked))
        else:
            for r in checked.records:
                yield f"{located(r)}: {r.kind} {graded(r.score)} {r.excerpt}\n"

    def fault(self, message: str) -> Iterator[str]:
        """An error, ten at most."""
        self._errors += 1
        if self._errors <= ANNOTATIONS:
            yield f"::error title=zhengwen::{harmless(message).translate(_IN_DATA)}\n"

    def end(self) -> Iterable[str]:
        """Nothing."""
        return ()


def _annotation(checked: Checked, place: str) -> str:
    first = max(checked.records, key=lambda r: r.score)
    more = len(checked.records) - 1
    count = f" and {more} more {'passage' if more == 1 else 'passages'}" if more else ""
    title = "zhengwen: an advertisement as a whole" if checked.advert else f"zhengwen: {first.kind}{count}"
    said = "\n".join(f"{r.line}: {r.kind} {graded(r.score)} {r.excerpt}" for r in checked.records[:ANNOTATIONS])
    properties = {
        "file": place,
        "line": str(first.line),
        "endLine": str(first.end_line),
        "title": title,
    }
    told = ",".join(f"{name}={harmless(value).translate(_IN_PROPERTY)}" for name, value in properties.items())
    return f"::warning {told}::{said.translate(_IN_DATA)}\n"


class JobSummary:
    """All findings in Markdown for ``$GITHUB_STEP_SUMMARY``, up to `SUMMARY_BYTES`."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._room = SUMMARY_BYTES
        self._findings = self._left_out = self._articles = 0
        self._faults: list[str] = []

    def begin(self) -> Iterable[str]:
        """The heading."""
        yield "## zhengwen\n\n"

    def article(self, checked: Checked) -> Iterator[str]:
        """A row a finding."""
        self._articles += 1
        place = self._scene.place(checked) if checked.records else ""
        for record in checked.records:
            row = ("" if self._findings else _HEAD) + _row(record, place)
            self._room -= len(row.encode("utf-8", "replace"))
            self._findings += 1
            if self._room > 0:
                yield row
            else:
                self._left_out += 1

    def fault(self, message: str) -> Iterable[str]:
        """Kept for the end."""
        self._faults.append(message)
        return ()

    def end(self) -> Iterator[str]:
        """Counts, and what could not be done."""
        yield f"\n{self._findings:,} passages of boilerplate in {self._articles:,} articles.\n"
        if self._left_out:
            yield f"\n{self._left_out:,} of them did not fit into this summary; a `--report` holds all.\n"
        for fault in self._faults[:100]:
            yield f"\n- could not be done: {_markdown(harmless(fault))}\n"
        yield "\n"


_HEAD = "| article | line | kind | score | passage |\n|---|---|---|---|---|\n"


def _row(record: Record, place: str) -> str:
    kind = f"{record.kind} (keep?)" if RULES[record.kind].level == "note" else record.kind
    cells = (_markdown(harmless(place)), str(record.line), kind, f"{graded(record.score)}", _markdown(record.excerpt))
    return f"| {' | '.join(cells)} |\n"


def _markdown(text: str) -> str:
    """Text that Markdown shows as it is: marks as numbered entities, which form neither marks nor tags nor links."""
    return text.translate(_ENTITIES)
