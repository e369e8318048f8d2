"""What users put back, wherever its article is read again: the ledgers of the folders that hold it know."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from zhengwen.ledger.store import location, opened
from zhengwen.readers import Source

Within = Mapping[str, frozenset[str]]
"""Marks of passages by the name of their article."""


def put_back(sources: Sequence[Source], but: Path | None = None) -> dict[str, frozenset[str]]:
    """The passages that were put back into the sources, by name; of all ledgers above them ``but`` that of a folder.

    An article keeps what was put back into it when the folder that it was cleaned to is cleaned itself.
    """
    above: dict[Path, list[tuple[Path, Within]]] = {}
    ledgers: dict[Path, Within] = {}
    found: dict[str, frozenset[str]] = {}
    left_out = but.resolve() if but else None
    for source in sources:
        if not source.path:
            continue
        path = source.path.resolve() if source.path.is_symlink() else source.path
        if path.parent not in above:
            folders = [path.parent.resolve(), *path.parent.resolve().parents]
            ledgers |= {f: {} if f == left_out else _kept(f) for f in folders if f not in ledgers}
            above[path.parent] = [(path.parent.resolve().relative_to(f), ledgers[f]) for f in folders if ledgers[f]]
        for below, kept in above[path.parent]:
            found = joined(found, _of(kept, (below / path.name).as_posix(), source.name))
    return found


def _of(kept: Within, path: str, name: str) -> Within:
    """What is remembered of a file, and of the records in it, by the name that it has now."""
    return {name + of[len(path) :]: marks for of, marks in kept.items() if of == path or of.startswith(f"{path}:")}


def _kept(folder: Path) -> Within:
    if not location(folder).is_file():
        return {}
    with opened(folder) as ledger:
        return ledger.kept()


def joined(one: Within, other: Within) -> dict[str, frozenset[str]]:
    """What either remembers."""
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in {**one, **other}}


def digest(within: Within) -> str:
    """A hash of what is remembered; empty for nothing."""
    told: Iterable[tuple[str, list[str]]] = ((name, sorted(marks)) for name, marks in sorted(within.items()))
    return hashlib.sha256(repr(list(told)).encode("utf-8", "surrogatepass")).hexdigest() if within else ""
