"""Extractors of main text on real pages, and zhengwen's cleaning after the one it uses.

python benchmarks/html_pages.py PAGES MAIN_TEXT

PAGES is a folder or tar archive of saved pages, MAIN_TEXT a JSON object of page name to the main text as a person took
it out. Extractors that are not installed are left out: pip install --group benchmarks (magic-html needs Python 3.12).

Texts are compared as multisets of runs of three letters or digits, so that neither line breaks nor marks count:
recall is the part of the reference's runs that are in the text, precision the part of the text's runs that are in the
reference. Means are over pages. References are the human texts, and for pages of sites that mark the article with an
element of its own that element's text.
"""

import argparse
import importlib.metadata
import io
import json
import re
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zhengwen.charsets import decode
from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.forms import HTML, form_of
from zhengwen.forms.html.extractor import main_text
from zhengwen.forms.html.page import Page, read
from zhengwen.forms.html.region import chunks, find, letters
from zhengwen.forms.html.render import render
from zhengwen.forms.html.tree import Element, parse, walk
from zhengwen.model import load
from zhengwen.stages.edit import apply

MARKED = re.compile(
    r"js_content|article_content|cnblogs_post_body|Post-RichTextContainer|md-content__inner|entry-content"
)
"""Names that sites give the element of the article."""
Extract = Callable[[str], str]
Ratios = tuple[float, float, float]


def grams(text: str) -> Counter[str]:
    """Runs of three letters or digits."""
    said = letters(text)
    return Counter(said[i : i + 3] for i in range(max(len(said) - 2, 1))) if said else Counter()


def ratios(text: str, reference: str) -> Ratios:
    """Recall, precision and their harmonic mean."""
    mine, wanted = grams(text), grams(reference)
    both = (mine & wanted).total()
    recall, precision = both / max(wanted.total(), 1), both / max(mine.total(), 1)
    return recall, precision, 2 * recall * precision / (recall + precision) if both else 0.0


def shown(values: Iterable[Ratios]) -> str:
    """Means of recall, precision, f1."""
    rows = list(values)
    return " ".join(f"{sum(column) / len(rows):9.3f}" for column in zip(*rows, strict=True)) if rows else ""


def chinese(text: str) -> bool:
    """Whether a text is Chinese: mostly Han characters, hardly any kana."""
    said = letters(text)
    return len(re.findall(r"[\u4e00-\u9fff]", said)) > len(said) / 2 > 10 * len(re.findall(r"[\u3040-\u30ff]", said))


def extractors() -> dict[str, tuple[str, Extract]]:
    """What is installed: the distribution and the function, by name."""
    found: dict[str, tuple[str, Extract]] = {"trafilatura": ("trafilatura", lambda s: main_text(s, ""))}
    try:
        from magic_html import GeneralExtractor

        magic = GeneralExtractor()
        address = "https://example.com/a"
        found["magic-html"] = "magic-html", lambda s: plain(magic.extract(s, base_url=address)["html"])
    except ImportError:
        print("magic-html is not installed (it needs Python 3.12)")
    try:
        from resiliparse.extract.html2text import extract_plain_text

        found["resiliparse"] = "resiliparse", lambda s: extract_plain_text(s, main_content=True, comments=False)
    except ImportError:
        print("resiliparse is not installed")
    try:
        from readability import Document

        found["readability-lxml"] = "readability-lxml", lambda s: plain(Document(s).summary())
    except ImportError:
        print("readability-lxml is not installed")
    try:
        import turbohtml

        found["turbohtml"] = "turbohtml", lambda s: turbohtml.parse(s).main_text()
    except ImportError:
        print("turbohtml is not installed")
    return found


def plain(html: str) -> str:
    """The text of a page or of a part of one."""
    return "\n".join(chunk.text for chunk in chunks(html, parse(html)))


