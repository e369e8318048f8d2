"""Pages: tokens, elements, Markdown, regions, and the way back from Markdown to source."""

import re
import tarfile
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import BODY, STYLES, TAIL, encoded

from zhengwen.charsets import decode
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.errors import UnreadableInputError
from zhengwen.forms import HTML, MARKDOWN, form_of
from zhengwen.forms.html.edit import source_spans, with_emptied
from zhengwen.forms.html.page import Page, read
from zhengwen.forms.html.region import Region, find, letters, taken
from zhengwen.forms.html.render import render
from zhengwen.forms.html.scan import TokenType, scan
from zhengwen.forms.html.tree import DEPTH, Element, parse, walk
from zhengwen.model import Model
from zhengwen.stages.edit import apply

MARKUP = (
    "<p>", "</p>", "<div class='a'>", "</div>", "<b>", "</b>", "<br>", "<br/>", "</br>", "<ul><li>", "<li>", "</ul>",
    "<table><tr><td>", "<td>", "</td></tr>", "</table>", "<h2>", "</h2>", "<pre>", "</pre>", "<code>", "</code>",
    "<blockquote>", "</blockquote>", "<a href='x'>", "</a>", "<img src=q.png alt='图'>", "<hr>", "<!-- 注 -->", "<!--",
    "-->", "<script>", "</script>", "<style>p{}</style>", "<a href=\"", "<", ">", "&amp;", "&nbsp;", "&#20013;", "&",
    "&lt", "正文。", "扫码领取", " ", "\n", "\r\n", "*星*", "a_b", "# 题", "1. 一", "<!DOCTYPE html>", "<![CDATA[x]]>",
    "</", "<?php",
    "<span style='display:none'>", "</span>", "<textarea>", "</textarea>", "<svg>", "</svg>", "<p", "=", '"',
    "'", "\0", "\x1f",
)  # fmt: skip
markup = st.lists(st.one_of(st.sampled_from(MARKUP), st.text(max_size=4)), max_size=40).map("".join)


def elements(root: Element) -> list[Element]:
    return [node for node, begins in walk(root) if begins and isinstance(node, Element)]


def page_of(source: str) -> Page:
    """A page whose main text is all of it."""
    root = parse(source)
    rendered = render(source, root)
    region = Region(root, frozenset())
    return Page(name="", text=rendered.text, source=source, encoding="utf-8", region=region, pieces=rendered.pieces)


def less(page: Page, *gone: str) -> str:
    """The source of a page without some parts of its Markdown."""
    spans = sorted((page.text.index(part), page.text.index(part) + len(part)) for part in gone)
    return apply(page.source, page.removed(Cleaned(page, (), tuple(spans), False)))


# tokens and elements


@given(markup)
def test_tokens_partition_the_source(source: str) -> None:
    tokens = list(scan(source))
    assert "".join(source[t.start : t.end] for t in tokens) == source
    assert all(t.start < t.end for t in tokens)


@given(markup)
def test_elements_lie_within_each_other(source: str) -> None:
    for element in elements(parse(source)):
        assert 0 <= element.start <= element.inside <= element.outside <= element.end <= len(source)
        place = element.inside
        for child in element.children:
            assert place <= child.start <= child.end <= element.outside
            place = child.end


@pytest.mark.parametrize(
    ("source", "outline"),
    [
        ("<p>a<p>b", "p p"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", "ul(li li(ul(li)))"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "table(tr(td td) tr(td))"),
        ("<div></p></span>a</div></div>", "div"),
        ("<table><tr><td></div>a</td></table></div>", "table(tr(td))"),
        ("<p>a<div>b</div></p>", "p div"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "dl(dt dd dt)"),
        ("<svg><path/><g><path/></g></svg><p>a", "svg(path g(path)) p"),
        ("<a href=x>b<a href=y>c</a>", "a a"),
        ("<a name=x><p>b<a href=y>c</a>d", "a(p(a))"),
        ("<div class=a>b", "div"),
        ("a<b c='>'>d</b>", "b"),
        ("<script>if (a<b) '</p>'</script><p>", "script p"),
    ],
)
def test_elements_close_as_in_browsers(source: str, outline: str) -> None:
    def drawn(element: Element) -> str:
        inner = " ".join(drawn(c) for c in element.children if isinstance(c, Element))
        return f"{element.name}({inner})" if inner and element.name else element.name or inner

    assert drawn(parse(source)) == outline


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("1 < 2 & 3 <4", "TEXT"),
        ("a<!-- > --><!--><!-->b", "TEXT COMMENT COMMENT COMMENT TEXT"),
        ("<title>a<b></title>", "START RAW_TEXT END"),
        ("<?xml version='1.0'?></3>", "COMMENT COMMENT"),
        ('a<a href="', "TEXT COMMENT"),
    ],
)
def test_what_looks_like_markup_is_told_from_markup(source: str, kinds: str) -> None:
    joined: list[str] = []
    for token in scan(source):
        if not joined or joined[-1] != "TEXT" or token.type != TokenType.TEXT:
            joined.append(token.type.name)
    assert " ".join(joined) == kinds


