"""A page as a program reads it, and a browser to open it in."""

import base64
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROWS = 1 << 12
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_DATA = re.compile(r'<script type="application/json" id="([a-z0-9-]+)">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Told:
    """What a page says of an article; marks are [start, end, kind, score, fate, reasons, text]."""

    text: str | None
    marks: list[list[Any]]
    why: str
    status: str
    uncertainty: float

    def passages(self, fate: int = 0) -> list[str]:
        return [self.text[m[0] : m[1]] if self.text is not None else m[6] for m in self.marks if m[4] == fate]


def told(path: Path) -> dict[str, Any]:
    """The columns of a page."""
    return json.loads(dict(_DATA.findall(path.read_text(encoding="utf-8")))["data"])


def articles(path: Path) -> dict[str, Told]:
    """The articles of a page by name."""
    found = dict(_DATA.findall(path.read_text(encoding="utf-8")))
    data = json.loads(found["data"])
    chunks: dict[int, Any] = {}
    result = {}
    for n, (name, place) in enumerate(zip(data["names"], data["places"], strict=True)):
        number, row = divmod(place, ROWS)
        if number not in chunks:
            chunks[number] = json.loads(zlib.decompress(base64.b64decode(json.loads(found[f"texts-{number}"]))))
        detail = chunks[number][row]
        status = data["statuses"][data["status"][n]]
        result[name] = Told(detail["t"], detail["m"], detail["w"], status, data["uncertainty"][n])
    return result


def chromium() -> str:
    """The browser's path; skips where there is none."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("drives a browser: install chromium, or name one in CHROMIUM")
    return found


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    path = chromium()
    sync_api = pytest.importorskip("playwright.sync_api", reason="drives a browser through playwright")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=[*FLAGS], timeout=180_000)
        try:
            yield started
        finally:
            started.close()
