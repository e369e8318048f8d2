"""What would go from an article, as a unified diff."""

import re
from collections.abc import Iterator

from zhengwen.reports.terminal import harmless, harmless_line

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


def unified(shown: str, before: str, after: str) -> Iterator[str]:
    """Lines of the diff, harmless on a terminal and in a log; for reading, not for `patch`."""
    import difflib

    name = harmless(shown)
    old, new = (_lines(text) for text in (before, after))
    for line in difflib.unified_diff(old, new, name, f"{name} (cleaned)", lineterm=""):
        yield line[:1] + harmless_line(line[1:].expandtabs(4))


def _lines(text: str) -> list[str]:
    """Without the nothing after a last line break."""
    lines = _LINE_BREAK.split(text)
    return lines[:-1] if not lines[-1] else lines
