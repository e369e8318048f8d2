"""One tool on a list of texts, in a process of its own; what `dedup.py` compares.

python benchmarks/dedup_tools.py TOOL TEXTS.jsonl OUT.json

TEXTS.jsonl holds {"text"} a line. OUT.json gets {"out": [[article, keeper], ...], "seconds", "megabytes"}: seconds of
processor time from decoded texts to clusters (imports not counted), and by how much the peak of resident memory lies
above what imports and texts take.
"""

import contextlib
import json
import resource
import sys
import tempfile
from pathlib import Path

from zhengwen.dedup.fold import fold_texts

Out = list[tuple[int, int]]


def zhengwen(texts: list[str]) -> Out:
    """This project, with its defaults."""
    from zhengwen.dedup.collection import EMPTY, Collection, deduplicate
    from zhengwen.dedup.verify import Limits

    collection, batch, size = Collection(), [], 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size > 250_000:
            collection.add(batch)
            batch, size = [], 0
    collection.add(batch)

    def fetch(numbers):
        folded = fold_texts([texts[n] for n in numbers])
        return [folded.article(n) for n in range(len(folded))]

    return [(row.article, row.keeper) for row in deduplicate(collection.known(), EMPTY, fetch, Limits())]


def datasketch(texts: list[str]) -> Out:
    """datasketch's MinHash and MinHashLSH with their defaults, at threshold 0.8, on the same folded 5-grams."""
    from datasketch import MinHash, MinHashLSH

    lsh = MinHashLSH(threshold=0.8, num_perm=128)
    keepers: dict[int, int] = {}
    for number, text in enumerate(texts):
        said = fold_texts([text]).codes.tobytes().decode("utf-16-le", "surrogatepass")
        grams = {said[at : at + 5].encode("utf-8", "surrogatepass") for at in range(len(said) - 4)}
        if not grams:
            continue
        minhash = MinHash(num_perm=128)
        minhash.update_batch(list(grams))
        if found := lsh.query(minhash):
            keepers[number] = min(found)
        else:
            lsh.insert(number, minhash, check_duplication=False)
    return list(keepers.items())


def text_dedup(texts: list[str]) -> Out:
    """text-dedup's MinHash with its defaults, at threshold 0.8, on the texts as they are."""
    return _text_dedup(texts)


def text_dedup_told(texts: list[str]) -> Out:
    """text-dedup's MinHash on the folded texts with a space after each character, so that its words are characters."""
    return _text_dedup([" ".join(fold_texts([t]).codes.tobytes().decode("utf-16-le", "surrogatepass")) for t in texts])


def _text_dedup(texts: list[str]) -> Out:
    import datasets
    from text_dedup import minhash

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        datasets.Dataset.from_dict({"text": texts}).save_to_disk(f"{folder}/in")
        options = {"path": f"{folder}/in", "output": f"{folder}/out", "cache_dir": f"{folder}/cache", "column": "text"}
        options |= {"threshold": "0.8", "num_perm": "128", "ngram": "5", "num_proc": "1"}
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        minhash.main([*arguments, "--local"], standalone_mode=False)
    roots = {n: minhash.uf.find(n) for n in list(minhash.uf.parent)}
    return [(n, keeper) for n, keeper in roots.items() if n != keeper]


TOOLS = {tool.__name__: tool for tool in (zhengwen, datasketch, text_dedup, text_dedup_told)}


WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def processor_seconds() -> float:
    """Of this process and of those that it started: text-dedup works in a process of its own."""
    used = [resource.getrusage(who) for who in WHO]
    return sum(u.ru_utime + u.ru_stime for u in used)


def main() -> None:
    """Runs one tool."""
    name, source, target = sys.argv[1:]
    with Path(source).open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    fold_texts(["一"])
    if name == "zhengwen":
        import scipy.sparse.csgraph  # noqa: F401
    if name == "datasketch":
        import datasketch as _  # noqa: F401
    if name.startswith("text_dedup"):
        import text_dedup.minhash  # noqa: F401
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew: proc(5)
    started = processor_seconds()
    out = TOOLS[name](texts)
    seconds = processor_seconds() - started
    peak = max(memory("VmHWM"), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    Path(target).write_text(json.dumps({"out": out, "seconds": seconds, "megabytes": (peak - before) / 1024}))


def memory(kind: str) -> int:
    """Resident memory of this process, now (VmRSS) or at its peak (VmHWM), in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind))


if __name__ == "__main__":
    main()
