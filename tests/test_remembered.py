"""What a user put back is never taken again: not with small changes, not when the output is cleaned itself."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import APART, TAILED, Run
from hypothesis import assume, given
from hypothesis import strategies as st
from test_cli_clean import tree

from zhengwen.articles import BOILERPLATE, Article, fingerprint, letters
from zhengwen.cleaning import Cleaner
from zhengwen.errors import KeepListError
from zhengwen.keeping import Keep
from zhengwen.keeplist import add, read_list
from zhengwen.model import load
from zhengwen.sketches import MARK, SHORTEST, mark, marks, near

MODEL = load()
OFFER = (
    "看到这里的同学，我把这几年整理的深度学习学习路线、面试题库和项目源码打包成了一份资料大礼包，全部免费分享给大家。"
)
passage = st.text(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动", min_size=40, max_size=200
)


def alike(one: str, other: str) -> bool:
    """Whether a passage is known by the mark of another one."""
    wanted = marks(frozenset([mark(one)]))
    return fingerprint(other) in wanted.exact or list(near([letters(other)], wanted, (0, 1))) == [(0, 1)]


@given(passage, st.data())
def test_a_letter_in_forty_may_change_and_the_passage_is_known(said: str, data: st.DataObject) -> None:
    changed = list(said)
    for _ in range(len(said) // 40):
        place = data.draw(st.integers(0, len(changed) - 1))
        changed[place : place + 1] = data.draw(st.sampled_from([[], ["甲"], ["乙", "丙"]]))
    assert alike(said, "".join(changed))


@given(passage, passage)
def test_other_passages_are_not_known(one: str, other: str) -> None:
    pairs = [{a + b for a, b in pairwise(t)} for t in (one, other)]
    assume(len(pairs[0] & pairs[1]) < 0.3 * len(pairs[0] | pairs[1]))
    assert not alike(one, other)


def test_setting_and_marks_do_not_count() -> None:
    assert mark(OFFER) == mark(f"**{OFFER}**  \n")


def test_short_passages_are_known_by_their_fingerprint_alone() -> None:
    short = "点赞、收藏、关注"
    assert len(letters(short)) < SHORTEST
    assert mark(short) == fingerprint(short)
    assert MARK.fullmatch(mark(OFFER))


def test_of_several_blocks_those_are_found_that_say_what_the_passage_says() -> None:
    pieces = ["前面说的是别的事情与此无关", OFFER[:30], "", OFFER[30:], "后面说的也是别的事情毫不相干"]
    wanted = marks(frozenset([mark(OFFER.replace("同学", "朋友"))]))
    assert list(near([letters(p) for p in pieces], wanted, (1, 2))) == [(1, 4)]
    assert list(near([letters(p) for p in pieces], wanted, (4, 5))) == []


def test_a_listed_passage_stays_with_small_changes_and_the_rest_goes() -> None:
    keep = Keep(frozenset([mark(OFFER)]))
    edited = TAILED.replace("这几年整理的", "这三年整理的").replace("全部免费", "统统免费")
    (cleaned,) = Cleaner(MODEL, BOILERPLATE, keep).clean([Article("a", edited)])
    assert "这三年整理的" in cleaned.text
    assert "一键三连" not in cleaned.text


@pytest.fixture
def restored(zhengwen: Run, articles: Path, tmp_path: Path) -> Path:
    """A cleaned folder, into whose tail.md its longest passage was put back."""
    assert zhengwen("clean", *APART, articles, "-o", "out").returncode == 0
    listing = zhengwen("restore", "out", "--list").stdout.decode().splitlines()
    id_ = next(line.split()[0] for line in listing if " tail.md:" in line and " promotion " in line)
    done = zhengwen("restore", "out", "--passage", id_, "--keep-list", "list")
    assert done.returncode == 0, done.stderr
    assert "大礼包" in (tmp_path / "out" / "tail.md").read_text(encoding="utf-8")
    return tmp_path / "out"


def test_what_was_put_back_stays_when_the_output_is_cleaned(zhengwen: Run, restored: Path, tmp_path: Path) -> None:
    before = tree(restored)
    assert zhengwen("clean", *APART, restored, "-o", "again").returncode == 0
    assert tree(tmp_path / "again") == before
    assert zhengwen("clean", *APART, tmp_path / "again", "-o", "third").returncode == 0
    assert tree(tmp_path / "third") == before
    assert zhengwen("clean", *APART, restored / "tail.md", "-o", "fourth").returncode == 0
    assert tree(tmp_path / "fourth")["tail.md"] == before["tail.md"]


def test_what_was_put_back_stays_after_an_edit(zhengwen: Run, restored: Path) -> None:
    path = restored / "tail.md"
    path.write_text(path.read_text(encoding="utf-8").replace("这几年", "这些年"), encoding="utf-8")
    assert zhengwen("check", restored).returncode == 0
    assert zhengwen("check", path).returncode == 0
    kept = zhengwen("check", path, "--show-kept", "--format", "jsonl").stdout.decode()
    assert "这些年" in kept
    assert zhengwen("clean", *APART, "--in-place", restored, "--overwrite").returncode == 0
    assert "这些年" in path.read_text(encoding="utf-8")


def test_the_list_that_restore_wrote_keeps_the_passage_elsewhere(zhengwen: Run, restored: Path, articles: Path) -> None:
    assert restored.is_dir()
    assert zhengwen("clean", *APART, articles, "-o", "fresh").returncode == 0
    assert zhengwen("check", articles / "tail.md").returncode == 1
    assert zhengwen("check", articles / "tail.md", "--keep-list", "list").returncode != 2
    kept = zhengwen("check", articles / "tail.md", "--keep-list", "list", "--show-kept").stdout.decode()
    assert "大礼包" in kept
    assert zhengwen("restore", "out", "--list", "--keep-list", "list").returncode == 2


def test_a_list_grows_line_by_line_and_keeps_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes("# ours\r\n7777777777777777  七\r\n\r\n# end".encode())
    assert add(path, {"5555555555555555": "五\n五", "9999999999999999": "", "7777777777777777": "again"}) == 2
    assert path.read_bytes().decode() == (
        "# ours\r\n5555555555555555  五 五\n7777777777777777  七\r\n\r\n# end\n9999999999999999\n"
    )
    assert add(path, {"5555555555555555": "五"}) == 0
    assert read_list(path) == {"5555555555555555", "7777777777777777", "9999999999999999"}


def test_a_mark_that_was_cut_off_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text(re.sub(r"\..*", "", mark(OFFER)), encoding="utf-8")
    with pytest.raises(KeepListError, match="line 1"):
        read_list(path)
