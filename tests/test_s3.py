"""Stores of objects: from s3:// to s3://, over HTTP, by the installed command, the same bytes as for local files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import COMMAND, ROOT, Run
from test_cli_clean import tree
from test_sharded import ledgers, outputs

from zhengwen.forms.streams import writing

if TYPE_CHECKING:
    from buckets import Buckets

for library in ("boto3", "flask_cors", "moto", "pyarrow", "s3fs"):
    pytest.importorskip(library, reason=f"{library} is not installed; pip install --group integrations")

SAMPLES = ROOT / "samples" / "articles"
RAW = "s3://corpus/raw"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of records, plain, in both compressions and as a table, and files, with copies across them."""
    import pyarrow as pa
    from pyarrow import parquet

    folder = tmp_path_factory.mktemp("given")
    texts = [p.read_text(encoding="utf-8") for p in sorted(SAMPLES.rglob("*.md"))]
    lines = [json.dumps({"text": text}, ensure_ascii=False).encode() + b"\n" for text in texts]
    (folder / "a.jsonl").write_bytes(b"".join(lines[:10]))
    for name, some in (("b.jsonl.gz", lines[8:20]), ("c.jsonl.zst", lines[18:30] + lines[:2])):
        with (folder / name).open("wb") as file, writing(file, name) as stream:
            stream.writelines(some)
    (folder / "年 份").mkdir()
    parquet.write_table(pa.table({"text": texts[30:40]}), folder / "年 份" / "d%20#?.parquet", row_group_size=4)
    for name in ("e.md", "年 份/again.md"):
        (folder / name).write_text(texts[41], encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def expected(given: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is made of the same from file:// to file://."""
    out = tmp_path_factory.mktemp("expected") / "out"
    subprocess.run([COMMAND, "-q", "clean", given.as_uri(), "-o", out.as_uri(), "--jobs", "1"], check=True)
    return out


@pytest.fixture(scope="module")
def buckets(given: Path) -> Iterator[Buckets]:
    from buckets import Buckets

    server = Buckets()
    for name, data in tree(given).items():
        server.put(f"raw/{name}", data)
    yield server
    server.close()


def fetched(buckets: Buckets, prefix: str, folder: Path) -> Path:
    """A copy of what is below a prefix."""
    for name, data in buckets.tree(prefix).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def told(folder: Path) -> dict[str, object]:
    """What the markers of the shards say became of them."""
    found = (folder / ".zhengwen" / "shards").glob("*.json")
    return {p.name: json.loads(p.read_bytes())["done"] for p in found if p.name != "all.json"}


def same(buckets: Buckets, prefix: str, expected: Path, tmp_path: Path) -> bool:
    """Whether a store holds what a folder does: outputs, ledgers, markers."""
    got = fetched(buckets, prefix, tmp_path / "got")
    assert sorted(tree(got)) == sorted(tree(expected))
    assert outputs(got) == outputs(expected)
    assert ledgers(got, tmp_path / "ledgers") == ledgers(expected, tmp_path / "ledgers")
    return told(got) == told(expected)


def said(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    """The lines of standard error."""
    return done.stderr.decode().splitlines()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_bucket_is_cleaned_as_a_folder_is_and_comes_back(
    zhengwen: Run, buckets: Buckets, given: Path, expected: Path, tmp_path: Path, jobs: str
) -> None:
    out = f"s3://corpus/clean-{jobs}"
    done = zhengwen("clean", RAW, "-o", out, "--jobs", jobs, **buckets.env)
    assert done.returncode == 0, done.stderr.decode()
    assert "left out as copies of others: 8 (exact 7, near 1)" in done.stderr.decode()
    assert same(buckets, f"clean-{jobs}", expected, tmp_path)
    again = zhengwen("clean", RAW, "-o", out, "--jobs", jobs, **buckets.env)
    assert b"shards finished by an earlier run, not done again: 5" in again.stderr
    for back in (f"s3://corpus/back-{jobs}", "back"):
        assert zhengwen("restore", out, "-o", back, "--jobs", "1", **buckets.env).returncode == 0
    assert buckets.tree(f"back-{jobs}") == tree(tmp_path / "back") == tree(given)


def test_ray_cleans_a_bucket(zhengwen: Run, buckets: Buckets, given: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed; pip install --group integrations")
    on_ray = ("clean", RAW, "-o", "s3://corpus/ray", "--engine", "ray", "--jobs", "2")
    done = zhengwen(*on_ray, **buckets.env)
    assert done.returncode == 2
    assert "add --dedup off" in said(done)[-1]
    assert buckets.tree("ray") == {}
    apart = ("--dedup", "off")
    assert zhengwen("clean", given.as_uri(), "-o", (tmp_path / "out").as_uri(), *apart).returncode == 0
    done = zhengwen(*on_ray, *apart, **buckets.env)
    assert done.returncode == 0, done.stderr.decode()
    assert same(buckets, "ray", tmp_path / "out", tmp_path)


def test_a_run_that_is_interrupted_says_that_and_nothing_else(buckets: Buckets, tmp_path: Path) -> None:
    out = "s3://corpus/interrupted"
    process = subprocess.Popen(
        [COMMAND, "clean", RAW, "-o", out, "--jobs", "2"],
        cwd=tmp_path,
        env={**os.environ, **buckets.env},
        stderr=subprocess.PIPE,
    )
    while not buckets.tree("interrupted"):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1].decode().strip() == "zhengwen: interrupted"
    assert process.returncode == 130


STEPS = {"list of shards": 1, "ledger": 6, "copies: a file of records": 20, "copies: a file of one article": 28}


@pytest.mark.parametrize(
    ("step", "jobs"), [*((step, "1") for step in STEPS.values()), (12, "2")], ids=[*STEPS, "any of two"]
)
def test_a_run_killed_at_any_of_its_writings_is_taken_up(
    zhengwen: Run, buckets: Buckets, given: Path, expected: Path, tmp_path: Path, step: int, jobs: str
) -> None:
    out = f"killed-{step}"
    command = ["clean", RAW, "-o", f"s3://corpus/{out}", "--jobs", jobs]
    with subprocess.Popen([COMMAND, "-q", *command], cwd=tmp_path, env={**os.environ, **buckets.env}) as process:
        with buckets.killing(process, step) as was_killed:
            process.wait(60)
        assert was_killed()
    time.sleep(2 if jobs > "1" else 0)  # for workers, to see that their parent is gone
    back = zhengwen("restore", f"s3://corpus/{out}", "-o", "back", **buckets.env)
    came = tree(tmp_path / "back") if (tmp_path / "back").exists() else {}
    assert came.items() <= tree(given).items()
    assert (back.returncode == 0) == (came == tree(given))
    assert all(line.startswith(("zhengwen: error: s3://corpus/", f"{len(came)} originals")) for line in said(back))
    assert zhengwen(*command, **buckets.env).returncode == 0
    assert same(buckets, out, expected, tmp_path)


@pytest.mark.parametrize(
    ("given_", "out", "env", "message", "remedy"),
    [
        (
            "s3://missing/raw",
            "s3://corpus/no",
            {},
            "s3://missing/raw: cannot be listed (The specified bucket does not exist)",
            "make the bucket",
        ),
        (
            RAW,
            "s3://missing/no",
            {},
            "s3://missing/no/.zhengwen/shards/all.json: cannot be read (The specified bucket does not exist)",
            "make the bucket",
        ),
        (RAW, "s3://corpus/no", {"AWS_ACCESS_KEY_ID": "wrong"}, f"{RAW}: cannot be listed", "check the credentials"),
        (RAW, "s3://corpus/no", {"AWS_SECRET_ACCESS_KEY": "no"}, f"{RAW}: cannot be listed", "check the credentials"),
        (RAW, "s3://others/no", {}, "s3://others/no/.zhengwen/shards/all.json: cannot be", "check the credentials"),
        (
            RAW,
            "s3://corpus/no",
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"},
            f"{RAW}: cannot be listed",
            "check the endpoint",
        ),
        (RAW, "s3://corpus/no", {"AWS_ENDPOINT_URL": "127.0.0.1"}, f"{RAW}: cannot be listed", "AWS_ENDPOINT_URL"),
        ("s3://corpus/empty", "s3://corpus/no", {}, "holds no file to read", "name another place"),
        (RAW, "s3://", {}, "s3:// names no place", "add a bucket"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    zhengwen: Run, buckets: Buckets, given_: str, out: str, env: dict[str, str], message: str, remedy: str
) -> None:
    before = buckets.names()
    done = zhengwen("clean", given_, "-o", out, **{**buckets.env, **env})
    assert done.returncode == 2
    assert message in said(done)[-1]
    assert remedy in said(done)[-1]
    assert len(said(done)) == 1 or "Usage" in said(done)[0]
    assert buckets.names() == before
    assert buckets.tree("no") == {}


def test_without_credentials_it_says_which_are_looked_for(zhengwen: Run, buckets: Buckets) -> None:
    env = {**buckets.env, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    done = zhengwen("clean", RAW, "-o", "s3://corpus/no", **env)
    assert done.returncode == 2
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE" in done.stderr.decode()


def test_keys_and_endpoint_can_be_fsspecs(zhengwen: Run, buckets: Buckets, tmp_path: Path) -> None:
    env = {key: "" if "KEY" in key or "URL" in key else value for key, value in buckets.env.items()}
    config = {
        "key": buckets.env["AWS_ACCESS_KEY_ID"],
        "secret": buckets.env["AWS_SECRET_ACCESS_KEY"],
        "endpoint_url": buckets.address,
    }
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "s3.json").write_text(json.dumps({"s3": config}))
    for name, more in (
        ("variables", {f"FSSPEC_S3_{key.upper()}": value for key, value in config.items()}),
        ("file", {"FSSPEC_CONFIG_DIR": str(tmp_path / "conf")}),
    ):
        done = zhengwen("-q", "clean", f"{RAW}/e.md", "-o", f"s3://corpus/{name}", **env, **more)
        assert done.returncode == 0, done.stderr.decode()
        assert "e.md" in buckets.tree(name)


def test_objects_that_cannot_be_read_are_named_and_tried_again(
    zhengwen: Run, buckets: Buckets, given: Path, tmp_path: Path
) -> None:
    data = tree(given)
    buckets.put("odd/e.md", data["e.md"])
    for name in ("/etc/strange.md", "sub//strange.md", "sub/../strange.md"):
        buckets.put(f"odd/{name}", data["e.md"])
    done = zhengwen("clean", "s3://corpus/odd", "-o", "s3://corpus/odd-clean", **buckets.env)
    assert done.returncode == 2
    assert done.stderr.decode().count("its name cannot be that of a file below a folder; give it another one") == 2
    assert outputs(fetched(buckets, "odd-clean", tmp_path / "got")) == {"e.md": data["e.md"]}
    done = zhengwen("clean", "s3://others/raw", "-o", "s3://corpus/forbidden", **buckets.env)
    assert done.returncode == 2
    assert "s3://others/raw/a.md: cannot be read" in done.stderr.decode()
    assert "check the credentials" in done.stderr.decode()
