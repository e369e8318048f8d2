"""What has to stay or go along with what goes, so that what is left of a Markdown text still means what it meant.

- What content refers to stays: the definition of a footnote or of a link.
- A footnote to which only removed text refers goes.
- The line that opens a list item stays as long as anything in the item does.
- A heading that goes takes along the headings under it that have nothing under them any more.
- The tags of an HTML element stay or go together.
- A line that stays is to the parser what it was: where it would become something else (a paragraph code, an item of a
  list a paragraph, a row of a table text), the removed lines before it stay.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from zhengwen.blocks import Blocks, BlockType, Flags
from zhengwen.stages.edit import Deletion, apply, deletions
from zhengwen.stages.segment import segment

_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|(?=[\r\n]|\Z))")
_DEFINITION = re.compile(r"[ \t>]*\[([^\[\]]+)\]:")
_LABEL = re.compile(r"\[([^\[\]]+)\]")
_INDENT = re.compile(r"[ \t>]*")
_FOOTNOTE = 4
"""What belongs to a footnote is indented so far, in columns."""
_TRIES = 8
"""Attempts at an article before nothing of it is removed."""
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:\s[^<>]*?)?(/?)>")
_FOLLOWING = re.compile(r"((?:[ \t]*(?:\r\n|\n|\r))*)")
_BLANK_BEFORE = re.compile(r"(?:\n|\r)[ \t]*(?:\r\n|\n|\r)\Z")
_WHOLE = re.compile(r"[\r\n]\Z")
_TELLING = " \t\ufeff"
_NEAR = 80
"""Characters in which a blank line before a span is looked for."""
_UNREAD = (BlockType.CODE, BlockType.INDENTED, BlockType.MATH, BlockType.FRONT_MATTER, BlockType.HTML)
"""Types in which nothing refers to anything."""
_VERBATIM = (BlockType.CODE, BlockType.INDENTED, BlockType.MATH, BlockType.FRONT_MATTER)
"""Types in which a tag is none."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to go of one article.

    gone: bool (blocks,). spared: bool (blocks,), what must not go, whoever asks for it.
    """

    text: str
    blocks: Blocks
    gone: Flags
    spared: Flags
    _spans: list[list[Deletion]] = field(default_factory=list, init=False, repr=False, compare=False)

    def less(self, more: Flags) -> "Removal":
        """The same, but for some blocks that stay."""
        return Removal(self.text, self.blocks, self.gone & ~more, self.spared | more)

    @property
    def spans(self) -> list[Deletion]:
        """The spans of the text that go; found once."""
        if not self._spans:
            self._spans.append(deletions(self.text, self.blocks, self.gone))
        return self._spans[0]


def coherent(removals: Sequence[Removal]) -> list[Removal]:
    """The removals with what goes along, without what has to stay."""
    done = [_together(r) for r in removals]
    pending = [n for n, r in enumerate(done) if r.gone.any() and not _plain(r)]
    for attempt in range(_TRIES):
        after = segment([apply(done[n].text, done[n].spans) for n in pending])
        again = []
        for number, place in enumerate(pending):
            changed = _changed(done[place], after.article(number))
            if changed is None:
                continue
            stay = _before(done[place], changed) if attempt < _TRIES - 1 else done[place].gone
            done[place] = _together(done[place].less(stay))
            again.append(place)
        pending = [n for n in again if done[n].gone.any()]
        if not pending:
            break
    return done


def _plain(removal: Removal) -> bool:
    """Whether it can be seen without a parser that what stays is what it was: after each span comes nothing, or a line
    that is not indented and stands beyond a blank line, before and after; and nothing is HTML, which goes on beyond
    blank lines."""
    if (removal.blocks.types == BlockType.HTML).any():
        return False
    text = removal.text
    for start, end in removal.spans:
        following = _FOLLOWING.match(text, end)
        if not following or following.end() == len(text):
            continue
        apart = following[1] or all(_BLANK_BEFORE.search(text, max(0, at - _NEAR), at) for at in (start, end))
        if not start or not apart or text[following.end()] in _TELLING or not _WHOLE.search(text, max(0, end - 2), end):
            return False
    return True


def _changed(removal: Removal, after: Blocks) -> int | None:
    """The first block that stays and is something else afterwards."""
    before = removal.blocks
    spans = np.array(removal.spans, np.int64).reshape(-1, 2)
    if not len(spans):
        return None
    starts, ends = spans.T
    first = before.bounds[:-1]
    inside = np.searchsorted(starts, first, side="right") - 1
    within = (inside >= 0) & (first < ends[inside])
    kept = np.where(within, ends[inside], first)
    stays = (kept < before.bounds[1:]) & (before.types != BlockType.BLANK) & ~removal.gone
    gone = np.append(0, np.cumsum(ends - starts))
    there = kept - gone[np.searchsorted(starts, kept, side="right")]
    now = np.searchsorted(after.bounds, there[stays], side="right") - 1
    now = np.minimum(now, max(len(after) - 1, 0))
    if not len(after):
        return None
    alike = (
        (after.types[now] == before.types[stays])
        & (after.quoted[now] == before.quoted[stays])
        & (after.levels[now] == before.levels[stays])
        & ((after.leaves[now] == 0) == (before.leaves[stays] == 0))  # the target of a link is no leaf
    )
    others = np.flatnonzero(stays)[~alike]
    return int(others[0]) if len(others) else None


def _before(removal: Removal, block: int) -> Flags:
    """The last removed line before a block, or else the first after it."""
    gone = np.flatnonzero(removal.gone)
    place = int(np.searchsorted(gone, block))
    near = int(gone[place - 1] if place else gone[0])
    line = np.cumsum(~removal.blocks.continued)
    same: Flags = line == line[near]
    return same


def _together(removal: Removal) -> Removal:
    """The rules that need no second parsing."""
    if not removal.gone.any():
        return removal
    gone = removal.gone.copy()
    lines = _Lines(removal.text, removal.blocks)
    defined = dict(lines.definitions()) if "]:" in removal.text else {}
    if defined:
        _keep_what_is_referred_to(lines, defined, gone)
    _keep_openings(lines, gone)
    if "</" in removal.text:
        _pair_tags(lines, gone, removal.spared)
    if defined:
        _drop_footnotes(lines, defined, removal.gone, gone, removal.spared)
    _drop_headings(removal.blocks, gone, removal.spared)
    return Removal(removal.text, removal.blocks, gone, removal.spared)


@dataclass(frozen=True, slots=True)
class _Lines:
    """The text of blocks."""

    text: str
    blocks: Blocks

    def __getitem__(self, block: int) -> str:
        return self.text[self.blocks.bounds[block] : self.blocks.bounds[block + 1]]

    def definitions(self) -> Iterator[tuple[int, str]]:
        """Blocks that begin the definition of a footnote or a link, and what is defined."""
        for block in np.flatnonzero(~self.blocks.continued & ~np.isin(self.blocks.types, _UNREAD)).tolist():
            if found := _DEFINITION.match(self[block]):
                yield block, _folded(found[1])

    def labels(self, blocks: Iterable[int]) -> set[str]:
        """What is referred to in some blocks."""
        found: set[str] = set()
        for block in blocks:
            if self.blocks.types[block] not in _UNREAD:
                said = self[block]
                begin = _DEFINITION.match(said) if not self.blocks.continued[block] else None
                found.update(_folded(label) for label in _LABEL.findall(said, begin.end() if begin else 0))
        return found

    def extent(self, block: int, column: int) -> Iterator[int]:
        """The readable blocks after one that belong to what it opens: its own leaf, and what is indented so far."""
        blocks = self.blocks
        for other in range(block + 1, len(blocks)):
            if blocks.types[other] == BlockType.BLANK:
                continue
            same = blocks.continued[other] or blocks.leaves[other] == blocks.leaves[block] != 0
            if not same and _column(_INDENT.match(self[other])[0]) < column:  # type: ignore[index]
                return
            yield other


def _folded(label: str) -> str:
    return " ".join(label.casefold().split())


def _column(prefix: str) -> int:
    return len(prefix.expandtabs(4))


def _keep_what_is_referred_to(lines: _Lines, defined: dict[int, str], gone: Flags) -> None:
    """Keeps removed definitions that what is kept refers to."""
    while True:
        used = lines.labels(np.flatnonzero(~gone).tolist())
        missing = [block for block, label in defined.items() if gone[block] and label in used]
        if not missing:
            return
        for block in missing:
            gone[block] = False
            gone[list(lines.extent(block, _FOOTNOTE))] = False


def _keep_openings(lines: _Lines, gone: Flags) -> None:
    """Keeps the line that opens an item of which anything is kept."""
    blocks = lines.blocks
    for block in reversed(np.flatnonzero(gone & (blocks.types == BlockType.ITEM) & ~blocks.continued).tolist()):
        opening = _ITEM.match(lines[block])
        if opening and any(not gone[other] for other in lines.extent(block, _column(opening[0]))):
            gone[block] = False


def _pair_tags(lines: _Lines, gone: Flags, spared: Flags) -> None:
    """Keeps the tags of elements of which one tag or anything between them is kept; where only the one tag is left, it
    goes."""
    pairs = list(_elements(lines))
    readable = lines.blocks.readable()
    for _ in range(len(pairs)):
        broken = [(one, other) for one, other in pairs if gone[one] != gone[other]]
        if not broken:
            return
        for one, other in broken:
            left = one if gone[other] else other
            inside = slice(one + 1, other)
            empty = bool(gone[inside][readable[inside]].all()) and not _TAG.sub("", lines[left]).strip()
            gone[one] = gone[other] = empty and not spared[left] and not spared[inside].any()


def _elements(lines: _Lines) -> Iterator[tuple[int, int]]:
    """The blocks of the opening and of the closing tag of elements, where these are two."""
    opened: dict[str, list[int]] = {}
    for block in np.flatnonzero(~np.isin(lines.blocks.types, _VERBATIM)).tolist():
        for closing, name, alone in _TAG.findall(lines[block]):
            places = opened.setdefault(name.lower(), [])
            if not closing and not alone:
                places.append(block)
            elif closing and places and (place := places.pop()) != block:
                yield place, block


def _drop_footnotes(lines: _Lines, defined: dict[int, str], before: Flags, gone: Flags, spared: Flags) -> None:
    """Removes footnotes to which only removed text refers."""
    kept = lines.labels(np.flatnonzero(~gone).tolist())
    lost = lines.labels(np.flatnonzero(before).tolist()) - kept
    for block, label in defined.items():
        whole = [block, *lines.extent(block, _FOOTNOTE)]
        if label.startswith("^") and label in lost and not spared[whole].any():
            gone[whole] = lines.blocks.readable()[whole]


def _drop_headings(blocks: Blocks, gone: Flags, spared: Flags) -> None:
    """Removes headings with nothing left under them below a heading that goes.

    Elsewhere they stay: to the readers of 738 labelled articles they were content, an advertisement under them or not.
    """
    headings = np.flatnonzero(blocks.types == BlockType.HEADING).tolist()
    if not gone[headings].any():
        return
    readable = blocks.readable()
    ends = np.full(256, len(blocks))
    emptied: set[int] = set()
    for heading in reversed(headings):
        level = int(blocks.levels[heading])
        under = slice(heading + 1, int(ends[: level + 1].min()))
        said = [n for n in np.flatnonzero(readable[under] & ~gone[under]) + heading + 1 if int(n) not in emptied]
        if not gone[heading] and not spared[heading] and not said:
            emptied.add(heading)
        ends[level] = heading
    above = [0] * 256
    for heading in headings:
        level = int(blocks.levels[heading])
        below_one_that_goes = any(above[:level])
        above[level:] = [0] * (256 - level)
        if heading in emptied and below_one_that_goes:
            gone[heading] = True
        above[level] = int(gone[heading])
