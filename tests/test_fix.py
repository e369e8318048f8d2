"""`zhengwen check --fix`: what is safe goes, in place, and comes back; the rest is reported."""

import json
import re
from pathlib import Path

import pytest
from conftest import PLAIN, ROOT, Run
from pages import wechat
from test_cli_clean import tree

from zhengwen.articles import Article
from zhengwen.cleaning import Cleaner
from zhengwen.cli.fixing import SAFE
from zhengwen.cli.safe import SafeCleaner
from zhengwen.model import Model

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
SAMPLES = ROOT / "samples" / "articles"


def found(run: Run, *args: object, **env: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in run("check", *args, "--format", "jsonl", **env).stdout.splitlines()]


@pytest.fixture
def safe(model: Model, tmp_path: Path) -> Path:
    """A folder with an article in which everything that is found is safe to take, and the same in a sub-folder."""
    samples = [Article(str(p), p.read_bytes().decode()) for p in sorted(SAMPLES.rglob("*.md"))]
    some = [c for c in Cleaner(model).clean(samples) if c.findings and not c.advert]
    best = max(some, key=lambda c: min(f.score for f in c.findings)).article
    for name in ("a.md", "sub/b.md"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(best.text.encode())
    return tmp_path / "in"


@pytest.fixture
def scraped(tmp_path: Path) -> Path:
    """Two real layouts: passages of high and of low scores."""
    folder = tmp_path / "in"
    folder.mkdir()
    for path in sorted((SAMPLES / "classic").glob("*.md")) + sorted((SAMPLES / "security").glob("*.md")):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_what_is_safe_goes_and_the_rest_is_reported(zhengwen: Run, scraped: Path, tmp_path: Path) -> None:
    before, texts = found(zhengwen, scraped), tree(scraped)
    safe = [f for f in before if f["score"] >= SAFE]  # type: ignore[operator]
    unsafe = {f["fingerprint"] for f in before if f["score"] < SAFE}  # type: ignore[operator]
    assert safe
    assert unsafe
    done = zhengwen("check", scraped, "--fix", "--format", "jsonl")
    assert done.returncode == 1
    assert "fixed: " in done.stderr.decode()
    left = [json.loads(line) for line in done.stdout.splitlines()]
    # The article is read anew without what went, so one beside it may have become safe, or content.
    assert len(unsafe - {f["fingerprint"] for f in left}) <= 1
    assert len(left) < len(before)
    assert zhengwen("restore", scraped, "-o", "back").returncode == 0
    changed = {n for n, data in tree(scraped).items() if data != texts[n]}
    assert changed
    assert {n: d for n, d in tree(tmp_path / "back").items() if n in changed} == {n: texts[n] for n in changed}


def test_a_second_fix_changes_nothing(zhengwen: Run, scraped: Path) -> None:
    first = zhengwen("check", scraped, "--fix", "--format", "jsonl")
    after = tree(scraped)
    second = zhengwen("check", scraped, "--fix", "--format", "jsonl")
    assert (second.returncode, second.stdout) == (first.returncode, first.stdout)
    assert tree(scraped) == after


def test_all_fixed_is_0_and_nothing_to_fix_makes_no_ledger(zhengwen: Run, safe: Path) -> None:
    whole = tree(safe)
    done = zhengwen("check", safe, "--fix")
    assert (done.returncode, done.stdout) == (0, b"")
    assert all(len(data) < len(whole[n]) for n, data in tree(safe).items())
    assert zhengwen("restore", safe, "-o", safe, "--overwrite").returncode == 0
    assert tree(safe) == whole
    (safe / "plain").mkdir()
    (safe / "plain" / "p.md").write_text(PLAIN, encoding="utf-8")
    assert zhengwen("check", safe / "plain", "--fix").returncode == 0
    assert not (safe / "plain" / ".zhengwen").exists()


def test_settings_bound_what_is_fixed(zhengwen: Run, safe: Path, tmp_path: Path) -> None:
    whole = tree(safe)
    assert zhengwen("check", safe, "--fix", "--min-score", "1").returncode == 0
    zhengwen("check", safe, "--write-baseline", "known.jsonl")
    assert zhengwen("check", safe, "--fix", "--baseline", "known.jsonl").returncode == 0
    marks = "".join(f"{f['fingerprint']}\n" for f in found(zhengwen, safe))
    (tmp_path / "list").write_text(marks)
    assert zhengwen("check", safe, "--fix", "--keep-list", "list").returncode == 0
    assert tree(safe) == whole
    (tmp_path / "zhengwen.toml").write_text('[[per-path]]\npaths = ["sub/"]\nignore = ["ALL"]\n')
    assert zhengwen("check", safe, "--fix").returncode == 0
    assert tree(safe)["sub/b.md"] == whole["sub/b.md"]
    assert len(tree(safe)["a.md"]) < len(whole["a.md"])


def test_an_advertisement_as_a_whole_stays(zhengwen: Run, safe: Path) -> None:
    advert = (SAMPLES / "tutorials" / "from-manual-to-sdet.md").read_bytes()
    (safe / "advert.md").write_bytes(advert)
    done = zhengwen("check", safe, "--fix")
    assert done.returncode == 1
    assert tree(safe)["advert.md"] == advert
    assert "an advertisement as a whole" in done.stdout.decode()


def test_an_article_that_would_lose_most_of_it_stays(model: Model, safe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    articles = [Article("a.md", (safe / "a.md").read_bytes().decode())]
    assert SafeCleaner(model).clean(articles)[0].removed
    monkeypatch.setattr("zhengwen.cli.safe.MOST", 0.0)
    assert not SafeCleaner(model).clean(articles)[0].removed


def test_what_was_edited_after_a_fix_is_refused_until_told_to_take_it(zhengwen: Run, safe: Path) -> None:
    whole = tree(safe)["a.md"]
    assert zhengwen("check", safe, "--fix").returncode == 0
    (safe / "a.md").write_bytes(whole + b"\n")
    done = zhengwen("check", safe, "--fix")
    assert done.returncode == 2
    assert "a.md: changed since it was cleaned, so it is left alone" in done.stderr.decode()
    assert tree(safe)["a.md"] == whole + b"\n"
    assert zhengwen("check", safe, "--fix", "--overwrite").returncode == 0
    assert len(tree(safe)["a.md"]) < len(whole)


@pytest.mark.parametrize("args", [("--since", "HEAD"), ("--diff",), ("--write-baseline", "b"), ("-",)])
def test_what_fix_does_not_go_with_is_refused(zhengwen: Run, articles: Path, args: tuple[str, ...]) -> None:
    before = tree(articles)
    assert zhengwen("check", articles, "--fix", *args).returncode == 2
    assert zhengwen("check", articles, "--overwrite").returncode == 2
    assert tree(articles) == before


def test_the_page_names_the_bound() -> None:
    said = PAGE[PAGE.index("\n## What can be mended") :]
    assert re.search(rf"score {SAFE} and above", said)


def test_records_and_pages_are_fixed_where_they_lie(zhengwen: Run, safe: Path, tmp_path: Path) -> None:
    text = (safe / "a.md").read_text(encoding="utf-8")
    lines = [json.dumps({"body": t, "id": n}, ensure_ascii=False) for n, t in enumerate((text, PLAIN))]
    (safe / "corpus.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (safe / "page.html").write_text(wechat(), encoding="utf-8")
    before = tree(safe)
    done = zhengwen("check", safe, "--fix", "--text-field", "body", "--id-field", "id")
    assert done.returncode in (0, 1), done.stderr
    after = [json.loads(line) for line in (safe / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    assert after[0]["body"] == (safe / "a.md").read_bytes().decode() != text
    assert after[1] == {"body": PLAIN, "id": 1}
    assert (safe / "page.html").read_text(encoding="utf-8").endswith("</body></html>\n")
    assert zhengwen("restore", safe, "-o", "back").returncode == 0
    back = tree(tmp_path / "back")
    assert back["corpus.jsonl"] == before["corpus.jsonl"]
    assert all(before[name] == data for name, data in back.items())
