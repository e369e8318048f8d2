"""What tools count when they say where a span stands: code points, UTF-16 code units, or bytes of UTF-8.

Python and Label Studio count code points; doccano counts what JavaScript does, UTF-16 code units, unless a project
counts grapheme clusters; many a script counts bytes. A line end of two characters counts as two in all of them.
"""

from typing import Literal

import numpy as np

from zhengwen.blocks import Ints

Unit = Literal["code-points", "utf-16", "bytes"]
UNITS: tuple[Unit, ...] = ("code-points", "utf-16", "bytes")


def places(text: str, unit: Unit) -> Ints:
    """Where each code point of a text begins, in units, and where the text ends: int64 (code points + 1,)."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    size = np.ones(len(codes), np.int64)
    if unit == "utf-16":
        size += codes > 0xFFFF
    elif unit == "bytes":
        size += (codes > 0x7F).astype(np.int64) + (codes > 0x7FF) + (codes > 0xFFFF)
    return np.concatenate(([0], np.cumsum(size)))


def code_point(where: Ints, offset: int) -> int | None:
    """The code point at an offset in units; None if it is beyond the text or inside a character."""
    place = int(np.searchsorted(where, offset))
    return place if place < len(where) and where[place] == offset else None
