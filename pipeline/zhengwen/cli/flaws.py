"""What is said of the lines of files of many articles that could not be done."""

import re
from collections import Counter

from zhengwen.cli.shared import complain, tell
from zhengwen.errors import ZhengwenError
from zhengwen.reports.summary import Summary, counted
from zhengwen.reports.terminal import harmless

FLAWS = 20
"""Lines of a file, at most, that are named."""
_LINE = re.compile(r"(?P<file>.*?):(?P<line>\d+): (?P<why>.*)", re.S)
_FIELD = re.compile(r"\(--[a-z]+-field names another\)")
"""In the sentence on a line that lacks a field. The sentence is all that a ledger keeps of it."""
_KEPT = "; the line is kept as it is"


class Flaws:
    """Counts the lines that could not be done, and says which of them are named.

    Where lines lack a field, an option is the remedy and not their numbers: the first is named, and in the end they are
    counted. Of others the first few are named.
    """

    def __init__(self, summary: Summary) -> None:
        self._summary = summary
        self._named, self._more = Counter[str](), Counter[str]()
        self._alike: dict[tuple[str, str], tuple[str, int]] = {}

    def complain(self, fault: ZhengwenError) -> bool:
        """Reports a fault, of a file or of a line of one; whether it was named."""
        named = self._names(str(fault))
        complain(fault, self._summary, show=named)
        return named

    def _names(self, message: str) -> bool:
        found = _LINE.fullmatch(message)
        if not found:
            return True
        file, line, why = found["file"], found["line"], found["why"]
        if (file, why) in self._alike:
            first, count = self._alike[file, why]
            self._alike[file, why] = first, count + 1
            return False
        if self._named[file] == FLAWS:
            self._more[file] += 1
            return False
        self._named[file] += 1
        if _FIELD.search(why):
            self._alike[file, why] = line, 1
        return True

    def sum_up(self) -> list[str]:
        """Says how many lines were not named, and why; the sentences."""
        sentences = [
            f"{file}: like line {first}, {count:,} lines in all: {why.removesuffix(_KEPT)}; they are kept as they are"
            for (file, why), (first, count) in self._alike.items()
            if count > 1
        ]
        sentences += [f"{file}: {counted(count, 'more line')} kept as they are" for file, count in self._more.items()]
        for sentence in sentences:
            tell(f"zhengwen: error: {harmless(sentence)}")
        return sentences
