"""The encoding of a page: what it says of itself, where that is true."""

import codecs
import re

from zhengwen.errors import UnreadableInputError

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_HEAD = 4096
"""Bytes in which a declaration is looked for; the standard reads 1,024, saved pages grow notes above it."""
_LABELS = {
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "big5": ("cp950", "big5hkscs"),
    "euc_kr": ("cp949",),
    "shift_jis": ("cp932",),
    "iso8859-1": ("cp1252", "iso8859-1"),
    "ascii": ("cp1252", "iso8859-1"),
}
"""What pages mean by a label (WHATWG Encoding standard, section 4.2), by Python's name for it."""
_STATELESS = re.compile(r"(?:utf-8|utf-16-[lb]e|gb18030|big5.*|cp\d+|iso8859-\d+|euc_.*|koi8-.|mac-.*|tis-620|johab)")
"""Encodings in which the bytes of a character do not depend on those before it: a part can be cut out."""


def decode(data: bytes, name: str) -> tuple[str, str]:
    """The text of a page and the encoding by which ``text.encode(encoding)`` gives ``data`` back.

    A byte order mark speaks first; then what is valid UTF-8 is UTF-8, since browsers save pages as UTF-8 and leave the
    old declaration in them, and Chinese text in other encodings is never valid UTF-8; then the declaration; then
    GB18030, the encoding of Chinese pages that say nothing. Raises `UnreadableInputError` if none gives the bytes back.
    """
    mark = next((encoding for start, encoding in _MARKS if data.startswith(start)), None)
    if mark is None and b"\0" in data[:8192]:
        raise UnreadableInputError(f"{name}: holds NUL bytes, so it is not a page; exclude it, or convert it to UTF-8")
    declared = _declared(data)
    for encoding in (mark,) if mark else ("utf-8", *declared, *(() if declared else ("gb18030",))):
        text = _reversible(data, encoding)
        if text is not None:
            return text, encoding
    tried = mark or ", ".join(declared) or "utf-8, gb18030"
    raise UnreadableInputError(f"{name}: cannot be read as {tried} without loss; mend its encoding or convert to UTF-8")


def _declared(data: bytes) -> tuple[str, ...]:
    """The encodings that a page's own declaration stands for, if it is one that Python knows."""
    found = _DECLARED.search(data, 0, _HEAD)
    try:
        label = codecs.lookup(found[1].decode()).name if found else ""
    except LookupError:
        return ()
    encodings = _LABELS.get(label, (label,)) if label not in ("", "utf-8") and not label.startswith("utf-16") else ()
    return tuple(e for e in encodings if _STATELESS.fullmatch(e))


def _reversible(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
        return text if text.encode(encoding) == data else None
    except UnicodeError:
        return None
