"""``zhengwen report``: what is in the page, without a browser."""

import base64
import hashlib
import json
import random
import re
import shutil
import sqlite3
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from browsing import articles as read
from browsing import told
from conftest import APART, COMMAND, PLAIN, ROOT, TAILED, Run
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import TAIL, wechat

from zhengwen.articles import BOILERPLATE
from zhengwen.reports.page.document import Document, Settings, embedded
from zhengwen.reports.page.shown import Mark, Shown, site, title

SAMPLES = ROOT / "samples" / "articles"
OFFER = (
    "看到这里的同学，我把这几年整理的深度学习学习路线、面试题库和项目源码打包成了一份资料大礼包，全部免费分享给大家。"
)

NOTICE = "版权声明：此文归灯下夜谈编辑部所有，如要刊用，先写信给我们，并注明作者与发表日期，谢谢配合。"
ADVERT = SAMPLES / "tutorials" / "from-manual-to-sdet.md"


def command(cwd: Path, *args: str, code: int = 0) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([COMMAND, *args], cwd=cwd, capture_output=True, check=False)
    assert done.returncode == code, done.stderr.decode()
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``in``, what can become of articles, cleaned into ``out``."""
    where = tmp_path_factory.mktemp("report")
    inputs = where / "in"
    inputs.mkdir()
    (inputs / "tail.md").write_text(TAILED, encoding="utf-8")
    (inputs / "copy.md").write_text(TAILED.replace("\n", "\r\n"), encoding="utf-8", newline="")
    wide = (
        "😀𠮷 " + (SAMPLES / "essays" / "single-whip-silver.md").read_text(encoding="utf-8")[:900] + "\n\n".join(TAIL)
    )
    (inputs / "gb.txt").write_bytes(wide.replace("\n", "\r\n").encode("gb18030"))
    (inputs / "page.html").write_text(wechat(), encoding="utf-8")
    (inputs / "advert.md").write_bytes(ADVERT.read_bytes())
    for name, like, tail in (
        ("notice", "classic/retention-sql", NOTICE),
        ("meant", "hard/rewiring-old-flat", f"<!-- zhengwen: keep -->\n\n{TAIL[0]}"),
        ("plain", "news/parking-qr-sticker", ""),
    ):
        text = (SAMPLES / f"{like}.md").read_text(encoding="utf-8")[:1500].rpartition("\n")[0]
        (inputs / f"{name}.md").write_text(f"{text}\n\n{tail}\n", encoding="utf-8")
    command(where, "clean", "in", "-o", "out", "--similarity", "1")
    return where


@pytest.fixture(scope="module")
def page(folder: Path) -> Path:
    """The page of the folder, with all texts."""
    command(folder, "report", "out", "-o", "page.html", "--texts", "all", "--order", "uncertain")
    return folder / "page.html"


def test_every_removed_passage_stands_where_the_ledger_has_it(folder: Path, page: Path) -> None:
    found = read(page)
    with sqlite3.connect(folder / "out" / ".zhengwen" / "ledger.sqlite") as database:
        query = "SELECT path, start, end FROM passages WHERE kind != '' AND path != 'page.html' ORDER BY path, start"
        rows = database.execute(query).fetchall()
    database.close()
    removed = [(name, m[0], m[1]) for name in sorted(found) for m in found[name].marks if not m[4]]
    assert [place for place in removed if place[0] != "page.html"] == rows
    assert (found["gb.txt"].text or "").encode("gb18030") == (folder / "in" / "gb.txt").read_bytes()
    assert any(TAIL[0] in passage for passage in found["gb.txt"].passages())
    assert any(OFFER in passage for passage in found["tail.md"].passages())


def test_pages_are_shown_as_the_markdown_that_was_read_whether_they_became_it_or_stayed_in_place(
    folder: Path, page: Path
) -> None:
    shutil.copytree(folder / "in", folder / "placed", ignore=shutil.ignore_patterns("advert.md", "gb.txt", "copy.md"))
    command(folder, "clean", "placed", "--in-place")
    command(folder, "report", "placed", "-o", "stayed.html", "--no-scores")
    assert read(folder / "stayed.html")["tail.md"].passages() == read(page)["tail.md"].passages()
    for one in (read(page)["page.html"], read(folder / "stayed.html")["page.html"]):
        assert one.text is not None
        assert "<section" not in one.text
        assert any("扫描下方二维码" in passage for passage in one.passages())
        assert not any("编译器第一次报出" in passage for passage in one.passages())


def test_records_are_shown_with_adverts_left_out_and_blank_lines_between(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    texts = (ADVERT.read_text(encoding="utf-8"), TAILED, PLAIN)
    lines = [json.dumps({"url": f"https://a{n}.example/x", "body": body}) for n, body in enumerate(texts)]
    shard = "\n\n".join([lines[0], "", *lines[1:], "not json"]) + "\n"
    (tmp_path / "in" / "a.jsonl").write_text(shard, encoding="utf-8")
    fields = ("--text-field", "body", "--id-field", "url", "--drop-adverts")
    command(tmp_path, "clean", *APART, *fields, "in", "-o", "out", code=2)
    command(tmp_path, "report", "out", "-o", "page.html", "--no-scores", "--texts", "all")
    found = list(read(tmp_path / "page.html").values())
    assert [one.status for one in found] == ["advert left out", "cleaned", "unchanged", "not readable"]
    assert [one.text for one in found] == [*texts, None]
    assert any(OFFER in passage for passage in found[1].passages())
    assert told(tmp_path / "page.html")["sites"][:3] == ["a0.example", "a1.example", "a2.example"]


def test_copies_name_their_keeper_and_bring_its_text(page: Path) -> None:
    found, data = read(page), told(page)
    ((copy, keeper),) = data["keepers"].items()
    names = data["names"]
    assert {names[int(copy)], names[keeper]} == {"tail.md", "copy.md"}
    assert found[names[int(copy)]].status == "duplicate left out"
    assert found[names[keeper]].text
    assert data["likeness"][copy][0] == "exact"


def test_kept_blocks_are_scored_and_kinds_not_looked_for_are_labels(page: Path) -> None:
    found = read(page)
    assert any(NOTICE in passage for passage in found["notice.md"].passages(fate=1))
    assert any(TAIL[0] in passage for passage in found["meant.md"].passages(fate=2))
    assert not any(TAIL[0] in passage for passage in found["meant.md"].passages(fate=1))


def test_adverts_that_were_kept_are_told_from_articles(page: Path) -> None:
    found = read(page)["advert.md"]
    assert found.status == "advert kept"
    assert found.passages(fate=1)


def test_the_most_uncertain_come_first_and_are_unpacked_together(page: Path) -> None:
    data = told(page)
    assert data["order"] == "uncertain"
    uncertainty = [u for _, u in sorted(zip(data["places"], data["uncertainty"], strict=True))]
    assert uncertainty == sorted(uncertainty, reverse=True)
    assert uncertainty[0] > uncertainty[-1]


def test_the_same_folder_gives_the_same_page_and_texts_are_there_as_asked(folder: Path, page: Path) -> None:
    pages = []
    for texts in ("none", "changed", "changed"):
        command(folder, "report", "out", "-o", "other.html", "--texts", texts, "--no-scores")
        pages.append((folder / "other.html").read_bytes())
        found = read(folder / "other.html")
        assert found["tail.md"].passages() == read(page)["tail.md"].passages()
        with_text = {name for name, one in found.items() if one.text}
        assert (not with_text) if texts == "none" else {"tail.md", "copy.md"} <= with_text
        assert "plain.md" not in with_text
    assert pages[1] == pages[2]
    assert all(one.text for one in read(page).values())


def test_a_changed_article_is_named_and_shown_by_its_passages(folder: Path, page: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "out", tmp_path / "out")
    (tmp_path / "out" / "gb.txt").write_text("mine")
    done = command(tmp_path, "report", "out", "-o", "page.html", "--no-scores", code=2)
    assert "gb.txt: changed since it was cleaned" in done.stderr.decode()
    found = read(tmp_path / "page.html")["gb.txt"]
    assert found.text is None
    assert found.passages() == [p.strip() for p in read(page)["gb.txt"].passages()]
    assert "changed since it was cleaned" in found.why


def made(*shown: Shown, limit: int = 1 << 20) -> str:
    document = Document(Settings("x</title><script>", texts="all", limit=limit))
    for one in shown:
        document.add(one)
    page = "".join(document.pieces())
    document.close()
    return page


def test_beyond_its_size_a_page_has_the_passages_of_the_least_uncertain_alone(tmp_path: Path) -> None:
    def noise(n: int) -> Shown:
        text = base64.b64encode(random.Random(n).randbytes(20_000)).decode()
        return Shown(f"{n}.md", text, len(text), "cleaned", (Mark(0, 9, "notice", 0.9),), uncertainty=n)

    path = tmp_path / "page.html"
    path.write_text(made(*map(noise, range(40)), limit=300_000), encoding="utf-8")
    found = read(path)
    with_text = [one.text is not None for one in found.values()]
    assert with_text == sorted(with_text)
    assert 200_000 < sum(len(one.text or "") for one in found.values()) < 300_000
    assert all(len(one.passages()[0]) == 9 for one in found.values())


def test_lines_of_many_articles_are_counted_with_how_often_they_went(tmp_path: Path) -> None:
    line, other = "扫描下方二维码免费领取全套资料", "同一行正文里没有要删的东西"
    shown = [
        Shown(f"{n}.md", f"# {n}\n{other}\n{line}", 40, "cleaned", (Mark(18, 33, "promotion", 0.9),)[: n % 2])
        for n in range(5)
    ]
    path = tmp_path / "page.html"
    path.write_text(
        made(*shown, Shown("copy", shown[0].text, 40, "duplicate left out", keeper="0.md")), encoding="utf-8"
    )
    lines = {text: (carried, taken) for text, carried, taken, _ in told(path)["lines"]}
    assert lines == {line: (5, 2), other: (5, 0)}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("in", "-o", "x.html"), "holds no ledger; name a folder that zhengwen cleaned, or look at one that it did"),
        (("out", "-o", "in"), "is a folder"),
        (("out", "-o", "out/x.html"), "lies inside of out"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(folder: Path, args: tuple[str, ...], said: str) -> None:
    done = command(folder, "report", *args, code=2)
    assert said in done.stderr.decode()
    assert not list(folder.rglob("x.html"))


def test_check_writes_the_page_too(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (articles / "page.html").write_text(wechat(), encoding="utf-8")
    (articles / "a.jsonl").write_text(json.dumps({"text": TAILED}) + "\n", encoding="utf-8")
    done = zhengwen("check", "in", "in/nowhere.md", "--format", "jsonl", "--report", "html=page.html")
    assert done.returncode == 2
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    found = read(tmp_path / "page.html")
    assert len(findings) == sum(len(one.marks) for one in found.values())
    assert [f["start"] for f in findings if f["path"] == "in/tail.md"] == [m[0] for m in found["in/tail.md"].marks]
    assert any("扫描下方二维码" in passage for passage in found["in/page.html"].passages())
    assert found["in/a.jsonl:1"].text == TAILED
    assert "nowhere.md" in told(tmp_path / "page.html")["faults"][0]
    assert zhengwen("check", "in", "--min-score", "1", "--report", "html=none.html").returncode == 0
    unreported = read(tmp_path / "none.html")
    assert {m[4] for one in unreported.values() for m in one.marks} == {1}
    for name, one in found.items():
        assert [m[:4] for m in unreported[name].marks] == [m[:4] for m in one.marks]


def test_the_policy_allows_the_pages_own_script_and_style_and_nothing_else() -> None:
    page = made(Shown("</script>.md", "</script><img src=x onerror=alert(1)>", 9, "cleaned"))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert rules[rule] == f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'"
    assert rules["default-src"] == "'none'"
    assert set(rules) - {"default-src", "script-src", "style-src"} == {
        "base-uri",
        "form-action",
        "require-trusted-types-for",
        "trusted-types",
    }
    assert not re.search(r"<(?:img|iframe|link|object|embed|a|base)\b", page)
    assert re.findall(r"https?://[a-z0-9.]+", re.sub(r"<script type.*?</script>", "", page, flags=re.DOTALL)) == [
        "http://www.w3.org"
    ]


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it, 0 to 1."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_text_can_be_read_on_its_ground(theme: str) -> None:
    style = (files("zhengwen.reports.page") / "assets" / "style.css").read_text(encoding="utf-8")
    named = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", style)
    colors = {name: luminance(dark if theme == "dark" else light) for name, light, dark in named}
    plain = [(ink, ground) for ink in ("ink", "dim", "accent") for ground in ("ground", "surface", "raised")]
    tinted = [(ink, f"{kind}-ground") for kind in BOILERPLATE for ink in (kind, "ink", "dim")]
    chips = [(kind, "surface") for kind in BOILERPLATE]
    for pair in [*plain, *tinted, *chips, ("on-accent", "accent"), ("dim", "surface")]:
        dark, light = sorted(colors[name] for name in pair)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, pair


@given(st.text(), st.text(min_size=1))
@settings(max_examples=30)
def test_whatever_an_article_says_it_comes_back_from_the_page(text: str, name: str) -> None:
    marks = (Mark(0, len(text), "promotion", 0.5, reasons=(name,)),) if text else ()
    page = made(Shown(name, text, len(text), "cleaned", marks, why=name))
    assert len(re.findall(r"<(?=[a-zA-Z/!])", page)) == len(re.findall(r"<(?=[a-zA-Z/!])", made(Shown("", "", 0, ""))))
    (data,) = re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(data)["names"] == [re.sub("[\ud800-\udfff]", "\ufffd", name)]


@given(st.recursive(st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_data_hold_nothing_that_a_parser_of_html_would_heed(value: object) -> None:
    text = embedded(value)
    assert "<" not in text
    assert not {"\u2028", "\u2029"} & {*text}
    assert json.loads(text) == value


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.md", "---\nurl: https://Blog.example.cn/x?y\n---\n", "blog.example.cn"),
        ("csdn/a.md", "正文", "csdn"),
        ("a.jsonl:0000000001:https://b.example/9", "正文", "b.example"),
        ("a.md", "正文 url: https://nowhere.example/", ""),
    ],
)
def test_the_site_is_what_the_article_names_or_its_folder(name: str, text: str, expected: str) -> None:
    assert site(name, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\ntitle: '题 目'\n---\n# 别的", "题 目"),
        ("引言\n\n#  标题  \n", "标题"),
        ("\ufeff\n第一行\n第二行", "第一行"),
        ("", ""),
    ],
)
def test_the_title_is_what_the_article_calls_itself_or_its_first_line(text: str, expected: str) -> None:
    assert title(text) == expected
