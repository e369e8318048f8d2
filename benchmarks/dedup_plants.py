"""Copies planted among real articles, and the truth about all pairs by brute force; what `dedup.py` measures with."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zhengwen.dedup.fold import fold_texts, split
from zhengwen.dedup.verify import Text

EDITS = (0.02, 0.05, 0.1, 0.2)
CUTS = (0.1, 0.2, 0.3, 0.4, 0.5)
KINDS = (
    "exact",
    "re-typeset",
    "paragraph order",
    "footer",
    "header",
    *(f"edits {share:.0%}" for share in EDITS),
    *(f"truncated by {share:.0%}" for share in CUTS),
    "half of one inside another",
)


@dataclass(frozen=True, slots=True)
class Planted:
    """Texts, and for each plant its kind and the numbers of the two texts that belong together."""

    texts: list[str]
    plants: list[tuple[str, int, int]]


def plant(texts: Sequence[str], each: int, seed: int = 0) -> Planted:
    """The texts, then ``each`` plants of every kind, made from texts of 400 characters and more."""
    rng = random.Random(seed)
    out, plants = list(texts), []
    long = [n for n, text in enumerate(texts) if len(split(text)[0]) >= 400]
    for kind in KINDS:
        for source in rng.sample(long, min(each, len(long))):
            body, other = (split(texts[n])[0] for n in (source, rng.choice(long)))
            first = source
            if kind.startswith("half"):
                start = rng.randrange(len(body) // 2)
                half, at = body[start : start + len(body) // 2], rng.randrange(len(other))
                first = len(out)
                out.append(half)
                made = other[:at] + half + other[at:]
            else:
                made = _copy(kind, body, other, rng)
            plants.append((kind, first, len(out)))
            out.append(made)
    return Planted(out, plants)


def _copy(kind: str, body: str, other: str, rng: random.Random) -> str:
    share = float(kind.split()[-1].rstrip("%")) / 100 if kind.endswith("%") else 0.0
    if kind == "re-typeset":
        wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" and rng.random() < 0.3 else c for c in body)
        return re.sub("[，。]", lambda m: {"，": ", ", "。": ".\r\n"}[m[0]], wide)
    if kind == "paragraph order":
        paragraphs = body.split("\n\n")
        rng.shuffle(paragraphs)
        return "\n\n".join(paragraphs)
    if kind == "footer":
        return f"{body}\n\n{other[: rng.randrange(100, 600)]}"
    if kind == "header":
        return f"{other[: rng.randrange(100, 600)]}\n\n{body}"
    if kind.startswith("edits"):
        return "".join(_edit(c, rng) if rng.random() < share else c for c in body)
    return body[: round(len(body) * (1 - share))]


def _edit(char: str, rng: random.Random) -> str:
    new = chr(rng.randrange(0x4E00, 0x9FA5))
    return rng.choice((new, "", char + new))


def truth(
    texts: Sequence[str], jaccard: float = 0.5, containment: float = 0.9
) -> dict[tuple[int, int], tuple[float, float]]:
    """All pairs with at least this Jaccard, or of which at least this share of the shorter one is in the longer one.

    Exact, for each pair both figures. An inverted index of all 5-grams; for each article, a partner with as many and
    more must share one of its rarest ones, more of them than may be missing (prefix filtering: Chaudhuri et al.,
    ICDE 2006).
    """
    sets = [_grams(text) for text in texts]
    lengths = [len(fold_texts([text]).codes) for text in texts]
    sizes = np.array([len(s) for s in sets])
    bounds = np.concatenate(([0], np.cumsum(sizes)))
    _, gram, frequency = np.unique(np.concatenate(sets), return_inverse=True, return_counts=True)
    owner = np.repeat(np.arange(len(sets)), sizes)[np.argsort(gram, kind="stable")]
    starts = np.concatenate(([0], np.cumsum(frequency)))
    least = min(jaccard, containment)
    pairs = {}
    for n, mine in enumerate(sets):
        grams = gram[bounds[n] : bounds[n + 1]]
        rarest = grams[np.argsort(frequency[grams], kind="stable")][: int((1 - least) * len(grams)) + 1]
        rarest = rarest[frequency[rarest] > 1]
        if not len(rarest):
            continue
        sharing = np.unique(np.concatenate([owner[starts[g] : starts[g + 1]] for g in rarest.tolist()]))
        larger = (sizes[sharing] > sizes[n]) | ((sizes[sharing] == sizes[n]) & (sharing > n))
        for other in sharing[larger].tolist():
            shared = len(np.intersect1d(mine, sets[other], assume_unique=True))
            shorter = n if (lengths[n], -n) < (lengths[other], -other) else other
            alike = shared / (sizes[n] + sizes[other] - shared), shared / sizes[shorter]
            if alike[0] >= jaccard or alike[1] >= containment:
                pairs[min(n, other), max(n, other)] = alike
    return pairs


def _grams(text: str) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.unique(Text(fold_texts([text]).codes).grams)
