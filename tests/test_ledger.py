"""The ledger: cleaned and ledger are the original; what is done is not done again; what is not ours stays."""

import json
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import APART, PLAIN, ROOT, TAILED, Run
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cli_clean import tree
from texts import text

from zhengwen.articles import BOILERPLATE, Article, Finding
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.errors import LedgerError
from zhengwen.forms import Edit
from zhengwen.forms.form import spans
from zhengwen.ledger.entries import STATUSES, Entry, itemise, less, newlines, original, rebuild, sha256
from zhengwen.ledger.store import opened
from zhengwen.model import load
from zhengwen.places import Folder
from zhengwen.readers import find
from zhengwen.recording import Recorder, Settings
from zhengwen.stages.edit import apply

MODEL = load()
ADVERT = ROOT / "samples" / "articles" / "tutorials" / "from-manual-to-sdet.md"


@st.composite
def cleaned_by_chance(draw: st.DrawFn) -> Cleaned:
    """Any removed spans of any text, and findings that may cover them, part of them, or none."""
    source = draw(text)
    places = st.lists(st.integers(0, len(source)), unique=True, max_size=12).map(sorted)
    spans = draw(places)
    pairs = zip(spans[::2], spans[1::2], strict=False)
    found = draw(st.lists(st.tuples(*2 * [st.integers(0, len(source))]), max_size=6))  # they may overlap
    findings = tuple(Finding(min(f), max(f), "promotion", 0.5) for f in sorted(found) if f[0] != f[1])
    return Cleaned(Article("a", source), findings, tuple(pairs), False)


def entry_of(cleaned: Cleaned, encoding: str) -> Entry:
    data = cleaned.article.text.encode(encoding)
    passages, cuts = itemise(cleaned, ("a", ""), Edit(cleaned.article.text, cleaned.removed, spans(cleaned), encoding))
    return Entry(
        ("a", ""),
        sha256(data),
        len(data),
        "text",
        encoding,
        "lf",
        "cleaned",
        "",
        encoding,
        passages=passages,
        cuts=cuts,
    )


@given(cleaned_by_chance(), st.sampled_from(["utf-8", "gb18030", "utf-16-le"]))
def test_any_removal_and_its_cuts_are_the_original(cleaned: Cleaned, encoding: str) -> None:
    entry = entry_of(cleaned, encoding)
    kept = apply(cleaned.article.text, list(cleaned.removed))
    assert less(cleaned.article.text, entry.cuts) == kept
    assert rebuild(kept, entry.cuts) == cleaned.article.text
    assert original(kept.encode(encoding), entry) == cleaned.article.text.encode(encoding)
    assert {c.passage for c in entry.cuts} == {p.id for p in entry.passages}
    assert len({p.id for p in entry.passages}) == len(entry.passages)
    for cut in entry.cuts:
        assert cleaned.article.text[cut.start : cut.start + len(cut.text)] == cut.text != ""
    with pytest.raises(LedgerError):
        original((kept + "!").encode(encoding), entry)


@given(text)
def test_the_models_removals_are_itemised_by_its_findings(source: str) -> None:
    cleaned = Cleaner(MODEL, BOILERPLATE).clean([Article("a", source)])[0]
    entry = entry_of(cleaned, "utf-8")
    assert original(cleaned.text.encode(), entry) == source.encode()
    kinds = {(p.start, p.kind) for p in entry.passages if p.kind}
    assert cleaned.advert or kinds == {(f.start, f.kind) for f in cleaned.findings}
    assert all(not source[p.start : p.end].strip() for p in entry.passages if not p.kind)


@settings(max_examples=25)
@given(text)
def test_what_is_recorded_is_read_again(source: str) -> None:
    odd = replace(entry_of(Cleaner(MODEL).clean([Article("a", source)])[0], "utf-8"), key=("\udcff/文.md", source[:3]))
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder), create=True) as ledger:
        run = ledger.run("m", {"a": 1})
        assert ledger.run("m", {"a": 1}) == run != ledger.run("m", {"a": 2})
        ledger.write(run, [odd])
        ledger.write(run, [odd])
        assert [r.entry for r in ledger.articles()] == [odd]


@pytest.mark.parametrize(
    ("source", "name"),
    [("", "none"), ("a", "none"), ("a\nb\n", "lf"), ("a\r\n", "crlf"), ("a\r", "cr"), ("a\r\nb\n", "mixed")],
)
def test_newlines_are_named(source: str, name: str) -> None:
    assert newlines(source) == name


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / ".zhengwen" / "ledger.sqlite") as database:
        return database.execute(query).fetchall()


