"""`zhengwen clean --in-place`: the only copy is safe."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import COMMAND, PLAIN, ROOT, TAILED, Run
from test_cli_clean import tree

from zhengwen.articles import Article
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.ledger.entries import pack
from zhengwen.ledger.store import opened
from zhengwen.model import load
from zhengwen.places import InPlace
from zhengwen.readers import find
from zhengwen.recording import Recorder, Settings

ADVERT = ROOT / "samples" / "articles" / "tutorials" / "from-manual-to-sdet.md"


def test_files_are_replaced_and_their_ledger_lies_beside(zhengwen: Run, articles: Path) -> None:
    before = tree(articles)
    done = zhengwen("clean", articles, "--in-place")
    assert done.returncode == 0, done.stderr.decode()
    assert tree(articles) == {n: PLAIN.encode() for n in ("plain.md", "tail.md", "sub/same.txt")}
    assert (articles / ".zhengwen" / "ledger.sqlite").is_file()
    assert "not done again: 3" in zhengwen("clean", articles, "--in-place").stderr.decode()
    assert zhengwen("restore", articles, "-o", articles, "--overwrite").returncode == 0
    assert tree(articles) == before


def test_unchanged_files_are_not_touched_and_modes_stay(zhengwen: Run, articles: Path) -> None:
    (articles / "tail.md").chmod(0o640)
    (articles / "sub" / "same.txt").chmod(0o444)
    plain = (articles / "plain.md").stat()
    assert zhengwen("clean", articles, "--in-place").returncode == 0
    assert (articles / "tail.md").stat().st_mode & 0o777 == 0o640
    assert (articles / "sub" / "same.txt").stat().st_mode & 0o777 == 0o444
    assert (articles / "plain.md").stat().st_ino == plain.st_ino
    assert (articles / "plain.md").stat().st_mtime_ns == plain.st_mtime_ns


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_stays(zhengwen: Run, articles: Path) -> None:
    os.chown(articles / "tail.md", 1234, 2345)
    zhengwen("clean", articles, "--in-place")
    found = (articles / "tail.md").stat()
    assert (found.st_uid, found.st_gid) == (1234, 2345)


def test_a_link_stays_a_link_and_what_it_names_is_cleaned_once(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "real.md").write_text(TAILED, encoding="utf-8")
    (articles / "link.md").symlink_to(tmp_path / "elsewhere" / "real.md")
    (articles / "again.md").symlink_to("tail.md")
    before = tree(articles)
    done = zhengwen("clean", articles, "--in-place")
    assert done.returncode == 0
    assert "tail.md: is " in done.stderr.decode()
    elsewhere = (tmp_path / "elsewhere" / "real.md").resolve()
    said = f"warning: {articles / 'link.md'}: is a link to {elsewhere}, outside of {articles}; that file is cleaned"
    assert done.stderr.decode().count("outside of") == 1
    assert said in done.stderr.decode()
    assert (articles / "link.md").is_symlink()
    assert (tmp_path / "elsewhere" / "real.md").read_text(encoding="utf-8") == PLAIN
    assert [p.name for p in (tmp_path / "elsewhere").iterdir()] == ["real.md"]
    assert zhengwen("restore", articles, "-o", "back").returncode == 0
    assert tree(tmp_path / "back").items() <= before.items()
    assert len(tree(tmp_path / "back")) == len(before) - 1


def test_another_configuration_starts_from_the_original(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    before = tree(articles)
    zhengwen("clean", articles, "--in-place")
    assert zhengwen("clean", articles, "--in-place", "--select", "notice").returncode == 0
    assert tree(articles) == before
    zhengwen("clean", articles, "--in-place", "--select", "ALL")
    zhengwen("clean", articles, "--in-place", "--select", "promotion")
    shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
    (tmp_path / "fresh").mkdir()
    for name, data in before.items():
        (tmp_path / "fresh" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "fresh" / name).write_bytes(data)
    zhengwen("clean", "fresh", "--in-place", "--select", "promotion")
    assert tree(articles) == tree(tmp_path / "fresh")
    assert zhengwen("restore", articles, "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == before


def test_a_file_changed_since_is_refused_until_told_to_take_it(zhengwen: Run, articles: Path) -> None:
    zhengwen("clean", articles, "--in-place")
    (articles / "tail.md").write_text("# 我改过\n\n" + TAILED, encoding="utf-8")
    (articles / "plain.md").write_text("# 这篇也改过\n\n" + TAILED, encoding="utf-8")
    done = zhengwen("clean", articles, "--in-place")
    assert done.returncode == 2
    assert "tail.md: changed since it was cleaned" in done.stderr.decode()
    assert (articles / "tail.md").read_text(encoding="utf-8") == "# 我改过\n\n" + TAILED
    assert (articles / "plain.md").read_text(encoding="utf-8") == "# 这篇也改过\n\n" + PLAIN
    assert zhengwen("clean", articles, "--in-place", "--overwrite").returncode == 0
    assert (articles / "tail.md").read_text(encoding="utf-8") == "# 我改过\n\n" + PLAIN


def test_more_than_most_of_an_article_does_not_go(zhengwen: Run, articles: Path) -> None:
    tail = TAILED.removeprefix(PLAIN)
    (articles / "tail.md").write_text(PLAIN[:120] + "\n" + tail * 2, encoding="utf-8")
    (articles / "advert.md").write_bytes(ADVERT.read_bytes())
    before = tree(articles)
    done = zhengwen("clean", articles, "--in-place")
    assert done.returncode == 2
    assert "tail.md: " in done.stderr.decode()
    assert "more than --max-removed 60 allows" in done.stderr.decode()
    assert tree(articles) == before | {"sub/same.txt": PLAIN.encode()}
    assert zhengwen("clean", articles, "--in-place", "--max-removed", "95").returncode == 0
    assert len(tree(articles)["tail.md"]) < len(before["tail.md"])


def test_an_advertisement_left_out_is_in_the_ledger(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (articles / "advert.md").write_bytes(ADVERT.read_bytes())
    before = tree(articles)
    assert zhengwen("clean", articles, "--in-place", "--drop-adverts").returncode == 0
    assert not (articles / "advert.md").exists()
    assert zhengwen("clean", articles, "--in-place", "--drop-adverts").returncode == 0
    assert zhengwen("restore", articles, "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == before


def powerless(*args: object, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    """The command as someone whom permissions bind, root included."""
    command = [COMMAND, *map(str, args)]
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if not setpriv:
            pytest.skip("root may write everywhere, and there is no setpriv to give that up")
        command = [setpriv, "--bounding-set", "-dac_override,-dac_read_search,-fowner", *command]  # type: ignore[list-item]
    return subprocess.run(command, capture_output=True, cwd=cwd, check=False)


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_file_in_a_folder_that_takes_no_new_files_is_written_over_with_a_warning(
    zhengwen: Run, articles: Path, tmp_path: Path
) -> None:
    before = tree(articles)
    (articles / "sub").chmod(0o555)
    done = powerless("clean", articles, "--in-place", cwd=tmp_path)
    (articles / "sub").chmod(0o755)
    assert done.returncode == 0, done.stderr.decode()
    assert "same.txt: written over, because its folder takes no new file" in done.stderr.decode()
    assert tree(articles) == {n: PLAIN.encode() for n in before}
    assert zhengwen("restore", articles, "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == before


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_file_that_may_not_be_written_at_all_stays(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    before = tree(articles)
    (articles / "sub" / "same.txt").chmod(0o444)
    (articles / "sub").chmod(0o555)
    done = powerless("clean", articles, "--in-place", cwd=tmp_path)
    assert done.returncode == 2
    assert "same.txt: cannot be replaced (Permission denied); the file is as it was" in done.stderr.decode()
    assert tree(articles) == {n: PLAIN.encode() for n in before} | {"sub/same.txt": before["sub/same.txt"]}
    (articles / "sub").chmod(0o755)
    assert zhengwen("restore", articles, "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == before


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_where_no_ledger_can_be_made_nothing_is_touched(articles: Path, tmp_path: Path) -> None:
    before = tree(articles)
    articles.chmod(0o555)
    done = powerless("clean", articles, "--in-place", cwd=tmp_path)
    articles.chmod(0o755)
    assert done.returncode == 2
    assert "the folder of the ledger cannot be made" in done.stderr.decode()
    assert tree(articles) == before


def test_a_file_half_written_over_is_mended_by_the_same_command(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    before = tree(articles)
    zhengwen("clean", articles, "--in-place")
    with opened(articles) as ledger:
        ledger.overwrite(("tail.md", ""), pack(before["tail.md"]))
    (articles / "tail.md").write_bytes(before["tail.md"][:100])
    assert zhengwen("restore", articles, "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == before
    assert zhengwen("clean", articles, "--in-place").returncode == 0
    assert tree(articles)["tail.md"] == PLAIN.encode()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("in", "--in-place", "-o", "out"), "choose one"),
        (("-", "--in-place"), "leave -o and --in-place out"),
        (("in", "--in-place", "--max-removed", "101"), "101"),
    ],
)
def test_usage_errors_touch_nothing(zhengwen: Run, articles: Path, args: tuple[str, ...], said: str) -> None:
    before = tree(articles)
    done = zhengwen("clean", *args)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert tree(articles) == before
    assert not (articles / ".zhengwen").exists()


def test_diff_shows_what_would_go_in_place_and_writes_nothing(zhengwen: Run, articles: Path) -> None:
    before = tree(articles)
    assert zhengwen("clean", articles, "--in-place", "--diff").returncode == 1
    assert tree(articles) == before
    assert not (articles / ".zhengwen").exists()


def test_a_configuration_that_cannot_read_the_articles_leaves_what_is_there(
    zhengwen: Run, articles: Path, tmp_path: Path
) -> None:
    before = tree(articles)
    zhengwen("clean", articles, "--in-place")
    cleaned = tree(articles)
    done = zhengwen("clean", articles, "--in-place", "--encoding", "ascii")
    assert done.returncode == 2
    assert "is not ascii text" in done.stderr.decode()
    assert tree(articles) == cleaned
    assert zhengwen("restore", articles, "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == before
    assert zhengwen("clean", articles, "--in-place").returncode == 0
    assert tree(articles) == cleaned


def test_a_file_saved_by_someone_else_in_the_meantime_is_left_alone(articles: Path) -> None:
    class Slow(Cleaner):
        """Takes so long that the author saves two articles."""

        def clean(self, them: Sequence[Article]) -> list[Cleaned]:
            done = Cleaner.clean(self, them)
            (articles / "tail.md").write_text(TAILED + "\n又写了一句。\n", encoding="utf-8")
            (articles / "advert.md").write_text(PLAIN, encoding="utf-8")
            return done

    (articles / "advert.md").write_bytes(ADVERT.read_bytes())
    sources, _ = find([str(articles)])
    with opened(articles, create=True) as ledger:
        run = ledger.run("m", {})
        recorder = Recorder(Slow(load()), InPlace(), ledger, run, Settings(drop_adverts=True))
        outcomes = {o.source.name: str(o.fault) for o in recorder.outcomes(sources) if o.fault}
    assert outcomes.keys() == {"tail.md", "advert.md"}
    assert all("changed while it was cleaned, so it is left alone" in said for said in outcomes.values())
    assert (articles / "tail.md").read_text(encoding="utf-8").endswith("又写了一句。\n")
    assert (articles / "advert.md").read_text(encoding="utf-8") == PLAIN
