"""The whole command: against copying and scoring, from start to end for one file, and its memory by number of articles.

python benchmarks/scale.py command ARTICLES [--number 1000] [--pairs 3]
python benchmarks/scale.py start [--pairs 10]
python benchmarks/scale.py memory ARTICLES [--most 100000] [--length 600]
python benchmarks/scale.py shard ARTICLES [--number 1000]

ARTICLES is a folder of Markdown files. Times are those of the processor (user and system, children included) and of the
clock; the ratios are taken pair by pair in one run. `shard` measures what `benchmarks/plan.py` reckons with.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is measured is not the compiler
if not ONE_THREAD.items() <= os.environ.items():
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)

import numpy as np  # noqa: E402

COMMAND = Path(sys.executable).parent / "zhengwen"
ARTICLE = "# 标题\n\n正文第一段，说一件事情。\n\n扫描下方二维码添加小助手微信，备注“资料”，即可免费领取！\n"


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor with the children's."""

    def spent() -> float:
        return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))

    clock, before = time.perf_counter(), spent()
    work()
    return time.perf_counter() - clock, spent() - before


def run(*args: object, cwd: Path | None = None) -> None:
    """The installed command, which may find something."""
    done = subprocess.run([COMMAND, "-q", *map(str, args)], stdout=subprocess.DEVNULL, check=False, cwd=cwd)
    if done.returncode not in (0, 1):
        raise SystemExit(f"zhengwen {' '.join(map(str, args))}: exit code {done.returncode}")


