"""Evidence from repetition: a line that several articles of a folder carry is boilerplate more often than it looks.

A folder is an author or a site, as a scraper lays them down.

    texts, folder by folder ─ lines, hashed ─ counted ─ Repetition ─ log-odds for each block
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import ceil, sqrt
from operator import itemgetter

import numpy as np

from zhengwen.articles import Article, folder_of
from zhengwen.blocks import Blocks, BlockType, Flags, Floats, Ints
from zhengwen.dedup.repeated import Tally, lines_at
from zhengwen.dedup.sketch import Keys

LEAST, IDEOGRAPHS = 10, 4
"""Letters and digits of a line, and ideographs among them, from which on its repetition says something: tags and marks
of a generator are repeated too."""
LOG_ODDS = 1.5
"""What a repeated line adds to the log-odds of boilerplate. Held-out articles say 2.6 to 3.8; letters have a frame too,
and 1.2 to 2.5 find the same passages of sites never seen."""
COPY = 1 / 3
"""Share of repeated lines in an article above which it is a copy of others, and its lines say nothing."""
OTHERS = 2
"""So many other articles must carry a line, and √n / `_CROWD` in a folder of n: one other may be a repost, and what a
few of a million share is chance. Cleaning lowers both numbers, so what was cleaned stays as it is."""
_CROWD = 20
_SILENT = (BlockType.BLANK, BlockType.FRONT_MATTER, BlockType.CODE, BlockType.INDENTED, BlockType.MATH, BlockType.RULE)


@dataclass(frozen=True, slots=True)
class Repetition:
    """The lines that articles of a folder share with others of it.

    lines: by the folder's name, the hashes of its repeated lines, uint64 (lines,), sorted; no folder without any.
    """

    lines: Mapping[str, Keys] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Mapping[str, bytes]) -> "Repetition":
        """From the bytes of the arrays, in any order."""
        return cls({name: np.unique(np.frombuffer(held, np.uint64)) for name, held in lines.items() if held})

    def __len__(self) -> int:
        return sum(map(len, self.lines.values()))

    def log_odds(self, articles: Sequence[Article], blocks: Blocks) -> Floats:
        """What is added to the log-odds of boilerplate of each block; float32 (blocks,)."""
        out = np.zeros(len(blocks), np.float32)
        folders = [folder_of(a.file) for a in articles]
        owner = blocks.owner()
        asked = np.array([folder in self.lines for folder in folders], np.bool_)
        rows = np.flatnonzero(asked[owner] & ~np.isin(blocks.types, _SILENT)) if asked.any() else np.zeros(0, np.int64)
        if not len(rows):
            return out
        hashes, letters, ideographs = lines_at([a.text for a in articles], blocks.bounds[rows])
        counted = (letters >= LEAST) & (ideographs >= IDEOGRAPHS)
        numbers = {folder: n for n, folder in enumerate(dict.fromkeys(folders))}
        folder = np.array([numbers[f] for f in folders])[owner[rows]]
        repeated = np.zeros(len(rows), np.bool_)
        for name, number in numbers.items():
            if name in self.lines:
                mine = np.flatnonzero(counted & (folder == number))
                repeated[mine] = _among(hashes[mine], self.lines[name])
        repeated &= ~_copies(repeated, counted, owner[rows], len(articles))[owner[rows]]
        out[rows[repeated]] = LOG_ODDS
        return out


def count(batches: Iterable[tuple[str, Sequence[str]]]) -> Repetition:
    """The repeated lines of folders, from batches of one folder and some of its texts each, folder by folder.

    Which lines these are does not depend on the order of the texts. Memory is bounded, see `Tally`: of more than two
    million different lines in a folder the rarest are forgotten.
    """
    found: dict[str, Keys] = {}
    for folder, some in groupby(batches, key=itemgetter(0)):
        tally, articles = Tally(least=LEAST), 0
        for _, texts in some:
            tally.add(texts)
            articles += len(texts)
        lines = tally.carried_by(1 + max(OTHERS, ceil(sqrt(articles) / _CROWD))) if articles > OTHERS else []
        if lines:
            found[folder] = np.unique(np.array([line.fingerprint for line in lines], np.uint64))
    return Repetition(found)


def _among(hashes: Keys, known: Keys) -> Flags:
    found: Flags = known[np.minimum(np.searchsorted(known, hashes), len(known) - 1)] == hashes
    return found


def _copies(repeated: Flags, counted: Flags, owner: Ints, articles: int) -> Flags:
    """Which articles consist of repeated lines to more than the share `COPY`."""
    share = np.bincount(owner, repeated, minlength=articles)
    copies: Flags = share > COPY * np.bincount(owner, counted, minlength=articles)
    return copies