def weight(distribution: str) -> float:
    """Size of a distribution and of what it needs, installed, in MB."""
    pending, seen, size = [distribution], set[str](), 0
    while pending:
        name = re.sub(r"[-_.]+", "-", pending.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        size += sum(Path(str(f.locate())).stat().st_size for f in found.files or [] if Path(str(f.locate())).exists())
        needs = [r for r in found.requires or [] if "extra ==" not in r]
        pending += [re.split(r"[\s;<>=!~\[(]", r, maxsplit=1)[0] for r in needs]
    return size / 1e6


def marked(source: str) -> str:
    """The text of the element that the site itself calls the article; empty if there is not exactly one such place."""
    found: list[Element] = []
    for node, begins in walk(parse(source)):
        names = f"{node.attribute('id')} {node.attribute('class')}" if begins and isinstance(node, Element) else ""
        if isinstance(node, Element) and MARKED.search(names) and not any(e in found for e in node.ancestors()):
            found.append(node)
    text = "\n".join(chunk.text for chunk in chunks(source, found[0])) if len(found) == 1 else ""
    return text if len(text) > 100 else ""


@dataclass(frozen=True, slots=True)
class Job:
    """A page with what it shall be compared with; ``human`` and ``marked`` are empty where there is none."""

    name: str
    data: bytes
    source: str
    human: str
    marked: str


def jobs(pages: Path, human: dict[str, str]) -> list[Job]:
    """The pages of a folder or of an archive, by name."""
    if pages.is_dir():
        files = {p.name: p.read_bytes() for p in pages.rglob("*.html")}
    else:
        with tarfile.open(fileobj=io.BytesIO(pages.read_bytes())) as tar:
            files = {Path(m.name).name: (tar.extractfile(m) or io.BytesIO()).read() for m in tar if m.isfile()}
    sources = {name: decode(files[name], name).text for name in sorted(files)}
    return [Job(n, files[n], s, human.get(n, ""), "" if n in human else marked(s)) for n, s in sources.items()]


def compare(work: Sequence[Job]) -> None:
    """Prints the extractors side by side."""
    size = sum(len(job.data) for job in work) / 1e6
    sets = {
        "human text": [j for j in work if j.human],
        "human text, Chinese": [j for j in work if chinese(j.human)],
        "marked by the site": [j for j in work if j.marked],
    }
    print("\nextractor, pages against          recall precision        f1   fails  none  MB/s  MB installed")
    for name, (distribution, extract) in extractors().items():
        texts, fails = dict[str, str](), 0
        started = time.process_time()
        for job in work:
            # a fragment is given as a page: trafilatura and magic-html refuse anything else
            whole = job.source if re.search(r"<(?:html|body)[\s>]", job.source, re.IGNORECASE) else ""
            try:
                texts[job.name] = extract(whole or f"<html><body>{job.source}</body></html>")
            except Exception:
                texts[job.name], fails = "", fails + 1
        took = time.process_time() - started
        none = sum(not letters(text) for text in texts.values())
        version = importlib.metadata.version(distribution)
        print(f"{name} {version}".ljust(63), f"{fails:7} {none:5} {size / took:5.1f} {weight(distribution):7.0f}")
        for title, chosen in sets.items():
            values = [ratios(texts[j.name], j.human or j.marked) for j in chosen]
            print(f"    {len(chosen):3} {title:20}", shown(values))


def side_by_side(work: Sequence[Job], pages: Sequence[Page], cleaned: Sequence[Cleaned]) -> None:
    """Prints extractor, region and region without what the classifier removed."""
    stages: dict[str, dict[str, str]] = {"extractor alone": {}, "its region": {}, "region + classifier": {}}
    for job, page, c in zip(work, pages, cleaned, strict=True):
        kept = page.text if c.advert else c.text
        for stage, text in zip(stages.values(), (main_text(job.source, ""), page.text, kept), strict=True):
            stage[job.name] = prose(text)
    print("\nsteps, pages against              recall precision        f1   letters")
    for title, chosen in (
        ("human text", [j for j in work if j.human]),
        ("human text, Chinese", [j for j in work if chinese(j.human)]),
        ("marked by the site", [j for j in work if j.marked]),
    ):
        print(f"{len(chosen)} pages, {title}")
        for stage, texts in stages.items():
            said = sum(len(letters(texts[j.name])) for j in chosen)
            print(f"    {stage:24}", shown(ratios(texts[j.name], j.human or j.marked) for j in chosen), f"{said:9,}")
    gone = extra = right = 0
    for job in (j for j in work if j.human):
        wanted, before = grams(job.human), grams(stages["its region"][job.name])
        after = grams(stages["region + classifier"][job.name])
        extra += (before - wanted).total()
        gone += (before - after).total()
        right += ((before - wanted) - (after - wanted)).total()
    print(f"of {extra:,} runs in the regions that the human texts lack, the classifier removed {right:,};")
    print(f"of {gone:,} runs that it removed, {gone - right:,} are in the human texts")
    print("\npages                 number  extracted     region    removed  passages  adverts   (letters)")
    for family in sorted({job.name.rsplit("-", 1)[0] for job in work}):
        rows = [n for n, job in enumerate(work) if job.name.rsplit("-", 1)[0] == family]
        sums = [sum(len(letters(stage[work[n].name])) for n in rows) for stage in stages.values()]
        passages = sum(len(cleaned[n].findings) for n in rows if not cleaned[n].advert)
        adverts = sum(cleaned[n].advert for n in rows)
        print(f"{family:20} {len(rows):7} {sums[0]:10,} {sums[1]:10,} {sums[1] - sums[2]:10,} {passages:9} {adverts:8}")


def prose(markdown: str) -> str:
    """Markdown without the addresses of links and pictures and without the descriptions of pictures."""
    return re.sub(r"\]\(<?[^)>]*>?\)", "]", re.sub(r"!\[[^\]]*\](?=\()", "[]", markdown))


def round_trip(work: Sequence[Job], pages: Sequence[Page], cleaned: Sequence[Cleaned], cleaner: Cleaner) -> None:
    """Proves that `--to html` only deletes, and counts what a second cleaning would still change."""
    form = form_of("page.html")
    differing = unchanged = spans = size = again_html = again_markdown = 0
    for job, page, c in zip(work, pages, cleaned, strict=True):
        gone = page.removed(c)
        written = form.edit(c, job.name, HTML).output
        pieces, place = [], 0
        kept = apply(page.source, gone)
        for start, end in gone:
            share = start - sum(map(len, pieces))
            pieces += [kept[place : place + share], page.source[start:end]]
            place += share
        restored = "".join((*pieces, written.decode(page.encoding)[place:])).encode(page.encoding)
        differing += restored != job.data or kept.encode(page.encoding) != written
        unchanged += written == job.data
        spans += len(gone)
        size += len(job.data) - len(written)
        if not c.advert and gone:
            again_html += bool(cleaner.clean([read(written, job.name, job.name)])[0].removed)
            again_markdown += bool(cleaner.clean([form_of("a.md").read(c.text.encode(), "a.md", "a.md")])[0].removed)
    print(f"\n--to html on {len(work)} pages: {unchanged} as they came, {spans} spans, {size:,} bytes deleted")
    print(f"pages whose output and deleted spans, in order, are not the input byte for byte: {differing}")
    print(f"pages of which a second cleaning removes more: HTML {again_html}, Markdown {again_markdown}")


def timed(work: Sequence[Job], cleaner: Cleaner) -> tuple[list[Page], list[Cleaned]]:
    """The pages and what is cleaned of them; prints the processor time of each step."""
    took = Counter[str]()

    def step(name: str, function: Callable[..., object], *arguments: object) -> object:
        started = time.process_time()
        result = function(*arguments)
        took[name] += time.process_time() - started
        return result

    for job in work:
        root = step("parse", parse, job.source)
        text = step("extract", main_text, job.source, job.name)
        region = step("region", find, job.source, root, text)
        if region:
            step("render", render, job.source, region.element, region.left_out)  # type: ignore[attr-defined]
    pages = [read(job.data, job.name, job.name) for job in work]
    cleaned = step("classify", cleaner.clean, pages)
    size = sum(len(job.data) for job in work) / 1e6
    parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in took.items())
    print(f"\n{len(work)} pages, {size:.1f} MB: {size / took.total():.1f} MB/s; seconds: {parts}")
    return pages, cleaned  # type: ignore[return-value]


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path)
    parser.add_argument("main_text", type=Path)
    a = parser.parse_args()
    work = jobs(a.pages, json.loads(a.main_text.read_text(encoding="utf-8")))
    compare(work)
    cleaner = Cleaner(load())
    pages, cleaned = timed(work, cleaner)
    side_by_side(work, pages, cleaned)
    round_trip(work, pages, cleaned, cleaner)


if __name__ == "__main__":
    main()
