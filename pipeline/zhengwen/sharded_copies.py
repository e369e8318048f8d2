"""Copies among the articles of all shards of a store: left out of the outputs, whole in the shards' ledgers.

The steps are those of `zhengwen.dedup.shards`; here is what they need: the texts of a shard, and a rewritten shard. The
outcome depends on the inputs of all shards alone. What an earlier run left out is decided again with everything else,
and comes back if nobody stands for it any more. Compared are text files and records of JSON Lines.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zhengwen.batching import by_size
from zhengwen.dedup import shards as steps
from zhengwen.dedup.assign import LeftOut
from zhengwen.dedup.fold import Codes, fold_texts
from zhengwen.dedup.verify import Limits
from zhengwen.dedup.work import Work
from zhengwen.engines import Engine
from zhengwen.engines.scratch import scratch
from zhengwen.forms import Fields, form_of
from zhengwen.forms.jsonl import parse
from zhengwen.forms.records import Record, line_of
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Entry, Key, Likeness
from zhengwen.ledger.store import Ledger, location, opened
from zhengwen.sharded_markers import ledger_of, remarked
from zhengwen.sharded_outputs import Gone, lines, of_file, paths, settle
from zhengwen.storage import Store

_PLACE = 2**32 - 1
_BATCH = 250_000
"""Characters that are sketched together."""
_PARTITION = 250_000
"""Articles, about, for each range of keys: what bounds the memory of a worker."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The cleaned shards of a store. names: of the shards, by number. fields: of records."""

    store: Store
    work: Work
    names: tuple[str, ...]
    fields: Fields

    def sketch(self, number: int) -> int:
        """Writes the files of a shard that the steps read, its texts and their keys; how many articles it has."""
        with scratch() as folder, self._fetched(number, folder) as ledger:
            found = list(self._texts(ledger, folder))
        self.work.folder.mkdir(parents=True, exist_ok=True)
        _pack(self.work, number, [text for _, text in found])
        shrunk = any(entry.status == ledgers.DUPLICATE for entry, _ in found)
        told = json.dumps({"keys": [entry.key for entry, _ in found], "shrunk": shrunk}, ensure_ascii=False)
        self._names(number).write_text(told, encoding="utf-8", errors="surrogatepass")
        return steps.sketch(self.work, number, by_size((text for _, text in found), len, _BATCH))

    def keys(self, number: int) -> list[Key]:
        """The articles of a shard by their place, as their ledger calls them."""
        return [(path, record) for path, record in self._told(number)["keys"]]

    def _told(self, number: int) -> dict[str, Any]:
        """The keys of a shard, and whether an earlier run left copies out of it."""
        told: dict[str, Any] = json.loads(self._names(number).read_text(encoding="utf-8", errors="surrogatepass"))
        return told

    def rewrite(self, number: int, gone: Sequence[Gone]) -> int:
        """Leaves these out of a shard, and nobody else; how many outputs changed."""
        if not gone and not self._told(number)["shrunk"]:
            return 0
        keys = self.keys(number)
        out = {keys[row.place]: row for row in gone}
        with scratch() as here:
            with self._fetched(number, here) as ledger:
                changed = [place for name in paths(ledger) if (place := settle(ledger, here, name, out))]
            if not changed:
                return 0
            with remarked(self.store, self.names[number]):
                self.store.put(location(here), ledger_of(self.names[number]))
                for place in changed:
                    if (here / place).exists():
                        self.store.put(here / place, place)
                    else:
                        self.store.remove(place)
        return len(changed)

    def _names(self, number: int) -> Path:
        return self.work.folder / f"names-{number:06}.json"

    def _fetched(self, number: int, here: Path) -> Any:
        """The ledger of a shard, with its outputs beside it."""
        self.store.fetch(ledger_of(self.names[number]), location(here))
        with opened(here) as ledger:
            for name in paths(ledger):
                recorded = ledger.recorded((name, ""))
                if recorded and recorded.entry.cleaned is not None:
                    self.store.fetch(recorded.entry.place, here / recorded.entry.place)
        return opened(here)

    def _texts(self, ledger: Ledger, here: Path) -> Iterator[tuple[Entry, str]]:
        """What is compared: the articles that are kept or left out as copies, in order."""
        for name in paths(ledger):
            if not form_of(name).many:
                recorded = ledger.recorded((name, ""))
                if recorded and (found := of_file(recorded.entry, here)) is not None:
                    yield recorded.entry, found
            else:
                for entry, data in lines(ledger, here, name):
                    line = line_of(entry.key[1]) if entry else 0
                    if entry and line and data.strip():
                        record = parse(data, line, name, name, self.fields, entry.written or "utf-8")
                        if isinstance(record, Record):
                            yield entry, record.text

    def fetch(self, articles: Sequence[tuple[int, int]]) -> list[Codes | None]:
        """The folded texts of articles, by shard and place."""
        texts = [_unpacked(self.work, shard, place) for shard, place in articles]
        folded = fold_texts(texts)
        return [folded.article(n) for n in range(len(texts))]


