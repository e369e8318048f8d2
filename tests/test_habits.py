"""The table of docs/ci.md that compares habits with ruff's and typos': every row, where the two are installed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PLAIN, ROOT, TAILED

BIN = Path(sys.executable).parent
ROWS: dict[str, tuple[list[str], dict[str, int]]] = {
    "nothing found": (["ok"], {"ruff": 0, "typos": 0, "zhengwen": 0}),
    "findings": (["bad"], {"ruff": 1, "typos": 2, "zhengwen": 1}),
    "a missing path": (["bad", "gone"], {"ruff": 1, "typos": 64, "zhengwen": 2}),
    "wrong option": (["--no-such", "bad"], {"ruff": 2, "typos": 64, "zhengwen": 2}),
    "settings that are not there": (["--config", "gone.toml", "bad"], {"ruff": 2, "typos": 78, "zhengwen": 2}),
    "`--exit-zero` and a missing path": (["--exit-zero", "gone"], {"ruff": 0, "zhengwen": 2}),
    "`--diff` with a change": (["--diff", "bad"], {"ruff": 1, "typos": 0, "zhengwen": 1}),
    "`-` with findings": (["-"], {"ruff": 1, "typos": 2, "zhengwen": 1}),
    "a folder without a file to read": (["empty"], {"ruff": 0, "typos": 0, "zhengwen": 2}),
    "an excluded path named one by one": (["--exclude", "bad", "bad"], {"ruff": 1, "typos": 2, "zhengwen": 0}),
}
SUFFIX = {"ruff": ".py", "typos": ".txt", "zhengwen": ".md"}
BAD = {"ruff": "import os\n", "typos": "teh recieve\n", "zhengwen": TAILED}
OK = {"ruff": "x = 1\n", "typos": "fine\n", "zhengwen": PLAIN}


def installed(tool: str) -> bool:
    return (BIN / tool).exists() or bool(shutil.which(tool))


@pytest.mark.parametrize("tool", SUFFIX)
@pytest.mark.parametrize("row", ROWS)
def test_habits(tmp_path: Path, tool: str, row: str) -> None:
    args, codes = ROWS[row]
    if tool not in codes:
        pytest.skip(f"{tool} has no such option")
    if not installed(tool):
        pytest.skip(f"{tool} is not installed, so its habit is not measured")
    suffix = SUFFIX[tool]
    (tmp_path / f"bad{suffix}").write_text(BAD[tool], encoding="utf-8")
    (tmp_path / f"ok{suffix}").write_text(OK[tool], encoding="utf-8")
    (tmp_path / "empty").mkdir()
    named = [a + suffix if a in ("bad", "ok", "gone") else a for a in args]
    program = BIN / tool if (BIN / tool).exists() else Path(str(shutil.which(tool)))
    command = [program, *([] if tool == "typos" else ["check"]), *named]
    done = subprocess.run(command, input=BAD[tool].encode(), capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == codes[tool], done.stderr
    if row == "a missing path" and tool != "typos":
        assert b"bad" in done.stdout


def test_the_table_says_what_the_tests_measure() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    table = page[page.index("| habit |") :].splitlines()[2:]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in table if line.startswith("|")]
    assert [row[0] for row in cells] == list(ROWS)
    for row in cells[:-1]:
        for tool, cell in zip(("ruff", "typos", "zhengwen"), row[1:], strict=True):
            said = re.match(r"\d+", cell)
            assert (int(said[0]) if said else None) == ROWS[row[0]][1].get(tool)
