"""Cleaning a store shard by shard, each on any machine: files in, files and a ledger of their own out.

A shard is a file of many articles, or files of some megabytes together. What is done with one is done in a folder of
its own on the machine that does it, exactly as `zhengwen.recording` and `zhengwen.corpora` do it for a folder; then the
outputs are put into the store, then the ledger, then a marker. A shard whose marker is there and fits is done; one
that was stopped before is done again and gives the same bytes.
"""

import filecmp
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zhengwen.cleaning import Cleaner
from zhengwen.corpora import CorpusRecorder
from zhengwen.engines.scratch import scratch
from zhengwen.errors import ZhengwenError
from zhengwen.forms import TARGETS, form_of
from zhengwen.ledger.entries import ADVERT, REFUSED
from zhengwen.ledger.store import FOLDER, Ledger, location, opened
from zhengwen.places import Folder
from zhengwen.proving import Settings
from zhengwen.readers import Source
from zhengwen.recording import Outcome, Recorder
from zhengwen.restoring import restore
from zhengwen.sharded_markers import Marker, Shard, ledger_of, marker_of
from zhengwen.storage import Store, Stored

SHARD = 64 << 20
"""Bytes of small files, about, that are done together."""
_BESIDE = ".zhengwen-there"
_HINT = "; `zhengwen restore"
"""Begins what a fault says of a folder and cannot be done with a store."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a shard: counts as those of `zhengwen.reports.summary.Summary`, and what could not be done."""

    shard: str
    skipped: bool = False
    articles: int = 0
    changed: int = 0
    adverts: int = 0
    passages: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def plan(files: Sequence[Stored]) -> Iterator[Shard]:
    """The shards of a store; they do not depend on where they are done, nor on how many at a time."""
    group: list[Stored] = []
    size = 0
    for file in files:
        many = form_of(file.name).many
        if group and (many or size + file.size > SHARD):
            yield _shard(group)
            group, size = [], 0
        if many:
            yield _shard([file])
        else:
            group.append(file)
            size += file.size
    if group:
        yield _shard(group)