def _pack(work: Work, number: int, texts: Sequence[str]) -> None:
    """Writes the texts of a shard so that one can be read alone."""
    ends = [0]
    with work.of_shard(number, "texts").with_suffix(".bin").open("wb") as file:
        for text in texts:
            file.write(zlib.compress(text.encode("utf-8", "surrogatepass"), 1))
            ends.append(file.tell())
    np.save(work.of_shard(number, "texts"), np.array(ends, np.int64))


def _unpacked(work: Work, number: int, place: int) -> str:
    begin, end = np.load(work.of_shard(number, "texts"), mmap_mode="r")[place : place + 2].tolist()
    with work.of_shard(number, "texts").with_suffix(".bin").open("rb") as file:
        file.seek(begin)
        return zlib.decompress(file.read(end - begin)).decode("utf-8", "surrogatepass")


def leave_out(engine: Engine, shelf: Shelf, limits: Limits) -> list[tuple[str, str, Likeness]]:
    """Leaves copies out of all shards; the articles left out, their keepers, and how alike they are."""
    numbers = [(number,) for number in range(len(shelf.names))]
    articles = sum(engine.map(partial(_sketch, shelf), numbers))
    work = replace(shelf.work, partitions=1 + articles // _PARTITION)
    shelf = replace(shelf, work=work)
    rows = _rows(engine, shelf, limits)
    keys = {number: shelf.keys(number) for number in {a >> 32 for row in rows for a in (row.article, row.keeper)}}

    def key(article: int) -> Key:
        return keys[article >> 32][article & _PLACE]

    gone: dict[int, list[Gone]] = {number: [] for (number,) in numbers}
    told = []
    for row in rows:
        likeness = Likeness(row.reason.value, round(row.jaccard, 4), round(row.containment, 4))
        gone[row.article >> 32].append(Gone(row.article & _PLACE, key(row.keeper), likeness))
        told.append((_shown(key(row.article)), _shown(key(row.keeper)), likeness))
    for _ in engine.map(partial(_rewrite, shelf), ((number, tuple(rows_)) for number, rows_ in gone.items())):
        pass
    return told


def _rows(engine: Engine, shelf: Shelf, limits: Limits) -> list[LeftOut]:
    """`zhengwen.dedup.shards.deduplicate`, each line of it by the engine."""
    everywhere = [(part,) for part in range(shelf.work.partitions)]
    list(engine.map(partial(_find_copies, shelf), everywhere))
    out, round_ = steps.settle(shelf.work, 0), 0
    while limits.near:
        gone = np.array([row.article for row in out], np.uint64)
        list(engine.map(partial(_find_pairs, shelf.work, gone), everywhere))
        if not sum(engine.map(partial(_choose, shelf.work, round_, limits), everywhere)):
            break
        list(engine.map(partial(_verify, shelf, round_, limits), everywhere))
        round_ += 1
        out = steps.settle(shelf.work, round_)
    return out


def _sketch(shelf: Shelf, item: tuple[int]) -> int:
    return shelf.sketch(item[0])


def _rewrite(shelf: Shelf, item: tuple[int, Sequence[Gone]]) -> int:
    return shelf.rewrite(*item)


def _find_copies(shelf: Shelf, item: tuple[int]) -> None:
    steps.find_copies(shelf.work, item[0], shelf.fetch)


def _find_pairs(work: Work, out: Any, item: tuple[int]) -> None:
    steps.find_pairs(work, item[0], out)


def _choose(work: Work, round_: int, limits: Limits, item: tuple[int]) -> int:
    return steps.choose(work, round_, item[0], limits)


def _verify(shelf: Shelf, round_: int, limits: Limits, item: tuple[int]) -> None:
    steps.verify(shelf.work, round_, item[0], shelf.fetch, limits)


def _shown(key: Key) -> str:
    return f"{key[0]}:{key[1]}" if key[1] else key[0]
