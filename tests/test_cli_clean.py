"""`zhengwen clean`, as installed."""

import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import APART, COMMAND, PLAIN, ROOT, TAILED, Run


def tree(folder: Path) -> dict[str, bytes]:
    """All files but the ledger."""
    found = (p for p in folder.rglob("*") if p.is_file() and ".zhengwen" not in p.parts)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def test_a_folder_in_the_same_folder_cleaned_out(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    done = zhengwen("clean", *APART, articles, "-o", "out")
    assert done.returncode == 0
    assert done.stdout == b""
    assert tree(tmp_path / "out") == {n: PLAIN.encode() for n in ("plain.md", "tail.md", "sub/same.txt")}
    said = done.stderr.decode()
    assert "3 articles, 2 with passages removed" in said
    assert "promotion" in said
    assert "characters" in said


def test_bytes_that_stay_are_the_inputs_bytes(zhengwen: Run, tmp_path: Path) -> None:
    source = ("\ufeff" + TAILED).replace("\n", "\r\n").encode()
    (tmp_path / "a.md").write_bytes(source)
    assert zhengwen("clean", "a.md", "-o", "out").returncode == 0
    cleaned = (tmp_path / "out" / "a.md").read_bytes()
    assert source.startswith(cleaned)
    assert len(cleaned) < len(source)


def test_two_runs_and_any_order_of_files_give_the_same_bytes(zhengwen: Run, tmp_path: Path) -> None:
    samples = ROOT / "samples" / "articles"
    zhengwen("clean", samples, "-o", "one")
    zhengwen("clean", samples, "-o", "two")
    folders = sorted(samples.iterdir(), reverse=True)
    zhengwen("clean", *folders, "-o", "three")
    assert tree(tmp_path / "one") == tree(tmp_path / "two") == tree(tmp_path / "three")
    assert len(tree(tmp_path / "one")) >= 40


def test_diff_shows_and_writes_nothing(zhengwen: Run, articles: Path) -> None:
    before = tree(articles)
    done = zhengwen("clean", "--diff", articles)
    assert done.returncode == 1
    assert "-扫描下方二维码" in done.stdout.decode()
    assert not any(line.startswith("+") and not line.startswith("+++") for line in done.stdout.decode().splitlines())
    assert tree(articles) == before
    assert zhengwen("clean", "--diff", articles / "plain.md").returncode == 0


def test_standard_input_to_standard_output(zhengwen: Run) -> None:
    done = zhengwen("clean", "-", stdin=TAILED.encode())
    assert (done.returncode, done.stdout.decode()) == (0, PLAIN)


def test_selected_kinds_alone_go(zhengwen: Run) -> None:
    kept = zhengwen("clean", "-", "--select", "notice,navigation", stdin=TAILED.encode())
    assert kept.stdout.decode() == TAILED
    gone = zhengwen("clean", "-", "--select", "promotion", stdin=TAILED.encode())
    assert "免费领取" not in gone.stdout.decode()


def test_whole_advertisements_are_kept_and_named_or_left_out(zhengwen: Run, tmp_path: Path) -> None:
    advert = ROOT / "samples" / "articles" / "tutorials" / "from-manual-to-sdet.md"
    shutil.copy(advert, tmp_path / "advert.md")
    kept = zhengwen("clean", "advert.md", "-o", "kept")
    assert kept.returncode == 0
    assert "advert.md: an advertisement as a whole, kept as it is" in kept.stderr.decode()
    assert (tmp_path / "kept" / "advert.md").read_bytes() == advert.read_bytes()
    dropped = zhengwen("clean", "advert.md", "-o", "dropped", "--drop-adverts")
    assert dropped.returncode == 0
    assert tree(tmp_path / "dropped") == {}


def test_quiet_says_nothing(zhengwen: Run, articles: Path) -> None:
    done = zhengwen("-q", "clean", articles, "-o", "out")
    assert (done.stdout, done.stderr) == (b"", b"")


@pytest.mark.parametrize("where", ["in/out", "in", "in/sub/deep/out"])
def test_an_output_inside_the_input_is_refused(zhengwen: Run, articles: Path, where: str) -> None:
    before = tree(articles)
    done = zhengwen("clean", "in", "-o", where)
    assert done.returncode == 2
    assert "inside the input" in done.stderr.decode()
    assert tree(articles) == before


def test_an_input_is_never_overwritten(zhengwen: Run, articles: Path) -> None:
    before = tree(articles)
    done = zhengwen("clean", articles / "tail.md", articles / "plain.md", "-o", articles, "--overwrite")
    assert done.returncode == 2
    assert "would be overwritten" in done.stderr.decode()
    assert tree(articles) == before


def test_an_output_that_exists_is_refused_unless_told_to_overwrite(
    zhengwen: Run, articles: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "tail.md").write_text("mine")
    refused = zhengwen("clean", *APART, articles, "-o", out)
    assert refused.returncode == 2
    assert "not empty" in refused.stderr.decode()
    assert tree(out) == {"tail.md": b"mine"}
    assert zhengwen("clean", *APART, articles, "-o", out, "--overwrite").returncode == 0
    assert tree(out)["tail.md"] == PLAIN.encode()


def test_an_output_that_is_a_file_is_refused(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    done = zhengwen("clean", articles, "-o", "out")
    assert done.returncode == 2
    assert "is a file" in done.stderr.decode()
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "name the files or folders"),
        (("in",), "-o FOLDER"),
        (("in", "-", "-o", "x"), "standard input"),
        (("-", "-o", "x"), "standard output"),
        (("in", "-o", "x", "--select", "adverts"), "unknown kind 'adverts'"),
        (("in", "-o", "x", "--select", ""), "name a kind"),
        (("in", "-o", "x", "--model", "in"), "not a model folder"),
        (("in", "-o", "x", "--model", "nowhere"), "no model folder"),
        (("in", "-o", "x", "--nonsense"), "No such option"),
    ],
)
def test_usage_errors_write_nothing(
    zhengwen: Run, articles: Path, tmp_path: Path, args: tuple[str, ...], said: str
) -> None:
    done = zhengwen("clean", *args)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert done.stdout == b""
    assert [p.name for p in tmp_path.iterdir()] == [articles.name]


