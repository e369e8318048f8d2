"""What a user installs: the wheel holds the package and its model, and little else."""

import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

WHEELS = sorted((ROOT / "dist").glob("*.whl"))


@pytest.mark.skipif(not WHEELS, reason="no wheel was built; .ci/run builds one")
def test_the_wheel_holds_the_package_and_the_model() -> None:
    names = zipfile.ZipFile(WHEELS[-1]).namelist()
    assert "zhengwen/cli/__init__.py" in names
    assert "zhengwen/models/default/card.json" in names
    assert not [n for n in names if n.startswith(("tests", "samples", "pipeline", "models", "benchmarks"))]
    assert WHEELS[-1].stat().st_size < 10_000_000


def test_the_packed_and_the_checked_out_model_are_the_same_files() -> None:
    if not WHEELS:
        pytest.skip("no wheel was built; .ci/run builds one")
    packed = zipfile.ZipFile(WHEELS[-1])
    for path in (ROOT / "models" / "default").iterdir():
        assert packed.read(f"zhengwen/models/default/{path.name}") == Path(path).read_bytes()
