"""JUnit's XML, as Jenkins and GitLab read it: a suite an article, a failed case a finding."""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from zhengwen.reports.findings import Checked, Record, graded
from zhengwen.reports.formats import Scene
from zhengwen.reports.rules import RULES
from zhengwen.reports.terminal import harmless


class JUnit:
    """Articles without findings are a suite with one case that passes."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def begin(self) -> Iterable[str]:
        """The root element."""
        yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="zhengwen">\n'

    def article(self, checked: Checked) -> Iterable[str]:
        """A suite."""
        place = harmless(self._scene.place(checked))
        cases = [_failed(record, place) for record in checked.records] or [_case("no boilerplate", place, "")]
        failures = len(checked.records)
        yield f'<testsuite name={quoteattr(place)} tests="{len(cases)}" failures="{failures}" errors="0">\n'
        yield from cases
        yield "</testsuite>\n"

    def fault(self, message: str) -> Iterable[str]:
        """A suite of its own with one case that could not be run."""
        said = harmless(message)
        yield '<testsuite name="zhengwen" tests="1" failures="0" errors="1">\n'
        yield f'<testcase name="input" classname="zhengwen"><error message={quoteattr(said)}/></testcase>\n'
        yield "</testsuite>\n"

    def end(self) -> Iterable[str]:
        """The end of the root element."""
        yield "</testsuites>\n"


def _failed(record: Record, place: str) -> str:
    message = quoteattr(f"{record.kind} {graded(record.score)}: {record.excerpt}")
    told = f"{place}:{record.line}:{record.column}\n{record.excerpt}\n{RULES[record.kind].said}"
    failure = f'<failure type="{record.kind}" message={message}>{escape(told)}</failure>'
    return _case(f"line {record.line}, column {record.column}: {record.kind}", place, failure)


def _case(name: str, place: str, inner: str) -> str:
    return f"<testcase name={quoteattr(name)} classname={quoteattr(place)} file={quoteattr(place)}>{inner}</testcase>\n"
