"""Copies among the articles of all shards of a store: left out of the outputs, whole in the shards' ledgers.

The steps are those of `zhengwen.dedup.shards`; here is what they need: the texts of a shard, and a rewritten shard. The
outcome depends on the inputs of all shards alone. What an earlier run left out is decided again with everything else,
and comes back if nobody stands for it any more. Compared are text files and records of JSON Lines.
"""

import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zhengwen.dedup import shards as steps
from zhengwen.dedup.assign import LeftOut
from zhengwen.dedup.fold import Codes, fold_texts
from zhengwen.dedup.verify import Limits
from zhengwen.dedup.work import Work
from zhengwen.engines import Engine
from zhengwen.errors import LedgerError
from zhengwen.forms import Fields, form_of
from zhengwen.forms.jsonl import Record, line_of, parse
from zhengwen.forms.streams import reading, writing
from zhengwen.forms.text import TextForm
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Entry, Key, Likeness
from zhengwen.ledger.store import Ledger, location, opened
from zhengwen.sharded import ledger_of, marked, remarked
from zhengwen.storage import Store

_BATCH = 250_000
"""Characters that are sketched together."""
_PARTITION = 250_000
"""Articles, about, for each range of keys: what bounds the memory of a worker."""


@dataclass(frozen=True, slots=True)
class Gone:
    """An article left out, and the one that stands for it."""

    place: int
    keeper: Key
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Shelf:
    """The cleaned shards of a store. names: of the shards, by number. fields: of records."""

    store: Store
    work: Work
    names: tuple[str, ...]
    fields: Fields

    def sketch(self, number: int) -> int:
        """Writes the files of a shard that the steps read, its texts and their keys; how many articles it has."""
        with tempfile.TemporaryDirectory(prefix="zhengwen-") as folder:
            with self._fetched(number, Path(folder)) as ledger:
                found = [(e, text) for e, data in _cleaned(ledger, Path(folder)) if (text := self._text(e, data)) is not None]
        self.work.folder.mkdir(parents=True, exist_ok=True)
        _pack(self.work, number, [text for _, text in found])
        keys = json.dumps([entry.key for entry, _ in found], ensure_ascii=False)
        self._keys(number).write_text(keys, encoding="utf-8", errors="surrogatepass")
        return steps.sketch(self.work, number, _batches(text for _, text in found))

    def keys(self, number: int) -> list[Key]:
        """The articles of a shard by their place, as their ledger calls them."""
        found = json.loads(self._keys(number).read_text(encoding="utf-8", errors="surrogatepass"))
        return [(path, record) for path, record in found]

    def rewrite(self, number: int, gone: Sequence[Gone]) -> int:
        """Leaves these out of a shard, and nobody else; how many outputs changed."""
        out = {key: row for row in gone for key in [self.keys(number)[row.place]]}
        with tempfile.TemporaryDirectory(prefix="zhengwen-") as folder:
            here = Path(folder)
            with self._fetched(number, here) as ledger:
                changed = [name for name in _paths(ledger) if _settle(ledger, here, name, out)]
            if not changed:
                return 0
            with remarked(self.store, self.names[number]):
                self.store.put(location(here), ledger_of(self.names[number]))
                for name in changed:
                    if (here / name).exists():
                        self.store.put(here / name, name)
                    else:
                        self.store.remove(name)
        return len(changed)

    def _keys(self, number: int) -> Path:
        return self.work.folder / f"names-{number:06}.json"

    def _fetched(self, number: int, here: Path) -> Any:
        """The ledger of a shard, with its outputs beside it."""
        self.store.fetch(ledger_of(self.names[number]), location(here))
        with opened(here) as ledger:
            for name in _paths(ledger):
                recorded = ledger.recorded((name, ""))
                if recorded and recorded.entry.cleaned is not None:
                    self.store.fetch(name, here / name)
        return opened(here)

    def _text(self, entry: Entry, data: bytes) -> str | None:
        """What is compared of an article; None if it holds none."""
        if not entry.key[1]:
            return data.decode(entry.written)
        path, record = entry.key
        found = parse(data, line_of(record), path, path, self.fields, entry.written or "utf-8")
        return found.text if isinstance(found, Record) else None
