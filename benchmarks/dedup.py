"""Deduplication: recall and precision on planted copies, other tools in the same run, scale, nightly runs.

python benchmarks/dedup.py recall ARTICLES [--number 4000] [--each 200]
python benchmarks/dedup.py minhash ARTICLES [--number 2000] [--each 100]
python benchmarks/dedup.py tools ARTICLES [--number 2000] [--each 100] [--tools zhengwen,datasketch,…]
python benchmarks/dedup.py corpus ARTICLES
python benchmarks/dedup.py shards ARTICLES [--number 4000] [--shards 7] [--partitions 3]
python benchmarks/dedup.py scale ARTICLES [--sizes 10000,100000,1000000]
python benchmarks/dedup.py nightly ARTICLES [--sizes 10000,100000]

ARTICLES is a folder of Markdown files. `minhash` and `tools` need rensa, datasketch and text-dedup, which belong into
an environment of their own: python -m venv build/benchmark; build/benchmark/bin/pip install -e . --group
dedup-benchmark; then run this file with that Python.

Seconds are of processor time, imports not counted: a machine that does other things too changes them little.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
if not ONE_THREAD.items() <= os.environ.items():
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)

import scipy.sparse.csgraph  # noqa: E402, F401  (not to be counted)
from dedup_plants import plant, truth  # noqa: E402
from dedup_recall import minhash, precision, recall  # noqa: E402
from dedup_scale import nightly, scale  # noqa: E402
from dedup_texts import BATCH, fetcher, gather, megabytes, read  # noqa: E402

from zhengwen.batching import by_size  # noqa: E402
from zhengwen.dedup.assign import LeftOut  # noqa: E402
from zhengwen.dedup.collection import EMPTY, deduplicate  # noqa: E402
from zhengwen.dedup.fold import fold_texts, split  # noqa: E402
from zhengwen.dedup.shards import deduplicate as across  # noqa: E402
from zhengwen.dedup.shards import sketch  # noqa: E402
from zhengwen.dedup.verify import Limits  # noqa: E402
from zhengwen.dedup.work import Work  # noqa: E402


def tools(a: argparse.Namespace) -> None:
    """Every tool on the same texts, each in its own process."""
    planted = plant(list(read(a.articles, a.number).values()), a.each)
    true, limits, size = truth(planted.texts), Limits(), megabytes(planted.texts)
    print(f"{len(planted.texts):,} articles, {len(planted.plants):,} of them planted, {size:.1f} MB, one thread")
    heads = ("seconds", "MB/s", "added MB", "left out", "precision", "J>=0.8", "contained")
    print(f"{'':>16}" + "".join(f"{h:>10}" for h in heads))
    near = [p for p, (j, _) in true.items() if j >= limits.similarity]
    inside = [p for p, (j, c) in true.items() if j < limits.similarity and c >= limits.containment]
    script = Path(__file__).with_name("dedup_tools.py")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "texts.jsonl"), Path(folder, "out.json")
        source.write_text("".join(json.dumps({"text": t}) + "\n" for t in planted.texts))
        for tool in a.tools.split(","):
            done = subprocess.run([sys.executable, script, tool, source, target], capture_output=True, check=False)
            if done.returncode:
                print(f"{tool:>16} failed: {done.stderr.decode().splitlines()[-1]}")
                continue
            result = json.loads(target.read_text())
            gone = {article for article, _ in result["out"]}
            row = [f"{result['seconds']:.2f}", f"{size / result['seconds']:.2f}", f"{result['megabytes']:.0f}"]
            row += [f"{len(gone):,}", f"{precision(result['out'], true, limits):.4f}"]
            row += [f"{sum(bool(gone & set(p)) for p in pairs) / len(pairs):.4f}" for pairs in (near, inside)]
            print(f"{tool:>16}" + "".join(f"{cell:>10}" for cell in row), flush=True)


def corpus(a: argparse.Namespace) -> None:
    """What a real folder holds."""
    articles = read(a.articles)
    names, texts = list(articles), list(articles.values())
    size = megabytes(texts)
    fold_texts(["一"])
    started = time.process_time()
    known = gather(texts)
    gathered = time.process_time() - started
    out = deduplicate(known, EMPTY, fetcher(texts), Limits())
    took = time.process_time() - started
    print(
        f"{len(texts):,} articles, {size:.1f} MB: text to keys {gathered:.2f} s ({size / gathered:.0f} MB/s), ", end=""
    )
    print(f"keys to verdicts {took - gathered:.2f} s; {size / took:.0f} MB/s together")
    print(f"left out: {len(out):,}, " + ", ".join(f"{n:,} {r}" for r, n in Counter(r.reason for r in out).items()))
    clusters: dict[int, list[LeftOut]] = defaultdict(list)
    for row in out:
        clusters[row.keeper].append(row)
    print(f"\n{'size':>5} {'clusters':>9}   titles of the longest")
    for members in sorted({len(c) + 1 for c in clusters.values()}):
        keepers = [k for k, c in clusters.items() if len(c) + 1 == members]
        shown = " | ".join(title(texts[k], names[k]) for k in sorted(keepers, key=lambda k: -len(texts[k]))[:3])
        print(f"{members:>5} {len(keepers):>9}   {shown}")
    for reason in sorted({r.reason for r in out}):
        rows = [r for r in out if r.reason == reason]
        print(f"\n{reason}: {len(rows)}, median Jaccard {statistics.median(r.jaccard for r in rows):.2f}")
        for row in rows[:: max(1, len(rows) // 5)][:5]:
            pair = " <- ".join(title(texts[n], names[n]) for n in (row.keeper, row.article))
            print(f"  {row.jaccard:.2f} {row.containment:.2f}  {pair}")


def shards(a: argparse.Namespace) -> None:
    """The steps for many machines against one process: the same verdicts; time, and what is written."""
    texts = list(read(a.articles, a.number).values())
    size = megabytes(texts)
    fold_texts(["一"])
    started = time.process_time()
    expected = deduplicate(gather(texts), EMPTY, fetcher(texts), Limits())
    alone = time.process_time() - started
    step = -(-len(texts) // a.shards)
    with tempfile.TemporaryDirectory() as folder:
        work = Work(Path(folder), a.shards, a.partitions)
        started = time.process_time()
        for shard in range(a.shards):
            sketch(work, shard, by_size(texts[shard * step : (shard + 1) * step], len, BATCH))
        sketched = time.process_time() - started
        fetch = fetcher(texts)
        found = across(work, lambda those: fetch([shard * step + place for shard, place in those]), Limits())
        took = time.process_time() - started
        stored = sum(p.stat().st_size for p in Path(folder).iterdir()) / 1e6

    def number(article: int) -> int:
        shard, place = divmod(article, 2**32)
        return shard * step + place

    same = [replace(r, article=number(r.article), keeper=number(r.keeper)) for r in found] == expected
    print(f"{len(texts):,} articles, {size:.1f} MB: one process {alone:.2f} s, {len(expected):,} left out")
    print(f"{a.shards} shards, {a.partitions} partitions: {took:.2f} s ({sketched:.2f} to sketch), ", end="")
    print(f"{stored:.1f} MB of files, {'the same verdicts' if same else 'OTHER VERDICTS'}")
    if not same:
        raise SystemExit(1)


def title(text: str, name: str) -> str:
    """The first heading, or the name."""
    found = (line.lstrip("# ").strip() for line in split(text)[0].splitlines() if line.strip())
    return next(found, name)[:40]


def main() -> None:
    """Runs one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for command in (recall, minhash, tools, corpus, shards, scale, nightly):
        sub = commands.add_parser(command.__name__, help=command.__doc__)
        sub.set_defaults(run=command)
        sub.add_argument("articles", type=Path)
        if command in (recall, minhash, tools):
            sub.add_argument("--number", type=int, default=4000 if command is recall else 2000)
            sub.add_argument("--each", type=int, default=200 if command is recall else 100, help="plants of each kind")
        if command is shards:
            sub.add_argument("--number", type=int)
            sub.add_argument("--shards", type=int, default=7)
            sub.add_argument("--partitions", type=int, default=3)
        if command is tools:
            sub.add_argument("--tools", default="zhengwen,datasketch,text_dedup,text_dedup_told")
        if command in (scale, nightly):
            sub.add_argument("--sizes", default="10000,100000,1000000" if command is scale else "10000,100000")
        if command is scale:
            sub.add_argument("--one", type=int, help=argparse.SUPPRESS)
            sub.add_argument("--characters", type=int, help="of each text; memory hardly depends on it")
    a = parser.parse_args()
    a.run(a)


if __name__ == "__main__":
    main()
