"""Texts for `dedup.py`: read from a folder, or made in any number; and what is measured of them."""

import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from zhengwen.batching import by_size
from zhengwen.dedup.collection import Collection, Known
from zhengwen.dedup.fold import Codes, fold_texts, split

BATCH = 250_000
"""Characters that are folded together, as the command does."""


def read(folder: Path, number: int | None = None) -> dict[str, str]:
    """Texts by path, spread evenly over the folder."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".md", ".txt"))
    step = max(1, len(files) // number) if number else 1
    return {str(p.relative_to(folder)): p.read_bytes().decode() for p in files[::step][:number]}


def gather(texts: Sequence[str]) -> Known:
    """What is kept in memory of the texts."""
    collection = Collection()
    for batch in by_size(texts, len, BATCH):
        collection.add(batch)
    return collection.known()


def fetcher(texts: Sequence[str]) -> Callable[[Sequence[int]], list[Codes | None]]:
    """Folds texts again."""

    def fetch(numbers: Sequence[int]) -> list[Codes | None]:
        folded = fold_texts([texts[n] for n in numbers])
        return [folded.article(n) for n in range(len(folded))]

    return fetch


def megabytes(texts: Sequence[str]) -> float:
    """Size in UTF-8."""
    return sum(len(t.encode()) for t in texts) / 1e6


def peak() -> float:
    """Peak resident memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Substituted:
    """As many articles as asked for: real ones whose letters are exchanged, differently in each round, so that an
    article and its model are strangers; every twentieth is a copy of the one before, with 0.5 % of it changed."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.models = [np.frombuffer(split(t)[0].encode("utf-16-le", "surrogatepass"), "<u2") for t in texts]
        self._round = -1
        self._table = np.zeros(0, np.uint16)
        self.seconds = 0.0

    def article(self, number: int) -> str:
        """The text of one article."""
        started = time.process_time()
        copy = number % 20 == 19
        original = number - 1 if copy else number
        units = self._exchange(original // len(self.models)).take(self.models[original % len(self.models)])
        if copy:
            rng = np.random.default_rng(number)
            units[rng.integers(0, len(units), len(units) // 200)] = rng.integers(0x4E00, 0x9FA5)
        text = units.tobytes().decode("utf-16-le", "surrogatepass")
        self.seconds += time.process_time() - started
        return text

    def _exchange(self, round_: int) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
        if round_ != self._round:
            rng = np.random.default_rng(round_)
            self._table = np.arange(0x10000, dtype=np.uint16)
            for low, high in ((0x4E00, 0x9FA6), (ord("a"), ord("z") + 1), (ord("A"), ord("Z") + 1), (0x30, 0x3A)):
                self._table[low:high] = low + rng.permutation(high - low)
            self._round = round_
        return self._table

    def known(self, first: int, stop: int) -> tuple[Known, float]:
        """What is kept in memory of some articles, and their size (MB in UTF-8)."""
        collection = Collection()
        batch: list[str] = []
        size = characters = 0
        for number in range(first, stop):
            batch.append(self.article(number))
            characters += len(batch[-1])
            if characters >= BATCH or number == stop - 1:
                started = time.process_time()
                size += sum(len(t.encode("utf-8", "surrogatepass")) for t in batch)
                self.seconds += time.process_time() - started
                collection.add(batch)
                batch, characters = [], 0
        return collection.known(), size / 1e6
