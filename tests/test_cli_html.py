"""`zhengwen clean` and `zhengwen check` on saved pages, as the installed command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PLAIN, Run
from pages import BODY, TAIL, encoded
from test_cli_clean import tree

EMPTY = "<html><head><title>空</title></head><body><script>load()</script></body></html>"


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "page.html").write_bytes(encoded("csdn"))
    (folder / "portal.HTM").write_bytes(encoded("portal"))
    (folder / "plain.md").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "zhengwen.toml").write_text('dedup = "off"')  # the pages hold the same article
    return folder


def test_pages_become_markdown(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    done = zhengwen("clean", pages, "-o", "out")
    assert done.returncode == 0, done.stderr.decode()
    assert sorted(tree(tmp_path / "out")) == ["page.md", "plain.md", "portal.md"]
    for name in ("page.md", "portal.md"):
        text = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert all(part in text for part in BODY)
        assert not any(part in text for part in TAIL)
    assert "3 articles, 2 with passages removed" in done.stderr.decode()
    assert zhengwen("clean", "out", "-o", "again").returncode == 0
    assert tree(tmp_path / "again") == tree(tmp_path / "out")


def test_pages_stay_html_in_their_own_encoding(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    done = zhengwen("clean", pages, "-o", "out", "--to", "html")
    assert done.returncode == 0, done.stderr.decode()
    assert sorted(tree(tmp_path / "out")) == ["page.html", "plain.md", "portal.HTM"]
    before, after = encoded("portal"), (tmp_path / "out" / "portal.HTM").read_bytes()
    article = BODY[-1].encode("gb2312")
    head, rest = after.split(article)
    assert before.startswith(head + article)
    assert rest.split() == [b"</DIV></TD></TR></TABLE></BODY></html>"]
    assert not any(part.encode("gb2312") in after for part in TAIL)


def test_places_in_a_page_are_places_in_its_source(zhengwen: Run, pages: Path) -> None:
    done = zhengwen("check", pages / "page.html", "--format", "jsonl")
    assert done.returncode == 1
    source = encoded("csdn").decode()
    passages = []
    for line in done.stdout.decode().splitlines():
        found = json.loads(line)
        passage = source[found["start"] : found["end"]]
        passages.append(passage)
        assert found["line"] == source[: found["start"]].count("\n") + 1
        assert found["excerpt"].lstrip("# ![")[:4] in passage  # of a picture, what it says instead
    assert any(TAIL[0] in passage for passage in passages)


def test_a_diff_shows_the_markdown_or_the_source(zhengwen: Run, pages: Path) -> None:
    markdown = zhengwen("clean", "--diff", pages / "page.html")
    assert markdown.returncode == 1
    assert f"-{TAIL[0]}" in markdown.stdout.decode().splitlines()
    html = zhengwen("clean", "--diff", "--to", "html", pages / "page.html")
    assert html.returncode == 1
    assert f"-<p>{TAIL[0]}</p>" in html.stdout.decode().splitlines()


def test_pages_without_main_text_are_named_and_the_others_are_done(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    shells = {"empty.html": "", "bare.html": "<html></html>", "shell.html": EMPTY, "comment.html": "<!-- 正文 -->"}
    for name, source in shells.items():
        (pages / name).write_text(source, encoding="utf-8")
    done = zhengwen("clean", pages, "-o", "out")
    assert done.returncode == 2
    for name in shells:
        sentence = f"{pages / name}: shows no main text; exclude it, or keep it as it is with --to html"
        assert sentence in done.stderr.decode()
    assert sorted(tree(tmp_path / "out")) == ["page.md", "plain.md", "portal.md"]
    kept = zhengwen("clean", pages, "-o", "kept", "--to", "html")
    assert kept.returncode == 0
    assert all((tmp_path / "kept" / name).read_text(encoding="utf-8") == source for name, source in shells.items())
    assert zhengwen("check", pages / "shell.html").returncode == 0


def test_two_inputs_never_share_an_output(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    (pages / "page.md").write_text(PLAIN, encoding="utf-8")
    done = zhengwen("clean", pages, "-o", "out")
    assert done.returncode == 2
    assert "page.html: page.md would be the output of" in done.stderr.decode()
    assert (tmp_path / "out" / "page.md").read_text(encoding="utf-8") == PLAIN
    assert (tmp_path / "out" / "portal.md").exists()
    assert zhengwen("clean", pages, "-o", "html", "--to", "html").returncode == 0


def test_an_output_never_replaces_an_input(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(encoded("csdn"))
    refused = zhengwen("clean", "page.html", "-o", ".", "--overwrite", "--to", "html")
    assert refused.returncode == 2
    assert "the input page.html would be overwritten" in refused.stderr.decode()
    assert (tmp_path / "page.html").read_bytes() == encoded("csdn")
    assert zhengwen("clean", "page.html", "-o", ".", "--overwrite").returncode == 0
    assert (tmp_path / "page.html").read_bytes() == encoded("csdn")
    assert TAIL[0] not in (tmp_path / "page.md").read_text(encoding="utf-8")


def test_without_the_extractor_the_remedy_is_said_and_texts_are_done(
    zhengwen: Run, pages: Path, tmp_path: Path
) -> None:
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide" / "trafilatura.py").write_text("raise ImportError('not installed')")
    done = zhengwen("clean", pages, "-o", "out", PYTHONPATH=str(tmp_path / "hide"))
    assert done.returncode == 2
    assert "page.html: reading HTML needs trafilatura; pip install 'zhengwen[html]'" in done.stderr.decode()
    assert sorted(tree(tmp_path / "out")) == ["plain.md"]


def test_a_page_that_cannot_be_decoded_is_refused(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    (pages / "broken.html").write_bytes(b"<meta charset=big5>\xff\xff" + "正文".encode())
    done = zhengwen("clean", pages, "-o", "out")
    assert done.returncode == 2
    assert "broken.html: byte" in done.stderr.decode()
    assert (tmp_path / "out" / "page.md").exists()


def test_deep_and_hostile_pages_end_in_a_result_or_a_sentence(zhengwen: Run, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / "deep.html").write_text("<div>" * 5000 + BODY[0] + "</div>" * 5000, encoding="utf-8")
    (folder / "quotes.html").write_text('<a href="' * 5000 + BODY[0], encoding="utf-8")
    (folder / "escape.html").write_text(f"<p>{BODY[0]}\x1b[31m{BODY[1]}</p><p>{TAIL[0]}</p>", encoding="utf-8")
    done = zhengwen("clean", folder, "-o", "out")
    assert done.returncode in (0, 2)
    assert "internal error" not in done.stderr.decode()
    assert "\x1b[31m" not in done.stdout.decode() + done.stderr.decode()
    kept = zhengwen("clean", folder, "-o", "kept", "--to", "html", "--select", "notice")
    assert "internal error" not in kept.stderr.decode()
    assert tree(tmp_path / "kept").items() <= tree(folder).items()


def test_cleaning_texts_does_not_load_the_extractor(pages: Path) -> None:
    code = (
        "import sys; from zhengwen.cli import main; main(['-q', 'check', sys.argv[1]]); "
        "print([m for m in ('trafilatura', 'lxml') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, pages / "plain.md"], capture_output=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.decode().splitlines()[-1] == "[]"
