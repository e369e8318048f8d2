"""The page of ``zhengwen report`` over a whole folder: how long it takes to write, to open, to search, and its memory.

python benchmarks/report_page.py ARTICLES [--texts all --max-size 200] [--no-scores] [--page PAGE.html]

With --page, only opens a page that is there. "usable" is when the overview is drawn and keys are heard, "loaded" when
all texts are there; CPU seconds are those of all the browser's processes, which say more than the clock on a machine
that does other things. Memory is the proportional set size: of the process that shows the page, and of the whole
browser, beside a browser with an empty page. Needs Linux, Playwright and Chromium (CHROMIUM names another one).
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

COMMAND = Path(sys.executable).parent / "zhengwen"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SOUGHT = "扫描下方二维码"
_TICKS = os.sysconf("SC_CLK_TCK")


def processes(root: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(stat[1]), []).append(int(entry.name))
    found = [root]
    for process in found:
        found += parents.get(process, [])
    return found


def memory(process: int) -> float:
    """Proportional set size in MB."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def cpu(root: int) -> float:
    """Seconds of processor time of a process and all below it."""
    total = 0
    for process in processes(root):
        try:
            stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(stat[11]) + int(stat[12])
    return total / _TICKS


def launched(playwright: Any) -> tuple[Any, int]:
    """A browser and its process."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    before = set(processes(os.getpid()))
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    new = [p for p in processes(os.getpid()) if p not in before]
    return browser, new[0]


def sizes(root: int) -> tuple[float, float]:
    """Memory of the largest of the browser's processes that show pages, and of all."""
    shows, every = [0.0], 0.0
    for process in processes(root):
        found = memory(process)
        every += found
        try:
            command = Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            continue
        if b"--type=renderer" in command:
            shows.append(found)
    return max(shows), every


def opened(playwright: Any, page: Path | None) -> dict[str, float]:
    """Opens a page, or an empty one, in a browser of its own."""
    browser, root = launched(playwright)
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    figures: dict[str, float] = {}
    spent, begun = cpu(root), time.perf_counter()
    if page:
        tab.goto(page.as_uri(), wait_until="commit")
        tab.wait_for_selector(".tile")
        figures["usable"] = time.perf_counter() - begun
        tab.wait_for_load_state("load")
        figures["loaded"] = time.perf_counter() - begun
        figures["cpu"] = cpu(root) - spent
        figures["shows"], figures["memory"] = sizes(root)
        use(tab, figures)
    figures["shows then"], figures["memory then"] = sizes(root)
    browser.close()
    return figures


def use(tab: Any, figures: dict[str, float]) -> None:
    """Walks through articles and searches all texts."""
    tab.keyboard.press("a")
    begun = time.perf_counter()
    for _ in range(20):
        tab.keyboard.press("n")
        tab.wait_for_timeout(20)
    figures["an article"] = (time.perf_counter() - begun) / 20
    begun = time.perf_counter()
    tab.fill("#search", SOUGHT)
    tab.wait_for_timeout(300)
    while "…" in tab.locator("#count").inner_text():
        tab.wait_for_timeout(50)
    figures["search"] = time.perf_counter() - begun
    print("  found:", tab.locator("#count").inner_text())


def written(articles: Path, folder: Path, options: list[str]) -> Path:
    """Cleans and reports."""
    page = folder / "page.html"
    subprocess.run([COMMAND, "-q", "clean", articles, "-o", folder / "cleaned"], check=False)
    begun = os.times()
    subprocess.run([COMMAND, "report", folder / "cleaned", "-o", page, *options], check=False)
    ended = os.times()
    spent = ended.children_user + ended.children_system - begun.children_user - begun.children_system
    print(f"  report: {ended.elapsed - begun.elapsed:.1f} s, {spent:.1f} s of CPU time")
    return page


def main() -> None:
    """Writes the page, if none is given, and opens it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("articles", type=Path, nargs="?")
    parser.add_argument("--page", type=Path)
    arguments, options = parser.parse_known_args()
    if not (arguments.articles or arguments.page):
        parser.error("name a folder of articles, or a page with --page")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = (arguments.page or written(arguments.articles, Path(folder), options)).resolve()
        empty, found = opened(playwright, None), opened(playwright, page)
        print(f"  page: {page.stat().st_size / (1 << 20):.1f} MB")
        for name in ("usable", "loaded", "cpu", "an article", "search"):
            print(f"  {name}: {found[name]:.2f} s")
        print(f"  memory once loaded: {found['shows']:.0f} MB in the page's process, {found['memory']:.0f} MB in all")
        print(f"  after use: {found['shows then']:.0f} MB and {found['memory then']:.0f} MB")
        print(f"  with an empty page: {empty['shows then']:.0f} MB and {empty['memory then']:.0f} MB")


if __name__ == "__main__":
    main()