def _shard(files: Sequence[Stored]) -> Shard:
    names = "\n".join(file.name for file in files)
    return Shard(hashlib.blake2b(names.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest(), tuple(files))


@dataclass(frozen=True, slots=True)
class Worker:
    """Does shards. configuration: all that decides what becomes of an article, for the ledger and the marker."""

    cleaner: Cleaner
    settings: Settings
    configuration: Mapping[str, Any]
    given: Store
    output: Store

    def __call__(self, shard: Shard) -> Done:
        """Does one, unless it is done already. Raises `ZhengwenError` if an output cannot be put into the store."""
        mark, marker = self._mark(shard), marker_of(self.output, shard.name)
        if marker and marker.fits(mark):
            return Done(**{**marker.done, "skipped": True, "faults": tuple(marker.done["faults"])})
        if marker and marker.files != shard.described() and not self.settings.overwrite:
            where = f"{self.output.url}/{ledger_of(shard.name)}"
            fault = (
                f"{where}: has another version of its inputs, which may be the last; restore it, then add --overwrite"
            )
            return Done(shard.name, faults=(fault,))
        with scratch() as folder:
            sources, faults = self._fetched(shard, folder / "in")
            if faults and (marker or not sources):  # what is there may be the last of what could not be fetched now
                return Done(shard.name, faults=faults)
            done = self._clean(shard.name, sources, folder / "out", faults)
            if marker:
                marker.unfinished().put(self.output, shard.name)
            self._put(shard, folder / "out")
            marker = Marker(mark, shard.described(), asdict(done))
            (marker.unfinished() if faults else marker).put(self.output, shard.name)
        return done

    def _put(self, shard: Shard, out: Path) -> None:
        """Puts the outputs of a shard into the store, then its ledger."""
        for path in sorted(out.rglob("*")):
            name = path.relative_to(out).as_posix()
            if path.is_file() and not name.startswith(f"{FOLDER}/"):
                self.output.put(path, name)
        for file in shard.files:
            self._forget(file.name, out)
        self.output.put(location(out), ledger_of(shard.name))

    def _forget(self, name: str, out: Path) -> None:
        """Removes what a run with other settings made of a file that is now left out, or in another form."""
        for target in {form_of(name).target(name, to) for to in TARGETS}:
            if not (out / target).exists():
                self.output.remove(target)

    def _mark(self, shard: Shard) -> str:
        """What the outcome depends on, in hexadecimal digits."""
        what = [self.cleaner.model.fingerprint, self.configuration, shard.described()]
        told = json.dumps(what, sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()

    def _fetched(self, shard: Shard, given: Path) -> tuple[list["_Source"], tuple[str, ...]]:
        """The files of a shard on this machine, and why others are not."""
        faults: list[str] = []
        sources = []
        for file in shard.files:
            try:
                self.given.fetch(file.name, given / file.name)
                sources.append(_Source(file.name, given / file.name, file.size, f"{self.given.url}/{file.name}"))
            except ZhengwenError as fault:
                faults.append(str(fault))
        return sources, tuple(faults)

    def _clean(self, shard: str, sources: Sequence["_Source"], out: Path, faults: Sequence[str]) -> Done:
        tally = _Tally()
        with opened(out, create=True) as ledger:
            run = ledger.run(self.cleaner.model.fingerprint, dict(self.configuration))
            how = (self.cleaner, Folder(out, self.settings.to), ledger, run, self.settings)
            for recorder, many in ((Recorder(*how), False), (CorpusRecorder(*how), True)):
                for outcome in recorder.outcomes([s for s in sources if form_of(s.name).many == many]):
                    tally.add(outcome)
        return tally.done(shard, faults)


@dataclass(frozen=True, slots=True)
class _Source(Source):
    """A file that was fetched; messages call it by its URL."""

    url: str

    @property
    def shown(self) -> str:
        """Its URL."""
        return self.url


class _Tally:
    """Counts outcomes."""

    def __init__(self) -> None:
        self._articles = self._changed = self._adverts = 0
        self._passages, self._removed = Counter[str](), Counter[str]()
        self._faults: list[str] = []

    def add(self, outcome: Outcome) -> None:
        """Counts one."""
        if outcome.fault:
            self._faults.append(str(outcome.fault))
        cleaned = outcome.cleaned
        if not cleaned:
            return
        found = () if cleaned.advert or outcome.status in (REFUSED, ADVERT) else cleaned.findings
        self._articles += 1
        self._adverts += cleaned.advert
        self._changed += bool(found)
        for f in found:
            self._passages[f.kind] += 1
            self._removed[f.kind] += f.end - f.start

    def done(self, shard: str, faults: Sequence[str]) -> Done:
        """The counts."""
        passages, removed = dict(sorted(self._passages.items())), dict(sorted(self._removed.items()))
        told = (*faults, *self._faults)
        return Done(shard, False, self._articles, self._changed, self._adverts, passages, removed, told)


@dataclass(frozen=True, slots=True)
class Restorer:
    """Gives back the inputs of shards, from a cleaned store to another one. overwrite: also over other files there."""

    cleaned: Store
    output: Store
    overwrite: bool = False

    def __call__(self, shard: str) -> tuple[int, tuple[str, ...]]:
        """How many inputs were given back, and why others were not."""
        with scratch() as folder:
            here, back = folder / "cleaned", folder / "back"
            try:
                self.cleaned.fetch(ledger_of(shard), location(here))
            except ZhengwenError as fault:
                return 0, (str(fault) if self.cleaned.has(ledger_of(shard)) else self._unfinished(shard),)
            with opened(here) as ledger:
                faults = self._fetched(ledger, here)
                found = list(restore(ledger, here, back, overwrite=False))
            faults += [self._shown(str(fault), here, back) for fault in found if fault]
            given = [path for path in sorted(back.rglob("*")) if path.is_file()]
            kept = [why for path in given if (why := self._put(path, path.relative_to(back).as_posix()))]
        return len(given) - len(kept), (*faults, *kept)

    def _put(self, path: Path, name: str) -> str:
        """Puts an input into the store; why it was not, if something else is there."""
        if self.output.has(name):
            beside = path.with_name(f"{path.name}{_BESIDE}")
            self.output.fetch(name, beside)
            same = filecmp.cmp(path, beside, shallow=False)
            beside.unlink()
            if same:
                return ""
            if not self.overwrite:
                where = f"{self.output.url}/{name}"
                return f"{where}: is there already and is not the original; move it away or add --overwrite"
        self.output.put(path, name)
        return ""

    def _shown(self, fault: str, here: Path, back: Path) -> str:
        """A fault of files that were fetched, said of those of the stores."""
        said = fault.partition(_HINT)[0]
        return said.replace(str(here), self.cleaned.url).replace(str(back), self.output.url)

    def _unfinished(self, shard: str) -> str:
        where = f"{self.cleaned.url}/{ledger_of(shard)}"
        return f"{where}: is not there: the run that cleans this store has not got so far; give its command again first"

    def _fetched(self, ledger: Ledger, here: Path) -> list[str]:
        """Fetches the outputs that the ledger needs."""
        faults = []
        for recorded in ledger.files():
            if recorded.entry.cleaned is not None:
                try:
                    self.cleaned.fetch(recorded.entry.place, here / recorded.entry.place)
                except ZhengwenError as fault:
                    faults.append(str(fault))
        return faults
