"""An invented site whose articles end in a footer that no model has met, and corrections of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conftest import ROOT

FOOTER = "第{n}次记录：水位四尺二寸，风向东南，与前一日相同。\n\n由此可见，归港的船数与潮位无关，而与风向有关。\n"
"""Two lines of the site, with a number, that no model takes for anything but content."""
PLAIN = ("blogs", "classic", "essays", "finance", "life", "news", "tutorials")
"""Samples whose articles without labels do not imitate boilerplate."""


def plain_articles(count: int) -> list[str]:
    """Texts of sample articles in which nothing is to be removed."""
    rows = [
        json.loads(line)
        for name in PLAIN
        for line in (ROOT / "samples" / "labelled" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    texts = [row["text"] for row in rows if not row["label"] and 600 < len(row["text"]) < 3000]
    return [text.rstrip("\n") + "\n\n" for text in texts[:count]]


def articles(count: int, first: int = 0) -> list[tuple[str, int]]:
    """Articles of the site, each with the place where its footer begins."""
    texts = plain_articles(first + count)[first:]
    return [(text + FOOTER.format(n=first + n), len(text)) for n, text in enumerate(texts)]


def write_site(folder: Path, count: int, first: int = 0) -> None:
    """Writes articles of the site into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, (text, _) in enumerate(articles(count, first)):
        (folder / f"{first + n:02}.md").write_text(text, encoding="utf-8")


def corrections(path: Path, count: int, kind: str = "navigation") -> Path:
    """Writes the site's first articles with their footers labelled, as a user saves them."""
    rows: list[dict[str, Any]] = [
        {"id": f"{n:02}.md", "text": text, "label": [[at, len(text.rstrip()), kind]], "meta": {"path": f"{n:02}.md"}}
        for n, (text, at) in enumerate(articles(count))
    ]
    return write_rows(path, rows)


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Writes labels as JSON Lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
