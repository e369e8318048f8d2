"""How files of a few characters are read: `python benchmarks/handful.py ARTICLES`.

Texts of one to eight characters, in GB18030 (drawn from the articles, and from their rare characters alone) and in Big5
(drawn from its frequent half), read by `zhengwen.charsets` and by charset-normalizer, confined to the same encodings.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from charset_normalizer import from_bytes

from zhengwen.charsets import _ELSEWHERE, decode
from zhengwen.errors import UnreadableInputError

_EACH = 100
"""Texts of each length."""


def _ours(data: bytes) -> str:
    try:
        return decode(data, "").text
    except UnreadableInputError:
        return ""


def _other(data: bytes) -> str:
    return str(from_bytes(data, cp_isolation=list(_ELSEWHERE)).best() or "")


def _everyday_gb(character: str) -> bool:
    code = character.encode("gb18030")
    return len(code) == 2 and 0xB0 <= code[0] <= 0xD7 and code[1] >= 0xA1


def _drawn(characters: str, encoding: str) -> Iterable[bytes]:
    rng = random.Random(1)
    return ["".join(rng.choices(characters, k=length)).encode(encoding) for length in range(1, 9) for _ in range(_EACH)]


def _pieces(text: str) -> Iterable[bytes]:
    rng = random.Random(1)
    starts = [(rng.randrange(len(text) - 8), length) for length in range(1, 9) for _ in range(_EACH)]
    return [text[start : start + length].encode("gb18030") for start, length in starts]


def main(folder: Path) -> None:
    """Prints a table."""
    text = "".join(p.read_text(encoding="utf-8") for p in sorted(folder.rglob("*.md")))
    han = "".join(c for c in text if "\u4e00" <= c <= "\u9fff")
    rare = "".join(sorted({c for c in han if not _everyday_gb(c)}))
    frequent = "".join(bytes([a, b]).decode("big5") for a in range(0xA4, 0xC6) for b in range(0xA1, 0xFF))
    sets = {
        "GB18030, pieces of articles": (_pieces(han), "gb18030"),
        f"GB18030, {len(rare)} rare characters": (_drawn(rare, "gb18030"), "gb18030"),
        "Big5, its frequent half": (_drawn(frequent, "big5"), "big5"),
    }
    readers: dict[str, Callable[[bytes], str]] = {"zhengwen": _ours, "charset-normalizer": _other}
    for name, (texts, encoding) in sets.items():
        right = Counter({who: sum(read(d) == d.decode(encoding) for d in texts) for who, read in readers.items()})
        print(f"{name}: " + ", ".join(f"{who} {right[who]} of {8 * _EACH}" for who in readers))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