@pytest.mark.parametrize(
    "unit",
    ["<", "<a", '<a b="', "<a b='c' ", "<!--", "<!", "</", "<div>", "<b>", "<p><b>", "</p>", "<li>", "<script>", "&",
     "&amp", "<td>", "<table>", "<a href=x>", "<br>", "*", "<blockquote>", "<ul><li>", "<pre>`", "<tr><td>x"],
)  # fmt: skip
def test_time_grows_with_the_size_of_a_hostile_page(unit: str) -> None:
    source = unit * 20_000
    started = time.process_time()
    page = page_of(source)
    assert len(page.text) < 60 * len(source)
    assert page.removed(Cleaned(page, (), ((0, len(page.text)),), False)) is not None
    assert find(source, parse(source), "没有这段文字") is None
    assert time.process_time() - started < 10


def test_what_is_nested_too_deeply_stays_in_its_place() -> None:
    source = "<div>" * (2 * DEPTH) + "深处" + "</div>" * (2 * DEPTH) + "<p>之后</p>"
    page = page_of(source)
    assert page.text == "深处\n\n之后\n"
    assert elements(parse(source))[-1].parent == parse(source) or elements(parse(source))[-1].parent.name == ""  # type: ignore[union-attr]


# Markdown


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        ("<h2>题 <b>目</b></h2><p>一段\n  文字</p>", "## 题 目\n\n一段 文字"),
        ("甲<br>乙<br><br>丙", "甲  \n乙\n\n丙"),
        ("甲</br>乙", "甲  \n乙"),
        ("<p><b> 粗 </b>体<i></i></p>", "**粗** 体"),
        ("<p><b>甲<br><br>乙</b></p>", "**甲**\n\n**乙**"),
        ("<a href='https://a.example/b c'>字</a>", "[字](https://a.example/b%20c)"),
        ("<a href='/x_(y)'>字</a><a href='#a'>锚</a><a href='javascript:;'>钮</a>", "[字](</x_(y)>)锚钮"),
        ("<a href=x><div>块</div></a>", "[块](x)"),
        ("<img src=lazy.gif data-src=//a/b.png alt='图 [1]'>", "![图 \\[1\\]](//a/b.png)"),
        ("<img src='data:image/png;base64,AAAA'>", "![]()"),
        ("<ul><li>一<li>二<ul><li>甲</ul></ul>", "- 一\n- 二\n  - 甲"),
        ("<ol><li><p>一</p><p>又</p></li><li>二</li></ol>", "1. 一\n\n   又\n2. 二"),
        ("<blockquote><p>引</p><p>文</p></blockquote>后", "> 引\n>\n> 文\n\n后"),
        ("<pre><code class='language-sql'>a &lt; b\n  ``` </code></pre>", "````sql\na < b\n  ``` \n````"),
        ("<pre><code>一</code><code>二</code></pre>", "```\n一\n二\n```"),
        ("<p>用 <code>a*b <b>&lt;c></b></code> 和 <code>`d</code></p>", "用 `a*b <c>` 和 `` `d ``"),
        ("<p>a &amp;copy; &lt;/p> AT&T</p>", "a \\&copy; \\</p> AT&T"),
        (
            "<table><tr><th>a<th>b|c</tr><tr><td>1<br>2<td><b>3</b></table>",
            "| a | b\\|c |\n| --- | --- |\n| 1 2 | **3** |",
        ),
        ("<table><tr><td>版<td><p>面</p></table>", "版\n\n面"),
        ("<p>a*b _c_ d_e `f` &lt;b> \\</p>", "a\\*b \\_c\\_ d_e \\`f\\` \\<b> \\\\"),
        ("<p># 井</p><p>&gt; 引</p><p>---</p><p>1. 一</p>", "\\# 井\n\n\\> 引\n\n\\---\n\n1. 一"),
        ("甲<hr>乙", "甲\n\n---\n\n乙"),
        ("<p>甲<script>x()</script><style>p{}</style><span hidden>藏</span></p>", "甲"),
        ("<p style='display: none'>藏</p><p style='visibility:hidden'>现</p>", "现"),
        ("<p>&nbsp;</p><p>&#x4e2d;&amp;&copy</p>", "中&©"),
        ("<span class=katex><span class=katex-mathml><math><annotation>x^2</annotation></math></span>"
         "<span class=katex-html>x2</span></span>", "$x^2$"),
        ("<script type='math/tex'>a&b</script><span class='MathJax'>ab</span>", "$a&b$"),
        ("<dl><dt>甲</dt><dd>乙</dd></dl>", "甲\n\n乙"),
        ("<p>甲</p><!-- 注 --><!-- zhengwen: keep --><p>乙</p>", "甲\n\n<!-- zhengwen: keep -->\n\n乙"),
        ("", ""),
        ("<p> <b> </b> </p>", ""),
    ],
)  # fmt: skip
def test_elements_become_the_markdown_they_mean(source: str, markdown: str) -> None:
    root = parse(source)
    assert render(source, root).text.rstrip("\n") == markdown


