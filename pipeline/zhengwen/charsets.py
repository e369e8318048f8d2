"""Bytes to text and back: which encoding a file is in, so that encoding the text again gives the bytes."""

import codecs
import re
from dataclasses import dataclass
from typing import NoReturn

from zhengwen.errors import UnreadableInputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks; UTF-32's begins with UTF-16's."""
_DECLARATION = re.compile(
    rb"""<(?:\?xml[^>]{0,200}?encoding|meta[^>]{0,200}?charset)\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{1,40})""", re.I
)
_DECLARED_WITHIN = 4096
_LONG = re.compile(r"[\u0800-\ufffc\U00010000-\U0010ffff]")
_GB = ("gb18030", "gbk")
_BIG5 = ("big5", "cp950", "big5hkscs")
_FAMILIES = {"gb2312": _GB, "gbk": _GB, "gb18030": _GB, "big5": _BIG5, "cp950": _BIG5, "big5hkscs": _BIG5}
"""Readings to try for a name, as browsers do: pages that say gb2312 hold GBK."""
_LABELS = _FAMILIES | {
    "euc_kr": ("cp949",),
    "shift_jis": ("cp932",),
    "iso8859-1": ("cp1252", "iso8859-1"),
    "ascii": ("cp1252", "iso8859-1"),
}
"""What a declaration means by a name (WHATWG Encoding standard, section 4.2), by Python's name for it."""
_STATEFUL = re.compile(r"iso2022.*|hz|utf-7|utf-(?:16|32|8-sig)|idna|punycode")
"""Encodings in which the bytes of a character depend on those before it, or which do not keep byte order: nothing can
be cut out without touching the rest."""
_KANA = (0xA4, 0xA5)
"""Rows of GB18030 in which EUC-JP has its kana."""
_ELSEWHERE = (*_GB, *_BIG5, "shift_jis", "euc_jp", "cp949", "cp1252")
"""What charset-normalizer may choose from; more would make text of any noise."""
_SAMPLE = 1 << 16
"""Bytes of a file that a guess looks at."""
_HANDFUL = 16
"""Bytes beyond ASCII, at most, that are too few to guess a language by: a name, a rare character or two.

Of 800 texts of one to eight rare characters in GB18030, 768 are read as what they are, 445 if a language is guessed
instead; of everyday ones in GB18030 782 and 779, in Big5 502 and 502 (`benchmarks/handful.py`).
"""
_BEYOND = re.compile(rb"[\x80-\xff]+")
COMMON = 0.75
"""Least share of everyday characters by which bytes are taken for GB18030 or Big5.

Of 701 pieces of 5 to 100,000 characters of real articles, 696 in GB18030 and 688 in Big5 came out as the text they were
(the others are short, or another flavour of Big5); charset-normalizer, confined to the two, took 624 and 683.
"""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, byte order mark and line ends included, and the encoding by which ``text.encode(encoding)`` is the file.

    encoding: a name that Python knows; UTF-16 and UTF-32 with their byte order.
    """

    text: str
    encoding: str


def known(name: str) -> str | None:
    """Python's name of a text encoding, or None: also for what is no text encoding, or none to cut texts in."""
    try:
        found = codecs.lookup(name)
        "".encode(found.name)
    except (LookupError, ValueError, UnicodeError):
        return None
    return None if _STATEFUL.fullmatch(found.name) else found.name


def decode(data: bytes, name: str, encoding: str | None = None) -> Decoded:
    """The text of a file.

    Looks at the byte order mark, then at whether the bytes are UTF-8, then at an HTML or XML declaration, and only then
    guesses. Valid UTF-8 goes before a declaration because saved pages keep the one of the server after they were
    converted; it gives way if it holds nothing but pairs of bytes, which GBK can look like. ``encoding``, if given,
    overrides everything.

    Raises `UnreadableInputError` for what is no text or cannot be encoded to the same bytes again.
    """
    if encoding:
        return _forced(data, name, encoding)
    for mark, marked in _MARKS:
        if data.startswith(mark):
            return _as(data, marked) or _refuse(
                f"{name}: begins with the byte order mark of {marked} but is not {marked}; mend or exclude it"
            )
    if b"\0" in data[:8192]:
        _refuse(f"{name}: holds NUL bytes, so it is not a text file; exclude it, or say --encoding utf-16-le if it is")
    utf_8 = _as(data, "utf-8")
    if utf_8 and (data.isascii() or max(utf_8.text) >= "\u0800"):
        return utf_8
    found = _declared(data) or utf_8 or (None if _nearly_utf_8(data) else _guessed(data))
    return found or _refuse(_flaw(data, name))


