"""Cleaning a store shard by shard, each on any machine: files in, files and a ledger of their own out.

A shard is a file of many articles, or files of some megabytes together. What is done with one is done in a folder of
its own on the machine that does it, exactly as `zhengwen.recording` and `zhengwen.corpora` do it for a folder; then the
outputs are put into the store, then the ledger, then a marker. A shard whose marker is there and fits is done; one
that was stopped before is done again and gives the same bytes.
"""

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zhengwen.cleaning import Cleaner
from zhengwen.corpora import CorpusRecorder
from zhengwen.errors import LedgerError, ZhengwenError
from zhengwen.forms import TARGETS, form_of
from zhengwen.ledger.entries import ADVERT, REFUSED
from zhengwen.ledger.store import FOLDER, LISTED, SHARDS, Ledger, location, opened
from zhengwen.places import Folder
from zhengwen.proving import Settings
from zhengwen.readers import Source
from zhengwen.recording import Outcome, Recorder
from zhengwen.restoring import restore
from zhengwen.storage import Store, Stored

SHARD = 64 << 20
"""Bytes of small files, about, that are done together."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Files that are done together. name: sixteen hexadecimal digits of a hash of their names."""

    name: str
    files: tuple[Stored, ...]


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
        mark, told = self._mark(shard), _told(self.output, shard.name)
        if told and told["mark"] == mark:
            return Done(**{**told["done"], "skipped": True, "faults": tuple(told["done"]["faults"])})
        if told and told["files"] != _described(shard) and not self.settings.overwrite:
            where = f"{self.output.url}/{ledger_of(shard.name)}"
            fault = (
                f"{where}: has another version of its inputs, which may be the last; restore it, then add --overwrite"
            )
            return Done(shard.name, faults=(fault,))
        with tempfile.TemporaryDirectory(prefix="zhengwen-") as folder:
            done = self._clean(shard, Path(folder, "in"), Path(folder, "out"))
            for path in sorted(Path(folder, "out").rglob("*")):
                name = path.relative_to(Path(folder, "out")).as_posix()
                if path.is_file() and not name.startswith(f"{FOLDER}/"):
                    self.output.put(path, name)
            for file in shard.files:
                self._forget(file.name, Path(folder, "out"))
            self.output.put(location(Path(folder, "out")), ledger_of(shard.name))
            told = {"mark": mark, "files": _described(shard), "done": asdict(done)}
            self.output.write(_marker(shard.name), json.dumps(told, sort_keys=True).encode())
        return done

    def _forget(self, name: str, out: Path) -> None:
        """Removes what a run with other settings made of a file that is now left out, or in another form."""
        for target in {form_of(name).target(name, to) for to in TARGETS}:
            if not (out / target).exists():
                self.output.remove(target)

    def _mark(self, shard: Shard) -> str:
        """What the outcome depends on, in hexadecimal digits."""
        what = [self.cleaner.model.fingerprint, self.configuration, _described(shard)]
        told = json.dumps(what, sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()

    def _clean(self, shard: Shard, given: Path, out: Path) -> Done:
        faults: list[str] = []
        sources = []
        for file in shard.files:
            try:
                self.given.fetch(file.name, given / file.name)
                sources.append(_Source(file.name, given / file.name, file.size, f"{self.given.url}/{file.name}"))
            except ZhengwenError as fault:
                faults.append(str(fault))
        tally = _Tally()
        with opened(out, create=True) as ledger:
            run = ledger.run(self.cleaner.model.fingerprint, dict(self.configuration))
            how = (self.cleaner, Folder(out, self.settings.to), ledger, run, self.settings)
            for recorder, many in ((Recorder(*how), False), (CorpusRecorder(*how), True)):
                for outcome in recorder.outcomes([s for s in sources if form_of(s.name).many == many]):
                    tally.add(outcome)
        return tally.done(shard.name, faults)


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


def ledger_of(shard: str) -> str:
    """Where in the output the ledger of a shard lies."""
    return f"{SHARDS}/{shard}.sqlite"


def _marker(shard: str) -> str:
    return f"{SHARDS}/{shard}.json"


def _told(output: Store, shard: str) -> dict[str, Any] | None:
    """What the marker of a shard says; None if there is none."""
    data = output.read(_marker(shard))
    if data is None:
        return None
    try:
        told: dict[str, Any] = json.loads(data)
        return {key: told[key] for key in ("mark", "files", "done")}
    except (ValueError, KeyError, TypeError):
        raise LedgerError(f"{output.url}/{_marker(shard)}: damaged; remove it, and the shard is done again") from None


@contextmanager
def remarked(output: Store, shard: str) -> Iterator[None]:
    """Takes the marker of a shard away while its outputs change: should that be stopped, the shard is done again."""
    marker = output.read(_marker(shard))
    output.remove(_marker(shard))
    yield
    if marker is not None:
        output.write(_marker(shard), marker)


def _described(shard: Shard) -> list[list[Any]]:
    """The files of a shard as its marker has them."""
    return [[file.name, file.size, file.stamp] for file in shard.files]


def listed(output: Store) -> list[str]:
    """The shards whose ledgers describe the output, in the order in which they were written."""
    data = output.read(LISTED)
    return [] if data is None else list(json.loads(data))


def enlist(output: Store, shards: Sequence[Shard]) -> None:
    """Notes the shards of a run before it begins. Those of earlier runs stay before them, as far as they hold what is
    in none of these: their files may be all that is left of an input."""
    names = {file.name for shard in shards for file in shard.files}
    fresh = [shard.name for shard in shards]
    before = [name for name in listed(output) if name not in set(fresh)]
    held = {name: {file[0] for file in (_told(output, name) or {"files": []})["files"]} for name in before}
    stay = [name for name in before if not held[name] <= names]
    output.write(LISTED, json.dumps([*stay, *fresh]).encode())


@dataclass(frozen=True, slots=True)
class Restorer:
    """Gives back the inputs of shards, from a cleaned store to another one."""

    cleaned: Store
    output: Store

    def __call__(self, shard: str) -> tuple[int, tuple[str, ...]]:
        """How many inputs were given back, and why others were not."""
        with tempfile.TemporaryDirectory(prefix="zhengwen-") as folder:
            here, back = Path(folder, "cleaned"), Path(folder, "back")
            self.cleaned.fetch(ledger_of(shard), location(here))
            with opened(here) as ledger:
                faults = self._fetched(ledger, here)
                found = list(restore(ledger, here, back, overwrite=False))
            for path in sorted(back.rglob("*")):
                if path.is_file():
                    self.output.put(path, path.relative_to(back).as_posix())
        return sum(f is None for f in found), (*faults, *(str(f) for f in found if f))

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


def copies_mark(output: Store, shards: Sequence[str], limits: object) -> str:
    """What copies were looked for in: shards as they are, and limits."""
    told = [(name, (_told(output, name) or {"mark": ""})["mark"]) for name in shards]
    return hashlib.sha256(json.dumps([told, repr(limits)]).encode()).hexdigest()