@given(markup)
def test_every_character_of_the_markdown_knows_its_source(source: str) -> None:
    root = parse(source)
    rendered = render(source, root)
    place = 0
    for piece in rendered.pieces:
        assert place <= piece.start < piece.end <= len(rendered.text)
        assert 0 <= piece.origin < piece.limit <= len(source)
        place = piece.end
        text, origin = rendered.text[piece.start : piece.end], source[piece.origin : piece.limit]
        assert piece.exact == (text == origin)
        assert piece.exact or len(text) == 1 or origin[0] in "<&\\`*_<[]|" or "\r" in origin or "|" in origin


def test_a_picture_that_is_loaded_late_keeps_its_address() -> None:
    assert "![堆快照](https://img.example.cn/heap.png)" in read(encoded("wechat"), "a.html", "a.html").text


# the way back


@given(markup, st.data())
def test_what_goes_are_sorted_disjoint_spans_of_the_source(source: str, data: st.DataObject) -> None:
    page = page_of(source)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(page.text)), max_size=8)))
    removed = tuple((a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if a < b)
    spans = page.removed(Cleaned(page, (), removed, False))
    assert all(0 <= a < b <= len(source) for a, b in spans)
    assert all(a[1] < b[0] for a, b in pairwise(spans))


blocks = st.lists(
    st.sampled_from(
        (
            "<p>{}</p>",
            "<div><p>{}</p></div>",
            "<ul><li>{}</li></ul>",
            "{}<br><br>",
            "<section><b>{}</b></section>",
            "<p>{}",
            "<blockquote>{}</blockquote>",
            "<h3>{}</h3>",
            "<table><tr><td>{}</td></tr></table>",
            "<div>{}<script>1</script></div>",
        )
    ),
    min_size=1,
    max_size=12,
)


@given(blocks, st.data())
def test_a_page_without_some_paragraphs_reads_as_its_markdown_without_them(
    kinds: list[str], data: st.DataObject
) -> None:
    source = "".join(kind.format(f"第{n}段，词{n}。") for n, kind in enumerate(kinds))
    page = page_of(source)
    gone = data.draw(st.sets(st.integers(0, len(kinds) - 1)))
    left = less(page, *(f"第{n}段，词{n}。" for n in gone))
    kept = "".join(f"第{n}段词{n}" for n in range(len(kinds)) if n not in gone)
    assert letters(render(left, parse(left)).text) == kept
    assert left.count("<script>1</script>") == source.count("<script>1</script>")


@pytest.mark.parametrize(
    ("source", "gone", "left"),
    [
        ("<div><p>甲</p><p>乙</p></div>", "乙", "<div><p>甲</p></div>"),
        ("<p>甲。<b>乙。</b></p>", "乙。", "<p>甲。</p>"),
        ("<div><div><section><p>乙</p> <!-- 注 --></section></div>甲</div>", "乙", "<div>甲</div>"),
        ("<ul><li>甲</li><li>乙</li></ul>", "乙", "<ul><li>甲</li></ul>"),
        ("甲<ul><li>乙</li></ul>", "乙", "甲"),
        ("<table><tr><td>甲<td>乙<tr><td>丙<td>丁</table>", "乙", "<table><tr><td>甲<td><tr><td>丙<td>丁</table>"),
        ("<p>甲</p><p>乙<img src=a></p>", "乙", "<p>甲</p><p><img src=a></p>"),
        ("<p>甲</p><p>乙<script>f()</script></p>", "乙", "<p>甲</p><p><script>f()</script></p>"),
        ("<p>甲</p><div>乙<iframe src=x></iframe></div>", "乙", "<p>甲</p><div><iframe src=x></iframe></div>"),
        ("<p>甲&amp;乙</p>", "&", "<p>甲乙</p>"),
        ("甲<br><br>乙<br><br>丙", "乙", "甲<br><br>丙"),
        ("甲<br><br>乙", "乙", "甲"),
        ("甲<br>\n<br>乙<br><br>丙", "乙\n\n丙", "甲\n"),
        ("甲<br>乙<b>丙</b><br>丁", "**丙**", "甲<br>乙<br>丁"),
        ("甲<br><b>乙</b>丙<br>丁", "**乙**", "甲<br>丙<br>丁"),
        ("<p>甲</p>&nbsp;<div>&nbsp;<p>乙</p>\u200b</div>", "乙", "<p>甲</p>&nbsp;"),
        ("<P CLASS='x'  >甲</p\n><p>乙</P>", "乙", "<P CLASS='x'  >甲</p\n>"),
    ],
)  # fmt: skip
def test_elements_emptied_by_a_removal_go_with_it(source: str, gone: str, left: str) -> None:
    assert less(page_of(source), gone) == left


def test_a_picture_goes_with_its_markdown() -> None:
    page = page_of("<p>甲</p><p><a href=x><img alt=码 src=q.png></a></p>")
    assert less(page, "[![码](q.png)](x)") == "<p>甲</p>"


def test_a_part_of_an_entity_or_a_picture_never_goes() -> None:
    page = page_of("<p>甲<img alt=码 src=q.png></p>")
    assert source_spans(page.pieces, [(1, 4)]) == []


def test_the_region_itself_stays_when_it_is_emptied() -> None:
    source = "<body><div><p>乙</p></div></body>"
    root = parse(source)
    div = elements(root)[2]
    rendered = render(source, div)
    region = Region(div, frozenset())
    assert apply(source, with_emptied(source, region, source_spans(rendered.pieces, [(0, 1)]))) == (
        "<body><div></div></body>"
    )


# regions


def test_texts_are_found_again_between_their_anchors() -> None:
    texts = ["首页", "第一段足够长的文字", "首页", "图", "第二段足够长的文字", "首页"]
    assert taken(texts, "第一段足够长的文字图第二段足够长的文字") == [False, True, False, True, True, False]


@given(st.lists(st.text("甲乙丙", min_size=1, max_size=12), max_size=20))
def test_texts_that_are_all_taken_are_all_found(texts: list[str]) -> None:
    assert sum(len(t) for t, found in zip(texts, taken(texts, "".join(texts)), strict=True) if found) <= len(
        "".join(texts)
    )
    if len(set(texts)) == len(texts) and all(len(t) >= 8 for t in texts):
        assert not texts or any(taken(texts, "".join(texts)))


def test_the_region_is_the_smallest_element_that_holds_the_main_text() -> None:
    source = f"<body><nav>{TAIL[0]}</nav><div><p>{BODY[0]}</p><p>{BODY[1]}</p><p>短</p></div><p>{TAIL[1]}</p></body>"
    found = find(source, parse(source), BODY[0] + BODY[1])
    assert found
    assert render(source, found.element, found.left_out).text == f"{BODY[0]}\n\n{BODY[1]}\n\n短\n"


def test_of_an_element_that_is_mostly_something_else_only_the_main_text_is_read() -> None:
    others = "".join(f"<li><p>{n}：{TAIL[0]}</p></li>" for n in range(20))
    source = f"<ul><li><p>{BODY[0]}</p></li>{others}<li><p>{BODY[1]}</p></li></ul>"
    found = find(source, parse(source), BODY[0] + BODY[1])
    assert found
    assert render(source, found.element, found.left_out).text == f"- {BODY[0]}\n- {BODY[1]}\n"


def test_a_text_that_the_page_does_not_show_is_no_main_text() -> None:
    source = f"<p>{BODY[0]}</p><p style='display:none'>{BODY[1]}{BODY[2]}</p>"
    assert find(source, parse(source), BODY[0] + BODY[1] + BODY[2]) is None


# encodings


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("<meta charset=gbk>正文".encode("gbk"), "gb18030"),
        ('<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=GB2312">正文'.encode("gb2312"), "gb18030"),
        ("<meta charset='gb18030'>正文𠀀".encode("gb18030"), "gb18030"),
        ("<meta charset=big5>本文".encode("big5"), "big5"),
        ("<?xml version='1.0' encoding='gbk'?>正文".encode("gbk"), "gb18030"),
        ("<meta charset=gb2312>存成了 UTF-8 的页".encode(), "utf-8"),
        ("<meta charset=utf-8>其实不是".encode("gbk"), "gb18030"),
        ("<p>没有说明</p>".encode("gbk"), "gb18030"),
        ("\ufeff<p>正文".encode(), "utf-8"),
        ("\ufeff<p>正文".encode("utf-16-le"), "utf-16-le"),
        ("\ufeff<p>正文".encode("utf-16-be"), "utf-16-be"),
        (b"<meta charset=iso-8859-1>caf\xe9", "cp1252"),
        (b"", "utf-8"),
    ],
)
def test_a_page_is_read_in_the_encoding_it_is_in(data: bytes, encoding: str) -> None:
    found = decode(data, "a.html")
    assert found.encoding == encoding
    assert found.text.encode(encoding) == data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<p>\0\0", "NUL bytes"),
        (b"<meta charset=big5>\xff\xff\xff", "is not UTF-8, and no other encoding"),
        (b"\xef\xbb\xbf\xff", "byte order mark of utf-8 but is not"),
    ],
)
def test_a_page_that_no_encoding_gives_back_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableInputError, match=said):
        decode(data, "a.html")


