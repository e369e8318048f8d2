"""SARIF 2.1.0 (OASIS), within what GitHub's code scanning reads."""

from collections.abc import Iterable
from typing import Any

from zhengwen import __version__
from zhengwen.reports.findings import Checked, Record, encoded
from zhengwen.reports.formats import Occurrences, Scene
from zhengwen.reports.rules import RULES, Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_NUMBERS = {kind: number for number, kind in enumerate(RULES)}


class Sarif:
    """One run; the results are written as they come."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._first = True
        self._faults: list[str] = []

    def begin(self) -> Iterable[str]:
        """Everything up to the results."""
        driver = {
            "name": "zhengwen",
            "semanticVersion": __version__,
            "rules": [_described(rule) for rule in RULES.values()],
        }
        run = {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        }
        head = {"$schema": _SCHEMA, "version": "2.1.0"}
        yield f'{encoded(head)[:-1]}, "runs": [{encoded(run)[:-1]},\n"results": ['

    def article(self, checked: Checked) -> Iterable[str]:
        """A result a finding."""
        occurrences = Occurrences()
        place = self._location(checked) if checked.records else {}
        for record in checked.records:
            number = occurrences.number(record.kind, record.fingerprint)
            yield ("\n" if self._first else ",\n") + encoded(_result(record, place, number))
            self._first = False

    def fault(self, message: str) -> Iterable[str]:
        """Kept for the end: a notification of the run."""
        self._faults.append(message)
        return ()

    def end(self) -> Iterable[str]:
        """How the run went."""
        told = [{"level": "error", "message": {"text": fault}} for fault in self._faults]
        invocation = {"executionSuccessful": not told, "toolExecutionNotifications": told}
        yield f'\n],\n"invocations": [{encoded(invocation)}]}}]}}\n'

    def _location(self, checked: Checked) -> dict[str, str]:
        uri = self._scene.uri(checked)
        return {"uri": uri} if uri.startswith("file:") else {"uri": uri, "uriBaseId": _ROOT}


def _described(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.kind,
        "name": rule.name,
        "shortDescription": {"text": rule.said},
        "fullDescription": {"text": f"{rule.said} Found by a classifier of Chinese articles."},
        "help": {"text": f"{rule.said} What to do: {rule.advice}."},
        "defaultConfiguration": {"level": rule.level},
        "properties": {"tags": ["boilerplate"], "precision": "high"},
    }


def _result(record: Record, place: dict[str, str], number: int) -> dict[str, Any]:
    """Columns count code points, the last one exclusive; the fingerprints hold where the passage moves.

    A finding in a record has the line of the record only: its columns count in a text that is a part of the line.
    """
    region: dict[str, Any] = {"startLine": record.line, "endLine": record.end_line}
    if not record.record:
        region |= {
            "startColumn": record.column,
            "endColumn": record.end_column,
            "charOffset": record.start,
            "charLength": record.end - record.start,
        }
    region["snippet"] = {"text": record.excerpt}
    passage = f"{record.fingerprint}:{record.record}:{number}" if record.record else f"{record.fingerprint}:{number}"
    return {
        "ruleId": record.kind,
        "ruleIndex": _NUMBERS[record.kind],
        "level": RULES[record.kind].level,
        "message": {"text": f"{RULES[record.kind].said} {_literal(record.excerpt)}"},
        "locations": [{"physicalLocation": {"artifactLocation": place, "region": region}}],
        "partialFingerprints": {"primaryLocationLineHash": passage, "zhengwenPassage/v1": passage},
        "rank": round(100 * record.score, 2),
        "properties": {"score": record.score, "reasons": list(record.reasons)},
    }


def _literal(text: str) -> str:
    """Text without links and placeholders, which the messages of SARIF may hold (3.11.5 and 3.11.6)."""
    for mark in "\\[]":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("{", "{{").replace("}", "}}")
