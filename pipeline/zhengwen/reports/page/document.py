"""The page as one HTML file: it loads nothing, and nothing of an article in it can run.

The policy in its head allows one script and one style, by their hashes, and no connection, picture or frame. All data
stand in ``<script type="application/json">`` with ``<`` escaped; texts are base64 of zlib streams, which the page
unpacks when an article is looked at.
"""

import base64
import hashlib
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import IO, Any

from zhengwen import __version__
from zhengwen.articles import BOILERPLATE
from zhengwen.reports.page.index import Index
from zhengwen.reports.page.repetition import Repetition
from zhengwen.reports.page.shown import Shown, whole
from zhengwen.reports.page.spool import ROWS, Spool
from zhengwen.reports.terminal import COMMAND

TEXTS = ("changed", "all", "none")
ORDERS = ("path", "removed", "uncertain")
SCRIPTS = ("words", "data", "characters", "labels", "pictures", "article", "listing", "lines", "keys", "page")
"""The parts of the script, in order."""
_BLOCK = 1 << 20
_UNSEEN = re.compile("[<\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the page shows.

    subject: what it is about, for its title.
    texts: of which articles the whole text is in the page: "changed" (something was removed or nearly so, copies and
        their keepers, advertisements), "all" or "none".
    limit: bytes of texts, about; beyond it articles have their passages alone.
    order: what comes first.
    scored: kept blocks were scored.
    checked: passages were found and not removed.
    """

    subject: str
    texts: str = "changed"
    limit: int = 64 << 20
    order: str = "path"
    scored: bool = False
    checked: bool = False


class Document:
    """Takes articles one by one and writes the page at the end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.index = Index()
        self._spool = Spool()
        self._repetition = Repetition()
        self._faults: list[str] = []
        self._sought: set[str] = set(BOILERPLATE)

    def add(self, shown: Shown) -> None:
        """Takes an article."""
        if shown.sought:
            self._sought &= {*shown.sought}
        self.index.add(shown)
        self._repetition.add(shown)
        self._spool.add(shown)

    def fault(self, message: str) -> None:
        """Takes a sentence about an input that could not be done."""
        self._faults.append(message)

    def pieces(self) -> Iterator[str]:
        """The page, piece by piece."""
        order = self._order()
        chosen = self._with_text(order)
        with tempfile.TemporaryFile("w+", encoding="ascii", prefix="zhengwen-") as texts:
            places = [0] * len(self.index)
            for number, (articles, data) in enumerate(self._spool.chunks(order, chosen)):
                for row, article in enumerate(articles):
                    places[article] = number * ROWS + row
                texts.write(f'<script type="application/json" id="texts-{number}">"{data}"</script>\n')
            yield from _head(self._data(chosen, places))
            yield from _copied(texts)
        yield "</body>\n</html>\n"

    def close(self) -> None:
        """Removes temporary files."""
        self._spool.close()

    def _order(self) -> list[int]:
        index, by = self.index, self.settings.order
        if by == "uncertain":
            return sorted(range(len(index)), key=lambda n: (-index.uncertainty[n], n))
        if by == "removed":
            return sorted(range(len(index)), key=lambda n: (-index.removed(n), n))
        return list(range(len(index)))

    def _with_text(self, order: list[int]) -> set[int]:
        """The articles whose whole text is in the page: the most uncertain ones, if not all fit."""
        if self.settings.texts == "none":
            return set()
        wanted = set(order)
        if self.settings.texts == "changed":
            wanted = {n for n in order if self.index.notable[n]}
            wanted |= {keeper for _, keeper in self.index.related()}
        left = self.settings.limit
        chosen = set()
        for number in sorted(wanted, key=lambda n: (-self.index.uncertainty[n], n)):
            left -= int(self._spool.cost(number))
            if left < 0:
                break
            chosen.add(number)
        return chosen

    def _data(self, chosen: set[int], places: list[int]) -> dict[str, Any]:
        settings = self.settings
        columns = self.index.columns()
        told = {
            "version": __version__,
            "subject": settings.subject,
            "order": settings.order,
            "scored": settings.scored,
            "texts": settings.texts,
            "checked": settings.checked,
            "unsought": [] if settings.scored else [kind for kind in BOILERPLATE if kind not in self._sought],
            "faults": self._faults,
            "places": places,
            "whole": [int(n in chosen) for n in range(len(places))],
            "lines": self._lines(),
            **columns,
        }
        told["id"] = hashlib.blake2b(json.dumps(told).encode(), digest_size=8).hexdigest()
        return told

    def _lines(self) -> list[list[Any]]:
        found = []
        for line in self._repetition.lines():
            text = line.text(self._spool.detail(line.first)["t"] or "")
            if text:
                found.append([text[:200], line.articles, line.taken, line.first])
        return found


def _head(data: dict[str, Any]) -> Iterator[str]:
    """Everything before the texts; the script comes first, so that the page is there while the texts still load."""
    style, script = _asset("style.css"), "\n".join(_asset(f"{name}.js") for name in SCRIPTS)
    script = f'"use strict";\n(() => {{\n{script}}})();\n'
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    filled = {"policy": policy, "style": style, "script": script, "data": embedded(data)}
    for number, piece in enumerate(_asset("page.html").split("@@")):
        yield filled[piece] if number % 2 else piece


def embedded(data: object) -> str:
    """JSON that an HTML parser reads as text whatever it holds, and that a terminal or a log may show."""
    text = whole(json.dumps(data, ensure_ascii=False, separators=(",", ":")))
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", COMMAND.sub("\\\\u0023", text))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _asset(name: str) -> str:
    return files("zhengwen.reports.page").joinpath("assets", name).read_text(encoding="utf-8")


def _copied(stream: IO[str]) -> Iterator[str]:
    stream.seek(0)
    while piece := stream.read(_BLOCK):
        yield piece
