"""`zhengwen clean` over a folder of articles: time, peak memory, and the same bytes every time.

python benchmarks/corpus.py ARTICLES

Cleans the folder as one path, then again as a list of files in random order, and compares all outputs byte by byte;
then cleans the output once more, which must change nothing.
"""

import argparse
import hashlib
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = Path(sys.executable).parent / "zhengwen"


def clean(paths: list[Path], out: Path) -> tuple[float, float, str]:
    """Seconds, peak memory so far of any run (MB) and what the command said."""
    started = time.perf_counter()
    done = subprocess.run([COMMAND, "clean", *paths, "-o", out], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"exit code {done.returncode}:\n{done.stderr}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return time.perf_counter() - started, peak, done.stderr.strip()


def digest(folder: Path) -> str:
    """A hash over the names and bytes of all files of a folder but the ledger."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".zhengwen" not in path.parts:
            total.update(str(path.relative_to(folder)).encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    a = parser.parse_args()
    files = [p for p in a.articles.rglob("*") if p.suffix in (".md", ".txt")]
    size = sum(p.stat().st_size for p in files) / 1e6
    random.Random(0).shuffle(files)
    with tempfile.TemporaryDirectory() as folder:
        first, second, third = (Path(folder, name) for name in ("first", "second", "third"))
        took, peak, said = clean([a.articles], first)
        print(f"{len(files):,} files, {size:.1f} MB, {os.cpu_count()} cores")
        print("\n".join(said.splitlines()[-8:]))
        print(f"{took:.1f} s, {size / took:.1f} MB/s, {len(files) / took:,.0f} files/s, peak memory {peak:.0f} MB")
        clean(files, second)
        same_order = digest(first) == digest(second)
        print(f"the files in random order give the same bytes: {same_order}")
        clean([first], third)
        same_again = digest(first) == digest(third)
        print(f"cleaning what was cleaned changes nothing:      {same_again}")
        if not (same_order and same_again):
            raise SystemExit("the outputs differ")


if __name__ == "__main__":
    main()