# whole pages


@pytest.mark.parametrize("style", STYLES)
def test_pages_of_all_styles_lose_their_tail_and_nothing_else(style: str, model: Model) -> None:
    data = encoded(style)
    form = form_of("a.html")
    page = form.read(data, "a.html", "a.html")
    (cleaned,) = Cleaner(model).clean([page])
    markdown = form.edit(cleaned, "a.html", MARKDOWN).output.decode()
    assert all(part in markdown for part in BODY)
    assert not any(part in markdown for part in TAIL)
    html = form.edit(cleaned, "a.html", HTML).output.decode(page.encoding)
    assert all(part in html for part in BODY)
    assert not any(part in html for part in TAIL)
    assert form.edit(Cleaned(page, (), (), False), "a.html", HTML).output == data


def test_only_the_tail_of_a_page_is_cut_out_of_its_source(model: Model) -> None:
    form = form_of("a.html")
    (cleaned,) = Cleaner(model).clean([form.read(encoded("csdn"), "a.html", "a.html")])
    gone = ("<h2>写在最后</h2>", *(f"<p>{p}</p>" for p in TAIL))
    left = STYLES["csdn"]
    for part in gone:
        left = left.replace(part, "")
    assert form.edit(cleaned, "a.html", HTML).output.decode() == re.sub(r'<p><img src="[^"]*qr[^>]*></p>', "", left)


