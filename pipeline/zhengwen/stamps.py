"""What decides a result, in a few hexadecimal digits, without loading a model."""

import hashlib
import json
import os
from functools import cache
from pathlib import Path

from zhengwen import __version__
from zhengwen.forms import HTML, form_of

_PACKAGE = Path(__file__).parent
_PACKED, _CHECKOUT = _PACKAGE / "models" / "default", _PACKAGE.parents[1] / "models" / "default"


def of_model(folder: Path | None) -> str:
    """Of a model: its card, which holds the hashes of its arrays, and their sizes; empty if there is no card.

    An altered card has another stamp, so what it would decide is not taken from what the true one decided.
    """
    where = folder or (_PACKED if _PACKED.is_dir() else _CHECKOUT)
    try:
        card = (where / "card.json").read_bytes()
        sizes = sorted((entry.name, entry.stat().st_size) for entry in os.scandir(where))
    except OSError:
        return ""
    return hashlib.sha256(card + json.dumps(sizes).encode()).hexdigest()


def of_code() -> str:
    """Of this version, and of the files of the package: in a checkout the version stays while the code changes."""
    seen = []
    for folder, inner, names in os.walk(_PACKAGE):
        inner[:] = sorted(name for name in inner if name not in ("__pycache__", "models"))
        for name in sorted(names):
            if name.endswith(".py"):
                found = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118
                seen.append((name, found.st_size, found.st_mtime_ns))
    return hashlib.sha256(json.dumps([__version__, seen]).encode()).hexdigest()


def of_form(name: str) -> str:
    """Of the form that a file of this name is read in; that of a page with the version of its extractor."""
    form = form_of(name).name
    return f"{form} {_extractor()}" if form == HTML else form


@cache
def _extractor() -> str:
    from importlib import metadata

    try:
        return metadata.version("trafilatura")
    except metadata.PackageNotFoundError:
        return ""
