"""Settings: found, checked, in order of precedence, by path, shown."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import APART, PLAIN, ROOT, TAILED, Run

from zhengwen import configuration
from zhengwen.cli.check import command as check
from zhengwen.cli.clean import command as clean
from zhengwen.cli.config import command as config
from zhengwen.cli.configured import parameter
from zhengwen.errors import ConfigurationError
from zhengwen.reports.formats import FORMATS

KINDS_OF_SAMPLE = {"promotion", "engagement", "navigation"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project with an article that holds promotion and engagement, in two folders."""
    sample = ROOT / "samples" / "articles" / "security" / "fan-noise-repost.md"
    for name in ("posts", "ads"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.md").write_bytes(sample.read_bytes())
    return tmp_path


def kinds(run: Run, *args: object, **env: str) -> set[str]:
    out = run("check", *args, "--format", "jsonl", **env).stdout.decode().splitlines()
    return {json.loads(line)["kind"] for line in out}


def test_a_file_is_found_from_the_inputs_common_parent_upward(zhengwen: Run, tree: Path) -> None:
    (tree / "zhengwen.toml").write_text('select = ["engagement"]')
    (tree / "ads" / "pyproject.toml").write_text('[tool.zhengwen]\nselect = "promotion"')
    assert kinds(zhengwen, "posts") == {"engagement"}
    assert kinds(zhengwen, "ads") == {"promotion"}
    assert kinds(zhengwen, "ads/a.md") == {"promotion"}
    assert kinds(zhengwen, "ads", "posts") == {"engagement"}
    assert kinds(zhengwen, "../ads/a.md", cwd=tree / "posts") == {"promotion"}
    assert kinds(zhengwen, "posts", "--no-config") == KINDS_OF_SAMPLE
    assert kinds(zhengwen, "posts", "--config", "ads/pyproject.toml") == {"promotion"}


def test_a_pyproject_without_a_table_is_none_of_ours(zhengwen: Run, tree: Path) -> None:
    (tree / "zhengwen.toml").write_text('select = ["engagement"]')
    (tree / "posts" / "pyproject.toml").write_text('[project]\ndependencies = ["zhengwen"]\n')
    assert kinds(zhengwen, "posts") == {"engagement"}
    (tree / "posts" / "pyproject.toml").write_text("this is not [ TOML")
    assert kinds(zhengwen, "posts") == {"engagement"}


def test_the_command_line_beats_the_environment_beats_the_file_beats_the_default(zhengwen: Run, tree: Path) -> None:
    assert kinds(zhengwen, "posts") == KINDS_OF_SAMPLE
    (tree / "zhengwen.toml").write_text('select = ["engagement"]')
    assert kinds(zhengwen, "posts") == {"engagement"}
    assert kinds(zhengwen, "posts", ZHENGWEN_SELECT="promotion") == {"promotion"}
    assert kinds(zhengwen, "posts", "--select", "engagement", ZHENGWEN_SELECT="promotion") == {"engagement"}


def test_settings_by_path_hold_unless_the_command_line_speaks(zhengwen: Run, tree: Path) -> None:
    (tree / "zhengwen.toml").write_text(
        'min-score = 0.0\n[[per-path]]\npaths = ["ads/"]\nignore = ["promotion"]\n'
        '[[per-path]]\npaths = ["posts/*.md", "!posts/b.md"]\nmin-score = 1\n'
    )
    assert kinds(zhengwen, "ads") == {"engagement", "navigation"}
    assert kinds(zhengwen, "posts") == set()
    assert kinds(zhengwen, "posts", "--min-score", "0.1") == KINDS_OF_SAMPLE
    assert kinds(zhengwen, "ads", ZHENGWEN_IGNORE="engagement") == {"promotion", "navigation"}
    (tree / "posts" / "a.md").rename(tree / "posts" / "b.md")
    assert kinds(zhengwen, "posts") == KINDS_OF_SAMPLE


def test_cleaning_heeds_settings_by_path_as_checking_does(zhengwen: Run, tree: Path) -> None:
    (tree / "zhengwen.toml").write_text('[[per-path]]\npaths = ["ads/"]\nignore = ["ALL"]\n')
    assert zhengwen("clean", *APART, "ads", "posts", "-o", "out").returncode == 0
    assert (tree / "out" / "ads" / "a.md").read_bytes() == (tree / "ads" / "a.md").read_bytes()
    assert len((tree / "out" / "posts" / "a.md").read_bytes()) < len((tree / "posts" / "a.md").read_bytes())
    assert kinds(zhengwen, "ads") == set()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('selct = ["promotion"]', "unknown key 'selct'; did you mean 'select'?"),
        ("min_score = 0.5", "unknown key 'min_score'; did you mean 'min-score'?"),
        ("nonsense = 1", "the keys are select, ignore"),
        ('min-score = "high"', "min-score must be a number between 0 and 1, not 'high'"),
        ("min-score = 2", "min-score must be a number between 0 and 1, not 2"),
        ("min-score = true", "min-score must be a number between 0 and 1, not True"),
        ('select = ["promotions"]', "'promotions': did you mean 'promotion'?"),
        ("select = 3", "select must be a list of"),
        ('format = "xml"', "format must be one of full, concise"),
        ("drop-adverts = 1", "drop-adverts must be true or false, not 1"),
        ("similarity = 0.4", "similarity must be a number between 0.5 and 1, not 0.4"),
        ("max-removed = 101", "max-removed must be a number between 0 and 100, not 101"),
        ("dedup = 'some'", "dedup must be one of near, exact, off, not 'some'"),
        ("encoding = 'utf-7'", "encoding must be an encoding of text"),
        ("model = ''", "model must be a path, not ''"),
        ("per-path = 3", "per-path must be an array of tables"),
        ("[[per-path]]\nignore = ['notice']", "per-path 1: says no paths"),
        ("[[per-path]]\npaths = 'a'", "paths must be a list of patterns"),
        ("[[per-path]]\npaths = ['a']\nformat = 'json'", "per-path 1: unknown key 'format'"),
        ("select = [", "is not TOML"),
    ],
)
@pytest.mark.parametrize("name", ["zhengwen.toml", "pyproject.toml"])
def test_settings_that_say_nothing_understood_are_refused(tmp_path: Path, name: str, settings: str, said: str) -> None:
    table = settings.replace("[[per-path]]", "[[tool.zhengwen.per-path]]") if name == "pyproject.toml" else settings
    path = tmp_path / name
    path.write_text(("[tool.zhengwen]\n" if name == "pyproject.toml" else "") + table)
    with pytest.raises(ConfigurationError) as refused:
        configuration.read(path)
    assert str(path) in str(refused.value)
    assert said in str(refused.value)


