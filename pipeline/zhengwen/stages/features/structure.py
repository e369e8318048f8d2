"""What a block is and where it stands, beside its words."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from zhengwen.blocks import Blocks, BlockType, Floats, Ints
from zhengwen.stages.features import ngrams
from zhengwen.stages.features.codes import LINK, TAG, Codes, Stream, count

_MARKS = {
    "exclamation": "!！",
    "question": "?？",
    "colon": ":：",
    "stop": "。.",
    "comma": ",、;，；",
    "bracket": "【】[]()（）",
    "quote": '《》“”"「」',
    "bar": "|·•/",
    "pointer": "👇👆👉⬇↓→←☞▼▲↑",
    "ellipsis": "…~",
    "sign": "@=&%+",
    "link": chr(LINK),
    "tag": chr(TAG),
}
_CLASSES = ("other", "digit", "latin", "han", "kana", "symbol", *_MARKS)
_CLASS = {name: number for number, name in enumerate(_CLASSES)}
_LETTERS = slice(_CLASS["digit"], _CLASS["kana"] + 1)


def _class_table() -> NDArray[np.uint8]:
    table = np.zeros(0x20000, np.uint8)
    table[ord("0")] = _CLASS["digit"]
    table[ord("a") : ord("z") + 1] = _CLASS["latin"]
    table[0x3400:0xA000] = _CLASS["han"]
    table[0x3040:0x3100] = _CLASS["kana"]
    table[0x2190:0x2C00] = table[0x1F000:0x1FB00] = _CLASS["symbol"]
    for name, marks in _MARKS.items():
        table[[*map(ord, marks)]] = _CLASS[name]
    return table


_TABLE = _class_table()
_LAST = ("digit", "han", "exclamation", "question", "colon", "stop", "comma", "bracket")
_FIRST = ("digit", "han", "symbol", "bracket", "quote")
_SHORT_CAPTION = 16


def structure(codes: Codes, stream: Stream, blocks: Blocks) -> dict[str, Floats]:
    """Named columns of float32 (blocks,): type, length, classes of characters, links, repetition, place."""
    owner = blocks.owner()
    classes = _TABLE.take(stream.codes, mode="clip")
    counts = _class_counts(classes, stream)
    lengths = np.maximum(stream.lengths(), 0).astype(np.float32)
    letters = counts[_LETTERS].sum(0)
    last, first = classes[stream.starts[1:] - 1], classes[stream.starts[:-1] + 1]
    images, links = count(blocks, codes.images), count(blocks, codes.links)
    columns: dict[str, NDArray[np.generic]] = {
        **{f"type {t.name.lower()}": blocks.types == t for t in BlockType},
        "level": blocks.levels / 6,
        "quoted": blocks.quoted,
        "continued": blocks.continued,
        "length": np.log1p(lengths),
        "raw length": np.log1p(np.diff(blocks.bounds)),
        "letters": np.log1p(letters),
        **{f"share {name}": counts[k] / np.maximum(lengths, 1) for name, k in _CLASS.items() if k},
        **{f"number {name}": np.minimum(counts[_CLASS[name]], 4) for name in ("symbol", *_MARKS)},
        **{f"ends in {name}": last == _CLASS[name] for name in _LAST},
        **{f"begins with {name}": first == _CLASS[name] for name in _FIRST},
        "images": np.minimum(images, 3),
        "links": np.minimum(links, 6),
        "image alone": (images > 0) & (letters < _SHORT_CAPTION),
        "strong": count(blocks, np.flatnonzero(codes.raw == ord("*"))) > 0,
        "repeats": np.log1p(repeats(fingerprints(stream), owner)),
        "novelty": novelty(stream, blocks),
        **_place(blocks, owner, letters),
    }
    return {name: np.asarray(column, np.float32) for name, column in columns.items()}


def _class_counts(classes: NDArray[np.uint8], stream: Stream) -> Floats:
    """Characters of each class in each block: (classes, blocks)."""
    n = len(stream.starts) - 1
    key = np.repeat(np.arange(n), np.diff(stream.starts)) * len(_CLASSES) + classes[: stream.starts[-1]]
    counts = np.bincount(key, minlength=n * len(_CLASSES)).reshape(n, len(_CLASSES)).T.astype(np.float32)
    counts[0] -= 1
    return counts


def _place(blocks: Blocks, owner: Ints, letters: Floats) -> dict[str, NDArray[np.generic]]:
    """Where a block stands among the readable blocks of its article, and among its letters."""
    readable = blocks.readable()
    articles = len(blocks.articles) - 1
    total = np.bincount(owner[readable], minlength=articles)
    before = np.concatenate(([0], np.cumsum(total)))
    number = np.maximum(total[owner], 1)
    place = np.minimum(np.cumsum(readable) - readable - before[owner], number - 1)
    size = np.bincount(owner, letters, minlength=articles)[owner]
    through = np.cumsum(letters, dtype=np.float64)
    through -= np.concatenate(([0.0], through))[blocks.articles[owner]]
    return {
        "nearness to start": 1 / (1 + place),
        "nearness to end": 1 / (number - place),
        "place": place / number,
        "blocks before": np.log1p(place),
        "blocks after": np.log1p(number - place - 1),
        "blocks": np.log1p(number),
        "article letters": np.log1p(size),
        "letters before": through / np.maximum(size, 1),
        "letters after": np.log1p(np.maximum(size - through, 0)),
    }


def fingerprints(stream: Stream) -> NDArray[np.uint64]:
    """A 64-bit hash of each block's folded characters; 0 where there are none."""
    starts, lengths = stream.starts[:-1], np.diff(stream.starts)
    salt = np.arange(len(stream.codes) - 1, dtype=np.uint64)
    salt -= np.repeat(starts.astype(np.uint64), lengths)
    salt *= np.uint64(0xACD1FDDCCCBFB726)
    salt += np.uint64(0x9E3779B97F4A7C15)
    codes = np.multiply(stream.codes[:-1], np.uint64(1 << 29 | 1), dtype=np.uint64)
    codes[starts] = 0
    codes *= salt
    codes ^= np.right_shift(codes, np.uint64(32), out=salt)
    return np.add.reduceat(codes, starts) if len(starts) else np.zeros(0, np.uint64)


def repeats(prints: NDArray[np.uint64], owner: Ints) -> Floats:
    """How many other blocks of the same article have the same text."""
    key = prints ^ (owner.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    return np.where(prints == 0, 0, counts[inverse] - 1).astype(np.float32)


_GRAM_BITS = 16


def novelty(stream: Stream, blocks: Blocks) -> Floats:
    """Share of a block's character bigrams that stand in no other block of its article: how far it strays from the
    article's subject. Each article has a table of bigrams to itself, which stays in the processor's cache."""
    buckets, starts = ngrams.hashes(stream, 2, _GRAM_BITS)
    lengths = np.diff(starts)
    block = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    own = np.empty(len(buckets), np.bool_)
    holder = np.zeros(1 << _GRAM_BITS, np.int32)
    for a, b in pairwise(starts[blocks.articles].tolist()):
        grams, place = buckets[a:b].astype(np.intp), block[a:b]
        holder[grams] = place
        holder[grams[holder.take(grams) != place]] = -1
        np.greater_equal(holder.take(grams), 0, out=own[a:b])
    total = np.concatenate(([0], np.cumsum(own)))
    return ((total[starts[1:]] - total[starts[:-1]]) / np.maximum(lengths, 1)).astype(np.float32)
