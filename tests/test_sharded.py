"""Stores by URL, shard by shard: the same bytes wherever a shard is done, and every input back."""

import contextlib
import gzip
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import PLAIN, ROOT, TAILED, Run
from test_cli_clean import tree
from test_killed import content

from zhengwen import sharded
from zhengwen.cleaning import Cleaner
from zhengwen.cli import main
from zhengwen.engines import Engine, Here
from zhengwen.engines.processes import Processes
from zhengwen.errors import OutputError, UnreadableInputError, ZhengwenError
from zhengwen.model import Model
from zhengwen.proving import Settings
from zhengwen.sharded import Restorer, Worker, plan
from zhengwen.sharded_markers import Shard, enlist, listed
from zhengwen.storage import Store, Stored

SAMPLES = ROOT / "samples" / "articles"
pytest.importorskip("fsspec", reason="fsspec is not installed; pip install 'zhengwen[remote]'")


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """Folders of articles and two shards of records, one of them compressed."""
    folder = tmp_path / "given"
    for name in ("classic", "hard", "finance"):
        shutil.copytree(SAMPLES / name, folder / name)
    texts = [p.read_text(encoding="utf-8") for p in sorted(SAMPLES.rglob("*.md"))]
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
    (folder / "a.jsonl").write_text("\n".join([*lines[:10], "not a record"]) + "\n", encoding="utf-8")
    (folder / "b.jsonl.gz").write_bytes(gzip.compress("\n".join(lines[10:20]).encode(), 3, mtime=7))
    return folder


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharded, "SHARD", 20_000)


def outputs(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in tree(folder).items() if not name.startswith(".")}


def ledgers(folder: Path, tmp_path: Path) -> dict[str, object]:
    """What the ledgers of the shards say."""
    found: dict[str, object] = {}
    for path in sorted((folder / ".zhengwen" / "shards").glob("*.sqlite")):
        beside = tmp_path / hashlib.sha256(str(path).encode()).hexdigest() / ".zhengwen"
        beside.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, beside / "ledger.sqlite")
        found[path.stem] = content(beside.parent)
    return found


@pytest.mark.usefixtures("small")
def test_a_store_is_cleaned_as_a_folder_is_and_comes_back(
    given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["-q", "clean", str(given), "-o", "folder", "--dedup", "off"]) == 2
    assert main(["-q", "clean", given.as_uri(), "-o", (tmp_path / "store").as_uri(), "--dedup", "off"]) == 2
    assert outputs(tmp_path / "store") == outputs(tmp_path / "folder")
    assert len(ledgers(tmp_path / "store", tmp_path)) > 4
    assert main(["-q", "restore", (tmp_path / "store").as_uri(), "-o", "back"]) == 0
    assert tree(tmp_path / "back") == tree(given)


def test_the_plan_depends_on_the_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharded, "SHARD", 100)
    files = [Stored(name, 40, "1") for name in ("a.md", "b.md", "c.jsonl", "d.md", "e.md", "f.md")]
    found = list(plan(files))
    assert [[f.name for f in shard.files] for shard in found] == [
        ["a.md", "b.md"],
        ["c.jsonl"],
        ["d.md", "e.md"],
        ["f.md"],
    ]
    assert [s.name for s in plan([Stored(f.name, f.size, "2") for f in files])] == [s.name for s in found]


@pytest.fixture
def made(given: Path, tmp_path: Path, model: Model, small: None) -> tuple[list[Shard], Worker]:  # noqa: ARG001
    worker = Worker(Cleaner(model), Settings(), {"a": 1}, Store(given.as_uri()), Store((tmp_path / "out").as_uri()))
    return list(plan(worker.given.files())), worker


def state(out: Path, tmp_path: Path) -> tuple[object, ...]:
    markers = {p.name: p.read_text() for p in (out / ".zhengwen" / "shards").glob("*.json")}
    return outputs(out), ledgers(out, tmp_path), markers


def run(engine: Engine, made: tuple[list[Shard], Worker], out: Path) -> list[sharded.Done]:
    shards, worker = made
    worker = replace(worker, output=Store(out.as_uri()))
    enlist(worker.output, shards)
    return list(engine.map(worker, shards))


@pytest.fixture
def alone(made: tuple[list[Shard], Worker], tmp_path: Path) -> tuple[object, ...]:
    """What one process makes."""
    run(Here(), made, tmp_path / "alone")
    return state(tmp_path / "alone", tmp_path)


