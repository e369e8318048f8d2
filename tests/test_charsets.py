"""Encodings: found, never guessed into mojibake, and written back byte for byte."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import APART, PLAIN, TAILED, Run
from hypothesis import example, given
from hypothesis import strategies as st
from test_cli_clean import tree
from texts import text

from zhengwen.charsets import Decoded, decode, known
from zhengwen.errors import UnreadableInputError

TRADITIONAL = (
    "訓練迴圈裡，裁剪的位置決定了它裁的是什麼。反向傳播結束之後，梯度還沒有被縮放過。\n這時候取範數才有意義。\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_article_is_read_and_the_rest_written_back_in_its_encoding(
    zhengwen: Run, tmp_path: Path, encoding: str, newline: str
) -> None:
    mark = "\ufeff" if encoding.startswith("utf") else ""
    whole, kept = ((mark + t.replace("\n", newline)).encode(encoding) for t in (TAILED, PLAIN))
    (tmp_path / "a.md").write_bytes(whole)
    assert zhengwen("clean", *APART, "a.md", "-o", "out").returncode == 0
    assert (tmp_path / "out" / "a.md").read_bytes() == kept
    assert zhengwen("clean", *APART, "a.md", "-o", "converted", "--to-encoding", "utf-8").returncode == 0
    converted = (tmp_path / "converted" / "a.md").read_bytes().decode("utf-8-sig")
    assert converted == PLAIN.replace("\n", newline)
    for folder in ("out", "converted"):
        assert zhengwen("restore", folder, "-o", f"{folder}-back").returncode == 0
        assert tree(tmp_path / f"{folder}-back") == {"a.md": whole}
    assert zhengwen("clean", *APART, "-", stdin=whole).stdout == kept


@given(text)
def test_what_is_decoded_encodes_to_the_same_bytes(source: str) -> None:
    for encoding in ("utf-8", "gb18030", "utf-16-le"):
        data = source.encode(encoding)
        try:
            found = decode(data, "a")
        except UnreadableInputError:
            continue
        assert found.text.encode(found.encoding) == data
    assert decode(source.encode(), "a", "utf-8").text == source


@given(st.binary(max_size=300))
@example(b"\x88\xa3")  # one code of Big5-HKSCS, two characters of Unicode
def test_any_bytes_are_refused_or_come_back(data: bytes) -> None:
    with contextlib.suppress(UnreadableInputError):
        found = decode(data, "a")
        assert found.text.encode(found.encoding) == data


@pytest.mark.parametrize("length", [4, 12, 60, 1000])
def test_short_and_long_chinese_is_told_apart(length: int) -> None:
    assert decode(PLAIN[2 : 2 + length].encode("gb18030"), "a").text == PLAIN[2 : 2 + length]
    assert decode(TRADITIONAL[:length].encode("big5"), "a").text == TRADITIONAL[:length]


@pytest.mark.parametrize("said", ["囧", "喆", "龘龘", "祎喆玥\n", "2024-05-27 囧 ok", "垚、犇、骉"])
def test_a_handful_of_rare_characters_is_chinese(said: str) -> None:
    assert decode(said.encode("gb18030"), "a") == Decoded(said, "gb18030")


@pytest.mark.parametrize("said", ["naïve", "un café"])
def test_a_letter_with_an_accent_is_not(said: str) -> None:
    assert "gb" not in decode(said.encode("cp1252"), "a").encoding


def test_a_declaration_counts_unless_the_bytes_are_plainly_utf_8() -> None:
    page = '<html><head><meta charset="gb2312"></head><body>{}</body></html>'
    assert decode(page.format("囧").encode("gb18030"), "a").encoding == "gb18030"
    assert decode(page.format("一句话").encode(), "a").encoding == "utf-8"
    assert decode(b'<?xml version="1.0" encoding="Big5"?>\n' + TRADITIONAL.encode("big5"), "a").text.endswith(
        TRADITIONAL
    )
    assert decode(b'<meta charset="no-such-thing">' + PLAIN.encode("gb18030"), "a").text.endswith(PLAIN)


def test_flawed_utf_8_is_not_taken_for_another_encoding() -> None:
    for data in (PLAIN.encode()[:-2], PLAIN.encode()[:500] + b"\xff" + PLAIN.encode()[500:]):
        with pytest.raises(UnreadableInputError, match="is not UTF-8"):
            decode(data, "a")


def test_an_encoding_can_be_forced_or_is_refused(zhengwen: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(TAILED.encode("utf-16-le"))
    assert zhengwen("check", "a.md").returncode == 2
    assert zhengwen("check", "a.md", "--encoding", "utf-16-le").returncode == 1
    wrong = zhengwen("check", "a.md", "--encoding", "utf-8")
    assert wrong.returncode == 0 or "is not utf-8 text" in wrong.stderr.decode()
    assert "utf-16-le" in zhengwen("check", "a.md", "--encoding", "utf-16").stderr.decode()
    assert zhengwen("check", "a.md", "--encoding", "klingon").returncode == 2


def test_what_the_chosen_output_cannot_hold_is_left_alone(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (articles / "emoji.md").write_text(PLAIN + "😀\n", encoding="utf-8")
    done = zhengwen("clean", *APART, articles, "-o", "out", "--to-encoding", "gbk")
    assert done.returncode == 2
    assert "emoji.md" in done.stderr.decode()
    assert "cannot be written in gbk" in done.stderr.decode()
    assert tree(tmp_path / "out") == {n: PLAIN.encode("gbk") for n in ("plain.md", "tail.md", "sub/same.txt")}
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == tree(articles)


def test_names_of_encodings() -> None:
    assert known("UTF8") == "utf-8"
    assert known("GB2312") == "gb2312"
    assert [known(n) for n in ("utf-16", "utf-8-sig", "rot13", "hex", "nonsense", "", "a\0b")] == [None] * 7


def test_small_utf_8_files_do_not_import_charset_normalizer(articles: Path) -> None:
    code = (
        "import sys; from zhengwen.cli import main; main(['-q', 'check', sys.argv[1]]);"
        "print([m for m in sys.modules if m.startswith('charset_normalizer')])"
    )
    done = subprocess.run([sys.executable, "-c", code, articles], capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1] == "[]"
