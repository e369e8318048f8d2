"""Deduplication of shards that no single process could hold: pure steps that read files and write files (see `Work`).

    sketch       each shard            texts to records, keys, entries, exact keys
    find_copies  each range of hashes  who says exactly the same, in all shards
    find_pairs   each range of keys    who shares keys with whom, in all shards
    choose       each home             which of the pairs are worth comparing
    verify       each home             which of these verify, from the texts
    settle       once a round          who is left out, and for whom

A home is a group of shards, so that one text of each pair lies where the pair is verified. The steps of a line can run
anywhere, in any order and more than once: each writes the same bytes, as a whole or not at all. After `settle`, the
kept articles alone go through `find_pairs` and what follows again until nothing new is chosen, as in `assign.decide`.
`deduplicate` is all of it in one process: what an engine does line by line. The result is that of one process over the
same articles, whatever the numbers of shards and partitions.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from zhengwen.blocks import Flags
from zhengwen.dedup.assign import Book, LeftOut, order
from zhengwen.dedup.candidates import Facts, Pairs, Sharing, enough, sharing
from zhengwen.dedup.collection import records_of
from zhengwen.dedup.entries import ARTICLES, key_of, number_of, pack
from zhengwen.dedup.fold import Codes, fold_texts
from zhengwen.dedup.sketch import GRAM, Keys, join
from zhengwen.dedup.sketch import sketch as sketches_of
from zhengwen.dedup.verify import Limits, Reason
from zhengwen.dedup.work import EDGE, PAIR, Rows, Work, save
from zhengwen.errors import ZhengwenError

Fetch = Callable[[Sequence[tuple[int, int]]], Sequence[Codes | None]]
"""The folded texts of articles, by shard and place there; None for one that cannot be had."""
REASONS = tuple(Reason)
_KEY = np.uint64(24)
_SCRAMBLE = 0x5851F42D4D
_FORTY = 2**40
_AHEAD = 64
"""Pairs whose texts are read at a time."""
_NONE = np.zeros(0, np.uint64)


def sketch(work: Work, shard: int, batches: Iterable[Sequence[str]]) -> int:
    """Writes the files of a shard from its articles, in batches of some 250,000 characters; returns how many."""
    whole = join([sketches_of(fold_texts(batch)) for batch in batches if batch])
    if len(whole) > ARTICLES:
        raise ZhengwenError(f"shard {shard}: more than {ARTICLES:,} articles; make more shards of them")
    numbers = np.arange(len(whole))
    entries = pack(whole.keys, numbers)
    entries = _times(key_of(entries), _SCRAMBLE) << _KEY | number_of(entries).astype(np.uint64)
    entries.sort()
    by_exact = np.lexsort((numbers, whole.exact))
    work.folder.mkdir(parents=True, exist_ok=True)
    save(work.of_shard(shard, "records"), records_of(whole))
    save(work.of_shard(shard, "keys"), whole.keys)
    save(work.of_shard(shard, "entries"), entries)
    save(work.of_shard(shard, "exact"), np.stack((whole.exact[by_exact], by_exact.astype(np.uint64)), axis=1))
    return len(whole)


def find_copies(work: Work, partition: int, fetch: Fetch) -> None:
    """Writes ``copies``: of a range of hashes, the articles that say what one before them in the order says."""
    keys, articles = _that_share(*work.exact(partition))
    by_number = np.argsort(articles)
    keys, articles = keys[by_number], articles[by_number]
    facts = _facts(work, articles)
    by_key = np.lexsort((facts.ranks, keys))
    first = _firsts(keys[by_key])
    keepers = articles[by_key][np.flatnonzero(first)[np.cumsum(first) - 1]] if len(keys) else articles
    copies = ~first & (facts.lengths[by_key] >= GRAM)
    save(
        work.of_partition(partition, "copies"),
        _verified(articles[by_key][copies], keepers[copies], fetch, Limits(near=False)),
    )


def find_pairs(work: Work, partition: int, out: Keys) -> None:
    """Writes ``pairs``, ``homes`` and ``common`` of a range of keys; articles that are out do not count."""
    keys, articles = work.entries(partition)
    staying = ~np.isin(articles, out)
    keys, articles = _that_share(keys[staying], articles[staying])
    different, numbers = np.unique(articles, return_inverse=True)
    if len(different) > ARTICLES:
        raise ZhengwenError(f"partition {partition}: more than {ARTICLES:,} articles share keys; make more partitions")
    packed = _times(keys, pow(_SCRAMBLE, -1, _FORTY)) << _KEY | numbers.astype(np.uint64)
    packed.sort()
    found = sharing(packed, _facts(work, different), np.ones(len(different), np.bool_))
    pairs = np.zeros(len(found.pairs), PAIR)
    pairs["first"], pairs["second"] = different[found.pairs.first], different[found.pairs.second]
    pairs["shared"] = found.shared
    homes = work.homes(pairs["first"])
    by_home = np.argsort(homes, kind="stable")
    bounds = np.searchsorted(homes[by_home], np.arange(work.partitions + 1, dtype=np.uint64))
    save(work.of_partition(partition, "homes"), bounds)
    save(work.of_partition(partition, "common"), found.common)
    save(work.of_partition(partition, "pairs"), pairs[by_home])


def choose(work: Work, round_: int, home: int, limits: Limits) -> int:
    """Writes ``candidates``: the pairs of a home that are worth comparing and were not in an earlier round; returns how
    many."""
    partitions = range(work.partitions)
    parts = [np.zeros(0, PAIR)]
    for partition in partitions:
        begin, end = np.load(work.of_partition(partition, "homes"))[home : home + 2].tolist()
        parts.append(np.load(work.of_partition(partition, "pairs"), mmap_mode="r")[begin:end])
    rows = _summed(np.concatenate(parts))
    common = np.sort(work.all_of((work.of_partition(p, "common") for p in partitions), _NONE))
    different, numbers = np.unique(np.concatenate((rows["first"], rows["second"])), return_inverse=True)
    facts = _facts(work, different)
    packed = pack(work.rows("keys", different), np.arange(len(different)))
    packed.sort()
    pairs = Pairs(numbers[: len(rows)], numbers[len(rows) :])
    found = enough(Sharing(pairs, rows["shared"], common), packed, facts, limits)
    swap = facts.ranks[found.first] > facts.ranks[found.second]
    chosen = np.zeros(len(found), EDGE)
    chosen["article"] = different[np.where(swap, found.first, found.second)]
    chosen["keeper"] = different[np.where(swap, found.second, found.first)]
    before = work.all_of((work.of_round(r, home, "candidates") for r in range(round_)), np.zeros(0, EDGE))
    known = set(zip(before["article"].tolist(), before["keeper"].tolist(), strict=True))
    new = [p not in known for p in zip(chosen["article"].tolist(), chosen["keeper"].tolist(), strict=True)]
    save(work.of_round(round_, home, "candidates"), chosen[np.array(new, np.bool_)])
    return sum(new)


def verify(work: Work, round_: int, home: int, fetch: Fetch, limits: Limits) -> None:
    """Writes ``edges``: those of a home's candidates of which the one stands for the other, with the figures."""
    chosen = np.load(work.of_round(round_, home, "candidates"))
    save(work.of_round(round_, home, "edges"), _verified(chosen["article"], chosen["keeper"], fetch, limits))


