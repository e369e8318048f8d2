"""Texts to cleaned texts, for steps that have rows and no files."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from zhengwen.articles import BOILERPLATE, DEFAULT_SELECTION, Article
from zhengwen.batching import by_size
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.model import Model, load

Item = TypeVar("Item")
CHARACTERS = 1 << 19
"""Characters that go through the classifier together, about."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a step removes, and with which model; what is loaded stays behind when this is sent to a worker.

    model: its folder; None for the shipped one. select: kinds that go. Raises `ValueError` for an unknown kind.
    """

    model: str | None = None
    select: Sequence[str] = DEFAULT_SELECTION

    def __post_init__(self) -> None:
        for kind in self.select:
            if kind not in BOILERPLATE:
                raise ValueError(f"unknown kind {kind!r}; choose from {', '.join(BOILERPLATE)}")

    def clean(self, texts: Sequence[str]) -> list[Cleaned]:
        """The cleaned texts, in order. Raises `zhengwen.errors.ModelError`."""
        cleaner = Cleaner(loaded(self.model), tuple(self.select))
        cleaned: list[Cleaned] = []
        for batch in by_size(enumerate(texts), lambda row: len(row[1]), CHARACTERS):
            cleaned += cleaner.clean([Article(str(number), text) for number, text in batch])
        return cleaned


@cache
def loaded(folder: str | None) -> Model:
    """A model, loaded once in a process. Raises `zhengwen.errors.ModelError`."""
    return load(Path(folder) if folder else None)


def passages(cleaned: Cleaned) -> list[dict[str, Any]]:
    """What goes: every span with its text (so that it can be put back), and kind and score of what was found there."""
    found = list(cleaned.findings)
    told = []
    for start, end in cleaned.removed:
        inside = [f for f in found if f.start < end and start < f.end]
        told.append(
            {
                "start": start,
                "end": end,
                "kind": inside[0].kind if inside else "",
                "score": round(inside[0].score, 4) if inside else 0.0,
                "text": cleaned.article.text[start:end],
            }
        )
    return told
