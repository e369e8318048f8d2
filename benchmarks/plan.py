"""A thousand million articles on a cluster: hours, bytes, memory and cost of each stage, from measured shards.

python benchmarks/scale.py shard ARTICLES | tail -1 > shard.json
python benchmarks/plan.py shard.json [--articles 1e9] [--workers 1000] [--core-hour 0.04] ...

Simulates each stage task by task: shards differ in size and workers in speed, workers die (what they did last is done
again elsewhere), a stage ends with its last task, reading and writing share the network of a machine. The measured
figures are processor seconds and bytes for a gigabyte of text; the measured processor may be slower than yours.
"""

import argparse
import heapq
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_PAIR, _EDGE = 24, 33
"""Bytes of a pair that shares keys, and of one that was compared, in the files between the stages."""
_TEXTS = 200e6
"""Bytes of the texts that a worker keeps at hand while it compares."""


@dataclass(frozen=True)
class Stage:
    """Tasks that may run at the same time. seconds: of a processor, for a task; reads, writes: bytes of a task;
    memory: bytes of a worker."""

    name: str
    tasks: int
    seconds: float
    reads: float
    writes: float
    memory: float


def stages(shard: dict[str, float], articles: float, shard_size: float, partition: float) -> list[Stage]:
    """The stages for so many articles; ``partition``: bytes of keys that a range of them may have."""
    gigabytes = articles / shard["articles"]
    shards = int(np.ceil(gigabytes / shard_size))
    per_shard = gigabytes / shards
    entries = shard["entries_bytes"] * gigabytes
    ranges = int(np.ceil(entries / partition))
    in_range = gigabytes / ranges
    base = shard["worker_memory_bytes"]
    pair = 2 * shard["texts_bytes"] / shard["articles"]
    ledger, cleaned = shard["ledger_bytes"] * per_shard, shard["cleaned_bytes"] * per_shard
    keys = sum(shard[f"{kind}_bytes"] for kind in ("keys", "exact", "entries", "records")) * per_shard
    texts = shard["texts_bytes"] * per_shard
    return [
        Stage("clean", shards, shard["clean_seconds"] * per_shard, 1e9 * per_shard, cleaned + ledger, base),
        Stage("sketch", shards, shard["sketch_seconds"] * per_shard, cleaned + ledger, keys + texts, base + 3 * keys),
        Stage(
            "copies",
            ranges,
            shard["copies_seconds"] * in_range,
            shard["exact_bytes"] * in_range,
            0,
            base + 4 * shard["exact_bytes"] * in_range,
        ),
        Stage(
            "pairs",
            ranges,
            shard["pairs_seconds"] * in_range,
            (shard["entries_bytes"] + shard["records_bytes"]) * in_range,
            _PAIR * shard["pairs"] * in_range,
            base + 4 * partition,
        ),
        Stage(
            "compare",
            ranges,
            shard["compare_seconds"] * in_range,
            (_PAIR * shard["pairs"] + pair * shard["compared"]) * in_range,
            _EDGE * shard["compared"] * in_range,
            base + _TEXTS,
        ),
        Stage("rewrite", shards, shard["rewrite_seconds"] * per_shard, cleaned + ledger, cleaned + ledger, base),
    ]


def simulate(
    stage: Stage, workers: int, network: float, lifetime: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Hours until the last task is done, and hours of work, those of the dead included.

    network: bytes a second of a worker. lifetime: mean hours until a worker dies and another takes its place.
    """
    sizes = rng.lognormal(-0.02, 0.2, stage.tasks)
    speeds = rng.normal(1.0, 0.1, workers).clip(0.6)
    free = [(0.0, worker) for worker in range(min(workers, stage.tasks))]
    heapq.heapify(free)
    waiting = list(np.argsort(sizes))
    spent = end = 0.0
    while waiting:
        task = waiting.pop()
        now, worker = heapq.heappop(free)
        seconds = sizes[task] * (stage.seconds / speeds[worker] + (stage.reads + stage.writes) / network)
        dies = rng.exponential(lifetime * 3600)
        if dies < seconds:
            spent += dies
            waiting.append(task)
            heapq.heappush(free, (now + dies + 60, worker))
            continue
        spent += seconds
        end = max(end, now + seconds)
        heapq.heappush(free, (now + seconds, worker))
    return end / 3600, spent / 3600


def main() -> None:
    """Prints the plan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shard", type=Path, help="the last line that `scale.py shard` prints")
    parser.add_argument("--articles", type=float, default=1e9)
    parser.add_argument("--workers", type=int, default=1000, help="processors that work")
    parser.add_argument("--shard-size", type=float, default=1.0, help="gigabytes of text in a shard")
    parser.add_argument("--partition", type=float, default=2e8, help="bytes of keys in a range of them")
    parser.add_argument("--network", type=float, default=50e6, help="bytes a second for each worker")
    parser.add_argument("--lifetime", type=float, default=100.0, help="mean hours until a worker dies")
    parser.add_argument("--core-hour", type=float, default=0.04, help="price of an hour of a processor")
    parser.add_argument("--terabyte-month", type=float, default=23.0, help="price of a stored terabyte for a month")
    a = parser.parse_args()
    shard = json.loads(a.shard.read_text(encoding="utf-8"))
    rng = np.random.default_rng(0)
    print(f"{a.articles:,.0f} articles, {a.articles / shard['articles'] / 1e3:,.1f} TB of text, {a.workers:,} workers")
    print("| stage | tasks | read, TB | written, TB | memory of a worker, MB | hours | hours of work | cost |")
    print("|---|---|---|---|---|---|---|---|")
    hours = work = stored = 0.0
    for stage in stages(shard, a.articles, a.shard_size, a.partition):
        end, spent = simulate(stage, a.workers, a.network, a.lifetime, rng)
        hours, work = hours + end, work + spent
        stored += stage.tasks * stage.writes / 1e12
        print(
            f"| {stage.name} | {stage.tasks:,} | {stage.tasks * stage.reads / 1e12:,.2f} "
            f"| {stage.tasks * stage.writes / 1e12:,.2f} | {stage.memory / 1e6:,.0f} | {end:,.1f} | {spent:,.0f} "
            f"| {spent * a.core_hour:,.0f} |"
        )
    print(f"| all | | | {stored:,.2f} | | {hours:,.1f} | {work:,.0f} | {work * a.core_hour:,.0f} |")
    print(
        f"storing what is written for a month: {stored * a.terabyte_month:,.0f}; a second round of pairs and compare, "
        f"among the kept articles alone, costs as much as the first at most"
    )


if __name__ == "__main__":
    main()
