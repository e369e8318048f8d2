"""Memory of cleaning one large JSON Lines file: made by repeating a folder of articles, cleaned, restored, compared.

python benchmarks/corpus_memory.py ARTICLES --gigabytes 10 [--suffix .jsonl.zst]

The peak is that of the process (getrusage), and must not grow with the size; the originals must come back. On Linux the
peak so far is also printed whenever the part of the file that is done has doubled, and at last at every gigabyte.
"""

import argparse
import contextlib
import hashlib
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from zhengwen.forms import streams

COMMAND = Path(sys.executable).parent / "zhengwen"


def lines(folder: Path) -> Iterator[bytes]:
    """Records of the folder's articles, again and again, each with an id of its own; half of them ASCII-escaped."""
    paths = sorted(p for p in folder.rglob("*.md"))
    for number, path in enumerate(itertools.cycle(paths)):
        record = {"id": f"r{number}", "text": path.read_text(encoding="utf-8"), "source": path.name}
        yield json.dumps(record, ensure_ascii=bool(number % 2)).encode() + b"\n"


def make(folder: Path, path: Path, size: int) -> tuple[int, int, str]:
    """Writes a file of so many bytes before compression; its records, bytes and hash."""
    count = written = 0
    found = hashlib.sha256()
    with path.open("wb") as file, streams.writing(file, path.name) as stream:
        for line in lines(folder):
            if written >= size:
                break
            stream.write(line)
            found.update(line)
            count, written = count + 1, written + len(line)
    return count, written, found.hexdigest()


def place(process: int, path: Path) -> int:
    """How far a process has read a file, in bytes; 0 if that cannot be known."""
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(OSError):
                if link.readlink() == path:
                    found = Path(f"/proc/{process}/fdinfo/{link.name}").read_text()
                    return int(found.partition("pos:")[2].split()[0])
    return 0


def peak_so_far(process: int) -> float:
    """The most memory of a process that runs, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1e3


def watch(process: subprocess.Popen[bytes], path: Path) -> None:
    """Prints the peak at 1/64, 1/32, … of a gigabyte read, and at every gigabyte, until the process ends."""
    started, mark = time.perf_counter(), 1e9 / 64
    while process.poll() is None:
        done = place(process.pid, path)
        if done >= mark:
            with contextlib.suppress(OSError):
                seconds = time.perf_counter() - started
                print(
                    f"  {done / 1e9:7.3f} GB of the file read, {seconds:6,.0f} s, peak so far "
                    f"{peak_so_far(process.pid):,.0f} MB",
                    flush=True,
                )
            while mark <= done:
                mark += min(mark, 1e9)
        time.sleep(0.2)


def run(path: Path, *args: object) -> tuple[float, float]:
    """Runs the command that reads the file; seconds, and the most memory of any command so far, in MB."""
    started = time.perf_counter()
    process = subprocess.Popen([COMMAND, "-q", *map(str, args)])
    watch(process, path.resolve())
    if process.wait():
        raise SystemExit(f"exit code {process.returncode}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return time.perf_counter() - started, peak / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--suffix", choices=(".jsonl", ".jsonl.gz", ".jsonl.zst"), default=".jsonl")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        source = at / f"corpus{given.suffix}"
        count, size, expected = make(given.articles, source, int(given.gigabytes * 1e9))
        print(
            f"{count:,} records, {size / 1e6:,.1f} MB, {source.stat().st_size / 1e6:,.1f} MB as {given.suffix}",
            flush=True,
        )
        seconds, peak = run(source, "clean", source, "-o", at / "out", "--id-field", "id")
        ledger = sum(p.stat().st_size for p in (at / "out" / ".zhengwen").iterdir()) / 1e6
        print(f"cleaned in {seconds:,.0f} s, {size / 1e6 / seconds:.1f} MB/s; peak memory {peak:,.0f} MB", flush=True)
        print(f"ledger {ledger:,.0f} MB", flush=True)
        seconds, peak = run(at / "out" / source.name, "restore", at / "out", "-o", at / "back")
        same = streams.digest(at / "back" / source.name, source.name) == expected
        print(
            f"restored in {seconds:,.0f} s, {'the same bytes' if same else 'OTHER BYTES'}; peak {peak:,.0f} MB so far"
        )
    raise SystemExit(not same)


if __name__ == "__main__":
    main()
