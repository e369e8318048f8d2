"""Text to findings in one process, model in memory: zhengwen beside others on the same articles, one thread each.

python benchmarks/speed.py ARTICLES [--baseline BASELINE.py --train GOLD.jsonl] [--number 1000] [--pairs 3]

ARTICLES is a folder of Markdown files. The others: the Markdown parser's events alone; BASELINE.py, which is called as
`BASELINE.py TRAIN DOCUMENTS PREDICTED` and prints its throughput as "… MB/s", training not counted; trafilatura on the
articles rendered to HTML; a datatrove pipeline of filters that need no words (C4's paragraphs, a regular expression of
a dozen advertising words, lengths). Who is not installed or not named is left out. MB are those of the Markdown. Times
are those of the processor, so that what else the machine does counts less, but the baseline prints the clock's and is
compared with that; ratios are taken pair by pair.
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
from collections.abc import Callable
from importlib.util import find_spec
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


def zhengwen_speed(cleaner: Cleaner, groups: list[list[Article]], size: float, clock: Callable[[], float]) -> float:
    """MB/s of text to findings."""
    started = clock()
    for group in groups:
        cleaner.clean(group)
    return size / (clock() - started)


def parser_speed(articles: list[Article], size: float) -> float:
    """MB/s of pyromark's events with ranges."""
    started = time.process_time()
    for article in articles:
        for _ in pyromark.events_with_range(article.text, options=pyromark.Options.ENABLE_TABLES):
            pass
    return size / (time.process_time() - started)


def trafilatura_speed(pages: list[str], size: float) -> float:
    """MB/s of trafilatura's main text, of pages."""
    from trafilatura import extract

    started = time.process_time()
    for page in pages:
        extract(page, fast=True)
    return size / (time.process_time() - started)


def rendered(articles: list[Article]) -> list[str]:
    """The articles as pages."""
    body = "<html><head><title>t</title></head><body><article>{}</article></body></html>"
    return [body.format(pyromark.html(a.text, options=pyromark.Options.ENABLE_TABLES)) for a in articles]


def datatrove_speed(articles: list[Article], size: float) -> float:
    """MB/s of a datatrove pipeline of filters."""
    from datatrove.data import Document
    from datatrove.pipeline.filters import C4ParagraphFilter, LambdaFilter, RegexFilter

    steps = [
        RegexFilter("关注公众号|扫码|二维码|加群|免费领取|一键三连|点赞|转发|广告|推广|优惠|限时"),
        C4ParagraphFilter(),
        LambdaFilter(lambda document: 100 < len(document.text) < 1_000_000),
    ]
    started = time.process_time()
    found = iter([Document(a.text, a.name) for a in articles])
    for step in steps:
        found = step.run(found)
    for _ in found:
        pass
    return size / (time.process_time() - started)


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
    parser.add_argument("--baseline", type=Path)
    parser.add_argument("--train", type=Path, help="what the baseline learns from")
    parser.add_argument("--number", type=int, default=1000, help="articles, spread evenly over the folder")
    parser.add_argument("--pairs", type=int, default=3)
    a = parser.parse_args()
    files = sorted(a.articles.rglob("*.md"))
    articles = [Article(p.name, p.read_bytes().decode()) for p in files[:: max(1, len(files) // a.number)]]
    size, groups = megabytes(articles), shards(articles)
    cleaner = Cleaner(load())
    cleaner.clean(groups[0])
    rows: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        runs = {
            "zhengwen": lambda: zhengwen_speed(cleaner, groups, size, time.process_time),
            "parser": lambda: parser_speed(articles, size),
        }
        if a.baseline:
            documents = Path(folder, "documents.jsonl")
            lines = (json.dumps({"id": a.name, "text": a.text}, ensure_ascii=False) for a in articles)
            documents.write_text("\n".join(lines) + "\n", encoding="utf-8")
            out = Path(folder, "predicted.jsonl")
            runs["by the clock"] = lambda: zhengwen_speed(cleaner, groups, size, time.perf_counter)
            runs["baseline"] = lambda: baseline_speed(a.baseline, a.train, documents, out)
        if find_spec("trafilatura"):
            pages = rendered(articles)
            runs["trafilatura"] = lambda: trafilatura_speed(pages, size)
        if find_spec("datatrove"):
            runs["datatrove"] = lambda: datatrove_speed(articles, size)
        print(f"{len(articles):,} articles, {size:.1f} MB, {a.pairs} pairs, one thread each; MB/s")
        print("".join(f"{name:>13}" for name in runs))
        for _ in range(a.pairs):
            rows.append({name: run() for name, run in runs.items()})
            print("".join(f"{speed:>13.2f}" for speed in rows[-1].values()), flush=True)
    for name in runs.keys() - {"zhengwen", "by the clock"}:
        mine = "by the clock" if name == "baseline" else "zhengwen"
        ratio = statistics.median(row[mine] / row[name] for row in rows)
        print(f"zhengwen / {name}: {ratio:.2f} (median of the pairs)")


if __name__ == "__main__":
    main()
