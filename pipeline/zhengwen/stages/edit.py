"""Removal of blocks: which spans of the text go. Nothing is rewritten; what is kept keeps its bytes."""

import re

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Blocks, BlockType, Flags, Ints

Deletion = tuple[int, int]
"""Start and end (code points, end exclusive) of a span that goes."""

_PREFIX = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?")
_LINE_END = re.compile(r"[ \t]*(?:\r\n|\n|\r)?\Z")


def removable(blocks: Blocks, marked: Flags) -> Flags:
    """The marked blocks of one article that can go without breaking structure: front matter, blank lines and rules
    stay, a table's head goes only with its whole table."""
    flags = marked & blocks.readable()
    for head in np.flatnonzero(flags & (blocks.types == BlockType.TABLE_HEAD)).tolist():
        body = head + 1
        while body < len(blocks) and blocks.types[body] == BlockType.TABLE_ROW:
            body += 1
        flags[head] = flags[head:body].all()
    return flags


def deletions(text: str, blocks: Blocks, removed: Flags) -> list[Deletion]:
    """Spans that go with the removed blocks of one article: sorted, disjoint, in code points.

    What stands between two removed blocks and holds nothing to read goes too. Blank lines are not doubled; a rule
    that separated a removed end of the article from the rest goes with it.
    """
    if not removed.any():
        return []
    lines = np.flatnonzero(~blocks.continued)
    whole = np.logical_and.reduceat(removed, lines)
    silent = np.logical_or.reduceat(np.isin(blocks.types, (BlockType.BLANK, BlockType.RULE)), lines)
    spans = _parts_of_lines(text, blocks, removed, lines, whole)
    for first, last in _runs(whole, silent):
        first, last = _tidy(blocks.types[lines], silent, first, last)
        spans.append((int(blocks.bounds[lines[first]]), _end_of_line(blocks, lines, last)))
    return sorted(spans)


def apply(text: str, spans: list[Deletion]) -> str:
    """The text without the spans (sorted, disjoint)."""
    kept, place = [], 0
    for start, end in spans:
        kept.append(text[place:start])
        place = end
    return "".join((*kept, text[place:]))


def _runs(whole: Flags, silent: Flags) -> list[tuple[int, int]]:
    """First and last line of each run of removed lines, across silent ones."""
    lines = np.flatnonzero(whole)
    heard = np.cumsum(~silent)[lines]
    parted = np.flatnonzero(np.diff(heard) > 1)
    first, last = np.append(0, parted + 1), np.append(parted, len(lines) - 1)
    return list(zip(lines[first].tolist(), lines[last].tolist(), strict=True)) if len(lines) else []


def _tidy(types: NDArray[np.uint8], silent: Flags, first: int, last: int) -> tuple[int, int]:
    """Takes along the blank lines and rules that only the removed run needed.

    A rule must never come to stand first, where it would open front matter, nor directly under a line, which it would
    make a heading.
    """
    stop = last + 1
    while stop < len(types) and silent[stop]:
        stop += 1
    if stop == len(types):
        while first > 0 and silent[first - 1]:
            first -= 1
        return first, stop - 1
    if not first or first <= int(silent.argmin()):
        return first, stop - 1
    if not silent[first - 1]:
        return first, last + int(types[last + 1] == BlockType.RULE)
    start = first
    while start > 0 and silent[start - 1]:
        start -= 1
    before, after = types[start:first], types[last + 1 : stop]
    if (before == BlockType.RULE).any() and (after == BlockType.RULE).any():
        return first, stop - 1 if before[-1] == BlockType.BLANK else last
    if types[first - 1] == BlockType.BLANK:
        while last + 1 < stop and types[last + 1] == BlockType.BLANK:
            last += 1
    return first, last


def _end_of_line(blocks: Blocks, lines: Ints, line: int) -> int:
    return int(blocks.bounds[lines[line + 1]] if line + 1 < len(lines) else blocks.bounds[-1])


def _parts_of_lines(text: str, blocks: Blocks, removed: Flags, lines: Ints, whole: Flags) -> list[Deletion]:
    """Removed sentences of lines that stay: without the line's prefix before them and the line's end after them."""
    spans = []
    line_of = np.cumsum(~blocks.continued) - 1
    for block in np.flatnonzero(removed & ~whole[line_of]).tolist():
        start, end = int(blocks.bounds[block]), int(blocks.bounds[block + 1])
        if not blocks.continued[block]:
            start += len(_PREFIX.match(text, start, end)[0])  # type: ignore[index]
        if end == _end_of_line(blocks, lines, int(line_of[block])):
            end = start + _LINE_END.search(text[start:end]).start()  # type: ignore[union-attr]
        if start < end:
            spans.append((start, end))
    return spans
