"""Pages and the ledger: every page comes back byte for byte, and so does a single passage of one."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from conftest import PLAIN, Run
from hypothesis import given
from hypothesis import strategies as st
from pages import BODY, STYLES, TAIL, encoded
from test_cli_clean import tree
from test_html import markup, page_of
from test_restore import listed

from zhengwen.articles import Finding
from zhengwen.cleaning import Cleaned
from zhengwen.forms import HTML, MARKDOWN, form_of
from zhengwen.forms.html.edit import remaining
from zhengwen.ledger.entries import itemise, less, rebuild


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for style in STYLES:
        (folder / "sub" / f"{style}.html").write_bytes(encoded(style))
    (folder / "plain.md").write_text(PLAIN, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "how", [("-o", "out"), ("-o", "out", "--to", "html"), ("--in-place",), ("-o", "out", "--to-encoding", "gb18030")]
)
def test_every_page_comes_back_byte_for_byte(zhengwen: Run, pages: Path, tmp_path: Path, how: tuple[str, ...]) -> None:
    before = tree(pages)
    done = zhengwen("clean", pages, *how, "--select", "ALL")
    assert done.returncode == 0, done.stderr.decode()
    folder = pages if how == ("--in-place",) else tmp_path / "out"
    assert not any(part.encode(e) in data for part in TAIL for e in ("utf-8", "gbk") for data in tree(folder).values())
    again = zhengwen("clean", pages, *how, "--select", "ALL")
    assert f"not done again: {len(before)}" in again.stderr.decode()
    assert zhengwen("restore", folder, "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == before


def test_in_its_place_a_page_stays_a_page(zhengwen: Run, pages: Path) -> None:
    names = set(tree(pages))
    refused = zhengwen("clean", pages, "--in-place", "--to", "markdown")
    assert refused.returncode == 2
    assert "in its place a page stays a page" in refused.stderr.decode()
    assert zhengwen("clean", pages, "--in-place").returncode == 0
    assert set(tree(pages)) == names
    assert tree(pages)["sub/portal.html"].startswith(encoded("portal")[:200])


def test_what_was_markdown_becomes_html_in_the_same_folder(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    zhengwen("clean", pages, "-o", "out")
    assert zhengwen("clean", pages, "-o", "out", "--to", "html").returncode == 0
    zhengwen("clean", pages, "-o", "fresh", "--to", "html")
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == tree(pages)


def test_a_page_without_main_text_is_in_the_ledger(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    (pages / "empty.html").write_text("<html><script>load()</script></html>")
    assert zhengwen("clean", pages, "-o", "out").returncode == 2
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == tree(pages)


def test_a_page_written_as_html_keeps_the_encoding_that_it_names(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    done = zhengwen("clean", pages, "-o", "out", "--to", "html", "--to-encoding", "utf-8")
    assert done.returncode == 2
    said = "portal.html: a page names its encoding itself and stays in gb18030; leave --to-encoding out"
    assert said in done.stderr.decode()
    assert "sub/portal.html" not in tree(tmp_path / "out")
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == tree(pages)


def test_the_encoding_of_a_page_can_be_forced(zhengwen: Run, tmp_path: Path) -> None:
    source = STYLES["csdn"].replace('<meta charset="utf-8">', "")
    (tmp_path / "a.html").write_bytes(source.encode("utf-16-le"))
    assert zhengwen("check", "a.html").returncode == 2
    assert zhengwen("clean", "a.html", "-o", "out", "--encoding", "utf-16-le").returncode == 0
    assert BODY[0] in (tmp_path / "out" / "a.md").read_text(encoding="utf-8")


def test_passages_of_a_page_stand_in_the_ledger_as_check_reports_them(
    zhengwen: Run, pages: Path, tmp_path: Path
) -> None:
    page = pages / "sub" / "csdn.html"
    found = [json.loads(line) for line in zhengwen("check", page, "--format", "jsonl").stdout.splitlines()]
    for to in (MARKDOWN, HTML):
        zhengwen("clean", page, "-o", to, "--to", to)
        with sqlite3.connect(tmp_path / to / ".zhengwen" / "ledger.sqlite") as database:
            query = 'SELECT "start", "end", kind, fingerprint FROM passages WHERE kind != "" ORDER BY "start"'
            rows = database.execute(query).fetchall()
        database.close()
        assert rows == [(f["start"], f["end"], f["kind"], f["fingerprint"]) for f in found]
        assert TAIL[0][:10] in zhengwen("restore", to, "--list").stdout.decode()


def test_a_passage_goes_back_into_a_page_and_stays(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    page = pages / "sub" / "zhihu.html"
    zhengwen("clean", page, "-o", "out", "--to", "html", "--select", "ALL")
    found = listed(zhengwen, "out")
    plea = next(id_ for id_, line in found if "engagement" in line)
    assert zhengwen("restore", "out", "--passage", plea).returncode == 0
    after = (tmp_path / "out" / "zhihu.html").read_text(encoding="utf-8")
    assert f'<p data-pid="y">{TAIL[1]}</p>' in after
    zhengwen("clean", page, "-o", "out", "--to", "html", "--select", "ALL", "--max-removed", "99")
    assert (tmp_path / "out" / "zhihu.html").read_text(encoding="utf-8") == after
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert (tmp_path / "back" / "zhihu.html").read_bytes() == page.read_bytes()


def test_all_passages_put_back_are_the_page(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    zhengwen("clean", pages, "-o", "out", "--to", "html", "--select", "ALL")
    for passage, _ in listed(zhengwen, "out"):
        assert zhengwen("restore", "out", "--passage", passage).returncode == 0
    assert tree(tmp_path / "out") == tree(pages)


def test_no_passage_goes_back_into_markdown_that_was_a_page(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    zhengwen("clean", pages, "-o", "out")
    before = tree(tmp_path / "out")
    done = zhengwen("restore", "out", "--passage", listed(zhengwen, "out")[0][0])
    assert done.returncode == 2
    assert "into which no passage is put back; list its fingerprint in a keep-list" in done.stderr.decode()
    assert tree(tmp_path / "out") == before


def test_an_author_keeps_a_passage_of_a_page(zhengwen: Run, tmp_path: Path) -> None:
    page = STYLES["csdn"].replace(f"<p>{TAIL[1]}</p>", f"<!-- zhengwen: keep -->\n<p>{TAIL[1]}</p>")
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    for to, name in ((HTML, "a.html"), (MARKDOWN, "a.md")):
        assert zhengwen("clean", "a.html", "-o", to, "--to", to).returncode == 0
        cleaned = (tmp_path / to / name).read_text(encoding="utf-8")
        assert TAIL[1] in cleaned
        assert TAIL[0] not in cleaned


def test_a_folder_of_cleaned_pages_is_deduplicated_as_it_is(zhengwen: Run, pages: Path, tmp_path: Path) -> None:
    shutil.copy(pages / "sub" / "csdn.html", pages / "copy.html")
    done = zhengwen("dedup", pages, "-o", "kept", "--dedup", "exact")
    assert done.returncode == 0, done.stderr.decode()
    kept = tree(tmp_path / "kept")
    assert kept.items() <= tree(pages).items()
    assert ("copy.html" in kept) != ("sub/csdn.html" in kept)


@given(markup, st.lists(st.integers(0, 200), max_size=8), st.data())
def test_passages_of_any_page_go_back_one_by_one(source: str, places: list[int], data: st.DataObject) -> None:
    page = page_of(source)
    ends = sorted({min(p, len(page.text)) for p in places})
    spans = tuple(zip(ends[::2], ends[1::2], strict=False))
    cleaned = Cleaned(page, tuple(Finding(a, b, "promotion", 0.5) for a, b in spans), spans, False)
    edit = form_of("a.html").edit(cleaned, "a.html", HTML)
    passages, cuts = itemise(cleaned, ("a.html", ""), edit)
    assert rebuild(edit.after, cuts) == source
    assert less(source, cuts) == edit.after
    assert {c.passage for c in cuts} == {p.id for p in passages}
    every = [(c.start, c.start + len(c.text)) for c in cuts]
    assert remaining(source, every, []) == []
    others = [s for s in every if data.draw(st.booleans())]
    left = remaining(source, every, others)
    assert all(any(a <= start and end <= b for a, b in edit.gone) for start, end in left)
