"""What an author marks or lists stays, whatever the classifier says."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import PLAIN, ROOT, TAILED, Run
from hypothesis import given
from hypothesis import strategies as st
from test_cli_clean import tree
from texts import article_text

from zhengwen.articles import BOILERPLATE, Article, fingerprint
from zhengwen.cleaning import Cleaner
from zhengwen.keeping import Keep, marks
from zhengwen.model import load
from zhengwen.stages.segment import segment

MODEL = load()
KEEP, END = "<!-- zhengwen: keep -->", "<!-- zhengwen: end -->"
TAIL = TAILED.removeprefix(PLAIN)
PLEA = "觉得文章有用的话，欢迎点赞、收藏、关注，一键三连支持一下！"


def clean(source: str, keep: Keep = Keep()) -> str:  # noqa: B008
    return Cleaner(MODEL, BOILERPLATE, keep).clean([Article("a", source)])[0].text


def marked(source: str) -> str:
    """The text that marks keep."""
    blocks = segment([source])
    flags = np.zeros(len(blocks), np.bool_)
    for first, end in marks(source, blocks):
        flags[first:end] = True
    return "".join(source[blocks.bounds[n] : blocks.bounds[n + 1]] for n in np.flatnonzero(flags))


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        (f"甲\n\n{KEEP}\n\n乙\n\n丙\n\n{END}\n\n丁\n", f"{KEEP}\n\n乙\n\n丙\n\n{END}\n"),
        (f"甲\n\n{KEEP}\n\n乙\n还是乙\n\n丙\n", f"{KEEP}\n\n乙\n还是乙\n"),
        (f"甲\n\n{KEEP}\n乙\n\n丙\n", f"{KEEP}\n乙\n"),
        (f"{KEEP}\n\n| 甲 | 乙 |\n|---|---|\n| 一 | 二 |\n\n丙\n", f"{KEEP}\n\n| 甲 | 乙 |\n|---|---|\n| 一 | 二 |\n"),
        (f"{KEEP}\n\n```\n甲\n\n乙\n```\n丙\n", f"{KEEP}\n\n```\n甲\n\n乙\n```\n"),
        (f"{KEEP}\n\n甲\n\n{KEEP}\n\n乙\n\n{END}\n\n丙\n", f"{KEEP}\n\n甲\n{KEEP}\n\n乙\n\n{END}\n"),
        (f"甲\n\n乙 {KEEP}\n还是乙\n\n丙\n", f"乙 {KEEP}\n还是乙\n"),
        (f"甲\r\n\r\n{KEEP}\r\n乙\r\n\r\n丙\r\n", f"{KEEP}\r\n乙\r\n"),
        (f"甲\n\n{END}\n\n乙\n", ""),
        (f"甲\n\n{KEEP}", KEEP),
        ("<!--zhengwen:keep-->\n甲\n\n乙", "<!--zhengwen:keep-->\n甲\n"),
        ("<!-- zhengwen: kept -->\n甲\n\n乙", ""),
    ],
)
def test_a_mark_keeps_up_to_its_end_or_the_next_block(source: str, kept: str) -> None:
    assert marked(source) == kept


def test_marked_passages_stay_and_the_others_go() -> None:
    assert clean(PLAIN + f"\n{KEEP}\n{TAIL}\n{END}\n") == PLAIN + f"\n{KEEP}\n{TAIL}\n{END}\n"
    one = clean(TAILED.replace(PLEA, f"{KEEP}\n{PLEA}"))
    assert f"{KEEP}\n{PLEA}" in one
    assert "免费领取" not in one


@given(article_text, article_text)
def test_what_stands_between_marks_is_never_cut(before: str, inside: str) -> None:
    whole = f"{KEEP}\n\n{inside}\n\n{END}\n"
    source = f"{before}\n\n{whole}"
    if f"\n{KEEP}\n" in source and marked(source).endswith(whole):
        assert clean(source).endswith(whole)


def test_listed_passages_stay_wherever_they_stand() -> None:
    listed = Keep(frozenset([fingerprint(PLEA)]))
    assert PLEA in clean(TAILED, listed)
    assert "免费领取" not in clean(TAILED, listed)
    assert PLEA in clean(f"# 另一篇\n\n{PLAIN}\n> {PLEA}\n", listed)
    assert PLEA not in clean(TAILED, Keep(frozenset(["0" * 16])))
    assert PLEA not in clean(TAILED, Keep(within={"b": listed.everywhere}))
    assert PLEA in clean(TAILED, Keep(within={"a": listed.everywhere}))


@given(st.sampled_from(sorted((ROOT / "samples" / "articles").rglob("*.*"))), st.data())
def test_any_finding_that_is_listed_stays_and_so_it_does_when_cleaned_again(path: Path, data: st.DataObject) -> None:
    source = path.read_bytes().decode()
    cleaned = Cleaner(MODEL, BOILERPLATE).clean([Article("a", source)])[0]
    if cleaned.findings and not cleaned.advert:
        found = data.draw(st.sampled_from(cleaned.findings))
        keep = Keep(frozenset([fingerprint(source[found.start : found.end])]))
        kept = clean(source, keep)
        assert source[found.start : found.end].split()[0] in kept
        assert clean(kept, keep) == kept


def test_the_list_beside_the_inputs_is_found_and_another_can_be_named(
    zhengwen: Run, articles: Path, tmp_path: Path
) -> None:
    found = zhengwen("check", articles / "tail.md", "--format", "jsonl").stdout.decode().splitlines()
    mark = json.loads(found[0])["fingerprint"]
    (articles / ".zhengwen-keep").write_text(f"# 我们自己的\n\n{mark}  学习资料\n", encoding="utf-8")
    assert zhengwen("check", articles).returncode == 0
    assert zhengwen("clean", articles, "-o", "out").returncode == 0
    assert tree(tmp_path / "out")["tail.md"] == TAILED.encode()
    (tmp_path / "none").write_text("")
    assert zhengwen("clean", articles, "-o", "out", "--keep-list", "none").returncode == 0
    assert tree(tmp_path / "out")["tail.md"] == PLAIN.encode()
    assert zhengwen("check", articles / "tail.md").returncode == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"554bc1c376cf8d0\n", "line 1: '554bc1c376cf8d0' is not a fingerprint"),
        (b"\xff\xfe", "not UTF-8"),
        (None, "No such"),
    ],
)
def test_a_list_that_cannot_be_read_stops_the_run(
    zhengwen: Run, articles: Path, tmp_path: Path, data: bytes | None, said: str
) -> None:
    if data is not None:
        (tmp_path / "list").write_bytes(data)
    done = zhengwen("clean", articles, "-o", "out", "--keep-list", "list")
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert not (tmp_path / "out").exists()


def test_an_advertisement_with_a_mark_is_not_left_out(zhengwen: Run, tmp_path: Path) -> None:
    advert = (ROOT / "samples" / "articles" / "tutorials" / "from-manual-to-sdet.md").read_text(encoding="utf-8")
    (tmp_path / "a.md").write_text(f"{advert}\n\n{KEEP}\n", encoding="utf-8")
    assert zhengwen("clean", "a.md", "-o", "out", "--drop-adverts").returncode == 0
    assert list(tree(tmp_path / "out")) == ["a.md"]
