"""Where articles come from: files, folders, standard input."""

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zhengwen.articles import Article
from zhengwen.errors import UnreadableInputError
from zhengwen.excludes import Excludes
from zhengwen.forms import SUFFIXES, Fields, corpus_form_of, form_of
from zhengwen.forms.records import Flaw, Line, Record

STDIN = "-"
STDIN_NAME = "<stdin>"
SHARD = 1 << 20
SHARD_ARTICLES = 1000
"""Bytes and articles, at most, that go through the classifier together: what bounds the memory of a run."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read.

    name: path of the output below the output folder, with ``/``.
    path: the file, as the user named it; None for standard input.
    size: bytes.
    """

    name: str
    path: Path | None
    size: int

    @property
    def suffix(self) -> str:
        """How the name ends, in lower case, from the last dot."""
        return os.path.splitext(self.name)[1].lower()  # noqa: PTH122

    @property
    def shown(self) -> str:
        """How messages and findings call it."""
        return str(self.path) if self.path else STDIN_NAME


def find(paths: Sequence[str], excludes: Excludes | None = None) -> tuple[list[Source], list[UnreadableInputError]]:
    """The files below the given paths, sorted by name, and the paths that cannot be read; not what ``excludes`` leaves
    out.

    With one folder, names are relative to it; otherwise to the nearest folder that holds all paths.
    """
    faults: list[UnreadableInputError] = []
    sources: dict[str, Source] = {}
    root = root_of(paths)
    beyond = len(str(root).rstrip(os.sep)) + 1
    for given in paths:
        if given == STDIN:
            sources[STDIN_NAME] = Source(STDIN_NAME, None, 0)
            continue
        if excludes and Path(given).exists() and excludes.leaves_out_named(given):
            continue
        for path, absolute in _files(Path(given), faults, excludes):
            try:
                found = os.stat(absolute)  # noqa: PTH116
            except OSError as e:
                faults.append(_unreadable(str(path), e))
                continue
            if not stat.S_ISREG(found.st_mode):
                faults.append(UnreadableInputError(f"{path}: is not a regular file; exclude it"))
                continue
            name = absolute[beyond:].replace(os.sep, "/")
            sources[name] = Source(name, path, found.st_size)
    return [sources[name] for name in sorted(sources)], faults


def root_of(paths: Sequence[str]) -> Path:
    """The folder that names are relative to: the one given, or else the nearest that holds all paths that exist."""
    there = list({Path(p): None for p in paths if p != STDIN and Path(p).exists()})
    if len(there) == 1 and there[0].is_dir():
        return _absolute(there[0])
    parents = [_absolute(p).parent for p in there] or [Path.cwd()]
    return Path(os.path.commonpath(parents))


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  (resolve() would follow symbolic links)


def _files(path: Path, faults: list[UnreadableInputError], excludes: Excludes | None) -> Iterator[tuple[Path, str]]:
    """The files of a path, as the user would name them and absolute."""
    if not path.is_dir():
        yield path, str(_absolute(path))
        return

    def fail(error: OSError) -> None:
        faults.append(_unreadable(str(error.filename), error))

    for folder, inner, names in os.walk(path, onerror=fail):
        where = os.path.join(_absolute(Path(folder)), "")  # noqa: PTH118
        shown = sorted(d for d in inner if not d.startswith("."))
        inner[:] = [d for d in shown if not (excludes and excludes.leaves_out(where + d, is_folder=True))]
        for name in sorted(names):
            wanted = name.lower().endswith(SUFFIXES) and not name.startswith(".")
            if wanted and not (excludes and excludes.leaves_out(where + name)):
                yield Path(folder, name), where + name


def _unreadable(name: str, error: OSError) -> UnreadableInputError:
    reason = (error.strerror or str(error)).lower()
    return UnreadableInputError(f"{name}: cannot be read ({reason}); mend or exclude it")


def fetch(source: Source) -> bytes:
    """The bytes of one source. Raises `UnreadableInputError`."""
    try:
        return source.path.read_bytes() if source.path else sys.stdin.buffer.read()
    except OSError as e:
        raise _unreadable(source.shown, e) from None


def interpret(source: Source, data: bytes, encoding: str | None = None) -> Article:
    """The article that bytes hold, in ``encoding`` or, without, in the one found. Raises `UnreadableInputError`."""
    return form_of(source.name).read(data, source.name, source.shown, encoding)


def read(source: Source, encoding: str | None = None) -> Article:
    """Reads one article. Raises `UnreadableInputError`."""
    return interpret(source, fetch(source), encoding)


def shards(sources: Sequence[Source]) -> Iterator[list[Source]]:
    """Sources in groups of about `SHARD` bytes and at most `SHARD_ARTICLES` articles, in order; a file of many articles
    is a group."""
    group: list[Source] = []
    size = 0
    for source in sources:
        alone = form_of(source.name).many or (group and form_of(group[0].name).many)
        if group and (alone or size + source.size > SHARD or len(group) == SHARD_ARTICLES):
            yield group
            group, size = [], 0
        group.append(source)
        size += source.size
    if group:
        yield group


def records(source: Source, fields: Fields, encoding: str | None = None) -> Iterator[Line]:
    """The records of a file of many, line by line; a line that holds none as a `Flaw`, or as it is if it is blank.

    Raises `UnreadableInputError`.
    """
    if not source.path:
        raise UnreadableInputError(f"{source.shown}: standard input is read as one article; name the file")
    for group in corpus_form_of(source.name).groups(source.path, source.name, source.shown, fields, encoding):
        yield from group


def batches(found: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines in groups of about `SHARD` bytes and at most `SHARD_ARTICLES` lines."""
    group: list[Line] = []
    size = 0
    for line in found:
        group.append(line)
        size += len(line.source if isinstance(line, Record) else line.data if isinstance(line, Flaw) else line)
        if size >= SHARD or len(group) >= SHARD_ARTICLES:
            yield group
            group, size = [], 0
    if group:
        yield group
