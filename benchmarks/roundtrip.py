"""Nothing lost: cleans a folder in every form of the run, restores it, and counts the bytes that differ.

python benchmarks/roundtrip.py ARTICLES [--pages PAGES]

The forms: into a folder with all kinds selected and advertisements left out; the same, written as UTF-8 from a copy in
GB18030 with CRLF; as text files, a paragraph a line; in place, on a copy; as JSON Lines, 500 articles a file, plain,
.gz and .zst, and as Parquet, with several codecs and row groups, into a folder and in place; and saved pages, as
Markdown, as HTML and in place. Each restored tree is compared with the inputs file by file. Pages without main text and
files that cannot be decoded have to come back, too.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from zhengwen.forms import SUFFIXES, streams

COMMAND = Path(sys.executable).parent / "zhengwen"
ALL = ("--select", "ALL", "--drop-adverts")


def run(*args: object) -> str:
    """Runs the command; what it said."""
    done = subprocess.run([COMMAND, *map(str, args)], capture_output=True, text=True, check=False)
    if (done.returncode and "internal error" in done.stderr) or done.returncode not in (0, 2):
        raise SystemExit(f"{' '.join(map(str, args))}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return done.stderr


def files(folder: Path) -> dict[str, Path]:
    """The articles of a folder by relative path."""
    found = (p for p in folder.rglob("*") if p.name.lower().endswith(SUFFIXES) and ".zhengwen" not in p.parts)
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


def shards(source: Path, target: Path, size: int) -> None:
    """The articles as JSON Lines; every other one ASCII-escaped."""
    paths = list(files(source).items())
    target.mkdir()
    for number, begin in enumerate(range(0, len(paths), size)):
        path = target / f"{number:03}.jsonl{('', '.gz', '.zst')[number % 3]}"
        with path.open("wb") as file, streams.writing(file, path.name) as stream:
            for n, (name, article) in enumerate(paths[begin : begin + size]):
                record = {"url": name, "text": article.read_bytes().decode(), "n": n}
                stream.write(json.dumps(record, ensure_ascii=bool(n % 2)).encode() + b"\n")


def convert(source: Path, target: Path) -> None:
    """A copy in GB18030 with CRLF."""
    for name, path in files(source).items():
        text = path.read_bytes().decode().replace("\r\n", "\n").replace("\n", "\r\n")
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(text.encode("gb18030"))


def tables(source: Path, target: Path, size: int) -> None:
    """The articles as Parquet; every third shard with nested columns, every second without Arrow's schema."""
    import pyarrow as pa
    from pyarrow import parquet

    paths = list(files(source).items())
    target.mkdir()
    for number, begin in enumerate(range(0, len(paths), size)):
        rows = [
            {"url": name, "text": article.read_bytes().decode(), "n": n, "seen": {"at": n, "by": [name, None]}}
            for n, (name, article) in enumerate(paths[begin : begin + size])
        ]
        table = pa.Table.from_pylist(rows)
        how = {"compression": ("snappy", "zstd", "gzip", "none")[number % 4], "store_schema": number % 2 == 0}
        table = table if number % 3 else table.drop_columns("seen")
        parquet.write_table(table, target / f"{number:03}.parquet", row_group_size=size // 3 + 1, **how)


def plain(source: Path, target: Path) -> None:
    """A copy as text files, a paragraph a line."""
    for name, path in files(source).items():
        place = (target / name).with_suffix(".txt")
        place.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_bytes().decode().splitlines()
        place.write_bytes("\n".join(line for line in lines if line.strip()).encode())


def trip(label: str, inputs: Path, cleaned: Path, back: Path, clean: list[object]) -> int:
    """Cleans, restores, compares and prints a row; the number of bytes that differ."""
    articles = files(inputs)
    size = sum(p.stat().st_size for p in articles.values()) / 1e6
    before = inputs
    if inputs == cleaned:
        before = inputs.with_name("before")
        shutil.rmtree(before, ignore_errors=True)
        shutil.copytree(inputs, before)
    started = time.perf_counter()
    said = run("-q", "clean", *clean)
    if not (cleaned / ".zhengwen").is_dir():
        raise SystemExit(f"{label}: nothing was cleaned\n{said}")
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
    parser.add_argument("--pages", type=Path)
    parser.add_argument("--shard", type=int, default=500, help="Articles in a file of many.")
    given = parser.parse_args()
    source = given.articles
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
        shards(source, at / "d", given.shard)
        lost += trip("JSON Lines", at / "d", at / "e", at / "e-back", [at / "d", "-o", at / "e", *ALL])
        lost += trip("JSON Lines in place", at / "d", at / "d", at / "d-back", [at / "d", "--in-place", *ALL])
        tables(source, at / "t", given.shard)
        lost += trip("Parquet", at / "t", at / "u", at / "u-back", [at / "t", "-o", at / "u", *ALL])
        lost += trip("Parquet in place", at / "t", at / "t", at / "t-back", [at / "t", "--in-place", *ALL])
        plain(source, at / "x")
        lost += trip("text", at / "x", at / "y", at / "y-back", [at / "x", "-o", at / "y", *ALL])
        if given.pages:
            shutil.copytree(given.pages, at / "h")
            for label, folder, how in (
                ("pages to Markdown", "f", ()),
                ("pages to HTML", "g", ("--to", "html")),
            ):
                lost += trip(
                    label, at / "h", at / folder, at / f"{folder}-back", [at / "h", "-o", at / folder, *ALL, *how]
                )
            lost += trip("pages in place", at / "h", at / "h", at / "h-back", [at / "h", "--in-place"])
    print(f"bytes that differ: {lost:,}")
    raise SystemExit(int(lost > 0))


if __name__ == "__main__":
    main()