def some(folder: Path, number: int) -> list[Path]:
    """That many of the articles, spread evenly."""
    files = sorted(folder.rglob("*.md"))
    return files[:: max(1, len(files) // number)][:number]


def score(files: list[Path]) -> tuple[float, float]:
    """Text to findings in this process, the model in memory, in the groups that the command makes."""
    from zhengwen.articles import Article
    from zhengwen.cleaning import Cleaner
    from zhengwen.model import load
    from zhengwen.readers import Source, shards

    cleaner = Cleaner(load())
    sources = [Source(p.name, p, p.stat().st_size) for p in files]
    groups = [[Article(s.name, s.path.read_bytes().decode()) for s in group if s.path] for group in shards(sources)]
    cleaner.clean(groups[0])

    def all_of_them() -> None:
        for group in groups:
            cleaner.clean(group)

    return measured(all_of_them)


def round_of(given: Path, folder: Path, files: list[Path]) -> list[tuple[float, float]]:
    """One time of everything that `command` compares."""
    copy, one, two, cache = (folder / name for name in ("copy", "one", "two", "cache"))
    check = ("check", given, "--jobs", 1, "--format", "concise", "--cache-dir", cache)
    row = [
        measured(lambda: subprocess.run(["cp", "-r", given, copy], check=True)),
        score(files),
        measured(lambda: run("clean", given, "-o", one, "--jobs", 1)),
        measured(lambda: run("clean", given, "-o", two, "--jobs", 2)),
        measured(lambda: run(*check)),
        measured(lambda: run(*check)),
    ]
    for made in (copy, one, two, cache):
        shutil.rmtree(made)
    return row


def command(a: argparse.Namespace) -> None:
    """Copying, scoring, and cleaning with one job and with two, on the same files."""
    files = some(a.articles, a.number)
    size = sum(p.stat().st_size for p in files) / 1e6
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder, "given")
        given.mkdir()
        for number, path in enumerate(files):
            shutil.copyfile(path, given / f"{number:06}.md")
        print(
            f"{len(files):,} files, {size:.1f} MB, {os.cpu_count()} processors, {a.pairs} pairs; "
            f"seconds by the clock, and of the processor"
        )
        names = ("cp -r", "scoring", "clean, 1 job", "clean, 2 jobs", "check, cold", "check, warm")
        print("".join(f"{name:>18}" for name in names))
        for _ in range(a.pairs):
            row = round_of(given, Path(folder), files)
            print("".join(f"{clock:>9.2f} {spent:>8.2f}" for clock, spent in row), flush=True)
            rows.append(row)
    for which, name in ((0, "clock"), (1, "processor")):
        one = statistics.median(r[2][which] / (r[0][which] + r[1][which]) for r in rows)
        two = statistics.median(r[3][which] / (r[0][which] + r[1][which]) for r in rows)
        half = statistics.median(r[3][which] / (r[0][which] + r[1][which] / 2) for r in rows)
        warm = statistics.median(r[5][which] / r[0][which] for r in rows)
        print(
            f"{name}: clean / (cp -r + scoring): {one:.2f} with one job, {two:.2f} with two "
            f"({half:.2f} if scoring is halved); warm check / cp -r: {warm:.2f} (medians of the pairs)"
        )


def start(a: argparse.Namespace) -> None:
    """One small file, start to end, against importing NumPy."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed command has its byte code
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.md").write_text(ARTICLE, encoding="utf-8")
        there = Path(folder)
        numpy = [sys.executable, "-c", "import numpy"]
        kinds = (
            lambda: subprocess.run(numpy, check=True),
            lambda: run("check", "a.md", "--no-cache", cwd=there),
            lambda: run("check", "a.md", cwd=there),
            lambda: run("clean", "a.md", "--in-place", "--max-removed", 100, cwd=there),
        )
        for kind in kinds:
            kind()
        for _ in range(a.pairs):
            Path(folder, "a.md").write_text(ARTICLE, encoding="utf-8")
            rows.append([measured(kind)[1] for kind in kinds])
    print(
        f"processor time of one small file, {a.pairs} pairs, against python -c 'import numpy' "
        f"({statistics.median(r[0] for r in rows):.2f} s):"
    )
    for n, name in enumerate(("check --no-cache", "check, known", "clean --in-place"), 1):
        print(f"  {name:<18} {statistics.median(r[n] / r[0] for r in rows):.2f} times (median of the pairs)")


def texts(folder: Path, length: int) -> Iterator[str]:
    """Pieces of articles, again and again, each time with other digits so that no two are the same."""
    pieces = [
        t[at : at + length]
        for p in sorted(folder.rglob("*.md"))[:400]
        for t in [p.read_text(encoding="utf-8")]
        for at in range(0, len(t), length)
    ]
    number = 0
    while True:
        for piece in pieces:
            number += 1
            yield f"{piece}\n\n{number}\n"


def watched(process: subprocess.Popen[bytes]) -> list[int]:
    """The most memory, in KB, of a process and of its children: first its own, then the largest of theirs."""
    most = [0, 0]

    def look() -> None:
        while process.poll() is None:
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    try:
                        status = dict(line.split(":\t", 1) for line in (entry / "status").read_text().splitlines())
                        peak = int(status.get("VmHWM", "0").split()[0])
                    except (OSError, ValueError):
                        continue
                    if int(entry.name) == process.pid:
                        most[0] = max(most[0], peak)
                    elif status["PPid"].strip() == str(process.pid):
                        most[1] = max(most[1], peak)
            time.sleep(0.2)

    watcher = threading.Thread(target=look)
    watcher.start()
    process.wait()
    watcher.join()
    return most


def memory(a: argparse.Namespace) -> None:
    """Peak memory of cleaning a shard of 1,000, 10,000, … articles, with two jobs."""
    print(f"records of {a.length} characters, two jobs; peak memory in MB")
    print(f"{'articles':>10} {'MB':>8} {'seconds':>8} {'command':>8} {'largest worker':>15}")
    number = a.least
    while number <= a.most:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "a.jsonl")
            with path.open("w", encoding="utf-8") as out:
                for text, _ in zip(texts(a.articles, a.length), range(number), strict=False):
                    out.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
            started = time.perf_counter()
            process = subprocess.Popen([COMMAND, "-q", "clean", path, "-o", Path(folder, "out"), "--jobs", "2"])
            own, worker = watched(process)
            if process.returncode:
                raise SystemExit(f"exit code {process.returncode}")
            print(
                f"{number:>10,} {path.stat().st_size / 1e6:>8.1f} {time.perf_counter() - started:>8.1f} "
                f"{own / 1e3:>8.0f} {worker / 1e3:>15.0f}",
                flush=True,
            )
        number *= 10


def shard(a: argparse.Namespace) -> None:
    """What a shard costs in each stage: processor seconds and bytes for a gigabyte of text, as JSON at the end."""
    from zhengwen.cleaning import Cleaner
    from zhengwen.dedup import shards as steps
    from zhengwen.dedup.verify import Limits
    from zhengwen.dedup.work import Work
    from zhengwen.forms import Fields
    from zhengwen.ledger.entries import Likeness
    from zhengwen.model import load
    from zhengwen.proving import Settings
    from zhengwen.sharded import Worker, plan
    from zhengwen.sharded_copies import Shelf
    from zhengwen.sharded_outputs import Gone
    from zhengwen.storage import Store

    files = some(a.articles, a.number)
    with tempfile.TemporaryDirectory() as folder:
        given, out, limits = Path(folder, "given"), Path(folder, "out"), Limits()
        given.mkdir()
        with (given / "a.jsonl").open("w", encoding="utf-8") as stream:
            for path in files:
                stream.write(json.dumps({"text": path.read_text(encoding="utf-8")}, ensure_ascii=False) + "\n")
        size = (given / "a.jsonl").stat().st_size
        worker = Worker(Cleaner(load()), Settings(), {}, Store(given.as_uri()), Store(out.as_uri()))
        (only,) = plan(worker.given.files())
        _, clean = measured(lambda: worker(only))
        shelf = Shelf(worker.output, Work(Path(folder, "copies"), 1, 1), (only.name,), Fields())
        _, sketch = measured(lambda: shelf.sketch(0))
        kinds = {"keys": 0, "exact": 0, "entries": 0, "records": 0, "texts": 0}
        for kind in kinds:
            kinds[kind] = sum(p.stat().st_size for p in shelf.work.folder.glob(f"shard-*.{kind}.*"))
        nobody = np.zeros(0, np.uint64)
        _, copies = measured(lambda: steps.find_copies(shelf.work, 0, shelf.fetch))
        _, pairs = measured(lambda: steps.find_pairs(shelf.work, 0, nobody))
        _, choose = measured(lambda: steps.choose(shelf.work, 0, 0, limits))
        _, verify = measured(lambda: steps.verify(shelf.work, 0, 0, shelf.fetch, limits))
        gone = [Gone(r.article, shelf.keys(0)[r.keeper], Likeness("near", 1, 1)) for r in steps.settle(shelf.work, 1)]
        _, rewrite = measured(lambda: shelf.rewrite(0, gone))
        told = {
            "articles": len(files),
            "clean_seconds": clean,
            "cleaned_bytes": (out / "a.jsonl").stat().st_size,
            "ledger_bytes": sum(p.stat().st_size for p in (out / ".zhengwen" / "shards").glob("*.sqlite")),
            "sketch_seconds": sketch,
            **{f"{kind}_bytes": size_ for kind, size_ in kinds.items()},
            "copies_seconds": copies,
            "pairs_seconds": pairs,
            "compare_seconds": choose + verify,
            "pairs": len(np.load(shelf.work.of_partition(0, "pairs"))),
            "compared": len(np.load(shelf.work.of_round(0, 0, "candidates"))),
            "left_out": len(gone),
            "rewrite_seconds": rewrite,
            "worker_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1000,
        }
    scale = 1e9 / size
    print(f"{len(files):,} articles, {size / 1e6:.1f} MB as JSON Lines; for a gigabyte of it:")
    for name in told.keys() - {"worker_memory_bytes"}:
        told[name] *= scale
    for name, value in told.items():
        print(f"  {name:<20} {value:>16,.0f}")
    print(json.dumps({name: round(value) for name, value in told.items()}))


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for what in (command, start, memory, shard):
        one = commands.add_parser(what.__name__, help=what.__doc__)
        one.set_defaults(run=what)
        if what is not start:
            one.add_argument("articles", type=Path)
        if what in (command, shard):
            one.add_argument("--number", type=int, default=1000, help="articles, spread evenly over the folder")
        if what in (command, start):
            one.add_argument("--pairs", type=int, default=3 if what is command else 10)
        if what is memory:
            one.add_argument("--least", type=int, default=1000, help="articles of the first row")
            one.add_argument("--most", type=int, default=100_000, help="articles of the last row")
            one.add_argument("--length", type=int, default=600, help="characters of an article")
    a = parser.parse_args()
    a.run(a)


if __name__ == "__main__":
    main()
