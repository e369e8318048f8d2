"""What a user installs: the wheel holds the package and its model, and little else."""

import os
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

WHEEL = Path(os.environ.get("ZHENGWEN_WHEEL", "none"))
pytestmark = pytest.mark.skipif(not WHEEL.exists(), reason="ZHENGWEN_WHEEL names no wheel; .ci/run builds one")


def test_the_wheel_holds_the_package_and_the_model() -> None:
    names = zipfile.ZipFile(WHEEL).namelist()
    assert "zhengwen/cli/__init__.py" in names
    assert "zhengwen/models/default/card.json" in names
    assert "zhengwen/samples/labelled/blogs.jsonl" in names
    assert not [n for n in names if n.startswith(("tests", "samples", "pipeline", "models", "benchmarks"))]
    assert WHEEL.stat().st_size < 10_000_000


def test_the_packed_and_the_checked_out_model_are_the_same_files() -> None:
    packed = zipfile.ZipFile(WHEEL)
    for path in (ROOT / "models" / "default").iterdir():
        assert packed.read(f"zhengwen/models/default/{path.name}") == path.read_bytes()
