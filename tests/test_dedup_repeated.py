"""Lines that many articles carry."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import text

from zhengwen.dedup.repeated import LEAST, Tally, find, fingerprints, line
from zhengwen.readers import find as find_sources
from zhengwen.repeats import by_folder, readable, repeated_lines

FOOTER = "欢迎关注公众号【夜话】，每晚十点见！"


def repeated(articles: list[str], least: int, batch: int = 2) -> list[tuple[int, int, str]]:
    tally = Tally()
    for at in range(0, len(articles), batch):
        tally.add(articles[at : at + batch])
    return [(r.articles, r.first, find(articles[r.first], r.fingerprint)[1]) for r in tally.carried_by(least)]


def test_lines_are_counted_by_article_not_by_occurrence() -> None:
    articles = [f"第{n}篇的正文写在这里，各不相同。\n\n{FOOTER}\n{FOOTER}\n" for n in range(5)] + [
        FOOTER.replace("，", ",")
    ]
    assert repeated(articles, 2) == [(6, 0, FOOTER)]
    assert repeated(articles, 7) == []


@pytest.mark.parametrize(
    "body", [f"```text\n{FOOTER}\n```\n", f"~~~\n{FOOTER}\n", f"---\ntitle: {FOOTER}\n---\n", "短句\n"]
)
def test_code_front_matter_and_short_lines_do_not_count(body: str) -> None:
    assert repeated([body, body, body], 2) == []


def test_the_most_frequent_come_first() -> None:
    articles = ["甲甲甲甲甲甲\n乙乙乙乙乙乙\n", "乙乙乙乙乙乙\r\n丙丙丙丙丙丙", "乙乙乙乙乙乙\n丙丙丙丙丙丙\n"]
    assert [(n, line) for n, _, line in repeated(articles, 2)] == [(3, "乙乙乙乙乙乙"), (2, "丙丙丙丙丙丙")]


def test_the_line_is_found_by_its_number() -> None:
    article = f"# 题\n\n{FOOTER}\n"
    assert find(article, int(fingerprints([FOOTER])[0][0])) == (3, FOOTER)


@given(
    st.lists(st.lists(st.sampled_from(["一二三四五六", "七八九十百千", "甲乙丙丁戊己庚"]), max_size=5), max_size=7),
    st.integers(1, 4),
)
def test_counts_are_those_of_counting_by_hand(articles: list[list[str]], batch: int) -> None:
    expected = Counter(line for lines in articles for line in set(lines))
    found = repeated(["\n".join(lines) for lines in articles], 1, batch)
    assert {line: n for n, _, line in found} == expected


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sets(st.sampled_from("甲乙丙丁"), max_size=4)), max_size=12),
    st.integers(1, 4),
)
def test_sources_first_and_last_are_those_of_counting_by_hand(articles: list[tuple[int, set[str]]], batch: int) -> None:
    articles = sorted(articles, key=lambda a: a[0])
    tally = Tally()
    for at in range(0, len(articles), batch):
        some = articles[at : at + batch]
        tally.add(["\n".join(c * LEAST for c in sorted(lines)) for _, lines in some], [source for source, _ in some])
    found = {r.fingerprint: (r.articles, r.sources, r.first, r.last) for r in tally.carried_by(1)}
    expected = {}
    for c in "甲乙丙丁":
        having = [n for n, (_, lines) in enumerate(articles) if c in lines]
        if having:
            mark = int(fingerprints([c * LEAST])[0][0])
            expected[mark] = len(having), len({articles[n][0] for n in having}), having[0], having[-1]
    assert found == expected


def test_memory_is_bounded_and_counts_are_too_low_by_what_was_missed_at_most() -> None:
    tally, often = Tally(most=100), 0
    for n in range(60):
        lines = [f"第{n}篇的第{k}行，别处没有。" for k in range(20)]
        if n % 3 == 0:
            lines.append(FOOTER)
            often += 1
        tally.add(["\n".join(lines)])
        assert len(tally.carried_by(1)) <= 100
    footer = tally.carried_by(2)[0]
    assert footer.fingerprint == int(fingerprints([FOOTER])[0][0])
    assert often - tally.missed <= footer.articles <= often


def test_folders_are_counted_and_examples_named(tmp_path: Path) -> None:
    for name in ("甲/1.md", "甲/2.md", "甲/系列/3.md", "乙.md", "甲/4.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{name}的正文写在这里。\n\n{FOOTER}\n", encoding="utf-8")
    (tmp_path / "坏.md").write_bytes(b"\xff\0")
    sources, _ = find_sources([str(tmp_path)])
    (line,) = repeated_lines(readable(by_folder(sources)), 5)
    assert (line.text, line.line, line.articles, line.sources) == (FOOTER, 3, 5, 3)
    assert [source.name for source in line.examples] == ["乙.md", "甲/系列/3.md"]
    assert repeated_lines(readable(by_folder(sources)), 6) == []


@given(st.lists(text, max_size=5))
def test_any_text_is_counted_alike_in_every_batch(articles: list[str]) -> None:
    together = fingerprints(articles)
    alone = [fingerprints([a]) for a in articles]
    assert together[0].tolist() == [h for hashes, _, _ in alone for h in hashes.tolist()]
    assert together[1].tolist() == [n for _, lengths, _ in alone for n in lengths.tolist()]
    assert (together[1] < LEAST).sum() <= len(together[0])


@given(text)
def test_the_line_of_a_fingerprint_has_it(article: str) -> None:
    for fingerprint in fingerprints([article])[0].tolist():
        found = line(article, fingerprint)
        if found.strip(" \t>")[:3] in ("```", "~~~"):  # after a lone carriage return; alone it would open a fence
            continue
        assert fingerprint in fingerprints([found])[0].tolist()
    assert line(article, 1) == ""
