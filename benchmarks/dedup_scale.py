"""Time and memory by number of articles, and of a nightly run; two commands of `dedup.py`."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from dedup_texts import Substituted, fetcher, gather, peak, read

from zhengwen.dedup.collection import EMPTY, choose, deduplicate
from zhengwen.dedup.fold import Codes, fold_texts, split
from zhengwen.dedup.index import load
from zhengwen.dedup.verify import Limits


def scale(a: argparse.Namespace) -> None:
    """Time and memory by number of articles, each size in a process of its own; making the texts is not counted."""
    if a.one:
        _scale_one(a.articles, a.one, a.characters)
        return
    heads = ("articles", "MB", "keys s", "verdicts s", "MB/s", "peak MB", "keys MB", "left out", "planted")
    print("".join(f"{h:>11}" for h in heads))
    for size in a.sizes.split(","):
        cut = ["--characters", str(a.characters)] if a.characters else []
        subprocess.run([sys.executable, sys.argv[0], "scale", a.articles, "--one", size, *cut], check=True)


def _scale_one(articles: Path, number: int, characters: int | None) -> None:
    made = Substituted([split(text)[0][:characters] for text in read(articles, 2000).values()])
    fold_texts(["一"])
    started = time.process_time()
    known, size = made.known(0, number)
    keys = time.process_time() - started - made.seconds
    made.seconds = 0.0

    def fetch(numbers: Sequence[int]) -> list[Codes | None]:
        folded = fold_texts([made.article(n) for n in numbers])
        return [folded.article(n) for n in range(len(folded))]

    started = time.process_time()
    out = deduplicate(known, EMPTY, fetch, Limits())
    verdicts = time.process_time() - started - made.seconds
    stored = known.packed.nbytes / 1e6
    row = [f"{number:,}", f"{size:,.0f}", f"{keys:.1f}", f"{verdicts:.1f}", f"{size / (keys + verdicts):.0f}"]
    row += [f"{peak():,.0f}", f"{stored:,.1f}", f"{len(out):,}", f"{number // 20:,}"]
    print("".join(f"{cell:>11}" for cell in row), flush=True)


def nightly(a: argparse.Namespace) -> None:
    """A thousand new articles, a tenth of them copies of kept ones, against an index of so many kept ones."""
    made = Substituted(list(read(a.articles, 2000).values()))
    print("      kept  index MB    new  keys s  match s verdicts s  write s   out")
    for size in map(int, a.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            _nightly(made, Path(folder), size)


def _nightly(made: Substituted, folder: Path, kept: int) -> None:
    known, _ = made.known(0, kept)
    single = np.arange(kept) % 20 != 19
    load(folder).add(choose(known, single), [f"{n}.md" for n in np.flatnonzero(single).tolist()])
    del known
    stored = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6
    rng = np.random.default_rng(0)
    texts = [made.article(2_000_000 + n) for n in range(900)]
    texts += [made.article(int(n)) + "\n转载。" for n in rng.choice(np.flatnonzero(single), 100)]
    for chosen in (texts, texts[::2]):
        times = [time.process_time()]
        fresh = gather(chosen)
        times.append(time.process_time())
        match = load(folder).match(fresh)
        times.append(time.process_time())
        shelf = [*chosen, *(made.article(int(name.removesuffix(".md"))) for name in match.names)]
        times.append(time.process_time())
        out = {row.article for row in deduplicate(fresh, match.known, fetcher(shelf), Limits())}
        times.append(time.process_time())
        stay = np.array([n not in out for n in range(len(chosen))])
        load(folder).add(choose(fresh, stay), [f"{2_000_000 + n}.md" for n in np.flatnonzero(stay).tolist()])
        times.append(time.process_time())
        keys, matched, _, verdicts, wrote = np.diff(times)
        figures = f"{keys:>8.2f} {matched:>8.3f} {verdicts:>10.2f} {wrote:>8.3f} {len(out):>5,}"
        print(f"{kept:>10,} {stored:>9.1f} {len(chosen):>6,}{figures}", flush=True)
        load(folder).retire(f"{2_000_000 + n}.md" for n in range(len(chosen))).add(EMPTY, [])
