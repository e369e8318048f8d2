"""Articles on their way into the page: compressed in a temporary file, so that memory holds one at a time."""

import base64
import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any

from zhengwen.articles import BOILERPLATE
from zhengwen.reports.page.shown import FATES, Mark, Shown, whole

_CHUNK = 1 << 18
"""Characters of articles that are compressed together: what the page unpacks to show one of them."""
ROWS = 1 << 12
"""More articles than any chunk holds."""
_BASE64 = 4 / 3


class Spool:
    """Articles by the number in which they came."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="zhengwen-")  # noqa: SIM115  (closed by close)
        self._places: list[tuple[int, int]] = []

    def add(self, shown: Shown) -> None:
        """Keeps an article: ``{"t": text, "m": marks, "w": why}``."""
        detail = {
            "t": shown.text,
            "m": [_packed(m) for m in shown.marks],
            "w": shown.why,
        }
        data = zlib.compress(_encoded(detail), 1)
        self._places.append((self._file.seek(0, 2), len(data)))
        self._file.write(data)

    def cost(self, number: int) -> float:
        """About how many bytes of the page an article takes with its text."""
        return self._places[number][1] * _BASE64

    def detail(self, number: int) -> dict[str, Any]:
        """What was kept of an article."""
        place, length = self._places[number]
        self._file.seek(place)
        detail: dict[str, Any] = json.loads(zlib.decompress(self._file.read(length)))
        return detail

    def chunks(self, order: Iterable[int], with_text: set[int]) -> Iterator[tuple[list[int], str]]:
        """The articles in an order, in groups: their numbers, and base64 of a zlib stream of the JSON of their details.

        Those not in ``with_text`` have the text of their passages alone.
        """
        numbers: list[int] = []
        parts: list[bytes] = []
        for number in order:
            detail = self.detail(number)
            parts.append(_encoded(detail if number in with_text else _parts(detail)))
            numbers.append(number)
            if sum(map(len, parts)) >= _CHUNK or len(parts) == ROWS - 1:
                yield numbers, _joined(parts)
                numbers, parts = [], []
        if parts:
            yield numbers, _joined(parts)

    def close(self) -> None:
        """Removes the file."""
        self._file.close()


def _packed(mark: Mark) -> list[Any]:
    kind, fate = BOILERPLATE.index(mark.kind), FATES.index(mark.fate)
    return [mark.start, mark.end, kind, mark.score, fate, list(mark.reasons), mark.text]


def _parts(detail: dict[str, Any]) -> dict[str, Any]:
    text = detail["t"]
    marks = [[*m[:6], m[6] if text is None else text[m[0] : m[1]]] for m in detail["m"]]
    return {**detail, "t": None, "m": marks}


def _joined(parts: list[bytes]) -> str:
    return base64.b64encode(zlib.compress(b"[" + b",".join(parts) + b"]", 6)).decode("ascii")


def _encoded(detail: dict[str, Any]) -> bytes:
    return whole(json.dumps(detail, ensure_ascii=False, separators=(",", ":"))).encode()