def test_a_page_says_where_in_its_source_a_passage_stands(model: Model) -> None:
    page = read(encoded("cnblogs"), "a.html", "a.html")
    (cleaned,) = Cleaner(model).clean([page])
    found = cleaned.findings[0]
    start, end = page.locate(found.start, found.end)
    assert page.origin[start:end].startswith("扫描下方二维码")
    assert TAIL[-1] in page.origin[start:end] or len(cleaned.findings) > 1


def test_pages_do_not_influence_each_other() -> None:
    alone = {style: read(encoded(style), style, style).text for style in STYLES}
    again = {style: read(encoded(style), style, style).text for style in reversed(STYLES)}
    assert alone == again


def test_real_pages_come_back_byte_for_byte(shared: Path, model: Model) -> None:
    archive = shared / "pages" / "pages.tar.xz"
    if not archive.exists():
        pytest.skip(f"no real pages at {archive}")
    form = form_of("a.html")
    with tarfile.open(archive) as tar:
        data = [tar.extractfile(m).read() for m in tar.getmembers()[:40] if m.isfile()]  # type: ignore[union-attr]
    pages = [read(d, "a.html", "a.html") for d in data]
    for before, page, cleaned in zip(data, pages, Cleaner(model).clean(pages), strict=True):
        spans = page.removed(cleaned)
        after = form.edit(cleaned, "a.html", HTML).output.decode(page.encoding)
        whole, place = "", 0
        for start, end in spans:
            kept = start - len(whole)
            whole += after[place : place + kept] + page.source[start:end]
            place += kept
        assert (whole + after[place:]).encode(page.encoding) == before
