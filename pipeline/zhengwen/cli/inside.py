"""Progress inside of a file of many articles: records done, and bytes of theirs in a second."""

import sys
from contextlib import ExitStack
from typing import Any

import click

from zhengwen.readers import Source
from zhengwen.reports.summary import counted
from zhengwen.reports.terminal import harmless

_LEAST = 1 << 23
"""Bytes of a file below which nobody needs to see how far it is."""


class Inside:
    """A second bar on a terminal, for the large file that is being done; nothing elsewhere.

    Of a compressed file, and of Parquet, nobody knows how much it holds; then it counts without an end.
    """

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty() and not click.get_current_context().obj["quiet"]
        self._open = ExitStack()
        self._source: Source | None = None
        self._bar: Any = None
        self._records = 0

    def __enter__(self) -> "Inside":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, source: Source, size: int) -> None:
        """Counts a record of a source; 0 bytes for what is none."""
        if not self._shown or not size:
            return
        if source is not self._source:
            self._begin(source)
        if self._bar is not None:
            self._records += 1
            self._bar.set_postfix_str(counted(self._records, "record"), refresh=False)
            self._bar.update(size)

    def _begin(self, source: Source) -> None:
        self._open.close()
        self._source, self._bar, self._records = source, None, 0
        if source.size < _LEAST:
            return
        from tqdm import tqdm

        plain = source.name.lower().endswith(".jsonl")
        name = harmless(source.name)[-40:]
        bar = tqdm(
            total=source.size if plain else None,
            desc=name,
            unit="B",
            unit_scale=True,
            file=sys.stderr,
            leave=False,
            dynamic_ncols=True,
        )
        self._bar = self._open.enter_context(bar)
