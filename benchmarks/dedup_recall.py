"""Recall and precision against the truth, and the keys against rensa's MinHash; two commands of `dedup.py`."""

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
from dedup_plants import KINDS, Planted, plant, truth
from dedup_texts import BATCH, fetcher, gather, megabytes, read

from zhengwen.batching import by_size
from zhengwen.dedup.assign import order
from zhengwen.dedup.candidates import Facts, candidates
from zhengwen.dedup.collection import EMPTY, RECORD, Known, deduplicate
from zhengwen.dedup.entries import entries, shared
from zhengwen.dedup.fold import fold_texts
from zhengwen.dedup.sketch import GRAM, NO_KEY, mixed, polynomial
from zhengwen.dedup.verify import Limits

BANDS = ((0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.0), (1.0, 1.1))


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
    print(f"precision {precision([(r.article, r.keeper) for r in out], true, limits):.4f}")


def _share(band: Sequence[tuple[int, int]], found: Callable[[tuple[int, int]], bool]) -> str:
    return f"{len(band):>8,} {sum(map(found, band)) / len(band):>9.4f}" if band else f"{0:>8} {'':>9}"


def precision(
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
    for batch in by_size(texts, len, BATCH):
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
