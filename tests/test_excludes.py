"""What is left out: patterns of the user, and what git ignores, by git's own judgement."""

from pathlib import Path

import pytest
from conftest import APART, PLAIN, TAILED, Run, git
from hypothesis import given
from hypothesis import strategies as st

from zhengwen.excludes import Excludes
from zhengwen.readers import find


def fill(folder: Path, *names: str, text: str = TAILED) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def checked(run: Run, *args: object, cwd: Path) -> list[str]:
    out = run("check", "--format", "concise", *args, cwd=cwd).stdout.decode()
    return sorted({line.partition(":")[0] for line in out.splitlines()})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    fill(tmp_path, "a.md", "build/b.md", "posts/草稿/c.md", "posts/d.md")
    return tmp_path


def test_patterns_leave_out_files_and_folders(zhengwen: Run, project: Path) -> None:
    assert checked(zhengwen, ".", "--exclude", "build/", cwd=project) == ["a.md", "posts/d.md", "posts/草稿/c.md"]
    assert checked(zhengwen, ".", "--exclude", "草稿", "--exclude", "/a.md", cwd=project) == [
        "build/b.md",
        "posts/d.md",
    ]
    assert checked(zhengwen, ".", "--exclude", "posts/*", "--exclude", "!posts/d.md", cwd=project) == [
        "a.md",
        "build/b.md",
        "posts/d.md",
    ]


def test_patterns_of_a_file_count_from_its_folder(zhengwen: Run, project: Path) -> None:
    (project / "zhengwen.toml").write_text('exclude = ["/posts/d.md"]')
    assert checked(zhengwen, ".", cwd=project / "posts") == ["草稿/c.md"]
    assert checked(zhengwen, ".", "--exclude", "/草稿", cwd=project / "posts") == ["d.md"]


def test_a_path_named_one_by_one_is_left_out_too_with_a_note(zhengwen: Run, project: Path) -> None:
    done = zhengwen("check", "a.md", "build/b.md", "--exclude", "build", cwd=project)
    assert done.returncode == 1
    assert "note: build/b.md: left out by exclude; --no-exclude reads it" in done.stderr.decode()
    assert b"build" not in done.stdout
    alone = zhengwen("check", "build/b.md", "--exclude", "build", cwd=project)
    assert (alone.returncode, alone.stdout) == (0, b"")
    assert zhengwen("check", "build/b.md", "--exclude", "build", "--no-exclude", cwd=project).returncode == 1
    assert b"note" not in zhengwen("-q", "check", "build/b.md", "--exclude", "build", cwd=project).stderr
    assert zhengwen("check", "gone.md", "--exclude", "*.md", cwd=project).returncode == 2


def test_what_git_ignores_is_left_out_inside_a_repository_only(zhengwen: Run, project: Path) -> None:
    (project / ".gitignore").write_text("build/\n/posts/草稿\n", encoding="utf-8")
    every = ["a.md", "build/b.md", "posts/d.md", "posts/草稿/c.md"]
    assert checked(zhengwen, ".", cwd=project) == every
    git(project, "init")
    assert checked(zhengwen, ".", cwd=project) == ["a.md", "posts/d.md"]
    assert checked(zhengwen, "..", cwd=project / "posts") == ["../a.md", "../posts/d.md"]
    assert checked(zhengwen, "build/b.md", cwd=project) == []
    assert checked(zhengwen, ".", "--no-exclude", cwd=project) == every
    assert checked(zhengwen, ".", "--no-respect-gitignore", cwd=project) == every
    assert "left out by .gitignore" in zhengwen("check", "build", cwd=project).stderr.decode()


def test_cleaning_leaves_out_the_same(zhengwen: Run, project: Path, tmp_path: Path) -> None:
    git(project, "init")
    (project / ".gitignore").write_text("build/\nout/\n")
    args = ("a.md", "build", "posts", "-o", "out", "--exclude", "草稿")
    assert zhengwen("clean", *APART, *args, cwd=project).returncode == 0
    written = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.md"))
    assert written == ["a.md", "posts/d.md"]


NAMES = st.sampled_from(["a.md", "b.md", "x/a.md", "x/y/b.md", "x/y/z/a.md", "稿/a.md", "w/a.md", "w/x/b.md"])
RULES = st.sampled_from(
    [
        "a.md",
        "/a.md",
        "x/",
        "x",
        "*.md",
        "!a.md",
        "!b.md",
        "x/*",
        "!x/y",
        "**/y",
        "y/**",
        "稿/",
        "/x/y/",
        "# a",
        "",
        "w/x/",
    ]
)


@given(
    st.lists(NAMES, min_size=1, unique=True),
    st.lists(RULES, max_size=4),
    st.lists(RULES, max_size=3),
    st.lists(RULES, max_size=2),
)
def test_git_judges_the_same(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], top: list[str], inner: list[str], own: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init")
    fill(folder, *names, text=PLAIN)
    (folder / ".gitignore").write_text("\n".join(top), encoding="utf-8")
    (folder / ".git" / "info" / "exclude").write_text("\n".join(own), encoding="utf-8")
    if (folder / "x").is_dir():
        (folder / "x" / ".gitignore").write_text("\n".join(inner), encoding="utf-8")
    listed = git(folder, "-c", "core.excludesFile=", "ls-files", "-z", "--others", "--exclude-standard").decode()
    expected = {name for name in listed.split("\0") if name.endswith(".md")}
    found, _ = find([str(folder)], Excludes())
    assert {source.name for source in found} == expected
    excludes = Excludes()
    assert {n for n in names if not excludes.leaves_out_named(str(folder / n))} == expected
