"""The formats of `zhengwen check`: valid by their schemas and consumers, and not to be forged by an article."""

import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import junitparser
import pytest
from conftest import PLAIN, ROOT, TAILED, Run
from hypothesis import given
from hypothesis import strategies as st

from zhengwen.articles import BOILERPLATE
from zhengwen.reports.findings import Checked, Record, excerpt, fingerprint, marks
from zhengwen.reports.formats import FORMATS, Scene, renderer
from zhengwen.reports.github import ANNOTATIONS, SUMMARY_BYTES, JobSummary
from zhengwen.reports.terminal import harmless, harmless_line, pointers, width

SARIF_SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
HOSTILE = (
    "\n::error file=a::forged\r\n::set-output name=x::y\n##[error]forged %0A::warning::x"
    '\x1b[2J\x1b]0;title\x07\u202e ]]></failure><testcase/> "}],"version":"9" | <img src=x> `code` [a](javascript:b)'
    " {0} \ud800\ufffe\0"
)


def record(path: str, text: str, line: int = 3, kind: str = "promotion", score: float = 0.9) -> Record:
    reasons = ("扫码",)
    shown = excerpt(text)
    return Record(
        path, 10, 10 + len(text), line, line + 1, 1, 5, kind, score, shown, fingerprint(text), reasons,
        marks(shown, reasons),
    )  # fmt: skip


def checked(path: str, *texts: str, root: Path = Path("/repo")) -> Checked:
    return Checked(path, root / path, tuple(record(path, t, line=n) for n, t in enumerate(texts, 1)), False)


def render(form: str, *articles: Checked, faults: tuple[str, ...] = (), root: Path = Path("/repo")) -> str:
    made = renderer(form, Scene(root))

    def pieces() -> Iterator[str]:
        yield from made.begin()
        for fault in faults:
            yield from made.fault(fault)
        for article in articles:
            yield from made.article(article)
        yield from made.end()

    return "".join(pieces())


def commands(output: str) -> list[str]:
    """The lines that GitHub's runner would obey: it trims them, and finds the older form anywhere."""
    lines = re.split(r"\r\n|\n|\r", output)
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


def strict_code_quality(data: Any) -> None:
    """What GitLab documents of its format: these members, a unique fingerprint, a relative path."""
    assert isinstance(data, list)
    for issue in data:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert re.fullmatch("[0-9a-f]{40}", issue["fingerprint"])
        assert isinstance(issue["location"]["lines"]["begin"], int)
        assert not issue["location"]["path"].startswith(("/", "./"))
    assert len({issue["fingerprint"] for issue in data}) == len(data)


def page_data(page: str) -> Any:
    """The columns of an HTML page."""
    return json.loads(page.partition('id="data">')[2].partition("</script>")[0])


@pytest.mark.parametrize("form", FORMATS)
def test_no_finding_is_a_valid_output_too(form: str) -> None:
    output = render(form, checked("a.md"))
    if form in ("full", "concise", "jsonl", "github"):
        assert output == ""
    elif form == "junit":
        assert ET.fromstring(output).findall(".//failure") == []
    elif form == "html":
        assert page_data(output)["passages"] == [0, 0, 0, 0]
    else:
        data = json.loads(output)
        assert not (data if form == "gitlab" else data["runs"][0]["results"] if form == "sarif" else data["findings"])