def test_the_ledger_says_what_became_of_every_input(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (articles / "advert.md").write_bytes(ADVERT.read_bytes())
    (articles / "broken.md").write_bytes(PLAIN.encode()[:-2])
    (articles / "gb.md").write_bytes(TAILED.replace("\n", "\r\n").encode("gb18030"))
    assert zhengwen("clean", *APART, articles, "-o", "out", "--drop-adverts").returncode == 2
    found = rows(
        tmp_path / "out", "SELECT path, status, form, encoding, newlines, whole IS NULL FROM articles ORDER BY path"
    )
    assert found == [
        ("advert.md", "advert left out", "markdown", "utf-8", "lf", 0),
        ("broken.md", "not readable", "markdown", "", "", 0),
        ("gb.md", "cleaned", "markdown", "gb18030", "crlf", 1),
        ("plain.md", "unchanged", "markdown", "utf-8", "lf", 1),
        ("sub/same.txt", "cleaned", "text", "utf-8", "lf", 1),
        ("tail.md", "cleaned", "markdown", "utf-8", "lf", 1),
    ]
    assert {status for _, status, *_ in found} < set(STATUSES)
    passages = rows(
        tmp_path / "out",
        'SELECT "start", "end", kind, score, fingerprint, reasons FROM passages WHERE path = "tail.md"',
    )
    checked = zhengwen("check", articles / "tail.md", "--format", "jsonl").stdout.decode().splitlines()
    said = [json.loads(line) for line in checked]
    assert [(s["start"], s["end"], s["kind"], s["score"], s["fingerprint"]) for s in said] == [p[:5] for p in passages]
    assert [s["reasons"] for s in said] == [json.loads(str(p[5])) for p in passages]
    ((model, configuration),) = rows(tmp_path / "out", "SELECT model, configuration FROM runs")
    assert model == MODEL.fingerprint
    assert json.loads(str(configuration))["drop_adverts"] is True


def test_a_repeated_run_does_nothing_and_says_so(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    zhengwen("clean", *APART, articles, "-o", "out")
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.??*") if p.suffix in (".md", ".txt")}
    done = zhengwen("clean", *APART, articles, "-o", "out")
    assert done.returncode == 0
    assert "finished by an earlier run, not done again: 3" in done.stderr.decode()
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps


def test_what_is_missing_or_new_is_done_and_the_rest_is_not(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    zhengwen("clean", *APART, articles, "-o", "out")
    (tmp_path / "out" / "tail.md").unlink()
    (articles / "new.md").write_text(TAILED, encoding="utf-8")
    done = zhengwen("clean", *APART, articles, "-o", "out")
    assert "not done again: 2" in done.stderr.decode()
    assert tree(tmp_path / "out") == {n: PLAIN.encode() for n in ("plain.md", "tail.md", "new.md", "sub/same.txt")}


def test_another_configuration_does_the_same_inputs_again(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    zhengwen("clean", *APART, articles, "-o", "out", "--select", "notice")
    assert tree(tmp_path / "out") == tree(articles)
    done = zhengwen("clean", *APART, articles, "-o", "out")
    assert done.returncode == 0
    assert "not done again" not in done.stderr.decode()
    assert tree(tmp_path / "out")["tail.md"] == PLAIN.encode()


def test_an_advertisement_written_before_is_taken_away_when_it_is_to_be_left_out(
    zhengwen: Run, articles: Path, tmp_path: Path
) -> None:
    (articles / "advert.md").write_bytes(ADVERT.read_bytes())
    zhengwen("clean", *APART, articles, "-o", "out")
    assert "advert.md" in tree(tmp_path / "out")
    zhengwen("clean", *APART, articles, "-o", "out", "--drop-adverts")
    assert "advert.md" not in tree(tmp_path / "out")
    assert zhengwen("restore", "out", "-o", "back").returncode == 0
    assert tree(tmp_path / "back") == tree(articles)


def test_an_output_changed_by_hand_and_a_foreign_file_are_refused_and_the_others_done(
    zhengwen: Run, articles: Path, tmp_path: Path
) -> None:
    zhengwen("clean", *APART, articles, "-o", "out")
    (tmp_path / "out" / "tail.md").write_text("mine")
    (tmp_path / "out" / "new.md").write_text("mine too")
    for name in ("new.md", "newer.md"):
        (articles / name).write_text(TAILED, encoding="utf-8")
    done = zhengwen("clean", *APART, articles, "-o", "out")
    assert done.returncode == 2
    assert "tail.md: changed since it was written" in done.stderr.decode()
    assert "new.md: is there already and not in the ledger" in done.stderr.decode()
    assert (tmp_path / "out" / "tail.md").read_text() == "mine"
    assert (tmp_path / "out" / "new.md").read_text() == "mine too"
    assert (tmp_path / "out" / "newer.md").read_text(encoding="utf-8") == PLAIN
    assert zhengwen("clean", *APART, articles, "-o", "out", "--overwrite").returncode == 0
    assert set(tree(tmp_path / "out").values()) == {PLAIN.encode()}


def test_the_output_of_another_version_of_the_input_is_refused(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    zhengwen("clean", *APART, articles, "-o", "out")
    before = tree(articles)
    (articles / "tail.md").write_text("# 新版\n\n" + TAILED, encoding="utf-8")
    done = zhengwen("clean", *APART, articles, "-o", "out")
    assert done.returncode == 2
    assert "stands for another version of its input" in done.stderr.decode()
    zhengwen("restore", "out", "-o", "back")
    assert tree(tmp_path / "back") == before


def test_a_removal_that_does_not_prove_itself_is_an_error_and_the_article_is_left_alone(
    articles: Path, tmp_path: Path
) -> None:
    class Careless(Cleaner):
        """Removes from one article a span that is not sorted."""

        def clean(self, articles: object) -> list[Cleaned]:
            done = Cleaner.clean(self, articles)  # type: ignore[arg-type]
            return [replace(c, removed=((9, 12), (3, 5))) if c.article.name == "tail.md" else c for c in done]

    sources, _ = find([str(articles)])
    with opened(tmp_path / "out", create=True) as ledger:
        run = ledger.run("m", {})
        recorder = Recorder(Careless(MODEL), Folder(tmp_path / "out"), ledger, run, Settings())
        outcomes = {o.source.name: o for o in recorder.outcomes(sources)}
        assert "do not give the original; it is left alone" in str(outcomes["tail.md"].fault)
        recorded = ledger.recorded(("tail.md", ""))
        assert recorded
        assert recorded.entry.status == "refused"
        assert recorded.entry.whole
    assert tree(tmp_path / "out") == {n: PLAIN.encode() for n in ("plain.md", "sub/same.txt")}


def test_a_share_above_the_limit_is_refused_and_kept_as_it_is(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    for _ in range(2):
        done = zhengwen("clean", *APART, articles, "-o", "out", "--max-removed", "20")
        assert done.returncode == 2
        assert "tail.md: " in done.stderr.decode()
        assert "more than --max-removed 20 allows" in done.stderr.decode()
        assert tree(tmp_path / "out") == tree(articles)
    assert zhengwen("clean", *APART, "-", "--max-removed", "20", stdin=TAILED.encode()).stdout == TAILED.encode()
    assert zhengwen("clean", *APART, articles, "-o", "out").returncode == 0
    assert tree(tmp_path / "out")["tail.md"] == PLAIN.encode()


def test_two_at_once_in_one_folder_is_refused(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "out", create=True):
        done = zhengwen("clean", *APART, articles, "-o", "out")
    assert done.returncode == 2
    assert "another zhengwen works here" in done.stderr.decode()
    assert tree(tmp_path / "out") == {}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DROP TABLE cuts", "no such table"),
        ("PRAGMA user_version = 99", "has format 99"),
        ("PRAGMA user_version = 0", "database of something else"),
        (None, "not a ledger, or a damaged one"),
    ],
)
def test_a_damaged_or_foreign_ledger_is_refused(
    zhengwen: Run, articles: Path, tmp_path: Path, damage: str | None, said: str
) -> None:
    zhengwen("clean", *APART, articles, "-o", "out")
    path = tmp_path / "out" / ".zhengwen" / "ledger.sqlite"
    if damage:
        with sqlite3.connect(path) as database:
            database.execute(damage)
        database.close()
    else:
        path.write_bytes(b"not a database at all" * 200)
    before = tree(tmp_path / "out")
    for args in (("clean", articles, "-o", "out"), ("restore", "out", "-o", "back")):
        done = zhengwen(*args)
        assert done.returncode == 2
        assert said in done.stderr.decode()
        assert b"internal error" not in done.stderr
    assert tree(tmp_path / "out") == before


def test_the_byte_order_mark_stays_when_the_first_line_goes(zhengwen: Run, tmp_path: Path) -> None:
    repost = (ROOT / "samples" / "articles" / "classic" / "python-generator-repost.md").read_bytes().decode()
    for encoding in ("utf-8", "utf-16-le"):
        data = ("\ufeff" + repost).encode(encoding)
        (tmp_path / "a.md").write_bytes(data)
        assert zhengwen("clean", *APART, "a.md", "-o", encoding).returncode == 0
        kept = (tmp_path / encoding / "a.md").read_bytes()
        assert kept.decode(encoding).startswith("\ufeff# ")
        assert zhengwen("clean", *APART, encoding, "-o", f"{encoding}-again").returncode == 0
        assert tree(tmp_path / f"{encoding}-again") == {"a.md": kept}
        assert zhengwen("restore", encoding, "-o", f"{encoding}-back").returncode == 0
        assert tree(tmp_path / f"{encoding}-back") == {"a.md": data}


def test_a_foreign_file_is_not_taken_away_for_an_article_that_is_left_out(
    zhengwen: Run, articles: Path, tmp_path: Path
) -> None:
    (articles / "advert.md").write_bytes(ADVERT.read_bytes())
    (articles / "broken.md").write_bytes(PLAIN.encode()[:-2])
    (tmp_path / "out").mkdir()
    for name in ("advert.md", "broken.md"):
        (tmp_path / "out" / name).write_text("mine")
    for _ in range(2):
        assert zhengwen("clean", *APART, articles, "-o", "out", "--overwrite", "--drop-adverts").returncode == 2
        assert {tree(tmp_path / "out")[name] for name in ("advert.md", "broken.md")} == {b"mine"}
