"""The formats of findings: a renderer turns articles, one after the other, into pieces of text."""

import importlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from zhengwen.reports.findings import Checked

_RENDERERS = {
    "full": ("text", "Full"),
    "concise": ("text", "Concise"),
    "jsonl": ("json_", "Lines"),
    "json": ("json_", "Document"),
    "github": ("github", "Annotations"),
    "gitlab": ("gitlab", "CodeQuality"),
    "sarif": ("sarif", "Sarif"),
    "junit": ("junit", "JUnit"),
    "html": ("html", "Html"),
}
FORMATS = tuple(_RENDERERS)


class Renderer(Protocol):
    """Called in this order, each once but the middle two; the pieces end to end are the output."""

    def begin(self) -> Iterable[str]:
        """What comes before everything."""

    def article(self, checked: Checked) -> Iterable[str]:
        """The findings of an article, which may be none."""

    def fault(self, message: str) -> Iterable[str]:
        """Something that could not be done, as a sentence that names the input."""

    def end(self) -> Iterable[str]:
        """What comes after everything."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the findings will be read.

    root: absolute folder that services want paths relative to: that of the repository.
    color: whether to colour text.
    """

    root: Path
    color: bool = False

    def place(self, checked: Checked) -> str:
        """The path of the article relative to the root, with ``/``; absolute if it lies elsewhere."""
        if not checked.path:
            return checked.shown
        path = os.path.abspath(checked.path)  # noqa: PTH100  (resolve() would follow symbolic links)
        inside = os.path.relpath(path, self.root) if _below(path, str(self.root)) else path
        return inside.replace(os.sep, "/")

    def uri(self, checked: Checked) -> str:
        """The same as a reference of RFC 3986: relative to the root, or with the scheme ``file``."""
        place = self.place(checked)
        quoted = quote(os.fsencode(place), safe="/~")
        return f"file://{quoted}" if checked.path and Path(place).is_absolute() else quoted


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def renderer(name: str, scene: Scene) -> Renderer:
    """The renderer of a format; imports only that."""
    module, cls = _RENDERERS[name]
    made: Renderer = getattr(importlib.import_module(f"zhengwen.reports.{module}"), cls)(scene)
    return made


class Occurrences:
    """Makes fingerprints unique where the same passage stands in an article more than once."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}

    def number(self, kind: str, fingerprint: str) -> int:
        """1 for the first passage of this kind and fingerprint, 2 for the second."""
        key = kind, fingerprint
        self._seen[key] = self._seen.get(key, 0) + 1
        return self._seen[key]
