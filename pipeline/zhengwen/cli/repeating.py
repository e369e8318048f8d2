"""The lines that articles of a folder share: counted before a run, remembered beside a ledger or in the cache."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from zhengwen import stamps, writers
from zhengwen.articles import folder_of
from zhengwen.cli.shared import progress
from zhengwen.errors import LedgerError, UnreadableInputError
from zhengwen.forms import form_of
from zhengwen.ledger.store import location
from zhengwen.readers import Source, fetch, read, shards

if TYPE_CHECKING:
    from zhengwen.cache import Cache
    from zhengwen.repetition import Repetition

NAME = "repeated.json"
_FEWEST = 3
"""Articles that a folder must hold before any of its lines can be repeated."""
_DIGITS = 16
_LINES = re.compile(rf"(?:[0-9a-f]{{{_DIGITS}}})+")


@dataclass(frozen=True, slots=True)
class Shared:
    """What is known of folders, without an array: a run in which nothing is to be found out needs none.

    lines: by the folder's name, the hashes of its repeated lines, 16 hexadecimal digits each.
    """

    lines: Mapping[str, str] = field(default_factory=dict)

    def digest(self, folder: str) -> str:
        """A fingerprint of what is known of a folder; empty if nothing is."""
        known = self.lines.get(folder, "")
        return hashlib.sha256(known.encode()).hexdigest() if known else ""

    def evidence(self) -> "Repetition | None":
        """It, as a cleaner takes it; None if nothing is known."""
        if not self.lines:
            return None
        from zhengwen.repetition import Repetition

        return Repetition.of({name: bytes.fromhex(lines) for name, lines in self.lines.items()})


def shared(sources: Iterable[Source], encoding: str | None, *beside: Path, cache: "Cache | None" = None) -> Shared:
    """What the files that hold an article each share, folder by folder.

    beside: folders that may have a ledger; what was counted when their articles were cleaned before still counts, for
        in place the lines are gone from those.
    cache: knows the lines of articles that were counted before.

    Raises `LedgerError` if what is remembered is damaged.
    """
    found = [*map(_remembered, dict.fromkeys(beside)), _counted(sources, encoding, cache)]
    names = sorted({name for lines in found for name in lines})
    joined = {name: _joined(lines.get(name, "") for lines in found) for name in names}
    return Shared({name: lines for name, lines in joined.items() if lines})


def remember(found: Shared, folder: Path) -> None:
    """Keeps it beside the folder's ledger for the next run. Raises `OutputError`."""
    path = location(folder).with_name(NAME)
    told = json.dumps(found.lines, sort_keys=True, indent=0).encode()
    if found.lines and not (path.is_file() and path.read_bytes() == told):
        writers.write(path, told)


def _remembered(folder: Path) -> dict[str, str]:
    path = location(folder).with_name(NAME)
    try:
        found = json.loads(path.read_bytes())
        if not isinstance(found, dict) or not all(isinstance(v, str) and _LINES.fullmatch(v) for v in found.values()):
            raise ValueError("it does not hold lines")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as e:
        raise LedgerError(
            f"{path}: damaged or not to be read ({e}); restore it from a backup, or delete it: then only lines count "
            f"that the articles share now"
        ) from None
    return found


def _joined(texts: Iterable[str]) -> str:
    lines = {text[i : i + _DIGITS] for text in texts for i in range(0, len(text), _DIGITS)}
    return "".join(sorted(lines))


def _counted(sources: Iterable[Source], encoding: str | None, cache: "Cache | None") -> dict[str, str]:
    """The lines of folders of three files at least, as hexadecimal digits."""
    folders: dict[str, list[Source]] = {}
    for source in sources:
        if source.path and not form_of(source.name).many:
            folders.setdefault(folder_of(source.name), []).append(source)
    enough = {name: files for name, files in folders.items() if len(files) >= _FEWEST}
    context = f"repetition {stamps.of_code()} {encoding}"
    found: dict[str, str] = {}
    with progress(sum(map(len, enough.values())), "article") as bar:
        for name, files in enough.items():
            key = _key(files) if cache else b""
            known = cache.get(context, [key]) if cache else {}
            if key not in known:
                known = {key: _lines(files, encoding)}
                if cache:
                    cache.put(context, known)
            found[name] = known[key]
            bar.update(len(files))
    return found


def _key(files: Sequence[Source]) -> bytes:
    """What the articles of a folder are known by together: their bytes and the forms they are read in, in any order."""
    found = []
    for source in files:
        try:
            found.append(hashlib.sha256(f"{stamps.of_form(source.name)}\0".encode() + fetch(source)).digest())
        except UnreadableInputError:
            continue
    return hashlib.sha256(b"".join(sorted(found))).digest()


def _lines(files: Sequence[Source], encoding: str | None) -> str:
    from zhengwen.repetition import count

    found = count(("", texts) for texts in _texts(files, encoding))
    return found.lines[""].tobytes().hex() if found.lines else ""


def _texts(files: Sequence[Source], encoding: str | None) -> Iterator[list[str]]:
    """The texts of a folder, in batches; those that cannot be read are left out here, the run itself says so."""
    for shard in shards(files):
        texts = []
        for source in shard:
            try:
                texts.append(read(source, encoding).text)
            except UnreadableInputError:
                continue
        yield texts
