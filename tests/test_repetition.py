"""What articles of a folder share speaks for boilerplate: a site's own line, not a repost's sentences."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhengwen.articles import KINDS, Article
from zhengwen.cleaning import Cleaner
from zhengwen.dedup.repeated import fingerprints, lines_at
from zhengwen.model import load, weighed
from zhengwen.repetition import LOG_ODDS, Repetition, count
from zhengwen.stages.segment import segment

Zhengwen = Callable[..., CompletedProcess[bytes]]

SAFE = Path(__file__).parents[1] / "samples" / "articles" / "classic" / "python-generator-repost.md"
"""An article that holds what scores 0.9 and more."""
HOUSE = "每月初七，来竹影书屋坐坐，把你的问题也带上"
"""A line that the model by itself takes for the author's."""
BODIES = (
    "茶树修剪要在霜降之前做完，晚一周，来年的春芽就少一成。剪口要斜，雨水才不会积在髓心里。",
    "水车的轴用的是槐木，三十年没换过。换轴要在枯水期，先把上游的板闸落下来。",
    "石灰窑停了以后，那条路就没人走。我去的那天，窑口长了一棵构树，果子红得像灯笼。",
    "渡船每天四班，最晚一班傍晚六点二十。错过了，就得绕十二里的公路桥。",
    "老秤是十六两制，一斤半就是二十四两。秤杆上的星，是黄铜丝一颗颗嵌进去的。",
)


def article(number: int, line: str = HOUSE) -> str:
    first, second = BODIES[number % 5], BODIES[(number + 2) % 5]
    own = f"这是第 {number} 篇里单独记下的一件事，与别的篇目无关，写于门槛上。"
    return f"# 渡口旧事之{'一二三四五六七八九十'[number]}\n\n{first}{number}\n\n{own}\n\n{second}{number}\n\n{line}\n"


def folder(where: Path, texts: list[str]) -> Path:
    where.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts):
        (where / f"{number}.md").write_text(text, encoding="utf-8")
    return where


def of(name: str, texts: list[str]) -> list[Article]:
    return [Article(f"{name}/{n}.md", text) for n, text in enumerate(texts)]


@given(st.lists(st.text("文字。🐷\U00020000a9 \n\r#[](*", max_size=40), min_size=1, max_size=5))
def test_a_line_has_the_same_hash_wherever_it_stands(texts: list[str]) -> None:
    blocks = segment(texts)
    hashes, letters, _ = lines_at(texts, blocks.bounds[:-1])
    whole = "".join(texts)
    begins = np.cumsum([0, *map(len, texts)])
    for n, at in enumerate(blocks.bounds[:-1].tolist()):
        begin = int(begins[np.searchsorted(begins, at, side="right") - 1])
        end = int(begins[np.searchsorted(begins, at, side="right")])
        start = max(begin, max(whole.rfind(c, begin, at) for c in "\n\r") + 1)
        stop = min((i for c in "\n\r" if (i := whole.find(c, at, end)) >= 0), default=end)
        (expected,), (length,), _ = fingerprints([whole[start:stop]])
        assert letters[n] == length
        assert hashes[n] == expected


def test_lines_count_within_their_folder_and_in_any_order() -> None:
    texts = [article(n) for n in range(5)]
    found = count([("site", texts[:2]), ("site", texts[2:]), ("other", texts[:2])])
    assert found.lines.keys() == {"site"}, "two articles may be a pair of reposts"
    shuffled = random.Random(1).sample(texts, 5)
    assert found.lines["site"].tolist() == count([("site", shuffled)]).lines["site"].tolist() != []
    articles = [*of("site", texts), *of("other", texts)]
    blocks = segment([a.text for a in articles])
    log_odds = found.log_odds(articles, blocks)
    last = blocks.articles[1:] - 1
    assert (log_odds[last[:5]] == LOG_ODDS).all()
    assert log_odds.sum() == pytest.approx(5 * LOG_ODDS), "no other line, no other folder"


def test_in_a_crowd_more_articles_must_carry_a_line() -> None:
    own = [f"第 {n} 篇只有这一行，说的是{chr(0x4E00 + n)}字号的仓库里第 {n} 只木箱。" for n in range(3000)]
    for carriers, repeated in ((3, 0), (4, 1)):
        texts = [f"{text}\n\n{HOUSE}" if n < carriers else text for n, text in enumerate(own)]
        assert len(count([("flat", texts)])) == repeated


