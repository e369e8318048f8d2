"""What CI services read of the repository: the hooks, the action, the recipes."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import PLAIN, ROOT, TAILED, git

from zhengwen import __version__, configuration

BIN = Path(sys.executable).parent
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def valid(schema: str, *files: Path) -> None:
    command = [BIN / "check-jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_the_hooks_are_valid() -> None:
    done = subprocess.run([BIN / "pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml"], check=False)
    assert done.returncode == 0
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()
    assert text.count("require_serial: true") == text.count("- id:") == 2


def test_the_action_is_valid() -> None:
    valid("vendor.github-actions", ROOT / "action.yml")


def test_the_actions_script_passes_arguments_as_they_are(tmp_path: Path) -> None:
    script = re.search(r"run: \|\n(        reports=.*?)(?=\n    - )", (ROOT / "action.yml").read_text(), re.DOTALL)
    assert script
    bin_ = tmp_path / "temp" / "zhengwen" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "zhengwen").symlink_to(BIN / "zhengwen")
    (tmp_path / "a b; touch forged.md").write_text(TAILED, encoding="utf-8")
    env = {
        **os.environ,
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "PATHS": "a b; touch forged.md\n",
        "ARGS": "--min-score\n0.1\n",
    }
    done = subprocess.run(["bash", "-e", "-c", script[1]], cwd=tmp_path, env=env, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(b"::warning file=a b; touch forged.md,")
    sarif = Path((tmp_path / "output").read_text().strip().removeprefix("sarif="))
    assert json.loads(sarif.read_text())["runs"][0]["results"]
    assert "promotion" in (tmp_path / "summary").read_text(encoding="utf-8")
    assert (sarif.parent / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(("heading", "schema"), [("GitLab:", "vendor.gitlab-ci")])
def test_the_recipes_are_valid(tmp_path: Path, heading: str, schema: str) -> None:
    recipe = PAGE[PAGE.index(f"\n{heading}") :].split("```yaml\n")[1].split("```")[0]
    (tmp_path / "recipe.yml").write_text(recipe)
    valid(schema, tmp_path / "recipe.yml")


def test_the_recipes_name_this_version_and_hooks_that_exist(tmp_path: Path) -> None:
    assert set(re.findall(r"v(\d+\.\d+\.\d+)\n", PAGE)) == {__version__}
    recipe = PAGE[PAGE.index("\npre-commit:") :].split("```yaml\n")[1].split("```")[0]
    (tmp_path / "config.yaml").write_text(recipe)
    done = subprocess.run([BIN / "pre-commit", "validate-config", tmp_path / "config.yaml"], check=False)
    assert done.returncode == 0
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    assert all(f"- id: {hook}\n" in hooks for hook in re.findall(r"- id: (zhengwen-\w+)", recipe))


def test_the_settings_of_the_page_are_understood(tmp_path: Path) -> None:
    text = PAGE.split("```toml\n")[1].split("```")[0]
    (tmp_path / "pyproject.toml").write_text(text)
    found = configuration.read(tmp_path / "pyproject.toml")
    assert set(found.values) | {"per-path"} == set(tomllib.loads(text)["tool"]["zhengwen"])
    listed = re.findall(r"`([a-z-]+)`", PAGE[PAGE.index("\nKeys:") :].split("; by path")[0])
    assert set(listed) == set(configuration.KEYS)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "文章"
    folder.mkdir()
    git(folder, "init")
    for name, text in (("好.md", PLAIN), ("坏 的.md", TAILED), ("a.py", "x = 1\n")):
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    return folder


def test_the_hook_that_cleans_changes_files_in_place(repository: Path) -> None:
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    entry = re.search(r"- id: zhengwen-clean\n(?:  .*\n)*?  entry: zhengwen (.+)\n", hooks)
    assert entry
    done = hook(repository, entry=entry[1])
    assert done.returncode == 1
    assert "files were modified by this hook" in done.stdout.decode()
    assert (repository / "坏 的.md").read_text(encoding="utf-8") == PLAIN
    git(repository, "add", "-u")
    assert hook(repository, entry=entry[1]).returncode == 0


def hook(repository: Path, *args: str, entry: str = "check --format concise") -> subprocess.CompletedProcess[bytes]:
    """`pre-commit run` with the hook as a local one, of this environment: no installation."""
    (repository / ".pre-commit-config.yaml").write_text(
        "repos:\n- repo: local\n  hooks:\n  - id: zhengwen-check\n    name: zhengwen check\n    language: system\n"
        f"    entry: {BIN / 'zhengwen'} {entry}\n    types_or: [markdown, plain-text]\n"
        "    require_serial: true\n"
    )
    command = [BIN / "pre-commit", "run", "--all-files", "--verbose", *args]
    return subprocess.run(command, cwd=repository, capture_output=True, check=False)


def test_pre_commit_fails_on_findings_and_heeds_excludes(repository: Path) -> None:
    done = hook(repository)
    assert done.returncode == 1
    assert "坏 的.md:" in done.stdout.decode()
    assert "好.md:" not in done.stdout.decode()
    (repository / "zhengwen.toml").write_text('exclude = ["坏*"]', encoding="utf-8")
    done = hook(repository)
    assert done.returncode == 0, done.stdout.decode()
    assert "left out by exclude" in done.stdout.decode()


@pytest.mark.slow
def test_pre_commit_installs_the_hook_from_a_clone(repository: Path, tmp_path: Path) -> None:
    """`pre-commit try-repo` installs the package and what it needs: a minute, and a package index."""
    if not os.environ.get("ZHENGWEN_SLOW"):
        pytest.skip("installs the package with its dependencies; ZHENGWEN_SLOW=1 runs it")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--no-local", ROOT, clone], check=True)
    index = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", tmp_path / "d", "click"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    if index.returncode:
        pytest.skip("no package index can be reached")
    env = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")}
    command = [BIN / "pre-commit", "try-repo", clone, "zhengwen-check", "--all-files", "--verbose"]
    done = subprocess.run(command, cwd=repository, env=env, capture_output=True, check=False, timeout=500)
    shutil.rmtree(tmp_path / "home", ignore_errors=True)
    assert done.returncode == 1, done.stdout.decode() + done.stderr.decode()
    assert "坏 的.md:" in done.stdout.decode()
    assert "promotion" in done.stdout.decode()
