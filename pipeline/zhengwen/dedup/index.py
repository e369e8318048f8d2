"""The index of a deduplicated folder: the entries of the articles it keeps, in files beside them.

A folder of segments, each of at most `ARTICLES` articles, and `MANIFEST`, which names the segments that count. Files
are written under new names, and the manifest is replaced last; so whoever reads, even after a crash, finds the index
of before or the index of after. Segments of like size are merged, as in a log-structured merge tree (O'Neil et al.,
1996): there are few of them, and an article is rewritten a few times in its life.

Of a segment's files, ``entries`` are sorted entries (see `entries`), ``exact`` and ``named`` are the like with the
exact key and with a hash of the name in place of keys; ``records`` are `RECORD`; ``names`` are the names end to end,
as the file system spells them, and ``bounds`` where each begins.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from zhengwen.blocks import Ints
from zhengwen.dedup.collection import EMPTY, RECORD, Known, choose, merge
from zhengwen.dedup.entries import ARTICLES, entries, key_of, matching, number_of
from zhengwen.dedup.sketch import ALGORITHM, GRAM, NO_KEY, SHINGLE, SLOTS, Keys
from zhengwen.errors import KeptIndexError
from zhengwen.lasting import sync

FORMAT = 1
MANIFEST = "manifest.json"
_PLACE = Path(".zhengwen", "dedup")
_ARRAYS = ("entries", "exact", "named", "records", "names", "bounds")
_HEAD = {"format": FORMAT, "algorithm": ALGORITHM, "gram": GRAM, "shingle": SHINGLE, "slots": SLOTS}


def place(output: Path) -> Path:
    """Where the index of an output folder is."""
    return output / _PLACE


def exists(output: Path) -> bool:
    """Whether an output folder has an index."""
    return (place(output) / MANIFEST).is_file()


@dataclass(frozen=True, slots=True)
class _Segment:
    """Arrays of a segment, mapped from its files, and the numbers (sorted) of articles that count no longer."""

    name: str
    arrays: dict[str, NDArray[Any]]
    retired: Ints

    @property
    def articles(self) -> int:
        return len(self.arrays["records"])

    def spelled(self, number: int) -> str:
        bounds = self.arrays["bounds"]
        return os.fsdecode(self.arrays["names"][bounds[number] : bounds[number + 1]].tobytes())

    def whole(self) -> tuple[Known, list[str]]:
        """The articles that count, as if just added."""
        alive = np.ones(self.articles, np.bool_)
        alive[self.retired] = False
        known = choose(Known(np.array(self.arrays["records"]), np.array(self.arrays["entries"])), alive)
        return known, [self.spelled(n) for n in np.flatnonzero(alive).tolist()]


@dataclass(frozen=True, slots=True)
class Match:
    """The kept articles that a run may have to read.

    known: those that share a key or the exact key with a new one.
    names: their names, below the output folder.
    """

    known: Known
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """The articles that an output folder keeps. A value: `add` and `retire` write the next one and return it."""

    folder: Path
    segments: tuple[_Segment, ...] = ()
    written: int = 0

    def __len__(self) -> int:
        return sum(s.articles - len(s.retired) for s in self.segments)

    def match(self, new: Known) -> Match:
        """The kept articles that new ones may be copies of. Takes time in proportion to the new ones."""
        wanted, exact = np.unique(key_of(new.packed)), np.unique(new.records["exact"] >> np.uint64(24))
        parts: list[Known] = []
        names: list[str] = []
        for segment in self.segments:
            shared = matching(segment.arrays["entries"], wanted)
            same = number_of(matching(segment.arrays["exact"], exact))
            numbers = np.setdiff1d(np.concatenate((number_of(shared), same)), segment.retired)
            shared = shared[np.isin(number_of(shared), numbers)]
            places = np.searchsorted(numbers, number_of(shared)).astype(np.uint64)
            parts.append(Known(segment.arrays["records"][numbers], (key_of(shared) << np.uint64(24)) | places))
            names += [segment.spelled(n) for n in numbers.tolist()]
        return Match(merge(parts) if parts else EMPTY, tuple(names))

    def holds(self, names: Iterable[str]) -> dict[str, int]:
        """Those of the names that are kept articles, with their exact keys (see `Sketches`)."""
        asked = set(names)
        found = ((segment, row) for segment in self.segments for row in _named(segment, asked))
        return {name: int(segment.arrays["records"]["exact"][number]) for segment, (number, name) in found}

    def retire(self, names: Iterable[str]) -> "Index":
        """The index without the articles of these names; those not in it are passed over. Nothing is written yet."""
        asked = set(names)
        segments = []
        for segment in self.segments:
            gone = [number for number, _ in _named(segment, asked)]
            segments.append(replace(segment, retired=np.union1d(segment.retired, np.array(gone, np.int64))))
        return replace(self, segments=tuple(segments))

    def add(self, known: Known, names: Sequence[str]) -> "Index":
        """Writes the index with these articles added, as a whole or not at all. Raises `KeptIndexError`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return self._add(known, names)
        except OSError as e:
            raise KeptIndexError(f"{self.folder}: the index cannot be written ({e.strerror})") from None

    def _add(self, known: Known, names: Sequence[str]) -> "Index":
        segments, fresh = list(self.segments), (known, list(names))
        while (
            segments
            and segments[-1].articles <= 2 * len(fresh[1])
            and segments[-1].articles + len(fresh[1]) <= ARTICLES
        ):
            older = segments.pop().whole()
            fresh = merge([older[0], fresh[0]]), older[1] + fresh[1]
        written = self.written
        if fresh[1]:
            written += 1
            segments.append(_write_segment(self.folder, f"{written:08}", *fresh))
        rows = []
        for segment in segments:
            row: dict[str, Any] = {"name": segment.name, "articles": segment.articles, "retired": None}
            if len(segment.retired):
                written += 1
                row["retired"] = f"{written:08}.retired.npy"
                _save(self.folder / row["retired"], segment.retired)
            row["bytes"] = {a: (self.folder / f"{segment.name}.{a}.npy").stat().st_size for a in _ARRAYS}
            rows.append(row)
        _replace_manifest(self.folder, _HEAD | {"written": written, "segments": rows})
        _sweep(self.folder, rows)
        return Index(self.folder, tuple(segments), written)


