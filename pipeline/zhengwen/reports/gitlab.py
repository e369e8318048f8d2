"""GitLab's report of code quality: a subset of Code Climate's format, as its documentation lists it."""

import hashlib
from collections.abc import Iterable

from zhengwen.reports.findings import Checked, Record, encoded, graded
from zhengwen.reports.formats import Occurrences, Scene
from zhengwen.reports.rules import RULES


class CodeQuality:
    """An array of ``{"description", "check_name", "fingerprint", "severity", "location"}``."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._first = True

    def begin(self) -> Iterable[str]:
        """The opening of the array."""
        yield "["

    def article(self, checked: Checked) -> Iterable[str]:
        """An object a finding."""
        occurrences = Occurrences()
        place = self._scene.place(checked) if checked.records else ""
        for record in checked.records:
            number = occurrences.number(record.kind, record.fingerprint)
            yield ("\n" if self._first else ",\n") + encoded(_issue(record, place, number))
            self._first = False

    def fault(self, message: str) -> Iterable[str]:  # noqa: ARG002
        """Nothing: the format has no place for it."""
        return ()

    def end(self) -> Iterable[str]:
        """The end of the array."""
        yield "\n]\n"


def _issue(record: Record, place: str, number: int) -> dict[str, object]:
    """A finding; its fingerprint holds where it does not move: with path and passage, without the line."""
    named = f"{place}\0{record.record}" if record.record else place
    told = f"{named}\0{record.kind}\0{record.fingerprint}\0{number}".encode("utf-8", "surrogateescape")
    return {
        "description": f"{record.kind} ({graded(record.score)}): {record.excerpt}",
        "check_name": f"zhengwen/{record.kind}",
        "fingerprint": hashlib.sha256(told).hexdigest()[:40],
        "severity": RULES[record.kind].severity,
        "location": {"path": place, "lines": {"begin": record.line, "end": record.end_line}},
    }