@pytest.mark.parametrize("jobs", [2, 4])
def test_any_number_of_processes_gives_the_same_bytes(
    made: tuple[list[Shard], Worker], alone: tuple[object, ...], tmp_path: Path, jobs: int
) -> None:
    with Processes(jobs) as engine:
        run(engine, made, tmp_path / "many")
    assert state(tmp_path / "many", tmp_path) == alone


def test_a_run_that_stopped_is_taken_up(
    made: tuple[list[Shard], Worker], alone: tuple[object, ...], tmp_path: Path
) -> None:
    shards, worker = made
    out = tmp_path / "out"
    enlist(worker.output, shards)
    finished, stopped = Here().map(worker, shards[-2:])
    (out / ".zhengwen" / "shards" / f"{stopped.shard}.json").unlink()
    (out / ".zhengwen" / "shards" / f"{stopped.shard}.sqlite").unlink()
    (out / shards[-1].files[0].name).write_text("half-wri", encoding="utf-8")
    done = run(Here(), made, out)
    assert [d.shard for d in done if d.skipped] == [finished.shard]
    assert state(out, tmp_path) == alone
    assert all(d.skipped for d in run(Here(), made, out))


def test_another_version_of_an_input_is_refused_until_overwrite_is_said(
    made: tuple[list[Shard], Worker], given: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(Here(), made, out)
    before = outputs(out)
    changed = next((given / "hard").glob("*.md"))
    changed.write_text(PLAIN + TAILED, encoding="utf-8")
    _, worker = made
    again = (list(plan(worker.given.files())), worker)
    done = run(Here(), again, out)
    assert [d.faults[0].split(": ")[1] for d in done if not d.skipped] == [
        "has another version of its inputs, which may be the last; restore it, then add --overwrite"
    ]
    assert outputs(out) == before
    overwriting = replace(worker, settings=Settings(overwrite=True))
    done = run(Here(), (again[0], overwriting), out)
    assert not any("another version" in fault for d in done for fault in d.faults)
    assert outputs(out)[f"hard/{changed.name}"] != before[f"hard/{changed.name}"]


def test_a_store_in_memory_is_a_store(given: Path, model: Model) -> None:
    store, out, back = (Store(f"memory://{name}") for name in ("given", "out", "back"))
    for path in (given / "finance").glob("*.md"):
        store.put(path, path.name)
    shards = list(plan(store.files()))
    enlist(out, shards)
    list(map(Worker(Cleaner(model), Settings(drop_adverts=True), {}, store, out), shards))
    assert len(out.files()) == len(store.files()) - 1
    assert [wrong for _, wrong in map(Restorer(out, back), listed(out))] == [()]
    assert {f.name: back.read(f.name) for f in back.files()} == {f.name: store.read(f.name) for f in store.files()}


def test_what_a_store_cannot_do_is_said_in_a_sentence(zhengwen: Run, tmp_path: Path) -> None:
    for url, said in (
        ((tmp_path / "gone").as_uri(), "holds no file to read"),
        ("s4://bucket/in", "cannot be listed (Protocol not known: s4)"),
    ):
        done = zhengwen("clean", url, "-o", (tmp_path / "out").as_uri(), "--dedup", "off")
        assert done.returncode == 2
        assert f"{url}: {said}" in done.stderr.decode()
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        Store((tmp_path / "file" / "below").as_uri()).put(tmp_path / "file", "a.md")
    with pytest.raises(UnreadableInputError, match="cannot be read"):
        Store(tmp_path.as_uri()).fetch("gone.md", tmp_path / "there")


def test_nothing_half_written_is_left_where_a_store_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.implementations.local import LocalFileSystem

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a").write_text("text")
    monkeypatch.setattr(LocalFileSystem, "mv", fail)
    with pytest.raises(OutputError, match="No space left on device"):
        Store((tmp_path / "out").as_uri()).put(tmp_path / "a", "sub/a.md")
    assert list((tmp_path / "out").rglob("*.*")) == []


def test_options_that_need_files_of_this_machine_are_refused(zhengwen: Run, given: Path, tmp_path: Path) -> None:
    out = (tmp_path / "out").as_uri()
    for args, said in (
        (("clean", given.as_uri(), "--in-place"), "say where to write"),
        (("clean", given.as_uri(), "-o", out, "--diff", "--dedup", "off"), "--diff needs files of this machine"),
        (("clean", given.as_uri(), given.as_uri(), "-o", out, "--dedup", "off"), "name one place to read"),
        (("clean", given.as_uri(), "-o", f"{given.as_uri()}/out", "--dedup", "off"), "lies inside the input"),
        (("clean", given, "-o", "folder", "--ray-address", "auto"), "add --engine ray"),
    ):
        done = zhengwen(*args)
        assert done.returncode == 2
        assert said in " ".join(done.stderr.decode().split())


def test_a_run_that_stopped_with_other_settings_leaves_nothing_of_them_behind(
    made: tuple[list[Shard], Worker], alone: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards, worker = made
    run(Here(), made, tmp_path / "out")
    put = Store.put

    def fail(store: Store, path: Path, name: str) -> None:
        if name.endswith(".sqlite"):
            raise OutputError("power failure")
        put(store, path, name)

    other = replace(worker, settings=Settings(drop_adverts=True, to_encoding="gb18030"), configuration={"a": 2})
    with monkeypatch.context() as patched:
        patched.setattr(Store, "put", fail)
        with pytest.raises(OutputError, match="power failure"):
            other(shards[0])
    assert state(tmp_path / "out", tmp_path) != alone
    again = run(Here(), made, tmp_path / "out")
    assert [d.shard for d in again if not d.skipped] == [shards[0].name]
    assert state(tmp_path / "out", tmp_path) == alone


def test_what_could_not_be_fetched_is_tried_again(
    made: tuple[list[Shard], Worker], alone: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards, worker = made
    lost = {shards[0].files[0].name, next(s for s in shards if len(s.files) > 1).files[1].name}
    fetch = Store.fetch

    def fail(store: Store, name: str, path: Path) -> None:
        if store == worker.given and name in lost:
            raise UnreadableInputError(f"{name}: the network is down")
        fetch(store, name, path)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "fetch", fail)
        first = run(Here(), made, tmp_path / "out")
    assert {fault.partition(":")[0] for d in first for fault in d.faults if "network" in fault} == lost
    again = run(Here(), made, tmp_path / "out")
    assert sum(not d.skipped for d in again) == len(lost)
    assert state(tmp_path / "out", tmp_path) == alone
    with monkeypatch.context() as patched:
        patched.setattr(Store, "fetch", fail)
        run(Here(), (shards, replace(worker, configuration={"a": 2})), tmp_path / "out")
    held = ledgers(tmp_path / "out", tmp_path / "held")
    assert held[shards[0].name] == ledgers(tmp_path / "alone", tmp_path / "held")[shards[0].name]


def test_what_is_in_the_way_of_an_original_stays_until_overwrite_is_said(
    zhengwen: Run, given: Path, tmp_path: Path
) -> None:
    out, back = (tmp_path / "out").as_uri(), tmp_path / "back"
    zhengwen("clean", given.as_uri(), "-o", out, "--dedup", "off")
    (back / "hard").mkdir(parents=True)
    name = next((given / "hard").glob("*.md")).name
    (back / "hard" / name).write_text("mine")
    done = zhengwen("restore", out, "-o", back.as_uri())
    assert done.returncode == 2
    said = f"{back.as_uri()}/hard/{name}: is there already and is not the original; move it away or add --overwrite"
    assert said in done.stderr.decode()
    assert {**tree(given), f"hard/{name}": b"mine"} == tree(back)
    assert zhengwen("restore", out, "-o", back.as_uri(), "--overwrite").returncode == 0
    assert tree(given) == tree(back)


def test_a_shard_that_was_never_done_does_not_keep_the_others_from_coming_back(
    zhengwen: Run, made: tuple[list[Shard], Worker], given: Path, tmp_path: Path
) -> None:
    shards, worker = made
    enlist(worker.output, shards)
    worker(shards[-1])
    done = zhengwen("restore", worker.output.url, "-o", "back")
    assert done.returncode == 2
    assert done.stderr.decode().count("give its command again first") == len(shards) - 1
    assert set(tree(tmp_path / "back")) == {file.name for file in shards[-1].files}
    assert tree(tmp_path / "back").items() <= tree(given).items()


@pytest.mark.parametrize(
    ("url", "driver", "said"),
    [
        ("s3://bucket/in", "s3fs", "pip install 'zhengwen[s3]'"),
        ("gs://bucket/in", "gcsfs", "pip install gcsfs"),
        ("abfs://bucket/in", "adlfs", "pip install adlfs"),
        ("hdfs://head:8020/in", "pyarrow", "pip install 'zhengwen[parquet]', and Hadoop's own libraries"),
        ("webhdfs://head/in", "requests", "pip install requests"),
    ],
)
def test_a_driver_that_is_not_installed_is_named_with_its_command(
    zhengwen: Run, tmp_path: Path, url: str, driver: str, said: str
) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / f"{driver}.py").write_text(f"raise ImportError('No module named {driver}')")
    done = zhengwen("clean", url, "-o", (tmp_path / "out").as_uri(), PYTHONPATH=str(tmp_path / "hidden"))
    assert done.returncode == 2
    assert done.stderr.decode().startswith(f"zhengwen: error: {url}: cannot be listed (")
    assert done.stderr.decode().endswith(f"); {said}\n")


def test_hadoop_without_its_libraries_is_said_with_what_it_needs(zhengwen: Run, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed; pip install 'zhengwen[parquet]'")
    env = dict.fromkeys(("JAVA_HOME", "HADOOP_HOME", "ARROW_LIBHDFS_DIR"), str(tmp_path))
    done = zhengwen("clean", "hdfs://head:8020/in", "-o", (tmp_path / "out").as_uri(), **env)
    assert done.returncode == 2
    assert "set JAVA_HOME, HADOOP_HOME and CLASSPATH, or use webhdfs://" in done.stderr.decode()


def test_a_store_that_does_not_answer_is_no_empty_store(zhengwen: Run, tmp_path: Path) -> None:
    pytest.importorskip("requests", reason="requests is not installed")
    done = zhengwen("clean", "webhdfs://127.0.0.1:1/in", "-o", (tmp_path / "out").as_uri())
    assert done.returncode == 2
    assert "check the endpoint and the network" in done.stderr.decode()


def test_no_name_leads_out_of_a_store(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("mine")
    store = Store((tmp_path / "store").as_uri())
    for name in (str(tmp_path / "mine.md"), "../mine.md", "a/../../mine.md", "a//mine.md", ""):
        assert not Stored(name, 1, "").plain
        for do in (store.remove, store.read, store.has, lambda n: store.put(tmp_path / "mine.md", n)):
            with pytest.raises(ZhengwenError, match="not a name for a file below a folder"):
                do(name)
        with pytest.raises(UnreadableInputError, match="not a name for a file below a folder"):
            store.fetch(name, tmp_path / "there")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.md"]


def test_commands_that_need_files_of_this_machine_refuse_a_url(zhengwen: Run, given: Path, tmp_path: Path) -> None:
    url = "s3://corpus/raw"
    for args in (
        ("check", url),
        ("check", given, url),
        ("explain", url),
        ("dedup", url, "-o", "out"),
        ("dedup", given, "-o", url),
        ("report", url, "-o", "report.html"),
        ("label", given, "-o", url),
        ("train", given / "a.jsonl", "-o", url),
        ("evaluate", url),
    ):
        done = zhengwen(*args)
        assert done.returncode == 2
        assert f"{url}: only `clean` and `restore` work by URL; copy the files here first" in done.stderr.decode()
    assert [p.name for p in tmp_path.iterdir()] == ["given"]


@pytest.fixture
def copied(given: Path) -> Path:
    """The same with copies in other shards: of an article, of its beginning, and of records."""
    text = (given / "hard" / "rewiring-old-flat.md").read_text(encoding="utf-8")
    for name, what in (
        ("a/again.md", text),
        ("z/half.md", text[: len(text) * 3 // 4]),
        ("z/longer.md", "# 转\n\n" + text),
    ):
        (given / name).parent.mkdir(exist_ok=True)
        (given / name).write_text(what, encoding="utf-8")
    shutil.copyfile(given / "a.jsonl", given / "z" / "c.jsonl")
    shutil.copyfile(given / "b.jsonl.gz", given / "z" / "d.jsonl.gz")
    return given


def clean_store(given: Path, out: Path, *options: str) -> int:
    return main(["-q", "clean", given.as_uri(), "-o", out.as_uri(), *options])


@pytest.mark.usefixtures("small")
def test_copies_in_other_shards_are_left_out_as_those_in_a_folder_are(copied: Path, tmp_path: Path) -> None:
    for shard in [*copied.rglob("*.jsonl"), *copied.rglob("*.gz")]:
        shard.unlink()
    main(["-q", "clean", str(copied), "-o", str(tmp_path / "folder")])
    assert clean_store(copied, tmp_path / "store") == 0
    assert outputs(tmp_path / "store") == outputs(tmp_path / "folder")
    assert len(outputs(tmp_path / "store")) < len(tree(copied)) - 2
    query = "SELECT path, record, keeper_path, alike, jaccard, containment FROM articles WHERE keeper_path IS NOT NULL"
    told = [row for p in (tmp_path / "store" / ".zhengwen" / "shards").glob("*.sqlite") for row in rows_of(p, query)]
    assert sorted(told) == sorted(rows_of(tmp_path / "folder" / ".zhengwen" / "ledger.sqlite", query))
    assert main(["-q", "restore", str(tmp_path / "store"), "-o", str(tmp_path / "back")]) == 0
    assert tree(tmp_path / "back") == tree(copied)


def rows_of(path: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


@pytest.mark.usefixtures("small")
def test_copies_among_records_are_left_out_and_come_back(copied: Path, tmp_path: Path) -> None:
    clean_store(copied, tmp_path / "store")
    left = [line for p in ("a.jsonl", "z/c.jsonl") for line in (tmp_path / "store" / p).read_text().splitlines()]
    assert left.count("not a record") == 2
    texts = [json.loads(line)["text"] for line in left if line != "not a record"]
    assert len(texts) == len(set(texts)) <= 10
    before = state(tmp_path / "store", tmp_path)
    assert clean_store(copied, tmp_path / "store") == 2
    assert state(tmp_path / "store", tmp_path) == before
    assert main(["-q", "restore", (tmp_path / "store").as_uri(), "-o", (tmp_path / "back").as_uri()]) == 0
    assert tree(tmp_path / "back") == tree(copied)


@pytest.mark.usefixtures("small")
def test_what_is_left_out_does_not_depend_on_what_earlier_runs_saw(copied: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    (copied / "z").rename(later)
    clean_store(copied, tmp_path / "grown")
    later.rename(copied / "z")
    clean_store(copied, tmp_path / "grown")
    clean_store(copied, tmp_path / "fresh", "--jobs", "2")
    grown, fresh = (state(tmp_path / name, tmp_path) for name in ("grown", "fresh"))
    assert grown[0] == fresh[0]


@pytest.mark.usefixtures("small")
def test_a_run_that_stopped_while_copies_were_taken_out_is_taken_up(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean_store(copied, tmp_path / "whole")
    expected = state(tmp_path / "whole", tmp_path)
    remove = Store.remove

    def fail(store: Store, name: str) -> None:
        if name.endswith(".md"):
            raise OutputError("power failure")
        remove(store, name)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "remove", fail)
        assert clean_store(copied, tmp_path / "out") == 2
    assert state(tmp_path / "out", tmp_path) != expected
    clean_store(copied, tmp_path / "out")
    assert state(tmp_path / "out", tmp_path) == expected


class TestRay:
    """On a real cluster of two nodes."""

    def test_the_cluster_gives_the_same_bytes(
        self, cluster: str, made: tuple[list[Shard], Worker], alone: tuple[object, ...], tmp_path: Path
    ) -> None:
        from zhengwen.engines.cluster import Cluster

        with Cluster(cluster) as engine:
            run(engine, made, tmp_path / "ray")
        assert state(tmp_path / "ray", tmp_path) == alone

    def test_a_worker_killed_in_the_middle_changes_nothing(
        self, cluster: str, made: tuple[list[Shard], Worker], alone: tuple[object, ...], tmp_path: Path
    ) -> None:
        from zhengwen.engines.cluster import Cluster

        killed: list[int] = []

        def kill() -> None:
            """Kills the first worker that is seen at work."""
            for _ in range(3000):
                for entry in Path("/proc").iterdir():
                    with contextlib.suppress(OSError):
                        if entry.name.isdigit() and (entry / "cmdline").read_bytes().startswith(b"ray::_do"):
                            os.kill(int(entry.name), signal.SIGKILL)
                            killed.append(int(entry.name))
                            return
                time.sleep(0.01)

        with Cluster(cluster) as engine:
            thread = threading.Thread(target=kill)
            thread.start()
            run(engine, made, tmp_path / "ray")
            thread.join()
        assert killed
        assert state(tmp_path / "ray", tmp_path) == alone

    def test_the_command_works_for_a_folder_and_for_a_store(
        self,
        cluster: str,
        given: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(tmp_path)
        on_ray = ("--engine", "ray", "--ray-address", cluster)
        told = []
        for name, options in (("here", ()), ("there", on_ray)):
            codes = [
                main(["-q", "clean", str(given), "-o", name, *options]),
                main(["-q", "check", str(given), "--format", "jsonl", "--no-cache", *options]),
            ]
            told.append((codes, capfd.readouterr().out, outputs(tmp_path / name), content(tmp_path / name)))
        assert told[0] == told[1]

    def test_a_cluster_that_does_not_answer_is_said_in_a_sentence(self, zhengwen: Run, given: Path) -> None:
        pytest.importorskip("ray", reason="ray is not installed; pip install 'zhengwen[ray]'")
        done = zhengwen("clean", given, "-o", "out", "--engine", "ray", "--ray-address", "127.0.0.1:1")
        assert done.returncode == 2
        assert "127.0.0.1:1: no Ray cluster answers" in done.stderr.decode()
