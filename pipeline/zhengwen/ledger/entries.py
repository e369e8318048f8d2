"""What the ledger says of one article, and how the article's bytes come back from it."""

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zhengwen.articles import Article, Finding, fingerprint
from zhengwen.errors import LedgerError
from zhengwen.forms import Edit
from zhengwen.forms.form import MARK

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned

UNCHANGED, CLEANED = "unchanged", "cleaned"
ADVERT, DUPLICATE = "advert left out", "duplicate left out"
UNREADABLE, REFUSED = "not readable", "refused"
STATUSES = (UNCHANGED, CLEANED, ADVERT, DUPLICATE, UNREADABLE, REFUSED)

Key = tuple[str, str]
"""Path relative to the folder of the inputs, with ``/``, and the record's id in a file of many articles, else empty."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Text that stood at ``start`` (code points into the decoded original, or into what it became in another form) and
    is not in the cleaned article.

    passage: id of the passage it belongs to; None for a byte order mark that a conversion dropped.
    """

    start: int
    text: str
    passage: str | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A removed passage: ``original[start:end]``, in code points; its cuts hold the text that went with it.

    Of a page, the cuts hold its text, and start and end are those in its source.

    id: sixteen hexadecimal digits of a hash of the key, the place and the text; the same in every run.
    kind: empty for white space that no finding covers.
    """

    id: str
    start: int
    end: int
    kind: str
    score: float
    fingerprint: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why an article counts as a copy of its keeper: "exact", "near" or "contained", and the exact Jaccard and
    containment of their character 5-grams (see `zhengwen.dedup.verify`)."""

    reason: str
    jaccard: float
    containment: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One article.

    hash, size: SHA-256 and bytes of the input; an empty hash if it could not be read.
    form: "markdown", "text", "html" or "jsonl".
    encoding: of the input; empty if it was not decoded.
    newlines: "lf", "crlf", "cr", "mixed" or "none".
    status: one of `STATUSES`.
    cleaned: SHA-256 of the output; None if there is none.
    written: encoding of the output.
    why: what was said to the user of an article that is not readable or refused.
    keeper, likeness: the article that stands for a duplicate, and how alike they are.
    whole: the input's bytes, compressed, where output and cuts cannot give them back.
    output: path of the output, if it is not that of the input: then it is in another form, and output and cuts give
        not the input but what it was in that form; ``whole`` has the input.
    replaces: SHA-256 of what the output may take the place of: an earlier output, or what --overwrite covers.
    """

    key: Key
    hash: str
    size: int
    form: str
    encoding: str
    newlines: str
    status: str
    cleaned: str | None
    written: str
    why: str = ""
    keeper: Key | None = None
    whole: bytes | None = None
    replaces: str | None = None
    passages: tuple[Passage, ...] = ()
    cuts: tuple[Cut, ...] = ()
    likeness: Likeness | None = None
    output: str = ""

    @property
    def place(self) -> str:
        """The path of the output."""
        return self.output or self.key[0]


def sha256(data: bytes) -> str:
    """The hash that the ledger compares by, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def pack(data: bytes) -> bytes:
    """Bytes as the ledger keeps them."""
    return zlib.compress(data, 6)


def unpack(packed: bytes) -> bytes:
    """The bytes again. Raises `LedgerError`."""
    try:
        return zlib.decompress(packed)
    except zlib.error as e:
        raise LedgerError(f"the ledger is damaged ({e}); restore it from a backup") from None


def newlines(text: str) -> str:
    """Which line ends a text has."""
    pairs = text.count("\r\n")
    feeds, returns = text.count("\n") - pairs, text.count("\r") - pairs
    kinds = [name for name, count in (("lf", feeds), ("crlf", pairs), ("cr", returns)) if count]
    return kinds[0] if len(kinds) == 1 else "mixed" if kinds else "none"


def rebuild(kept: str, cuts: Sequence[Cut]) -> str:
    """The original of which ``kept`` is what the cuts (sorted, disjoint) left."""
    parts, place, taken = [], 0, 0
    for cut in cuts:
        upto = cut.start - taken
        parts += [kept[place:upto], cut.text]
        place, taken = upto, taken + len(cut.text)
    return "".join((*parts, kept[place:]))


def original(data: bytes, entry: Entry) -> bytes:
    """The input's bytes from the output's bytes and the ledger. Raises `LedgerError` if they are not the input's."""
    try:
        found = rebuild(data.decode(entry.written), entry.cuts).encode(entry.encoding)
    except UnicodeError:
        found = b""
    if sha256(found) != entry.hash:
        raise LedgerError("the cleaned text and the ledger do not give the original")
    return found


def less(text: str, cuts: Sequence[Cut]) -> str:
    """The text without the cuts (sorted, disjoint): the inverse of `rebuild`."""
    kept, place = [], 0
    for cut in cuts:
        kept.append(text[place : cut.start])
        place = cut.start + len(cut.text)
    return "".join((*kept, text[place:]))


Explain = Callable[[str, str], tuple[str, ...]]
"""The reasons for a passage and its kind."""


def itemise(
    cleaned: "Cleaned", key: Key, edit: Edit, explain: Explain = lambda *_: ()
) -> tuple[tuple[Passage, ...], tuple[Cut, ...]]:
    """The passages that go, and every removed character in a cut of one of them.

    A removed span belongs to the finding it overlaps; one that overlaps several is cut where the next one begins, once
    the one before has ended. What no finding overlaps is a passage of white space, or of markup, of its own.
    """
    findings = _placed(cleaned, edit)
    passages: dict[str, Passage] = {}
    cuts = [Cut(0, MARK, None)] if edit.unmarked else []
    n = 0
    for start, end in edit.gone:
        place = start
        while place < end:
            while n < len(findings) and findings[n][1] <= place:
                n += 1
            upto, passage = end, None
            if n < len(findings) and findings[n][0] < end:
                passage = _passage(findings[n][2], key, cleaned.article, explain)
                if place < findings[n][1] < end and n + 1 < len(findings):
                    upto = min(end, max(findings[n][1], findings[n + 1][0]))
            passage = passage or _blank(place, end, key, edit)
            passages[passage.id] = passage
            cuts.append(Cut(place, edit.before[place:upto], passage.id))
            place = upto
    return tuple(passages.values()), tuple(cuts)


def _placed(cleaned: "Cleaned", edit: Edit) -> list[tuple[int, int, Finding]]:
    """The findings, each with the place of it in what is edited."""
    places = [(*place, f) for place, f in zip(edit.found, cleaned.findings, strict=True)]
    return sorted((p for p in places if p[0] < p[1]), key=lambda p: p[:2])


def _passage(finding: Finding, key: Key, article: Article, explain: Explain) -> Passage:
    text = article.text[finding.start : finding.end]
    start, end = article.locate(finding.start, finding.end)
    score = round(finding.score, 4)
    return Passage(
        _id(key, start, text), start, end, finding.kind, score, fingerprint(text), explain(text, finding.kind)
    )


def _blank(start: int, end: int, key: Key, edit: Edit) -> Passage:
    text = edit.before[start:end]
    return Passage(_id(key, start, text), start, end, "", 0.0, fingerprint(text), ())


def _id(key: Key, start: int, text: str) -> str:
    name = "\0".join((*key, str(start), text)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(name, digest_size=8).hexdigest()
