"""A run that is killed at any instant and given again ends as one that was left alone.

Each process here is a real one, killed with SIGKILL; it is forked with the program loaded, so that fifty instants of
work are met and not fifty instants of start-up.
"""

import itertools
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import COMMAND, ROOT, TAILED, Run
from test_cli_clean import tree

from zhengwen import readers
from zhengwen.cli import clean, main, recorded, restore

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

INSTANTS = 25
FILE_OPERATIONS = ("open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "os.scandir", "sqlite3.connect")
TABLES = {
    "articles": "path, record",
    "passages": "id",
    "cuts": 'path, record, "start"',
    "kept": "path, record, fingerprint",
    "runs": "id",
    "pieces": "path, record, number",
}
LOADED = (clean, recorded, restore)
"""Imported before the fork, as every command's modules are."""


def content(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that the ledger says but the times of its runs."""
    with sqlite3.connect(folder / ".zhengwen" / "ledger.sqlite") as database:
        found = {t: database.execute(f"SELECT * FROM {t} ORDER BY {key}").fetchall() for t, key in TABLES.items()}
        found["runs"] = database.execute("SELECT id, model, configuration FROM runs ORDER BY id").fetchall()
    database.close()
    return found


def left_over(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob(".zhengwen*") if p.name not in (".zhengwen", ".zhengwen-keep"))


def command(*args: object, step: int = 0) -> int:
    """A process that runs the command in shards of a few articles, and kills itself before file operation number
    ``step``; its number."""
    child = os.fork()
    if child:
        return child
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    readers.SHARD_ARTICLES = 6
    count = itertools.count(1)

    def die(event: str, _: object) -> None:
        if event in FILE_OPERATIONS and next(count) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(die)
    os._exit(main(["-q", *map(str, args)]))


def seconds(*args: object) -> float:
    started = time.perf_counter()
    assert os.waitpid(command(*args), 0)[1] == 0
    return time.perf_counter() - started


def killed(chance: random.Random, longest: float, *args: object) -> bool:
    """Whether the command was killed, at a random time or a random file operation, before its end."""
    if chance.random() < 0.5:
        child = command(*args, step=chance.randint(1, 180))
    else:
        child = command(*args)
        time.sleep(chance.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.fixture
def scraped(tmp_path: Path) -> Path:
    folder = tmp_path / "scraped"
    shutil.copytree(ROOT / "samples" / "articles", folder)
    (folder / "gb.md").write_bytes(TAILED.encode("gb18030"))
    return folder


def test_into_a_folder(scraped: Path, tmp_path: Path) -> None:
    options = ("--drop-adverts", "--select", "ALL")
    longest = seconds("clean", scraped, "-o", tmp_path / "whole", *options)
    expected, told = tree(tmp_path / "whole"), content(tmp_path / "whole")
    out = tmp_path / "out"

    def compare() -> None:
        seconds("clean", scraped, "-o", out, *options)
        assert tree(out) == expected
        assert content(out) == told
        assert left_over(out) == []

    def fresh() -> tuple[object, ...]:
        if out.exists():
            compare()
            shutil.rmtree(out)
        return "clean", scraped, "-o", out, *options

    chance, args, instants = random.Random(4), fresh(), INSTANTS
    while instants:
        if killed(chance, longest, *args):
            instants -= 1
        else:
            args = fresh()
    compare()
    seconds("restore", out, "-o", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(scraped)


def test_in_place_with_another_configuration_on_top(scraped: Path, tmp_path: Path) -> None:
    """Articles are cleaned, then cleaned with another selection; in between, each file is one of three texts."""
    first, second = ("--drop-adverts", "--select", "promotion"), ("--select", "ALL", "--max-removed", "100")
    whole, folder = tmp_path / "whole", tmp_path / "folder"
    texts: dict[str, set[bytes]] = {name: {data} for name, data in tree(scraped).items()}
    shutil.copytree(scraped, whole)
    longest = 0.0
    for options in (first, second):
        longest = max(longest, seconds("clean", whole, "--in-place", *options))
        for name, data in tree(whole).items():
            texts[name].add(data)
    expected, told = tree(whole), content(whole)

    def compare() -> None:
        seconds("clean", folder, "--in-place", *second)
        assert tree(folder) == expected
        assert content(folder) == told
        assert left_over(folder) == []

    def fresh() -> tuple[object, ...]:
        if folder.exists():
            compare()
            shutil.rmtree(folder)
        shutil.copytree(scraped, folder)
        seconds("clean", folder, "--in-place", *first)
        return "clean", folder, "--in-place", *second

    chance = random.Random(5)
    args, instants = fresh(), INSTANTS
    while instants:
        if killed(chance, longest, *args):
            instants -= 1
            assert all(
                data in texts[name] for name, data in tree(folder).items() if not Path(name).name.startswith(".")
            )
        else:
            args = fresh()
    compare()
    seconds("restore", folder, "-o", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(scraped)


def test_the_installed_command(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    zhengwen("clean", scraped, "-o", "whole")
    for delay in (0.2, 0.4, 0.6):
        run = subprocess.Popen([COMMAND, "clean", scraped, "-o", tmp_path / "out"], stderr=subprocess.DEVNULL)
        time.sleep(delay)
        run.kill()
        run.wait()
    assert zhengwen("clean", scraped, "-o", "out").returncode == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
    assert content(tmp_path / "out") == content(tmp_path / "whole")