@pytest.mark.parametrize(
    "line",
    ["<div class='hint info'>", "{% hint style='information' %}", "Thanks for reading, subscribe", "短行不算", "#"],
)
def test_tags_and_short_lines_say_nothing(line: str) -> None:
    texts = [article(n, line) for n in range(5)]
    articles = of("site", texts)
    assert not count([("site", texts)]).log_odds(articles, segment(texts)).any()


def test_code_and_front_matter_say_nothing() -> None:
    texts = [f"---\ntitle: {HOUSE}\n---\n\n{article(n, '')}\n```\n{HOUSE}\n```\n" for n in range(5)]
    found = count([("site", [*texts, *(article(n) for n in range(3))])])
    assert len(found) == 1
    assert not found.log_odds(of("site", texts), segment(texts)).any()


def test_a_copy_of_others_is_no_evidence() -> None:
    repost = "\n\n".join(BODIES)
    texts = [f"# 转录之{n}\n\n{repost}\n" for n in "甲乙丙丁"]
    found = count([("site", texts)])
    assert len(found) == len(BODIES)
    assert not found.log_odds(of("site", texts), segment(texts)).any()


@given(st.lists(st.floats(0, 5), min_size=1, max_size=6))
def test_more_odds_keep_what_is_said_of_the_kinds(added: list[float]) -> None:
    rng = np.random.default_rng(len(added))
    said = rng.dirichlet(np.ones(len(KINDS)), len(added)).astype(np.float32)
    found = weighed(said, np.array(added, np.float32))
    assert found.sum(1) == pytest.approx(1, abs=1e-5)
    odds = np.log((1 - found[:, 0]) / found[:, 0]) - np.log((1 - said[:, 0]) / said[:, 0])
    assert odds == pytest.approx(np.array(added), abs=1e-3)
    assert found[:, 1:] / found[:, 1:].sum(1, keepdims=True) == pytest.approx(
        said[:, 1:] / said[:, 1:].sum(1, keepdims=True), abs=1e-4
    )


def test_a_batch_is_as_its_articles_alone() -> None:
    texts = [article(n) for n in range(5)]
    articles = [*of("site", texts), Article("alone.md", article(7)), *of("other", texts[:2])]
    evidence = count([("site", texts)])
    cleaner = Cleaner(load(), evidence=evidence)
    together = cleaner.clean(articles)
    assert together == [cleaner.clean([a])[0] for a in articles]
    assert [HOUSE in c.text for c in together] == [False] * 5 + [True] * 3


def test_clean_takes_the_line_of_the_house(tmp_path: Path, zhengwen: Zhengwen) -> None:
    site = folder(tmp_path / "in" / "site", [article(n) for n in range(5)])
    folder(tmp_path / "in" / "pair", [article(n) for n in range(2)])
    assert zhengwen("clean", "in", "-o", "out", "--dedup", "off").returncode == 0
    assert zhengwen("clean", "in", "-o", "alone", "--dedup", "off", "--no-repetition").returncode == 0
    for n in range(5):
        source = (site / f"{n}.md").read_text(encoding="utf-8")
        assert HOUSE not in (tmp_path / "out" / "site" / f"{n}.md").read_text(encoding="utf-8")
        assert (tmp_path / "alone" / "site" / f"{n}.md").read_text(encoding="utf-8") == source
    assert HOUSE in (tmp_path / "out" / "pair" / "1.md").read_text(encoding="utf-8")
    assert zhengwen("clean", "out", "-o", "again", "--dedup", "off").returncode == 0
    assert (tmp_path / "again" / "site" / "1.md").read_bytes() == (tmp_path / "out" / "site" / "1.md").read_bytes()
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert (tmp_path / "back" / "site" / "1.md").read_bytes() == (site / "1.md").read_bytes()


def test_every_number_of_jobs_writes_the_same(tmp_path: Path, zhengwen: Zhengwen) -> None:
    for name in "abc":
        folder(tmp_path / "in" / name, [article(n, HOUSE.replace("初七", f"初{name}")) for n in range(6)])
    for jobs in "12":
        assert zhengwen("clean", "in", "-o", f"out{jobs}", "--dedup", "off", "--jobs", jobs).returncode == 0
    one, two = ([p.read_bytes() for p in sorted((tmp_path / f"out{j}").glob("*/*.md"))] for j in "12")
    assert one == two != [p.read_bytes() for p in sorted((tmp_path / "in").glob("*/*.md"))]