def test_an_input_reached_through_a_link_or_another_name_is_never_overwritten(zhengwen: Run, tmp_path: Path) -> None:
    for name in ("in/a.md", "in/in/a.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(TAILED + name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "in").symlink_to(tmp_path / "in" / "in")
    before = tree(tmp_path / "in")
    for out in ("out", "."):
        done = zhengwen("clean", "in", "-o", out, "--overwrite")
        assert done.returncode == 2
        assert "would be overwritten" in done.stderr.decode()
    assert tree(tmp_path / "in") == before


def test_diff_shows_an_advertisement_that_would_be_left_out(zhengwen: Run) -> None:
    advert = ROOT / "samples" / "articles" / "tutorials" / "from-manual-to-sdet.md"
    assert zhengwen("clean", "--diff", advert).returncode == 0
    done = zhengwen("clean", "--diff", "--drop-adverts", advert)
    assert done.returncode == 1
    assert "left out" in done.stdout.decode()


def test_interrupted_it_says_so_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for n in range(2000):
        (many / f"{n:04}.md").write_text(TAILED * 3)
    run = subprocess.Popen([COMMAND, "clean", many, "-o", tmp_path / "out"], stderr=subprocess.PIPE)
    while not list((tmp_path / "out").glob("*.md")):
        assert run.poll() is None
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert b"interrupted" in said
    assert b"Traceback" not in said
    done = tree(tmp_path / "out")
    assert 0 < len(done) < 2000
    assert all(name.endswith(".md") and not name.startswith(".") for name in done)
    assert len(set(done.values())) == 1