def test_sarif_is_valid_by_the_official_schema_and_githubs_rules(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (articles / "文 章%.md").write_text(TAILED.replace("\n", "\r\n"), encoding="utf-8", newline="")
    (articles / "bad.md").write_bytes(PLAIN.encode() + b"\xff")
    (tmp_path / ".git").mkdir()
    done = zhengwen("check", articles, "--format", "sarif")
    assert done.returncode == 2
    log = json.loads(done.stdout)
    jsonschema.Draft7Validator(SARIF_SCHEMA).validate(log)
    run = log["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(BOILERPLATE)
    assert run["results"]
    for result in run["results"]:
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert not place["artifactLocation"]["uri"].startswith(("/", "file:", ".."))
        text = (tmp_path / unquote(place["artifactLocation"]["uri"])).read_bytes().decode()
        region = place["region"]
        passage = text[region["charOffset"] : region["charOffset"] + region["charLength"]]
        lines = re.split(r"\r\n|\n|\r", text)
        assert lines[region["startLine"] - 1][region["startColumn"] - 1 :].startswith(passage.split("\r\n")[0][:5])
        assert lines[region["endLine"] - 1][: region["endColumn"] - 1].endswith(passage.splitlines()[-1][-5:])
        assert re.fullmatch(r"[0-9a-f]{16}:\d+", result["partialFingerprints"]["primaryLocationLineHash"])
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
    assert "in/%E6%96%87%20%E7%AB%A0%25.md" in uris
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "bad.md" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_a_strict_check_would_see_an_invalid_log() -> None:
    log = json.loads(render("sarif", checked("a.md", "扫码")))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SARIF_SCHEMA).validate(log)


def test_the_same_passage_twice_in_an_article_has_two_fingerprints() -> None:
    article = checked("a.md", "扫码领取", "扫码领取")
    results = json.loads(render("sarif", article))["runs"][0]["results"]
    prints = [r["partialFingerprints"]["primaryLocationLineHash"] for r in results]
    assert [p.partition(":")[2] for p in prints] == ["1", "2"]
    strict_code_quality(json.loads(render("gitlab", article, checked("b.md", "扫码领取"))))


def test_fingerprints_do_not_move_with_the_passage() -> None:
    one = Checked("a.md", Path("/repo/a.md"), (record("a.md", "扫码领取", line=3),), False)
    two = Checked("a.md", Path("/repo/a.md"), (record("a.md", "扫码领取", line=30),), False)
    for form in ("gitlab", "sarif"):
        prints = [re.findall(r'[0-9a-f]{16,}(?::\d)?"', render(form, a)) for a in (one, two)]
        assert prints[0] == prints[1] != []


def test_gitlab_reads_its_report(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    data = json.loads(zhengwen("check", articles, "--format", "gitlab").stdout)
    strict_code_quality(data)
    assert {issue["location"]["path"] for issue in data} == {"in/sub/same.txt", "in/tail.md"}


def test_junit_is_read_by_a_consumer(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    (articles / "bad.md").write_bytes(PLAIN.encode() + b"\xff")
    done = zhengwen("check", articles, "--report", "junit=out/report.xml")
    assert done.returncode == 2
    suites = list(junitparser.JUnitXml.fromfile(str(tmp_path / "out" / "report.xml")))
    assert [s.name.rpartition("/")[2] for s in suites] == ["zhengwen", "plain.md", "same.txt", "tail.md"]
    failures = [r for s in suites for case in s for r in case.result]
    found = zhengwen("check", articles, "--format", "jsonl").stdout.decode().splitlines()
    assert len([f for f in failures if isinstance(f, junitparser.Failure)]) == len(found) > 0
    assert next(f.message for f in failures if isinstance(f, junitparser.Error)).count("bad.md") == 1
    for suite in suites:
        assert suite.tests == len(list(suite))


def test_json_is_one_document(zhengwen: Run, articles: Path) -> None:
    done = zhengwen("check", articles, "nowhere.md", "--format", "json")
    data = json.loads(done.stdout)
    lines = zhengwen("check", articles, "--format", "jsonl").stdout.decode().splitlines()
    assert data["findings"] == [json.loads(line) for line in lines]
    assert data["articles"] == 3
    assert "nowhere.md" in data["errors"][0]
    assert data["adverts"] == []


def test_github_annotates_ten_articles_and_tells_of_all_in_the_summary(zhengwen: Run, tmp_path: Path) -> None:
    for n in range(13):
        (tmp_path / f"{n:02}.md").write_text(TAILED, encoding="utf-8")
    summary = tmp_path / "summary"
    summary.write_text("before\n")
    args = [f"{n:02}.md" for n in range(13)]
    done = zhengwen("check", *args, "--format", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 1
    lines = done.stdout.decode().splitlines()
    warned = [line for line in lines if line.startswith("::warning file=")]
    assert len(warned) == ANNOTATIONS == len(commands(done.stdout.decode()))
    assert [re.search("file=([^,]*)", line)[1] for line in warned] == args[:10]  # type: ignore[index]
    assert any(line.startswith("12.md:") for line in lines)
    told = summary.read_text(encoding="utf-8")
    assert told.startswith("before\n")
    assert all(f"| {n:02}&#46;md |" in told for n in range(13))


def test_the_summary_of_a_job_keeps_within_githubs_limit() -> None:
    form = JobSummary(Scene(Path("/repo")))
    pieces = [*form.begin()]
    for n in range(4000):
        pieces += form.article(checked(f"{n}.md", *["扫码领取资料" * 20] * 3))
    pieces += form.end()
    assert len("".join(pieces).encode()) < SUMMARY_BYTES + 5000
    assert "did not fit" in pieces[-2]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("path", ["a.md", "::error::x.md", "a,line=1::x%0A\n::error::.md", "##[error]\x1b[2J.md"])
def test_hostile_text_stays_text(form: str, path: str) -> None:
    one = checked(path, HOSTILE, "扫码" + HOSTILE)
    output = render(form, one, faults=(f"{path}: {HOSTILE}",))
    assert "\x1b" not in output
    assert "\u202e" not in output
    if form == "github":
        obeyed = commands(output)
        assert [line.split(" ")[0] for line in obeyed] == ["::error", "::warning"]
        properties = obeyed[1].split("::")[1].removeprefix("warning ").split(",")
        assert [p.partition("=")[0] for p in properties] == ["file", "line", "endLine", "title"]
        return
    if form in ("full", "concise"):
        assert commands(output) == []
        heads = [line for line in output.splitlines() if line.endswith("0.90") or ": promotion 0.90 " in line]
        assert len(heads) == 2
    elif form == "junit":
        root = ET.fromstring(output)
        assert [e.tag for e in root.iter()].count("testcase") == 3
        assert len(root.findall(".//failure")) == 2
    elif form == "jsonl":
        assert [next(iter(json.loads(line))) for line in output.splitlines()] == ["path", "path"]
    elif form == "html":
        assert commands(output) == []
        assert page_data(output)["passages"] == [2, 0, 0, 0]
        assert output.count("<script") == 3
    else:
        data = json.loads(output)
        if form == "sarif":
            jsonschema.Draft7Validator(SARIF_SCHEMA).validate(data)
            assert (data["version"], len(data["runs"])) == ("2.1.0", 1)
        assert len(data if form == "gitlab" else data.get("findings") or data["runs"][0]["results"]) == 2
    if form in ("json", "jsonl", "sarif", "gitlab"):
        assert commands(output) == []


def test_hostile_text_stays_text_in_the_summary_of_a_job() -> None:
    form = JobSummary(Scene(Path("/repo")))
    article = checked("a|b<x>.md", HOSTILE)
    told = "".join([*form.begin(), *form.article(article), *form.fault(HOSTILE), *form.end()])
    row = [line for line in told.splitlines() if "promotion" in line]
    assert len(row) == 1
    assert row[0].count("|") == 6
    assert not set("<>`[]*") & set(told)


@given(st.text(max_size=80))
def test_whatever_an_article_says_a_runner_obeys_nothing_of_it(text: str) -> None:
    for form in ("full", "concise", "github"):
        output = render(form, checked(text or "a", text, "::" + text, "##[" + text))
        warned = [c for c in commands(output) if not c.startswith("::warning file=")]
        assert warned == []
        assert all(c.isprintable() or c in " \n\u3000" or ord(c) > 127 for c in output)


@given(st.text(max_size=60))
def test_harmless_text_is_printable_and_stays_so(text: str) -> None:
    safe = harmless_line(text)
    assert harmless_line(safe) == safe
    assert len(safe) == len(text)
    assert harmless(safe) == safe


def test_pointers_stand_under_wide_characters() -> None:
    line = "a扫码ｂ领取e\u0301"
    marked = marks(line, ("扫码", "领取"))
    assert marked == ((1, 3), (4, 6))
    assert pointers(line, marked) == " ^^^^  ^^^^"
    assert width(line) == 1 + 4 + 2 + 4 + 1


def test_full_points_at_the_telling_words(zhengwen: Run, articles: Path) -> None:
    lines = zhengwen("check", articles / "tail.md").stdout.decode().splitlines()
    at = next(n for n, line in enumerate(lines) if "^" in line)
    excerpt, below = lines[at - 1], lines[at]
    columns = "".join(c * width(c) for c in excerpt)
    said = {"".join(dict.fromkeys(columns[m.start() : m.end()])) for m in re.finditer(r"\^+", below)}
    words = next(line for line in lines[at:] if "words:" in line)
    assert said
    assert any(word[:2] in words for word in said)
    coloured = zhengwen("--color", "always", "check", articles / "tail.md").stdout
    assert b"\x1b[1m\x1b[4m" in coloured
    assert b"^" not in coloured


def test_reports_stand_beside_the_output(zhengwen: Run, articles: Path, tmp_path: Path) -> None:
    plain = zhengwen("check", articles).stdout
    args = [arg for form in FORMATS for arg in ("--report", f"{form}=reports/{form}")]
    done = zhengwen("--color", "always", "check", articles, *args)
    assert done.returncode == 1
    for form in FORMATS:
        alone = zhengwen("check", articles, "--format", form)
        assert alone.returncode == 1
        assert (tmp_path / "reports" / form).read_bytes() == alone.stdout
    assert zhengwen("check", articles).stdout == plain
    assert not [p for p in (tmp_path / "reports").iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ("sarif", "is not FORMAT=PATH"),
        ("pdf=x", "is not FORMAT=PATH"),
        ("json=in/tail.md", "take the place of the input"),
        ("json=in", "is a folder"),
        ("json=in/tail.md/x", "cannot be written"),
    ],
)
def test_reports_that_cannot_be(zhengwen: Run, articles: Path, report: str, said: str) -> None:
    done = zhengwen("check", articles, "--report", report)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert (articles / "tail.md").read_text(encoding="utf-8") == TAILED


def test_selected_ignored_and_scored(zhengwen: Run) -> None:
    articles = ROOT / "samples" / "articles" / "security" / "fan-noise-repost.md"

    def kinds(*args: str) -> list[tuple[str, float]]:
        out = zhengwen("check", articles, "--format", "jsonl", *args).stdout.decode()
        return [(f["kind"], f["score"]) for f in map(json.loads, out.splitlines())]

    every = kinds()
    assert {"promotion", "engagement", "navigation"} == {kind for kind, _ in every}
    assert {kind for kind, _ in kinds("--ignore", "promotion")} == {"engagement", "navigation"}
    best = max(score for _, score in every)
    assert [score for _, score in kinds("--min-score", str(best))] == [best]
    assert kinds("--min-score", "1") == []
    assert zhengwen("check", articles, "--min-score", "1").returncode == 0
    assert zhengwen("check", articles, "--select", "notice", "--ignore", "notice").returncode == 2
    assert zhengwen("check", articles, "--min-score", "2").returncode == 2


def test_statistics_take_the_place_of_the_findings(zhengwen: Run, articles: Path) -> None:
    done = zhengwen("check", articles, "--statistics")
    assert done.returncode == 1
    lines = done.stdout.decode().splitlines()
    rows = json.loads(zhengwen("check", articles, "--statistics", "--format", "json").stdout)
    assert [row["kind"] for row in rows] == [line.split()[1] for line in lines]
    assert all(row["articles"] == 2 for row in rows)
    assert zhengwen("check", articles, "--statistics", "--format", "sarif").returncode == 2


def test_diff_shows_what_clean_would_take(zhengwen: Run, articles: Path) -> None:
    done = zhengwen("check", "--diff", articles / "tail.md")
    assert done.returncode == 1
    cleaned = zhengwen("clean", "--diff", articles / "tail.md")
    assert done.stdout == cleaned.stdout
    assert (articles / "tail.md").read_text(encoding="utf-8") == TAILED
    part = zhengwen("check", "--diff", "--min-score", "1", articles / "tail.md")
    assert (part.returncode, part.stdout) == (0, b"")
    assert zhengwen("check", "--diff", "--statistics", articles).returncode == 2


def test_exit_zero_forgives_findings_and_nothing_else(zhengwen: Run, articles: Path) -> None:
    assert zhengwen("check", articles, "--exit-zero").returncode == 0
    assert zhengwen("check", articles, "gone.md", "--exit-zero").returncode == 2
    assert zhengwen("check", articles, "--exit-zero", "--format", "what").returncode == 2


def test_file_names_that_are_not_utf_8_reach_every_format(zhengwen: Run, tmp_path: Path) -> None:
    name = os.fsdecode("文章".encode("gbk") + b".md")
    (tmp_path / name).write_text(TAILED, encoding="utf-8")
    (tmp_path / "plain.md").write_text(PLAIN, encoding="utf-8")
    for form in FORMATS:
        done = zhengwen("check", ".", "--format", form)
        assert done.returncode == 1, done.stderr
        if form == "sarif":
            assert b"%CE%C4%D5%C2.md" in done.stdout
        if form in ("json", "sarif", "gitlab"):
            json.loads(done.stdout)
