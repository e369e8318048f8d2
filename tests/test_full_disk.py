"""A disk that fills up: every article stays whole, the run says so, and goes on when there is room."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import APART, COMMAND, PLAIN, ROOT, TAILED, Run
from pyarrow import parquet
from test_cli_clean import tree

SAMPLES = ROOT / "samples" / "articles"
ROOM = (20, 166, 176)
"""Kilobytes that are free: too few for the ledger, and about as many as ledger and articles need."""

INSIDE = """
import json, os, pathlib, shutil, subprocess, sys
disk, command, samples, *how = sys.argv[1:]
disk = pathlib.Path(disk)
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], check=True)
room = int(how.pop(0))
articles = disk / "articles"
shutil.copytree(samples, articles)
free = os.statvfs(disk)
(disk / "filler").write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - room * 1024)))
def state():
    files = (p for p in disk.rglob("*") if p.is_file() and ".zhengwen" not in p.parts and p.name != "filler")
    return {str(p.relative_to(disk)): p.read_bytes().hex() for p in files}
def run():
    done = subprocess.run([command, "clean", articles, *how], cwd=disk, capture_output=True, text=True)
    return [done.returncode, done.stderr, state()]
full = run()
(disk / "filler").unlink()
print(json.dumps([full, run()]))
"""
"""Runs in a mount namespace of its own: cleans on a full disk, then again with room."""


def on_a_disk(tmp_path: Path, room: int, how: Sequence[str]) -> list[tuple[int, str, dict[str, bytes]]]:
    disk = tmp_path / "disk"
    disk.mkdir(exist_ok=True)
    command = ["unshare", "--mount", "--map-root-user", sys.executable, "-c", INSIDE, disk, COMMAND, SAMPLES, str(room)]
    try:
        done = subprocess.run([*command, *how], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as e:
        pytest.skip(f"no small disk can be mounted here ({getattr(e, 'stderr', e)})")
    runs = json.loads(done.stdout)
    return [(code, said, {name: bytes.fromhex(data) for name, data in files.items()}) for code, said, files in runs]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The cleaned samples."""
    out = tmp_path_factory.mktemp("whole") / "out"
    subprocess.run([COMMAND, "-q", "clean", *APART, SAMPLES, "-o", out], check=True)
    return tree(out)


@pytest.mark.parametrize("room", ROOM)
@pytest.mark.parametrize("how", [("--in-place",), ("-o", "out", *APART)])
def test_a_full_disk_loses_nothing(tmp_path: Path, whole: dict[str, bytes], room: int, how: tuple[str, ...]) -> None:
    before = {f"articles/{name}": data for name, data in tree(SAMPLES).items()}
    after = {f"{'out' if '-o' in how else 'articles'}/{name}": data for name, data in whole.items()}
    (code, said, full), (again, _, found) = on_a_disk(tmp_path, room, how)
    assert set(full) <= set(before) | set(after)
    for name, data in full.items():
        assert data in (before.get(name), after.get(name))
    assert set(before) <= set(full)
    if code:
        assert code == 2
        assert "No space left on device" in said or "disk is full" in said
        assert "internal error" not in said
    assert again == 0
    assert found == before | after
    assert code == 2 or room > 100


def limited(kilobytes: int, *args: object, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    """The command where no file may become larger, for those who cannot mount."""
    resource = pytest.importorskip("resource")
    limits = (kilobytes * 1024, resource.RLIM_INFINITY)
    return subprocess.run(
        [COMMAND, *map(str, args)],
        cwd=cwd,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits),
    )


@pytest.mark.parametrize("limit", [1, 40])
def test_a_ledger_that_cannot_grow_stops_the_run_before_any_file_is_touched(
    zhengwen: Run, tmp_path: Path, whole: dict[str, bytes], limit: int
) -> None:
    shutil.copytree(SAMPLES, tmp_path / "in")
    done = limited(limit, "clean", "in", "--in-place", cwd=tmp_path)
    assert done.returncode == 2
    assert b"the ledger cannot be written" in done.stderr
    assert tree(tmp_path / "in") == tree(SAMPLES)
    assert zhengwen("clean", "in", "--in-place").returncode == 0
    assert tree(tmp_path / "in") == whole


def test_an_article_that_cannot_be_written_stays_and_the_others_are_done(
    zhengwen: Run, articles: Path, tmp_path: Path
) -> None:
    long = PLAIN * 1000 + TAILED
    (articles / "long.md").write_text(long, encoding="utf-8")
    done = limited(300, "clean", articles, "--in-place", cwd=tmp_path)
    assert done.returncode == 2
    assert b"long.md: cannot be replaced (File too large); the file is as it was" in done.stderr
    kept = {n: PLAIN.encode() for n in ("plain.md", "tail.md", "sub/same.txt")}
    assert tree(articles) == kept | {"long.md": long.encode()}
    assert zhengwen("restore", articles, "-o", "back").returncode == 0
    assert tree(tmp_path / "back")["long.md"] == long.encode()
    assert zhengwen("clean", articles, "--in-place").returncode == 0
    assert len(tree(articles)["long.md"]) < len(long.encode())


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_a_corpus_that_cannot_be_written_stays_and_the_others_are_done(
    zhengwen: Run, articles: Path, tmp_path: Path, name: str
) -> None:
    path, rows = articles / name, [{"text": TAILED, "n": n} for n in range(300)]
    if name == "a.jsonl":
        path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    else:
        table = pa.Table.from_pylist(rows)
        parquet.write_table(table, path, row_group_size=100, compression="none", use_dictionary=False)
    data = path.read_bytes()
    assert len(data) > 200 * 1024
    for limit in (100, 170):
        done = limited(limit, "clean", articles, "--in-place", cwd=tmp_path)
        assert done.returncode == 2
        assert b"internal error" not in done.stderr
        assert path.read_bytes() == data
    assert zhengwen("clean", articles, "--in-place").returncode == 0
    last = json.loads(path.read_text().split("\n")[299]) if name == "a.jsonl" else _rows(path)[299]
    assert last == {"text": PLAIN, "n": 299}
    assert zhengwen("restore", articles, "-o", "back").returncode == 0
    assert tree(tmp_path / "back")[name] == data


def _rows(path: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = parquet.read_table(path).to_pylist()
    return found
