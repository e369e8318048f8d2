"""What stands around a block: the scores of its neighbours, its section, its leaf block and its article.

Stacked sequential learning (Cohen and Carvalho, IJCAI 2005): a classifier reads an earlier one's out-of-fold
predictions in a neighbourhood, so that decisions of neighbours support each other.
"""

import numpy as np

from zhengwen.blocks import Blocks, BlockType, Flags, Floats
from zhengwen.stages.features.runs import EVERY, Rows, Runs, Windows, changes, shifted

_NEIGHBOURS = (1, -1, 2, -2)
_WINDOWS = (3, 8, 20)
_NEAR = (1, -1)
_NEAR_COLUMNS = (
    "type code",
    "type rule",
    "type heading",
    "type paragraph",
    "type item",
    "type table_row",
    "type html",
    "level",
    "quoted",
    "continued",
    "length",
    "letters",
    "image alone",
    "links",
    "images",
    "repeats",
    "novelty",
)
_STRONG = (0.3, 0.8)
_FAR = 60


def probabilities(logits: Floats) -> Floats:
    """Softmax over the last axis."""
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    share: Floats = raised / raised.sum(-1, keepdims=True)
    return share


def context(logits: Floats, structure: dict[str, Floats], blocks: Blocks, more: Floats, at: Rows = EVERY) -> Floats:
    """Feature rows (rows, features) from scores (blocks, kinds) and structure columns (blocks,).

    more: columns (rows, …) that come last, as they are. at: which of the readable blocks have a row; all by default.
    """
    rows = np.flatnonzero(blocks.readable())
    if not len(rows):
        return np.zeros((0, _width(len(structure)) + more.shape[1]), np.float32)
    owner = blocks.owner()[rows]
    scores = logits[rows]
    shares = probabilities(scores)
    articles = Runs.split(changes(owner))
    near = np.array([structure[name].take(rows) for name in _NEAR_COLUMNS]).T
    chosen = rows[at]
    heading = blocks.types[rows] == BlockType.HEADING
    leaves = Runs.split(changes(owner) | changes(blocks.leaves[rows]))
    parts = [
        scores[at] - scores[at].mean(1, keepdims=True),
        shares[at],
        *(shifted(shares, k, owner, at) for k in _NEIGHBOURS),
        *_around(Windows(shares, articles, at)),
        articles.maximum(shares[:, 1:], at),
        *_section(shares, heading, articles, at),
        leaves.mean(shares, at),
        leaves.maximum(shares[:, 1:], at),
        *(_distances(1 - shares[:, 0] > level, articles)[at] for level in _STRONG),
        np.array([column.take(chosen) for column in structure.values()]).T,
        *(shifted(near, k, owner, at) for k in _NEAR),
        more,
    ]
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _width(columns: int) -> int:
    shares = 5 * (2 + len(_NEIGHBOURS) + 2 * len(_WINDOWS) + 3)
    return shares + 4 + 22 + 9 + 2 * len(_STRONG) + columns + len(_NEAR) * len(_NEAR_COLUMNS)


def _around(windows: Windows) -> list[Floats]:
    """Mean over windows before and after each row, over all before, all after, and the whole article."""
    near = [m for size in _WINDOWS for m in (windows.before(size), windows.after(size))]
    return [*near, windows.all_before(), windows.all_after(), windows.whole()]


def _section(shares: Floats, heading: Flags, articles: Runs, at: Rows) -> list[Floats]:
    """The section of each row, from one heading to the next: its scores, its heading's, the next heading's."""
    change = heading.copy()
    change[articles.starts] = True
    sections = Runs.split(change)
    top, stop = sections.first[at], sections.stop[at]
    row = np.arange(len(shares))[at]
    following = np.minimum(stop, len(shares) - 1)
    inside = (articles.of_row[following] == articles.of_row[at]) & (stop < len(shares))
    return [
        sections.mean(shares, at),
        sections.maximum(shares[:, 1:], at),
        shares[top] * heading[top, None],
        (row > top)[:, None].astype(np.float32),
        np.log1p(row - top)[:, None].astype(np.float32),
        np.log1p(stop - row)[:, None].astype(np.float32),
        shares[following] * inside[:, None],
    ]


def _distances(strong: Flags, articles: Runs) -> Floats:
    """Logarithm of the distance (rows, at most 60) to the nearest strong row before and after, in the same article."""
    n = len(strong)
    row = np.arange(n)
    first, stop = articles.first, articles.stop
    seen = np.maximum.accumulate(np.where(strong, row, -1))
    before = np.concatenate(([-1], seen[:-1]))
    to_come = np.minimum.accumulate(np.where(strong, row, n)[::-1])[::-1]
    after = np.concatenate((to_come[1:], [n]))
    back = np.where(before >= first, np.minimum(row - before, _FAR), _FAR)
    ahead = np.where(after < stop, np.minimum(after - row, _FAR), _FAR)
    distances: Floats = np.log1p(np.stack((back, ahead), axis=1)).astype(np.float32)
    return distances
