"""``clean`` and ``restore`` over stores that are named by URL."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from zhengwen.cleaning import Cleaner
from zhengwen.cli.engines import LOCAL, Engines, working
from zhengwen.cli.flaws import Flaws
from zhengwen.cli.shared import complain, progress
from zhengwen.dedup.verify import Limits, Reason
from zhengwen.dedup.work import Work
from zhengwen.engines.scratch import scratch
from zhengwen.errors import LedgerError, OutputError, UnreadableInputError, ZhengwenError
from zhengwen.ledger.store import COPIES, FOLDER
from zhengwen.proving import Settings
from zhengwen.reports.summary import Summary
from zhengwen.reports.terminal import harmless, harmless_line
from zhengwen.sharded import Done, Restorer, Worker, plan
from zhengwen.sharded_copies import Shelf, leave_out
from zhengwen.sharded_markers import copies_mark, enlist, listed
from zhengwen.storage import Store, is_url


def store_of(place: str | Path) -> Store:
    """The store of a URL, or of a folder of this machine."""
    if not isinstance(place, str) or not is_url(place):
        return Store(f"file://{Path(place).absolute()}")
    if not place.rpartition("://")[2].strip("/"):
        raise click.UsageError(f"{place} names no place in the store; add a bucket or a folder")
    return Store(place.rstrip("/"))


def clean(
    cleaner: Cleaner,
    given: str,
    output: str | Path,
    settings: Settings,
    configuration: Mapping[str, Any],
    copies: Limits | None,
    engines: Engines,
    summary: Summary,
) -> list[str]:
    """Cleans a store into another one, and leaves copies out of it, if asked to; what to say of it."""
    source, target = store_of(given), store_of(output)
    if (target.url + "/").startswith(source.url + "/"):
        raise OutputError(f"{target.url}: lies inside the input {source.url}; choose a place outside of it")
    if copies and engines.name != LOCAL and not _is_shared(target):
        raise OutputError(
            f"{target.url}: on a cluster, copies are found through files that all machines see; write to file:// on a "
            f"file system that they share, or add --dedup off"
        )
    files = source.files()
    for file in files:
        if not file.plain:
            fault = "its name cannot be that of a file below a folder; give it another one"
            complain(UnreadableInputError(f"{source.url}/{file.name}: {fault}"), summary)
    files = [file for file in files if file.plain]
    if not files:
        raise UnreadableInputError(f"{source.url}: holds no file to read; name another place")
    if not listed(target) and not settings.overwrite and _holds(target):
        raise OutputError(f"{target.url}: is not empty; choose another place or add --overwrite")
    shards = list(plan(files))
    enlist(target, shards)
    worker = Worker(cleaner, settings, configuration, source, target)
    skipped, flaws = 0, Flaws(summary)
    with (
        working(engines, sum(file.size for file in files)) as engine,
        progress(len(shards), "shard", slow=True) as bar,
    ):
        for done in engine.map(worker, shards):
            _count(done, summary, flaws)
            skipped += done.skipped
            bar.update()
        flaws.sum_up()
        notes = [f"shards finished by an earlier run, not done again: {skipped:,}"] if skipped else []
        if not copies:
            return notes
        names = listed(target)
        if skipped == len(shards) and target.read(COPIES) == copies_mark(target, names, copies).encode():
            return notes
        with _folder(target) as folder:
            shelf = Shelf(target, Work(folder, len(names), 1), tuple(names), settings.fields)
            found = leave_out(engine, shelf, copies)
        target.write(COPIES, copies_mark(target, names, copies).encode())
    reasons = Counter(likeness.reason for _, _, likeness in found)
    told = ", ".join(f"{reason} {reasons[reason]:,}" for reason in Reason if reasons[reason])
    return [*([f"left out as copies of others: {len(found):,} ({told})"] if found else []), *notes]


@contextmanager
def _folder(target: Store) -> Iterator[Path]:
    """A folder that all workers see, for what copies are found by; it goes at the end."""
    if _is_shared(target):
        folder = Path(target.url.removeprefix("file://")) / f"{FOLDER}/copies"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    else:
        with scratch() as folder:
            yield folder


def _is_shared(target: Store) -> bool:
    """Whether an output lies on a file system, of which all machines are asked to see the same."""
    return target.url.startswith("file://")


def _holds(store: Store) -> bool:
    """Whether anything to read is in a store; one that is not there holds nothing."""
    try:
        return bool(store.files())
    except ZhengwenError:
        return False


def _count(done: Done, summary: Summary, flaws: Flaws) -> None:
    for fault in done.faults:
        flaws.complain(ZhengwenError(fault))
    if done.skipped:
        return
    summary.articles += done.articles
    summary.changed += done.changed
    summary.adverts += done.adverts
    summary.passages.update(done.passages)
    summary.removed.update(done.removed)


def restore(cleaned: str | Path, output: str | Path, engines: Engines, *, overwrite: bool) -> int:
    """Gives every input of a cleaned store back; the exit code."""
    source, target = store_of(cleaned), store_of(output)
    shards = listed(source)
    if not shards:
        raise LedgerError(f"{source.url}: holds no ledgers of shards; name a place that zhengwen cleaned by URL")
    given = 0
    faults: list[str] = []
    with working(engines, 0) as engine:
        for count, wrong in engine.map(Restorer(source, target, overwrite), shards):
            given += count
            faults += wrong
            for fault in wrong:
                click.echo(f"zhengwen: error: {harmless(fault)}", err=True)
    if not click.get_current_context().obj["quiet"]:
        told = f", {len(faults):,} could not be given back, see above" if faults else ""
        click.echo(harmless_line(f"{given:,} originals in {target.url}{told}"), err=True)
    return 2 if faults else 0


def check_usage(paths: Sequence[str], output: str | Path | None, forbidden: Mapping[str, object]) -> str:
    """The one URL to read. Raises `click.UsageError`; ``forbidden``: options that need files of this machine."""
    if len(paths) != 1:
        raise click.UsageError("with a URL, name one place to read; sub-folders are read, too")
    if output is None:
        raise click.UsageError("with a URL, say where to write with -o")
    for option, value in forbidden.items():
        if value:
            raise click.UsageError(f"{option} needs files of this machine; leave it out, or copy them here first")
    return paths[0]
