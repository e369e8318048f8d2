"""Articles that are copies of each other in all the ways there are, and the truth about them by brute force."""

import random
from collections.abc import Sequence

from zhengwen.dedup.assign import LeftOut
from zhengwen.dedup.collection import EMPTY, Collection, Known, deduplicate
from zhengwen.dedup.fold import Codes, fold_texts
from zhengwen.dedup.verify import Limits

_WORDS = [
    "".join(chr(random.Random(n * 7 + k).randrange(0x4E00, 0x9FA5)) for k in range(1 + n % 3)) for n in range(4000)
]


def article(seed: int, words: int = 300) -> str:
    """Prose in paragraphs; two seeds give strangers."""
    rng = random.Random(seed)
    chosen = [rng.choice(_WORDS) + rng.choice(("", "", "", "，", "。\n\n")) for _ in range(words)]
    return "".join(chosen)


def edited(text: str, share: float, seed: int) -> str:
    """Characters replaced, lost or doubled here and there."""
    rng = random.Random(seed)
    changes = (lambda _: "换", lambda _: "", lambda c: c + "增")
    return "".join(rng.choice(changes)(c) if rng.random() < share else c for c in text)


def retypeset(text: str) -> str:
    """The same said with other marks, widths and breaks."""
    wide = "".join(chr(ord(c) + 0xFEE0) if "0" <= c <= "z" else c for c in text)
    return "**" + wide.replace("，", ", ").replace("。", ".\r\n") + "** ![](https://other.example/1.png)"


def shuffled(text: str, seed: int) -> str:
    """The paragraphs in another order."""
    paragraphs = text.split("\n\n")
    random.Random(seed).shuffle(paragraphs)
    return "\n\n".join(paragraphs)


def family(seed: int, words: int = 300) -> list[str]:
    """An article and its copies, of all kinds."""
    text, other = article(seed, words), article(seed + 10_000, words)
    half = len(text) // 2
    return [
        text,
        text,
        retypeset(text),
        shuffled(text, seed),
        text + "\n\n" + article(seed + 20_000, 20),
        article(seed + 30_000, 20) + "\n\n" + text,
        edited(text, 0.01, seed),
        edited(text, 0.03, seed),
        edited(text, 0.2, seed),
        text[: half * 2 * 3 // 4],
        text[:half],
        text[half // 2 : half // 2 + half],
        other[: len(other) // 2] + text[half:] + other[len(other) // 2 :],
        other,
    ]


def folded(texts: Sequence[str]) -> list[Codes]:
    """The folded texts."""
    batch = fold_texts(texts)
    return [batch.article(n) for n in range(len(batch))]


def grams(codes: Codes) -> set[bytes]:
    """The 5-grams as they stand: no hash, no array."""
    raw = codes.tobytes()
    return {raw[at : at + 10] for at in range(0, len(raw) - 8, 2)}


def likeness(article: Codes, keeper: Codes) -> tuple[float, float]:
    """Jaccard and containment by the book."""
    one, other = grams(article), grams(keeper)
    if not one or not other:
        return 0.0, 0.0
    return len(one & other) / len(one | other), len(one & other) / len(one)


def known(texts: Sequence[str], batch: int = 7) -> Known:
    """The texts, added in batches."""
    collection = Collection()
    for at in range(0, len(texts), batch):
        collection.add(texts[at : at + batch])
    return collection.known()


def left_out(texts: Sequence[str], limits: Limits | None = None, fixed: Sequence[str] = ()) -> list[LeftOut]:
    """What deduplication says of the texts, compared with fixed ones."""
    codes = folded([*texts, *fixed])
    return deduplicate(
        known(texts),
        known(fixed) if fixed else EMPTY,
        lambda numbers: [codes[n] for n in numbers],
        limits or Limits(),
    )


def greedy(texts: Sequence[str], limits: Limits | None = None) -> dict[int, int]:
    """Each article left out and its keeper, by comparing everything with everything."""
    limits = limits or Limits()
    codes = folded(texts)
    dates = fold_texts(texts).dates.tolist()
    kept: list[int] = []
    out = {}
    for n in sorted(range(len(texts)), key=lambda n: (-len(codes[n]), dates[n], n)):
        if len(codes[n]) >= 5:
            for keeper in kept:
                jaccard, containment = likeness(codes[n], codes[keeper])
                same = codes[n].tobytes() == codes[keeper].tobytes()
                near = jaccard >= limits.similarity or containment >= limits.containment
                if same or (limits.near and near):
                    out[n] = keeper
                    break
        if n not in out:
            kept.append(n)
    return out
