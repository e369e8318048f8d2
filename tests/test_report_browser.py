"""The page of ``zhengwen report`` in a browser: read, filtered, corrected with mouse and keyboard, hostile texts."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import browser as opened
from conftest import COMMAND, ROOT

from zhengwen.training.labels import read_labels

HOSTILE = """---
title: </script><script>alert('title')</script>
url: https://evil.example/<img/src=x onerror=alert(1)>
---

# <img src=https://evil.example/a.png onerror="alert('heading')">

正文从这里开始，<script>alert('script')</script><svg onload=alert(2)>这一段讲的是编译器的警告为什么会被忽略。

</script></style></textarea><!-- --><iframe src="https://evil.example/"></iframe>

![图](https://evil.example/pixel.png) [点我](javascript:alert(3))

<a href="data:text/html,<script>alert(4)</script>">数据</a>

\u202e反转的文字\u202c、\u2066隔离\u2069、零宽\u200b空格，还有 \U000e0041 标签。

{{constructor.constructor('alert(5)')()}} ${alert(6)}

扫描下方二维码添加小助手微信，备注“资料”，即可免费领取全套学习大礼包！<img src=x onerror=alert(7)> 😀𠮷

觉得文章有用的话，欢迎点赞、收藏、关注，一键三连支持一下！\u202e<b onmouseover=alert(8)>
"""
EVIL_NAME = "</script><img src=x onerror=alert(9)>\u202egnp.md"


def command(cwd: Path, *args: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([COMMAND, *args], cwd=cwd, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page of a few samples and of a hostile article."""
    where = tmp_path_factory.mktemp("browser")
    (where / "in").mkdir()
    for name in (
        "classic/python-generator-repost",
        "finance/valve-maker-repost",
        "life/flood-test-repost",
        "hard/rewiring-repost",
    ):
        (where / "in" / f"{Path(name).name}.md").write_bytes(
            (ROOT / "samples" / "articles" / f"{name}.md").read_bytes()
        )
    (where / "in" / "hostile.md").write_text(HOSTILE, encoding="utf-8")
    (where / "in" / EVIL_NAME.replace("/", "⁄")).write_text("# 另一篇\n\n" + HOSTILE, encoding="utf-8")
    command(where, "clean", "--dedup", "off", "in", "-o", "out")
    command(where, "report", "out", "-o", "page.html", "--texts", "all")
    return where


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with opened() as found:
        yield found


@pytest.fixture
def page(chromium: Any, folder: Path) -> Iterator[Any]:
    """The page, in English; whatever runs, asks or complains in it fails the test."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.set_default_timeout(180_000)  # a busy machine is slow, not wrong
    found = context.new_page()
    faults: list[str] = []
    found.on("dialog", lambda dialog: (faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
    found.on("console", lambda message: faults.append(f"console {message.text}"))
    found.on("pageerror", lambda error: faults.append(f"error {error}"))
    place = (folder / "page.html").as_uri()
    found.on("request", lambda request: faults.append(f"request {request.url}") if request.url != place else None)
    found.goto(place)
    yield found
    context.close()
    assert faults == []


def retrained(folder: Path) -> str:
    """What `train` says of the corrections, and of what flips in the folder that the page shows."""
    options = ("--base", "default", "--on", "out", "-o", "mine", "--max-loss", "100")
    return command(folder, "train", "corrections.jsonl", *options).stdout.decode()


def open_article(page: Any, part: str) -> None:
    page.keyboard.press("a")
    page.locator(".row", has_text=part).first.click()
    page.wait_for_selector(f"#reader .path:has-text('{part}')")


def saved(page: Any, folder: Path, *, key: bool = False) -> Path:
    with page.expect_download() as download:
        page.keyboard.press("s") if key else page.click("#save")
    assert download.value.suggested_filename == "corrections.jsonl"
    path = folder / "corrections.jsonl"
    download.value.save_as(path)
    return path


def test_filters_search_and_order_leave_the_articles_that_fit(page: Any) -> None:
    assert page.locator(".tile b").first.inner_text() == "6"
    assert page.locator("#overview svg").count() == 4
    page.keyboard.press("a")
    assert page.locator("#count").inner_text() == "6 of 6 articles"
    page.click("[data-kind=promotion]")
    promoting = page.locator(".row").count()
    assert 0 < promoting < 6
    page.click("[data-kind=promotion]")
    page.keyboard.press("/")
    page.keyboard.type("编译器的警告")
    page.get_by_text("2 of 6 articles", exact=True).wait_for()
    page.fill("#search", "")
    page.get_by_text("6 of 6 articles", exact=True).wait_for()
    page.select_option("#filter-order", "uncertain")
    order = page.evaluate("[...document.querySelectorAll('.row')].map(row => Number(row.dataset.n))")
    assert sorted(order) == [*range(6)]
    page.select_option("#filter-doubt", "below70")
    assert page.locator(".row").count() < 6


def test_reasons_show_on_hover_and_on_focus_by_keyboard(page: Any) -> None:
    open_article(page, "python-generator-repost")
    page.locator("mark.engagement").first.hover()
    assert "Engagement" in page.locator("#tip").inner_text()
    assert "Because of" in page.locator("#tip").inner_text()
    page.mouse.move(5, 5)
    page.keyboard.press("j")
    assert "Score" in page.locator("#tip").inner_text()
    assert page.locator(".line.at mark").count() >= 1


def test_language_theme_and_help(page: Any) -> None:
    page.keyboard.press("l")
    assert page.locator("#views button").first.inner_text() == "总览"
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("t")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.keyboard.press("?")
    assert page.locator("dialog[open] dl dt").count() >= 10
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_corrections_by_keyboard_and_mouse_are_saved_and_teach(page: Any, folder: Path) -> None:
    open_article(page, "python-generator-repost")
    page.keyboard.press("j")
    page.keyboard.press("0")
    assert page.locator("mark.restored").count() >= 1
    open_article(page, "flood-test-repost")
    line = page.locator("#text .line:not(.whole)", has_text="。").first
    wanted = line.inner_text().strip()
    line.click()
    page.click("[data-label=notice]")
    assert page.locator("#save").inner_text() == "Save corrections (2)"
    open_article(page, "hostile")
    page.evaluate(
        """() => {
            const [node] = [...document.querySelectorAll('#text .line')].filter(l => l.textContent.includes('😀'));
            const leaf = [...node.querySelectorAll('span')].find(s => s.textContent.includes('😀'));
            const at = leaf.textContent.indexOf('😀'), range = document.createRange();
            range.setStart(leaf.firstChild, at);
            range.setEnd(leaf.firstChild, at + 4);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
        }"""
    )
    page.keyboard.press("4")
    samples = {s.article.name: s for s in read_labels([saved(page, folder)])}
    assert set(samples) == {"python-generator-repost.md", "flood-test-repost.md", "hostile.md"}
    for name, sample in samples.items():
        assert sample.article.text == (folder / "in" / name).read_bytes().decode()
    spans = {name: [(s.article.text[a:b], kind) for a, b, kind in s.spans] for name, s in samples.items()}
    assert (wanted, "notice") in spans["flood-test-repost.md"]
    assert ("😀𠮷", "navigation") in spans["hostile.md"]
    assert not any("点击上方蓝字" in text for text, _ in spans["python-generator-repost.md"])
    assert any("觉得有收获" in text for text, _ in spans["python-generator-repost.md"])
    went = "点击上方蓝字"
    assert went not in (folder / "out" / "python-generator-repost.md").read_text(encoding="utf-8")
    said = retrained(folder)
    assert "Model written to mine" in said
    flips = [line for line in said.splitlines() if went in line]
    assert flips, "the passage that was given back is among those that flip"
    assert "python-generator-repost.md" in flips[0]
    command(folder, "clean", "in", "-o", "again", "--model", "mine", "--dedup", "off")
    assert went in (folder / "again" / "python-generator-repost.md").read_text(encoding="utf-8")


def test_undo_takes_back_one_correction_after_the_other_and_a_reload_keeps_the_rest(page: Any, folder: Path) -> None:
    open_article(page, "valve-maker-repost")
    before = page.locator("#text").inner_html()
    for kind in "12":
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press(kind)
    assert page.locator("mark.corrected").count() >= 2
    page.keyboard.press("u")
    page.reload()
    assert page.locator("#save").inner_text() == "Save corrections (1)"
    open_article(page, "valve-maker-repost")
    assert page.locator("mark.corrected.promotion").count() >= 1
    assert page.locator("mark.corrected.engagement").count() == 0
    path = saved(page, folder, key=True)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1
    open_article(page, "rewiring-repost")
    page.keyboard.press("y")
    assert page.locator("#save").inner_text() == "Save corrections (2)"
    page.keyboard.press("u")
    assert page.locator("#save").inner_text() == "Save corrections (1)"
    assert before != page.locator("#text").inner_html()


def test_a_hostile_article_stays_text(page: Any) -> None:
    for part in ("hostile", "onerror=alert(9)"):
        open_article(page, part)
        page.wait_for_selector("#text .line")
        assert page.locator("#text :is(img, script, svg, iframe, a, b)").count() == 0
        assert page.locator("body :is(img, iframe, a, object)").count() == 0
        shown = page.locator("#text").inner_text()
        assert "<script>alert('script')</script>" in shown
        assert "U+202E" in shown
        assert "U+E0041" in shown
        assert "\u202e" not in page.locator("body").inner_text()
        for mark in page.locator("mark").all():
            mark.hover()
        page.keyboard.press("j")
        page.keyboard.press("3")
    page.keyboard.press("r")
    page.keyboard.press("o")
    assert page.evaluate("document.title").startswith("out")


def test_a_narrow_window_shows_the_list_then_the_article_and_nothing_beyond_its_edge(page: Any) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    for key in ("o", "r", "a", "n", "j"):
        page.keyboard.press(key)
        page.wait_for_timeout(50)
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.locator("#side").is_hidden()
    page.click("#back")
    assert page.locator("#pane").is_hidden()
