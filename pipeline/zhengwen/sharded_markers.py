"""What an output by URL says of its shards: which there are, where their ledgers lie, which are done and with what.

A marker is put last. While what it speaks of is changed it fits nothing, but still names the version of the inputs
that the ledger holds.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from zhengwen.errors import LedgerError
from zhengwen.ledger.store import LISTED, SHARDS
from zhengwen.storage import Store, Stored

_UNFINISHED = ""
"""The mark of a shard that is not done."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Files that are done together. name: sixteen hexadecimal digits of a hash of their names."""

    name: str
    files: tuple[Stored, ...]

    def described(self) -> list[list[Any]]:
        """Its files as its marker has them."""
        return [[file.name, file.size, file.stamp] for file in self.files]


@dataclass(frozen=True, slots=True)
class Marker:
    """What is told of a shard.

    mark: what its outputs depend on, in hexadecimal digits. files: the version of the inputs that its ledger holds.
    done: what became of it.
    """

    mark: str
    files: Sequence[Sequence[Any]]
    done: Mapping[str, Any]

    def fits(self, mark: str) -> bool:
        """Whether the shard is done, and with this."""
        return self.mark == mark != _UNFINISHED

    def put(self, output: Store, shard: str) -> None:
        """Puts it into the output."""
        output.write(_place(shard), json.dumps(asdict(self), sort_keys=True).encode())

    def unfinished(self) -> "Marker":
        """The same of a shard that has to be done again."""
        return replace(self, mark=_UNFINISHED)


def ledger_of(shard: str) -> str:
    """Where in the output the ledger of a shard lies."""
    return f"{SHARDS}/{shard}.sqlite"


def marker_of(output: Store, shard: str) -> Marker | None:
    """The marker of a shard, if there is one."""
    data = output.read(_place(shard))
    if data is None:
        return None
    try:
        told = json.loads(data)
        return Marker(told["mark"], told["files"], told["done"])
    except (ValueError, KeyError, TypeError):
        raise LedgerError(f"{output.url}/{_place(shard)}: damaged; remove it, and the shard is done again") from None


@contextmanager
def remarked(output: Store, shard: str) -> Iterator[None]:
    """Makes the marker of a shard fit nothing while its outputs change: if that is stopped, the shard is done again."""
    marker = marker_of(output, shard)
    if marker:
        marker.unfinished().put(output, shard)
    yield
    if marker:
        marker.put(output, shard)


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
    markers = {name: marker_of(output, name) for name in before}
    held = {name: {file[0] for file in marker.files} if marker else set() for name, marker in markers.items()}
    stay = [name for name in before if not held[name] <= names]
    output.write(LISTED, json.dumps([*stay, *fresh]).encode())


def copies_mark(output: Store, shards: Sequence[str], limits: object) -> str:
    """What copies were looked for in: shards as they are, and limits."""
    markers = [(name, marker_of(output, name)) for name in shards]
    told = [(name, marker.mark if marker else _UNFINISHED) for name, marker in markers]
    return hashlib.sha256(json.dumps([told, repr(limits)]).encode()).hexdigest()


def _place(shard: str) -> str:
    return f"{SHARDS}/{shard}.json"