def settle(work: Work, rounds: int) -> list[LeftOut]:
    """Who is left out, and for whom, by number, after so many rounds."""
    homes = range(work.partitions)
    edges = work.all_of((work.of_round(r, h, "edges") for r in range(rounds) for h in homes), np.zeros(0, EDGE))
    copies = work.all_of((work.of_partition(p, "copies") for p in homes), np.zeros(0, EDGE))
    articles = np.unique(np.concatenate((edges["article"], edges["keeper"])))
    ranks = _facts(work, articles).ranks
    of_article, of_keeper = (ranks[np.searchsorted(articles, edges[side])] for side in ("article", "keeper"))
    out: dict[int, LeftOut] = {}
    for article, keeper, reason, jaccard, containment in edges[np.lexsort((of_keeper, of_article))].tolist():
        if article not in out and keeper not in out:
            out[article] = LeftOut(article, keeper, REASONS[reason], jaccard, containment)
    for article, keeper, *_ in copies.tolist():
        why = out.get(keeper, LeftOut(article, keeper, Reason.EXACT, 1.0, 1.0))
        out[article] = LeftOut(article, why.keeper, why.reason, why.jaccard, why.containment)
    return [out[article] for article in sorted(out)]


def deduplicate(work: Work, fetch: Fetch, limits: Limits) -> list[LeftOut]:
    """All steps after `sketch`, one after the other; the articles left out, by number."""
    everywhere = range(work.partitions)
    for partition in everywhere:
        find_copies(work, partition, fetch)
    out, round_ = settle(work, 0), 0
    while limits.near:
        gone = np.array([row.article for row in out], np.uint64)
        for partition in everywhere:
            find_pairs(work, partition, gone)
        if not sum([choose(work, round_, home, limits) for home in everywhere]):
            break
        for home in everywhere:
            verify(work, round_, home, fetch, limits)
        round_ += 1
        out = settle(work, round_)
    return out