def test_check_finds_what_clean_takes(tmp_path: Path, zhengwen: Zhengwen) -> None:
    folder(tmp_path / "site", [article(n) for n in range(5)])
    found = zhengwen("check", "site", "--format", "concise")
    assert found.returncode == 1
    assert len(found.stdout.splitlines()) >= 5
    assert found.stdout == zhengwen("check", "site", "--format", "concise").stdout, "from the cache"
    diff = zhengwen("clean", "--diff", "site")
    assert diff.stdout.decode().count(f"-{HOUSE}") == 5
    assert zhengwen("check", "site", "--no-repetition").returncode == 0
    assert zhengwen("check", "site/1.md").returncode == 0, "an article alone shares nothing"
    (tmp_path / "pyproject.toml").write_text("[tool.zhengwen]\nrepetition = false\n", encoding="utf-8")
    assert zhengwen("check", "site").returncode == 0


def test_explain_says_what_the_folder_does(tmp_path: Path, zhengwen: Zhengwen) -> None:
    folder(tmp_path / "site", [article(n) for n in range(5)])
    beside = json.loads(zhengwen("explain", "site/1.md:9", "--format", "json").stdout)
    alone = json.loads(zhengwen("explain", "site/1.md:9", "--format", "json", "--no-repetition").stdout)
    (found,), (left,) = beside, alone
    assert found["removed"]
    assert not left["removed"]
    (part,) = (p for p in found["parts"] if p["name"] == "folder")
    assert part["effect"] == pytest.approx(LOG_ODDS, abs=0.01)
    assert part["score_without"] == pytest.approx(left["score"], abs=0.001)
    assert [f["excerpt"] for f in json.loads(zhengwen("explain", "site", "--format", "json").stdout)] == [HOUSE] * 5


def test_in_place_what_was_counted_before_still_counts(tmp_path: Path, zhengwen: Zhengwen) -> None:
    site = folder(tmp_path / "site", [article(n) for n in range(5)])
    assert zhengwen("clean", "site", "--in-place").returncode == 0
    assert not any(HOUSE in p.read_text(encoding="utf-8") for p in site.glob("*.md"))
    (site / "new.md").write_text(article(8), encoding="utf-8")
    assert zhengwen("check", "site").returncode == 1
    assert zhengwen("clean", "site", "--in-place").returncode == 0
    assert HOUSE not in (site / "new.md").read_text(encoding="utf-8")
    assert zhengwen("restore", "site", "-o", "back").returncode == 0
    assert (tmp_path / "back" / "1.md").read_text(encoding="utf-8") == article(1)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{".": "abc"}', b'{".": 1}', b"\xff", b'{".": "' + b"x" * 16 + b'"}']
)
def test_a_damaged_count_is_named_with_the_remedy(damage: bytes, tmp_path: Path, zhengwen: Zhengwen) -> None:
    site = folder(tmp_path / "site", [article(n) for n in range(5)])
    assert zhengwen("clean", "site", "--in-place").returncode == 0
    where = site / ".zhengwen" / "repeated.json"
    where.write_bytes(damage)
    for command in (("clean", "site", "--in-place"), ("check", "site"), ("clean", "--diff", "site")):
        failed = zhengwen(*command)
        assert failed.returncode == 2
        assert "repeated.json: damaged" in failed.stderr.decode()
        assert "delete it" in failed.stderr.decode()
    where.unlink()
    assert zhengwen("clean", "site", "--in-place").returncode == 0


def test_a_fix_heeds_it_and_remembers_it(tmp_path: Path, zhengwen: Zhengwen) -> None:
    site = folder(tmp_path / "site", [article(n) for n in range(5)])
    shutil.copy(SAFE, site)
    assert zhengwen("check", "--fix", "--no-repetition", "site").returncode == 0
    assert not (site / ".zhengwen" / "repeated.json").exists()
    shutil.copy(SAFE, site / "new.md")
    assert zhengwen("check", "--fix", "site").returncode == 1, "what scores below 0.9 is reported"
    assert (site / ".zhengwen" / "repeated.json").is_file()


def test_a_changed_neighbour_is_asked_about_again(tmp_path: Path, zhengwen: Zhengwen) -> None:
    """The cache knows what articles were asked about beside."""
    site = folder(tmp_path / "site", [article(n) for n in range(2)])
    assert zhengwen("check", "site").returncode == 0
    (site / "2.md").write_text(article(2), encoding="utf-8")
    assert zhengwen("check", "site").returncode == 1


def test_nothing_known_is_no_evidence() -> None:
    assert not len(Repetition())
    assert not Repetition().log_odds([Article("a.md", article(1))], segment([article(1)])).any()
    assert not len(count([]))