def test_every_format_and_option_can_be_set(tmp_path: Path) -> None:
    for form in FORMATS:
        (tmp_path / "zhengwen.toml").write_text(f'format = "{form}"')
        assert configuration.read(tmp_path / "zhengwen.toml").values == {"format": form}
    options = {param.name for command in (check, clean, config) for param in command.params}
    assert {parameter(key) for key in configuration.KEYS} <= options
    assert {parameter(key) for key in configuration.KEYS} <= {param.name for param in config.params}


@pytest.mark.parametrize("command", [("check", "a.md"), ("clean", "a.md", "-o", "out"), ("config",)])
def test_bad_settings_are_no_finding(zhengwen: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "a.md").write_text(TAILED, encoding="utf-8")
    (tmp_path / "zhengwen.toml").write_text("selct = []")
    done = zhengwen(*command)
    assert done.returncode == 2
    assert "did you mean 'select'?" in done.stderr.decode()
    assert done.stdout == b""
    assert not (tmp_path / "out").exists()
    assert zhengwen(command[0], "--help").returncode == 0
    assert zhengwen(*command, "--no-config").returncode != 2


def test_a_bad_value_in_the_environment_names_the_variable(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(PLAIN, encoding="utf-8")
    done = zhengwen("check", "a.md", ZHENGWEN_MIN_SCORE="much")
    assert done.returncode == 2
    assert "ZHENGWEN_MIN_SCORE" in done.stderr.decode()
    assert zhengwen("check", "a.md", "--config", "gone.toml").returncode == 2


def test_config_shows_what_is_in_force_and_where_it_comes_from(zhengwen: Run, tree: Path) -> None:
    file = tree / "zhengwen.toml"
    file.write_text('select = ["promotion"]\nmodel = "mine"\n[[per-path]]\npaths = ["ads/"]\nmin-score = 0.9\n')
    done = zhengwen("config", "posts", "--ignore", "notice", ZHENGWEN_MIN_SCORE="0.5")
    assert done.returncode == 0
    told = done.stdout.decode()
    values = tomllib.loads(told)
    assert values["select"] == ["promotion"]
    assert values["ignore"] == ["notice"]
    assert values["min-score"] == 0.5
    assert values["model"] == str(tree / "mine")
    assert values["format"] == "full"
    assert values["per-path"] == [{"paths": ["ads/"], "min-score": 0.9}]
    where = {line.split(" = ")[0]: line.rpartition("  # ")[2] for line in told.splitlines() if "  # " in line}
    assert (where["select"], where["model"]) == (str(file), str(file))
    assert (where["ignore"], where["min-score"], where["format"]) == ("command line", "ZHENGWEN_MIN_SCORE", "default")


def test_what_config_shows_can_be_read_again(zhengwen: Run, tree: Path) -> None:
    (tree / "zhengwen.toml").write_text('ignore = ["engagement"]\n[[per-path]]\npaths = ["ads/"]\nmin-score = 0.9\n')
    shown = zhengwen("config").stdout
    (tree / "zhengwen.toml").write_bytes(shown)
    again = zhengwen("config").stdout.decode()
    assert tomllib.loads(again) == tomllib.loads(shown.decode())


def test_without_a_file_no_parser_of_toml_and_no_patterns_are_imported(articles: Path) -> None:
    code = (
        "import sys; from zhengwen.cli import main; main(['-q', 'check', sys.argv[1]]);"
        "print([m for m in ('tomllib', 'pathspec') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, articles], capture_output=True, check=True, cwd=articles)
    assert done.stdout.decode().splitlines()[-1] == "[]"


def test_cleaning_heeds_its_own_keys(zhengwen: Run, tree: Path) -> None:
    (tree / "zhengwen.toml").write_text('dedup = "off"\nmax-removed = 0\nencoding = "utf-8"\nkeep-list = "kept"\n')
    (tree / "kept").touch()
    done = zhengwen("clean", "ads", "posts", "-o", "out")
    assert done.returncode == 2
    assert "more than --max-removed 0 allows" in done.stderr.decode()
    assert zhengwen("clean", "ads", "posts", "-o", "out", "--max-removed", "100").returncode == 0
    assert sorted(p.parent.name for p in (tree / "out").rglob("a.md")) == ["ads", "posts"]
    (tree / "zhengwen.toml").write_text('dedup = "near"\n')
    assert zhengwen("clean", "ads", "posts", "-o", "one").returncode == 0
    assert len(list((tree / "one").rglob("a.md"))) == 1
    assert zhengwen("clean", "posts", "--in-place").returncode == 0
    assert zhengwen("clean", "ads", "--in-place", "--dedup", "near").returncode == 2


def test_a_changed_setting_by_path_cleans_anew(zhengwen: Run, tree: Path) -> None:
    before = (tree / "posts" / "a.md").read_bytes()
    zhengwen("clean", "posts", "--in-place")
    cleaned = (tree / "posts" / "a.md").read_bytes()
    assert cleaned != before
    (tree / "zhengwen.toml").write_text('[[per-path]]\npaths = ["posts/"]\nignore = ["ALL"]\n')
    assert zhengwen("clean", "posts", "--in-place").returncode == 0
    assert (tree / "posts" / "a.md").read_bytes() == before
    assert "not done again: 1" in zhengwen("clean", "posts", "--in-place").stderr.decode()
    (tree / "zhengwen.toml").unlink()
    assert zhengwen("clean", "posts", "--in-place").returncode == 0
    assert (tree / "posts" / "a.md").read_bytes() == cleaned