def load(output: Path) -> Index:
    """The index of an output folder; an empty one if it has none.

    Raises `KeptIndexError` if it is damaged or was written by another version.
    """
    folder = place(output)
    if not (folder / MANIFEST).exists():
        return Index(folder)
    remedy = f"delete {folder}; the kept articles can then be given with --against"
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        other = [f"{k} {manifest.get(k)}" for k, v in _HEAD.items() if manifest.get(k) != v]
        if other:
            raise KeptIndexError(f"{folder}: written by another version of zhengwen ({', '.join(other)}); {remedy}")
        segments = tuple(_read_segment(folder, row) for row in manifest["segments"])
        return Index(folder, segments, int(manifest["written"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError) as e:
        raise KeptIndexError(f"{folder}: the index is damaged ({e}); {remedy}") from None


def _read_segment(folder: Path, row: dict[str, Any]) -> _Segment:
    arrays = {}
    for name in _ARRAYS:
        path = folder / f"{row['name']}.{name}.npy"
        if path.stat().st_size != row["bytes"][name]:
            raise ValueError(f"{path.name} has another size than when it was written")
        arrays[name] = np.load(path, mmap_mode="r")
    if len(arrays["records"]) != row["articles"] or arrays["records"].dtype != RECORD:
        raise ValueError(f"{row['name']} does not hold what the manifest says")
    retired = np.load(folder / row["retired"]) if row["retired"] else np.zeros(0, np.int64)
    return _Segment(row["name"], arrays, retired)


def _named(segment: _Segment, names: set[str]) -> list[tuple[int, str]]:
    """The articles of a segment that count and have one of the names."""
    wanted = np.unique(key_of(_name_entries(sorted(names))))
    found = np.setdiff1d(number_of(matching(segment.arrays["named"], wanted)), segment.retired)
    spelled = [(n, segment.spelled(n)) for n in found.tolist()]
    return [(n, name) for n, name in spelled if name in names]


def _write_segment(folder: Path, name: str, known: Known, names: Sequence[str]) -> _Segment:
    spelled = [os.fsencode(n) for n in names]
    numbers = np.arange(len(names), dtype=np.uint64)
    arrays: dict[str, NDArray[Any]] = {
        "entries": known.packed,
        "exact": np.sort(known.records["exact"] >> np.uint64(24) << np.uint64(24) | numbers),
        "named": _name_entries(names),
        "records": known.records,
        "names": np.frombuffer(b"".join(spelled), np.uint8),
        "bounds": np.cumsum([0, *map(len, spelled)]),
    }
    for kind, array in arrays.items():
        _save(folder / f"{name}.{kind}.npy", array)
    mapped = {kind: np.load(folder / f"{name}.{kind}.npy", mmap_mode="r") for kind in _ARRAYS}
    return _Segment(name, mapped, np.zeros(0, np.int64))


def _name_entries(names: Sequence[str]) -> Keys:
    hashes = np.array([xxhash.xxh3_64_intdigest(os.fsencode(n)) >> 24 for n in names], np.uint64)
    return entries(np.minimum(hashes, NO_KEY - np.uint64(1))[:, None], np.arange(len(names)))


def _save(path: Path, array: NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def _replace_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    temporary = folder / f".{MANIFEST}-{os.getpid()}"
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(manifest, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / MANIFEST)
    finally:
        temporary.unlink(missing_ok=True)
    sync(folder)


def _sweep(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Deletes files that the manifest does not name: of merged segments, or of a run that was cut off."""
    named = {f"{row['name']}.{a}.npy" for row in rows for a in _ARRAYS} | {row["retired"] for row in rows}
    for path in folder.glob("*.npy"):
        if path.name not in named:
            with contextlib.suppress(OSError):
                path.unlink()
