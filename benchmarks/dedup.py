"""Deduplication: recall and precision on planted copies, other tools in the same run, scale, nightly runs.

python benchmarks/dedup.py recall ARTICLES [--number 4000] [--each 200]
python benchmarks/dedup.py minhash ARTICLES [--number 2000] [--each 100]
python benchmarks/dedup.py tools ARTICLES [--number 2000] [--each 100] [--tools zhengwen,datasketch,…]
python benchmarks/dedup.py corpus ARTICLES
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
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
if not ONE_THREAD.items() <= os.environ.items():
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)

import numpy as np  # noqa: E402
import scipy.sparse.csgraph  # noqa: E402, F401  (not to be counted)
from dedup_plants import KINDS, Planted, plant, truth  # noqa: E402

from zhengwen.dedup.assign import LeftOut, order  # noqa: E402
from zhengwen.dedup.candidates import Facts, candidates, entries, shared  # noqa: E402
from zhengwen.dedup.collection import EMPTY, RECORD, Collection, Known, choose, deduplicate  # noqa: E402
from zhengwen.dedup.fold import Codes, fold_texts, split  # noqa: E402
from zhengwen.dedup.index import load  # noqa: E402
from zhengwen.dedup.sketch import GRAM, NO_KEY, mixed, polynomial  # noqa: E402
from zhengwen.dedup.verify import Limits  # noqa: E402

BATCH = 250_000
"""Characters that are folded together, as the command does."""
BANDS = ((0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.0), (1.0, 1.1))


def read(folder: Path, number: int | None = None) -> dict[str, str]:
    """Texts by path, spread evenly over the folder."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".md", ".txt"))
    step = max(1, len(files) // number) if number else 1
    return {str(p.relative_to(folder)): p.read_bytes().decode() for p in files[::step][:number]}


def batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Texts in groups of about `BATCH` characters."""
    group: list[str] = []
    size = 0
    for text in texts:
        group.append(text)
        size += len(text)
        if size >= BATCH:
            yield group
            group, size = [], 0
    yield group


def gather(texts: Sequence[str]) -> Known:
    """What is kept in memory of the texts."""
    collection = Collection()
    for batch in batches(texts):
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


def recall(a: argparse.Namespace) -> None:
    """Candidates and verdicts against the truth."""
    planted = plant(list(read(a.articles, a.number).values()), a.each)
    texts = planted.texts
    print(f"{len(texts):,} articles, {len(planted.plants):,} of them planted, {megabytes(texts):.1f} MB")
    true = truth(texts)
    known = gather(texts)
    for limits in (Limits(), Limits(similarity=0.7)):
        print(f"\nsimilarity {limits.similarity}, containment {limits.containment}")
        _recall_of(planted, true, known, limits)


def _recall_of(
    planted: Planted, true: dict[tuple[int, int], tuple[float, float]], known: Known, limits: Limits
) -> None:
    exact = known.records["exact"]
    fixed = np.zeros(len(exact), np.bool_)
    lengths = np.ascontiguousarray(known.records["length"])
    facts = Facts(order(lengths, known.records["date"], fixed), lengths, fixed, known.records["highest"])
    pairs, _ = candidates(known.packed, shared(known.packed), facts, limits, ~fixed)
    compared = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    out = deduplicate(known, EMPTY, fetcher(planted.texts), limits)
    gone = {row.article for row in out}

    def found(pair: tuple[int, int]) -> bool:
        return pair in compared or exact[pair[0]] == exact[pair[1]]

    def meets(pair: tuple[int, int]) -> bool:
        return pair in true and (true[pair][0] >= limits.similarity or true[pair][1] >= limits.containment)

    print(f"{len(pairs):,} pairs compared of {len(true):,} alike; {len(out):,} articles left out")
    print(f"{'Jaccard':>24} {'pairs':>8} {'compared':>9}   {'both stayed':>11}")
    for low, high in BANDS:
        band = [p for p, (j, _) in true.items() if low <= j < high]
        stay = sum(meets(p) and not gone & set(p) for p in band)
        print(f"{low:>17.1f} to {min(high, 1):.1f} {_share(band, found)}   {stay:>11}")
    print(f"{'contained, Jaccard':>24}")
    for low, high in ((0, 0.1), (0.1, 0.25), (0.25, 0.5), (0.5, 0.8)):
        band = [p for p, (j, c) in true.items() if low <= j < high and c >= 0.9]
        stay = sum(not gone & set(p) for p in band)
        print(f"{low:>16.2f} to {high:.2f} {_share(band, found)}   {stay:>11}")
    print(f"{'plant':>24}   (those that meet the limits)")
    for kind in KINDS:
        band = [(min(i, j), max(i, j)) for k, i, j in planted.plants if k == kind]
        band = [p for p in band if meets(p)]
        stay = sum(not gone & set(p) for p in band)
        print(f"{kind:>24} {_share(band, found)}   {stay:>11}")
    print(f"precision {_precision([(r.article, r.keeper) for r in out], true, limits):.4f}")


def _share(band: Sequence[tuple[int, int]], found: Callable[[tuple[int, int]], bool]) -> str:
    return f"{len(band):>8,} {sum(map(found, band)) / len(band):>9.4f}" if band else f"{0:>8} {'':>9}"


def _precision(
    out: Sequence[tuple[int, int]], true: dict[tuple[int, int], tuple[float, float]], limits: Limits
) -> float:
    """Share of the articles left out that meet a limit with their keeper, which is kept."""
    gone = {article for article, _ in out}
    good = 0
    for article, keeper in out:
        jaccard, containment = true.get((min(article, keeper), max(article, keeper)), (0, 0))
        good += keeper not in gone and (jaccard >= limits.similarity or containment >= limits.containment)
    return good / max(len(out), 1)


def minhash(a: argparse.Namespace) -> None:
    """Recall of candidates, cost of keys: bottom-k of shingles against rensa's MinHash of 5-grams in 32 bands of 4."""
    planted = plant(list(read(a.articles, a.number).values()), a.each)
    texts = planted.texts
    true, size = truth(texts), megabytes(texts)
    rows = []
    for name, make in (("bottom-k", gather), ("MinHash", _by_minhash)):
        started = time.process_time()
        known = make(texts)
        took = time.process_time() - started
        lengths = np.ascontiguousarray(known.records["length"])
        fixed = np.zeros(len(lengths), np.bool_)
        facts = Facts(order(lengths, known.records["date"], fixed), lengths, fixed, known.records["highest"])
        loose = Limits(similarity=0.5, containment=0.5)
        limits = Limits(similarity=0.7) if name == "bottom-k" else loose
        pairs, _ = candidates(known.packed, shared(known.packed), facts, limits, ~fixed)
        rows.append((name, took, known, set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))))
    print(f"{len(texts):,} articles, {size:.1f} MB")
    for name, took, known, compared in rows:
        stored = known.packed.nbytes / len(texts)
        print(
            f"{name:>10}: {took:.2f} s, {size / took:.0f} MB/s; {stored:.0f} bytes an article; {len(compared):,} pairs"
        )
    print(f"{'':>24} {'pairs':>8}" + "".join(f"{name:>10}" for name, *_ in rows))
    bands = [
        (f"Jaccard {low:.1f} to {min(high, 1):.1f}", [p for p in true if low <= true[p][0] < high])
        for low, high in BANDS
    ]
    for low, high in ((0, 0.25), (0.25, 0.5), (0.5, 0.8)):
        inside = [p for p, (j, c) in true.items() if low <= j < high and c >= 0.9]
        bands.append((f"contained, {low:.2f} to {high:.2f}", inside))
    exact = rows[0][2].records["exact"]
    for name, band in bands:
        shares = [sum(p in c or exact[p[0]] == exact[p[1]] for p in band) / max(len(band), 1) for *_, c in rows]
        print(f"{name:>24} {len(band):>8,}" + "".join(f"{share:>10.4f}" for share in shares))


