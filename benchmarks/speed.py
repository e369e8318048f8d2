"""Text to findings in one process, model in memory: zhengwen against a baseline, in pairs, one thread each.

python benchmarks/speed.py ARTICLES --baseline BASELINE.py --train GOLD.jsonl [--number 1000] [--pairs 3]

ARTICLES is a folder of Markdown files. BASELINE.py is called as `BASELINE.py TRAIN DOCUMENTS PREDICTED` and prints its
throughput as "… MB/s", training not counted. Prints also where zhengwen's time goes, and the parser's own event speed.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
if not ONE_THREAD.items() <= os.environ.items():
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)

import pyromark  # noqa: E402

from zhengwen.articles import Article  # noqa: E402
from zhengwen.cleaning import Cleaner  # noqa: E402
from zhengwen.model import load  # noqa: E402
from zhengwen.readers import SHARD  # noqa: E402


def megabytes(articles: list[Article]) -> float:
    """Size of the texts in UTF-8."""
    return sum(len(a.text.encode()) for a in articles) / 1e6


def shards(articles: list[Article]) -> list[list[Article]]:
    """Articles in the groups that the command would make of them."""
    groups: list[list[Article]] = [[]]
    size = 0
    for article in articles:
        length = len(article.text.encode())
        if groups[-1] and size + length > SHARD:
            groups.append([])
            size = 0
        groups[-1].append(article)
        size += length
    return groups


def zhengwen_speed(cleaner: Cleaner, groups: list[list[Article]], size: float) -> float:
    """MB/s of text to findings."""
    started = time.perf_counter()
    for group in groups:
        cleaner.clean(group)
    return size / (time.perf_counter() - started)


def parser_speed(articles: list[Article], size: float) -> float:
    """MB/s of pyromark's events with ranges."""
    started = time.perf_counter()
    for article in articles:
        for _ in pyromark.events_with_range(article.text, options=pyromark.Options.ENABLE_TABLES):
            pass
    return size / (time.perf_counter() - started)


def baseline_speed(script: Path, train: Path, documents: Path, out: Path) -> float:
    """MB/s that the baseline prints."""
    done = subprocess.run([sys.executable, script, train, documents, out], capture_output=True, text=True, check=True)
    found = re.search(r"([\d.]+) MB/s", done.stdout)
    if not found:
        raise SystemExit(f"{script} printed no MB/s:\n{done.stdout}")
    return float(found[1])


def main() -> None:
    """Runs the pairs and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--baseline", type=Path, required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--number", type=int, default=1000, help="articles, spread evenly over the folder")
    parser.add_argument("--pairs", type=int, default=3)
    a = parser.parse_args()
    files = sorted(a.articles.rglob("*.md"))
    articles = [Article(p.name, p.read_bytes().decode()) for p in files[:: max(1, len(files) // a.number)]]
    size, groups = megabytes(articles), shards(articles)
    cleaner = Cleaner(load())
    cleaner.clean(groups[0])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        documents = Path(folder, "documents.jsonl")
        lines = (json.dumps({"id": a.name, "text": a.text}, ensure_ascii=False) for a in articles)
        documents.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{len(articles):,} articles, {size:.1f} MB, {a.pairs} pairs, one thread each")
        print(f"{'zhengwen':>10} {'baseline':>10} {'parser':>10}   MB/s")
        for _ in range(a.pairs):
            row = (
                zhengwen_speed(cleaner, groups, size),
                baseline_speed(a.baseline, a.train, documents, Path(folder, "predicted.jsonl")),
                parser_speed(articles, size),
            )
            rows.append(row)
            print(f"{row[0]:>10.2f} {row[1]:>10.2f} {row[2]:>10.2f}", flush=True)
    print(f"zhengwen / baseline: {statistics.median(r[0] / r[1] for r in rows):.1f} (median of the pairs)")
    print(f"zhengwen / parser:   {statistics.median(r[0] / r[2] for r in rows):.2f} (median of the pairs)")


if __name__ == "__main__":
    main()
