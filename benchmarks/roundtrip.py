"""Nothing lost: cleans a folder in every form of the run, restores it, and counts the bytes that differ.

python benchmarks/roundtrip.py ARTICLES

The forms: into a folder with all kinds selected and advertisements left out; the same, written as UTF-8 from a copy in
GB18030 with CRLF; and in place, on a copy. Each restored tree is compared with the inputs file by file.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = Path(sys.executable).parent / "zhengwen"
SUFFIXES = (".md", ".markdown", ".txt")
ALL = ("--select", "ALL", "--drop-adverts")


def run(*args: object) -> str:
    """Runs the command; what it said."""
    done = subprocess.run([COMMAND, *map(str, args)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, args))}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return done.stderr


def files(folder: Path) -> dict[str, Path]:
    """The articles of a folder by relative path."""
    found = (p for p in folder.rglob("*") if p.suffix in SUFFIXES and ".zhengwen" not in p.parts)
    return {p.relative_to(folder).as_posix(): p for p in found}


def differing(before: Path, after: Path) -> tuple[int, int]:
    """Files and bytes that differ; a byte too few or too many is one that differs."""
    ours, theirs = files(before), files(after)
    wrong = count = 0
    for name in ours.keys() | theirs.keys():
        one, other = (side[name].read_bytes() if name in side else b"" for side in (ours, theirs))
        if one != other or (name in ours) != (name in theirs):
            wrong += 1
            count += abs(len(one) - len(other)) + sum(a != b for a, b in zip(one, other, strict=False))
    return wrong, count


def convert(source: Path, target: Path) -> None:
    """A copy in GB18030 with CRLF."""
    for name, path in files(source).items():
        text = path.read_bytes().decode().replace("\r\n", "\n").replace("\n", "\r\n")
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(text.encode("gb18030"))


def trip(label: str, inputs: Path, cleaned: Path, back: Path, clean: list[object]) -> int:
    """Cleans, restores, compares and prints a row; the number of bytes that differ."""
    articles = files(inputs)
    size = sum(p.stat().st_size for p in articles.values()) / 1e6
    before = inputs
    if inputs == cleaned:
        before = inputs.with_name("before")
        shutil.copytree(inputs, before)
    started = time.perf_counter()
    run("-q", "clean", *clean)
    cleaning = time.perf_counter() - started
    started = time.perf_counter()
    run("-q", "restore", cleaned, "-o", back)
    restoring = time.perf_counter() - started
    wrong, count = differing(before, back)
    changed, _ = differing(before, cleaned)
    ledger = (cleaned / ".zhengwen" / "ledger.sqlite").stat().st_size / 1e6
    print(
        f"{label:<28}{len(articles):>8,}{size:>9.1f}{changed:>9,}{cleaning:>9.1f}{restoring:>9.1f}{ledger:>9.1f}"
        f"{wrong:>8,}{count:>8,}",
        flush=True,
    )
    return count


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    source = parser.parse_args().articles
    print(
        f"{'':<28}{'files':>8}{'MB':>9}{'changed':>9}{'clean s':>9}{'back s':>9}{'ledger':>9}{'differ':>8}{'bytes':>8}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        lost = trip("into a folder, ALL, dropped", source, at / "a", at / "a-back", [source, "-o", at / "a", *ALL])
        convert(source, at / "gb")
        how = [at / "gb", "-o", at / "b", *ALL, "--to-encoding", "utf-8"]
        lost += trip("GB18030 and CRLF to UTF-8", at / "gb", at / "b", at / "b-back", how)
        shutil.copytree(source, at / "c")
        how = [at / "c", "--in-place", "--max-removed", "100"]
        lost += trip("in place", at / "c", at / "c", at / "c-back", how)
    print(f"bytes that differ: {lost:,}")
    raise SystemExit(int(lost > 0))


if __name__ == "__main__":
    main()