def _as(data: bytes, encoding: str) -> Decoded | None:
    """The data in an encoding, if it can be read and written back."""
    try:
        text = data.decode(encoding)
        return Decoded(text, encoding) if text.encode(encoding) == data else None
    except (UnicodeError, ValueError):
        return None


def _forced(data: bytes, name: str, encoding: str) -> Decoded:
    found = next(filter(None, (_as(data, reading) for reading in (encoding, *_FAMILIES.get(encoding, ())))), None)
    return found or _refuse(
        f"{name}: is not {encoding} text that can be written back byte for byte; leave --encoding out or name another"
    )


def _declared(data: bytes) -> Decoded | None:
    found = _DECLARATION.search(data[:_DECLARED_WITHIN])
    encoding = known(found[1].decode("ascii", "replace")) if found else None
    if not encoding:
        return None
    return next((d for e in _LABELS.get(encoding, (encoding,)) if (d := _as(data, e))), None)


def _nearly_utf_8(data: bytes) -> bool:
    """Whether it is UTF-8 with flaws, which might pass for another encoding: more characters of three bytes or four
    are right than bytes are wrong."""
    text = data.decode("utf-8", "replace")
    return len(_LONG.findall(text)) > text.count("\ufffd")


def _guessed(data: bytes) -> Decoded | None:
    readings = [d for family in (_GB, _BIG5) if (d := next(filter(None, (_as(data, e) for e in family)), None))]
    best = max(readings, key=_everyday, default=None)
    if best and _everyday(best) >= COMMON:
        return best
    if _brief(data) and (chinese := _as(data, "gb18030")):
        return chinese
    from charset_normalizer import from_bytes

    match = from_bytes(data[:_SAMPLE], cp_isolation=list(_ELSEWHERE)).best()
    encoding = known(match.encoding) if match else None
    return _as(data, encoding) if encoding else None


def _brief(data: bytes) -> bool:
    """Whether there is too little to guess by, and what there is comes in pairs or makes up half of the file: a letter
    with an accent among others does not."""
    runs = [len(run) for run in _BEYOND.findall(data)]
    return sum(runs) <= _HANDFUL and (not any(n % 2 for n in runs) or 2 * sum(runs) >= len(data))


def _everyday(found: Decoded) -> float:
    """Share of the characters beyond ASCII that are symbols or among the frequent half of their standard.

    GB18030's codes of four bytes (emoji) count too: their digits are no accident.
    """
    # Two codes of Big5-HKSCS are a letter and its accent; the accent alone has none.
    encoded = (c.encode(found.encoding, "ignore") for c in found.text[:_SAMPLE] if c >= "\x80")
    codes = [code for code in encoded if code]
    everyday = _is_everyday_gb if found.encoding in _GB else _is_everyday_big5
    return sum(map(everyday, codes)) / max(len(codes), 1)


def _is_everyday_gb(code: bytes) -> bool:
    lead = code[0]
    return len(code) == 4 or (
        code[1] >= 0xA1 and (0xB0 <= lead <= 0xD7 or (0xA1 <= lead <= 0xA9 and lead not in _KANA))
    )


def _is_everyday_big5(code: bytes) -> bool:
    return len(code) == 2 and 0xA1 <= code[0] <= 0xC6


def _flaw(data: bytes, name: str) -> str:
    try:
        data.decode()
        return f"{name}: cannot be read; name its encoding with --encoding"
    except UnicodeDecodeError as e:
        return (
            f"{name}: byte {e.start} (0x{data[e.start]:02x}) is not UTF-8, and no other encoding is certain to give "
            f"the same bytes back; name it with --encoding, or mend the file"
        )


def _refuse(message: str) -> NoReturn:
    raise UnreadableInputError(message)