def _by_minhash(texts: Sequence[str]) -> Known:
    """The same with 32 bands of 4 MinHashes in place of keys."""
    from rensa import RMinHash

    parts, records, first = [], [], 0
    for batch in batches(texts):
        folded = fold_texts(batch)
        rolled = mixed(polynomial(folded.codes.astype(np.uint64), GRAM, np.uint64))
        inside = np.minimum(np.maximum(np.diff(folded.starts) - GRAM + 1, 0), len(rolled))
        tokens = np.concatenate(
            [rolled[s : s + n] for s, n in zip(folded.starts.tolist(), inside.tolist(), strict=False)]
        )
        offsets = np.concatenate(([0], np.cumsum(inside))).astype(np.uint64)
        slots = RMinHash.digest_matrix_from_flat_token_hashes(tokens, offsets, num_perm=128, seed=42).to_rows()
        bands = np.array(slots, np.uint64).reshape(len(batch), 32, 4)
        keys = np.broadcast_to(np.arange(1, 33, dtype=np.uint64), bands.shape[:2]).copy()
        for slot in range(4):
            keys = mixed((keys ^ bands[:, :, slot]) * np.uint64(0x9E3779B97F4A7C15))
        keys[inside == 0] = NO_KEY
        keys[inside > 0] >>= np.uint64(24)
        parts.append(entries(keys, np.arange(first, first + len(batch))))
        rows = np.zeros(len(batch), RECORD)
        rows["length"], rows["date"], rows["highest"] = np.diff(folded.starts), folded.dates, -1
        records.append(rows)
        first += len(batch)
    return Known(np.concatenate(records), np.sort(np.concatenate(parts)))


def tools(a: argparse.Namespace) -> None:
    """Every tool on the same texts, each in its own process."""
    planted = plant(list(read(a.articles, a.number).values()), a.each)
    true, limits, size = truth(planted.texts), Limits(), megabytes(planted.texts)
    print(f"{len(planted.texts):,} articles, {len(planted.plants):,} of them planted, {size:.1f} MB, one thread")
    heads = ("seconds", "MB/s", "peak MB", "left out", "precision", "J>=0.8", "contained")
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
            row += [f"{len(gone):,}", f"{_precision(result['out'], true, limits):.4f}"]
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


def title(text: str, name: str) -> str:
    """The first heading, or the name."""
    found = (line.lstrip("# ").strip() for line in split(text)[0].splitlines() if line.strip())
    return next(found, name)[:40]


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


def scale(a: argparse.Namespace) -> None:
    """Time and memory by number of articles, each size in a process of its own; making the texts is not counted."""
    if a.one:
        _scale_one(a.articles, a.one, a.characters)
        return
    heads = ("articles", "MB", "keys s", "verdicts s", "MB/s", "peak MB", "keys MB", "left out", "planted")
    print("".join(f"{h:>11}" for h in heads))
    for size in a.sizes.split(","):
        cut = ["--characters", str(a.characters)] if a.characters else []
        subprocess.run([sys.executable, __file__, "scale", a.articles, "--one", size, *cut], check=True)


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


def main() -> None:
    """Runs one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for command in (recall, minhash, tools, corpus, scale, nightly):
        sub = commands.add_parser(command.__name__, help=command.__doc__)
        sub.set_defaults(run=command)
        sub.add_argument("articles", type=Path)
        if command in (recall, minhash, tools):
            sub.add_argument("--number", type=int, default=4000 if command is recall else 2000)
            sub.add_argument("--each", type=int, default=200 if command is recall else 100, help="plants of each kind")
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
