"""`--since`: only articles that changed, and only findings on changed lines, in real repositories."""

import json
from pathlib import Path

import pytest
from conftest import PLAIN, TAILED, Run, git

from zhengwen.revisions import changes

TAIL = TAILED.removeprefix(PLAIN)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two articles with a tail, committed on main."""
    folder = tmp_path / "仓 库"
    folder.mkdir()
    git(folder, "init")
    (folder / "旧 文.md").write_text(TAILED, encoding="utf-8")
    (folder / "b.md").write_text(TAILED, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "x")
    return folder


def found(run: Run, repository: Path, *args: str) -> list[tuple[str, int]]:
    done = run("check", ".", "--format", "jsonl", *args, cwd=repository)
    assert done.returncode in (0, 1), done.stderr
    return [(f["path"], f["line"]) for f in map(json.loads, done.stdout.decode().splitlines())]


def test_nothing_changed_is_nothing_found(zhengwen: Run, repository: Path) -> None:
    assert zhengwen("check", ".", cwd=repository).returncode == 1
    assert zhengwen("check", ".", "--since", "HEAD", cwd=repository).returncode == 0


def test_only_findings_on_changed_lines_count(zhengwen: Run, repository: Path) -> None:
    text = TAILED.replace("混合精度训练时", "混合精度训练的时候")
    (repository / "b.md").write_text(text, encoding="utf-8")
    assert found(zhengwen, repository, "--since", "HEAD") == []
    (repository / "b.md").write_text(text.replace("全部免费", "全部都免费"), encoding="utf-8")
    assert {path for path, _ in found(zhengwen, repository, "--since", "HEAD")} == {"b.md"}


@pytest.mark.parametrize("quote", ["true", "false"])
def test_a_renamed_article_with_a_chinese_name_is_followed(zhengwen: Run, repository: Path, quote: str) -> None:
    git(repository, "config", "core.quotePath", quote)
    git(repository, "mv", "旧 文.md", '新"文.md')
    git(repository, "commit", "-m", "y")
    assert found(zhengwen, repository, "--since", "HEAD~1") == []
    with (repository / '新"文.md').open("a", encoding="utf-8") as article:
        article.write("\n长按识别下方二维码，加群领取全套面试资料，限时免费！\n")
    assert {path for path, _ in found(zhengwen, repository, "--since", "HEAD~1")} == {'新"文.md'}


def test_new_files_count_in_full_whether_git_knows_them_or_not(zhengwen: Run, repository: Path) -> None:
    for name in ("known.md", "unknown.md", "ignored.md"):
        (repository / name).write_text(TAILED, encoding="utf-8")
    (repository / ".gitignore").write_text("ignored.md\n")
    git(repository, "add", "known.md")
    assert {path for path, _ in found(zhengwen, repository, "--since", "HEAD")} == {"known.md", "unknown.md"}


def test_a_branch_answers_for_its_own_changes_only(zhengwen: Run, repository: Path) -> None:
    git(repository, "checkout", "-b", "topic")
    (repository / "mine.md").write_text(TAILED, encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-m", "mine")
    git(repository, "checkout", "main")
    (repository / "b.md").write_text(PLAIN, encoding="utf-8")
    git(repository, "commit", "-am", "main goes on")
    git(repository, "checkout", "topic")
    assert {path for path, _ in found(zhengwen, repository, "--since", "main")} == {"mine.md"}


def test_line_ends_do_not_shift_lines(zhengwen: Run, repository: Path) -> None:
    crlf = TAILED.replace("\n", "\r\n")
    (repository / "crlf.md").write_bytes(crlf.encode())
    (repository / "cr.md").write_bytes(TAILED.replace("\n", "\r").encode())
    git(repository, "-c", "core.autocrlf=false", "add", "-A")
    git(repository, "commit", "-m", "y")
    assert found(zhengwen, repository, "--since", "HEAD") == []
    (repository / "crlf.md").write_bytes(crlf.replace("混合精度", "半精度").encode())
    assert found(zhengwen, repository, "--since", "HEAD") == []
    (repository / "crlf.md").write_bytes(crlf.replace("全部免费", "全部都免费").encode())
    (repository / "cr.md").write_bytes(TAILED.replace("\n", "\r").replace("混合精度", "半精度").encode())
    assert {path for path, _ in found(zhengwen, repository, "--since", "HEAD")} == {"crlf.md", "cr.md"}


def test_lines_are_those_that_git_tells(repository: Path) -> None:
    lines = TAILED.splitlines(keepends=True)
    (repository / "b.md").write_text("".join(["new\n", *lines[:4], *lines[6:8], "x\n", "y\n", *lines[9:]]))
    (repository / "旧 文.md").chmod(0o755)
    (repository / "bin.md").write_bytes(b"\0")
    git(repository, "add", "-A")
    changed = changes(repository, "HEAD")
    assert changed.files[str(repository.resolve() / "b.md")] == ((1, 1), (8, 9))
    assert changed.files[str(repository.resolve() / "旧 文.md")] == ()
    assert changed.touch(repository / "bin.md", "x", 0, 1)


def test_from_a_folder_below_through_a_link_and_by_name(zhengwen: Run, repository: Path, tmp_path: Path) -> None:
    (repository / "sub").mkdir()
    (repository / "sub" / "c.md").write_text(TAILED, encoding="utf-8")
    assert zhengwen("check", "c.md", "--since", "HEAD", cwd=repository / "sub").returncode == 1
    (tmp_path / "link").symlink_to(repository)
    assert zhengwen("check", "link/sub/c.md", "link/b.md", "--since", "HEAD").stdout.count(b"c.md:") > 0
    assert zhengwen("check", "link/b.md", "--since", "HEAD").returncode == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--since", "nowhere"), "'nowhere' names no commit"),
        (("--since", "--output=x"), "'--output=x' names no commit"),
        (("--since", "{0}"), "'{0}' names no commit"),
        (("--since", ""), "'' names no commit"),
        (("-", "--since", "HEAD"), "nothing of standard input"),
    ],
)
def test_what_git_cannot_answer_is_an_error(zhengwen: Run, repository: Path, args: tuple[str, ...], said: str) -> None:
    done = zhengwen("check", "b.md", *args, cwd=repository)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert not (repository / "x").exists()


def test_outside_of_a_repository_is_an_error(zhengwen: Run, articles: Path) -> None:
    done = zhengwen("check", articles, "--since", "HEAD")
    assert done.returncode == 2
    assert "lies in no git repository" in done.stderr.decode()
    nogit = zhengwen("check", articles, "--since", "HEAD", PATH="/nonexistent")
    assert nogit.returncode == 2
    assert "git cannot be run" in nogit.stderr.decode()
