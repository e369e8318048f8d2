"""What an author wants kept, whatever the classifier says: marks in the text, and lists of passages.

``<!-- zhengwen: keep -->`` keeps everything up to ``<!-- zhengwen: end -->``; without an end before the next mark or
the end of the article, the Markdown block that it stands in or before. A list of passages holds their marks, see
`zhengwen.sketches`: what is marked with a sketch is kept with small changes too.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from zhengwen.articles import Article, digest, fingerprint, letters
from zhengwen.blocks import Blocks, BlockType, Flags
from zhengwen.sketches import Marks, near
from zhengwen.sketches import marks as wanted

_MARK = re.compile(r"<!--\s*zhengwen:\s*(keep|end)\s*-->")
_PREFIX = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?")
_LINE_END = re.compile(r"[\r\n]|\Z")
_TABLE = (BlockType.TABLE_HEAD, BlockType.TABLE_ROW)
_BEYOND = 16
"""A listed passage is looked for up to so many blocks beyond what was found: the classifier may see less of it."""


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept: marks of passages in any article, and of passages in a named one."""

    everywhere: frozenset[str] = frozenset()
    within: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def spared(self, article: Article, blocks: Blocks, marked: Flags) -> Flags:
        """Which blocks of an article stay although they are marked for removal: bool (blocks,)."""
        spared = np.zeros(len(blocks), np.bool_)
        if not marked.any():
            return spared
        for start, end in marks(article.text, blocks):
            spared[start:end] = True
        listed = self.everywhere | self.within.get(article.name, frozenset())
        if listed:
            for first, end in _runs(marked):
                for start, stop in _listed(article.text, blocks, first, end, wanted(listed)):
                    spared[start:stop] = True
        return spared

    def guards(self, article: Article) -> bool:
        """Whether the article as a whole must not be left out: its author marked something, or put something back."""
        return bool(_MARK.search(article.text)) or article.name in self.within


def marks(text: str, blocks: Blocks) -> Iterator[tuple[int, int]]:
    """The blocks, as first and end, that an author's marks keep; a mark keeps itself."""
    if "zhengwen:" not in text:
        return
    found = list(_MARK.finditer(text))
    for n, mark in enumerate(found):
        if mark[1] == "keep":
            closed = n + 1 < len(found) and found[n + 1][1] == "end"
            first = _block_at(blocks, mark.start())
            if closed:
                yield first, _block_at(blocks, found[n + 1].end() - 1) + 1
            else:
                yield _leaf(text, blocks, first, mark)


def _block_at(blocks: Blocks, place: int) -> int:
    return int(np.searchsorted(blocks.bounds, place, side="right")) - 1


def _leaf(text: str, blocks: Blocks, first: int, mark: re.Match[str]) -> tuple[int, int]:
    """The Markdown block that a mark stands in, if there is anything else in it, or else the next one."""
    begin = max(text.rfind("\n", 0, mark.start()), text.rfind("\r", 0, mark.start())) + 1
    beside = text[begin : mark.start()] + text[mark.end() : _LINE_END.search(text, mark.end()).start()]  # type: ignore[union-attr]
    alone = not beside.strip(" \t>\u3000\ufeff")
    at = first
    if alone:
        at = _block_at(blocks, mark.end() - 1) + 1
        while at < len(blocks) and not blocks.readable()[at]:
            at += 1
    if at == len(blocks):
        return first, at
    begin, end = at, at + 1
    while end < len(blocks) and _same_leaf(blocks, at, end):
        end += 1
    while begin > 0 and _same_leaf(blocks, at, begin - 1):
        begin -= 1
    return min(first, begin), end


def _same_leaf(blocks: Blocks, one: int, other: int) -> bool:
    if blocks.types[one] in _TABLE and blocks.types[other] in _TABLE:
        return True
    return bool(blocks.leaves[one] == blocks.leaves[other] != 0)


def _runs(flags: Flags) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _listed(text: str, blocks: Blocks, first: int, end: int, listed: Marks) -> Iterator[tuple[int, int]]:
    """Runs of blocks that touch ``first`` to ``end`` and whose letters are those of a listed passage, or nearly."""
    low, high = max(0, first - _BEYOND), min(len(blocks), end + _BEYOND)
    pieces = [text[blocks.bounds[n] : blocks.bounds[n + 1]] for n in range(low, high)]
    folded = [letters(piece) for piece in pieces]
    for start, stop in near(folded, listed, (first - low, end - low)):
        yield low + start, low + stop
    for start in range(low, end):
        bare = pieces[start - low]
        bare = bare[len(_PREFIX.match(bare)[0]) :]  # type: ignore[index]
        if not folded[start - low] and fingerprint(bare.strip()) in listed.exact and start >= first:
            yield start, start + 1
        for begun in {folded[start - low], letters(bare)} - {""}:
            said = begun
            for stop in range(start + 1, high + 1):
                said += folded[stop - 1 - low] if stop > start + 1 else ""
                if stop > first and digest(said) in listed.exact:
                    yield start, stop
