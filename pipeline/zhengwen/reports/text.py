"""Findings for people: in full with the telling words marked, or a line each."""

from collections.abc import Iterable, Iterator

from click import style, unstyle

from zhengwen.reports.findings import Checked, Record, graded, located
from zhengwen.reports.formats import Scene
from zhengwen.reports.rules import COLORS, RULES
from zhengwen.reports.terminal import emphasised, harmless_line, pointers


class _Text:
    """What the two have in common."""

    def __init__(self, scene: Scene) -> None:
        self._color = scene.color

    def begin(self) -> Iterable[str]:
        """Nothing."""
        return ()

    def article(self, checked: Checked) -> Iterable[str]:
        """The findings, coloured or not."""
        pieces = self._lines(checked)
        return (f"{line if self._color else unstyle(line)}\n" for line in pieces)

    def fault(self, message: str) -> Iterable[str]:  # noqa: ARG002
        """Nothing: people read of it on standard error."""
        return ()

    def end(self) -> Iterable[str]:
        """Nothing."""
        return ()

    def _lines(self, checked: Checked) -> Iterator[str]:
        raise NotImplementedError


class Concise(_Text):
    """``path:line:column: kind score excerpt``."""

    def _lines(self, checked: Checked) -> Iterator[str]:
        for record in checked.records:
            yield f"{_head(record)} {record.excerpt}"


class Full(_Text):
    """The excerpt below its place, with the telling words marked, what more there is to say, and a hint."""

    def _lines(self, checked: Checked) -> Iterator[str]:
        for record in checked.records:
            yield _head(record)
            yield from self._excerpt(record)
            said = f"; words: {'、'.join(record.reasons)}" if record.reasons else ""
            yield style(f"  = {_extent(record)}{said}", dim=True)
            yield style(f"  = hint: {_DROP if checked.advert else RULES[record.kind].advice}", dim=True)
            yield ""
        if checked.advert:
            yield style(f"{harmless_line(checked.shown + ':')} an advertisement as a whole", bold=True)
            yield ""

    def _excerpt(self, record: Record) -> Iterator[str]:
        number = str(record.line)
        line = emphasised(record.excerpt, record.marks) if self._color else record.excerpt
        yield f"{style(f'  {number} |', dim=True)} {line}"
        if record.marks and not self._color:
            yield f"  {' ' * len(number)} | {pointers(record.excerpt, record.marks)}"


_DROP = "leave the article out, or let `zhengwen clean --drop-adverts` do it"


def _head(record: Record) -> str:
    place = style(located(record), bold=True)
    return f"{place}: {style(record.kind, fg=COLORS[record.kind])} {graded(record.score)}"


def _extent(record: Record) -> str:
    lines = f"line {record.line}" if record.line == record.end_line else f"lines {record.line}–{record.end_line}"
    return f"{lines}, {record.end - record.start:,} characters"
