"""What the page is told of one article."""

import re
from dataclasses import dataclass

from zhengwen.dedup.fold import split
from zhengwen.ledger.entries import Likeness

REMOVED, KEPT, DOUBTFUL = "removed", "kept", "doubtful"
FATES = (REMOVED, KEPT, DOUBTFUL)
ADVERT_KEPT = "advert kept"
CHECKED = "checked"
"""Statuses of an advertisement as a whole that was kept as it is, and of an article that was looked at and not cleaned;
the others are the ledger's."""

_HALVES = re.compile("[\ud800-\udfff]")
_HEAD = 4000
"""Characters in which title and site are looked for."""
_TITLE = re.compile(r"""^(?:title\s*:\s*["']?(?P<named>[^\n]*?)["']?|\#\s+(?P<heading>[^\n]*?))\s*$""", re.M | re.X)
_SITE = re.compile(
    r"""^(?:url|link|source|source_url|canonical|canonical_url|original|permalink)\s*[:=]\s*["']?https?://([^/\s"':]+)""",
    re.M | re.I,
)
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Mark:
    """A passage of an article, ``text[start:end]`` in code points.

    fate: "removed"; "kept" if it is of a kind but was not taken; "doubtful" if it is content that was nearly taken.
    score: probability of boilerplate, 0 to 1.
    text: what stood there, if the article's text is not at hand.
    """

    start: int
    end: int
    kind: str
    score: float
    fate: str = REMOVED
    reasons: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """An article.

    name: path, and for one of many in a file ``:`` and the record.
    text: as it came (of a page, its Markdown); None if it is not at hand.
    size: characters of it; 0 if they are not known.
    marks: sorted and disjoint.
    status: one of the ledger's, `ADVERT_KEPT` or `CHECKED`.
    why: a sentence about what could not be done.
    missing: the text should be at hand and is not.
    sought: the kinds that were looked for.
    keeper: name of the article that stands for this one, a copy; else empty.
    uncertainty: how many blocks are expected to be decided wrongly.
    """

    name: str
    text: str | None
    size: int
    status: str
    marks: tuple[Mark, ...] = ()
    why: str = ""
    keeper: str = ""
    likeness: Likeness | None = None
    uncertainty: float = 0.0
    missing: bool = False
    sought: tuple[str, ...] = ()

    @property
    def notable(self) -> bool:
        """Whether there is something to see: a passage, a copy, an advertisement, a fault."""
        return bool(self.marks or self.keeper or self.why) or self.status.startswith("advert")


def whole(text: str) -> str:
    """The text with a replacement for half characters, which no encoding writes; of the same length."""
    return _HALVES.sub("\ufffd", text)


def title(text: str) -> str:
    """The title an article gives itself, or its first line."""
    head = text[:_HEAD].lstrip("\ufeff")
    found = _TITLE.search(head)
    line = (found["named"] or found["heading"]) if found else next((s for s in head.split("\n") if s.strip()), "")
    return " ".join((line or "").split())[:_LONGEST]


def site(name: str, text: str) -> str:
    """Where an article comes from: the host its front matter or its record's id names, or its first folder."""
    matter = text[: min(len(text) - len(split(text)[0]), _HEAD)]
    found = _SITE.search(matter) or re.search(r":https?://([^/\s:]+)", name)
    if found:
        return found[1].lower()
    folder, slash, _ = name.partition("/")
    return folder if slash else ""


def expected_errors(marks: tuple[Mark, ...]) -> float:
    """How many passages are expected to be wrong, by their scores."""
    return sum(1 - m.score if m.fate == REMOVED else m.score for m in marks)