def _times(keys: Keys, factor: int) -> Keys:
    """Keys of 40 bits times an odd number: scrambled, so that ranges are equally full, and with its inverse back."""
    scrambled: Keys = keys * np.uint64(factor) & np.uint64(_FORTY - 1)
    return scrambled


def _that_share(keys: Keys, articles: Keys) -> tuple[Keys, Keys]:
    """Keys, and articles that have them, without the keys that only one has; sorted by key."""
    by_key = np.argsort(keys, kind="stable")
    first = _firsts(keys[by_key])
    shared = by_key[~first | ~np.append(first, True)[1:]]
    return keys[shared], articles[shared]


def _firsts(keys: Keys) -> Flags:
    """Which of sorted keys differ from the one before."""
    first = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return first


def _facts(work: Work, articles: Keys) -> Facts:
    """The facts of articles, which are sorted."""
    records = work.rows("records", articles)
    lengths, fixed = np.ascontiguousarray(records["length"]), np.zeros(len(articles), np.bool_)
    return Facts(order(lengths, records["date"], fixed), lengths, fixed, np.ascontiguousarray(records["highest"]))


def _summed(rows: Rows) -> Rows:
    """Each pair once, with all the keys that it shares."""
    rows = rows[np.lexsort((rows["second"], rows["first"]))]
    begins = np.flatnonzero(_firsts(rows["first"]) | _firsts(rows["second"]))
    summed = rows[begins]
    if len(begins):
        summed["shared"] = np.add.reduceat(rows["shared"], begins)
    return summed


def _verified(articles: Keys, keepers: Keys, fetch: Fetch, limits: Limits) -> Rows:
    """The edges (`EDGE`) among pairs of articles and keepers."""
    book = Book(lambda numbers: fetch([divmod(n, 2**32) for n in numbers]), limits)
    pairs = list(zip(articles.tolist(), keepers.tolist(), strict=True))
    return np.array(list(_edges(pairs, book)), EDGE)


def _edges(pairs: Sequence[tuple[int, int]], book: Book) -> Iterator[tuple[int, int, int, float, float]]:
    for at in range(0, len(pairs), _AHEAD):
        book.read_ahead(pairs[at : at + _AHEAD])
        for article, keeper in pairs[at : at + _AHEAD]:
            likeness = book.likeness(article, keeper)
            if likeness and (reason := book.limits.reason(likeness)):
                yield article, keeper, REASONS.index(reason), likeness.jaccard, likeness.containment
