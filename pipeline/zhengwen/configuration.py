"""Settings in ``zhengwen.toml``, or in ``pyproject.toml`` below ``[tool.zhengwen]``: found, read, checked.

What decides in the end, the command line before the environment before the file before the defaults, is the matter of
`zhengwen.cli.configured`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zhengwen.articles import BOILERPLATE
from zhengwen.charsets import known
from zhengwen.errors import ConfigurationError
from zhengwen.forms import TARGETS
from zhengwen.levels import LEVELS

NAMES = ("zhengwen.toml", "pyproject.toml")
"""Names of files with settings, the first of a folder wins."""
TABLE = "tool.zhengwen"


@dataclass(frozen=True, slots=True)
class PerPath:
    """Settings of the paths that match one of the patterns (those of ``.gitignore``)."""

    paths: tuple[str, ...]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a file sets. ``file`` is None if there is none; patterns and paths count from its folder."""

    file: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    per_path: tuple[PerPath, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder of the file; the working folder if there is none."""
        return self.file.parent if self.file else Path.cwd()


class _WrongError(Exception):
    """A value that does not fit; the message says what would."""


def find(folder: Path) -> Path | None:
    """The nearest file with settings, from the folder upward."""
    for parent in (folder, *folder.parents):
        for name in NAMES:
            path = parent / name
            if path.is_file() and (name == NAMES[0] or _is_meant(path)):
                return path
    return None


def _is_meant(path: Path) -> bool:
    """Whether a ``pyproject.toml`` holds settings; one that speaks of none is not even parsed."""
    try:
        if b"zhengwen" not in path.read_bytes():
            return False
    except OSError:
        return False
    return _table(path) is not None


def read(path: Path) -> Configuration:
    """The settings of a file. Raises `ConfigurationError`."""
    table = _table(path)
    if table is None:
        raise ConfigurationError(f"{path}: has no table [{TABLE}]; add one, or name a zhengwen.toml")
    where = f"{path}, [{TABLE}]" if path.name == NAMES[1] else str(path)
    per_path = table.pop("per-path", [])
    if not isinstance(per_path, list) or not all(isinstance(entry, dict) for entry in per_path):
        raise ConfigurationError(f"{where}: per-path must be an array of tables, [[{_nested(path)}per-path]]")
    entries = tuple(_per_path(entry, f"{where}, per-path {n}") for n, entry in enumerate(per_path, 1))
    return Configuration(path, _checked(table, KEYS, where, path.parent, extra=("per-path",)), entries)


def _nested(path: Path) -> str:
    return f"{TABLE}." if path.name == NAMES[1] else ""


def _table(path: Path) -> dict[str, Any] | None:
    import tomllib

    try:
        with path.open("rb") as stream:
            data = tomllib.load(stream)
    except OSError as e:
        raise ConfigurationError(f"{path}: the settings cannot be read ({e.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigurationError(f"{path}: is not TOML ({e}); mend the file") from None
    if path.name != NAMES[1]:
        return data
    for name in TABLE.split("."):
        data = data.get(name) if isinstance(data, dict) else None  # type: ignore[assignment]
    return data if isinstance(data, dict) else None


def _per_path(entry: dict[str, Any], where: str) -> PerPath:
    if "paths" not in entry:
        raise ConfigurationError(f"{where}: says no paths; add paths = [patterns]")
    patterns = _checked({"paths": entry.pop("paths")}, {"paths": _patterns}, where, Path())["paths"]
    return PerPath(patterns, _checked(entry, {key: KEYS[key] for key in PER_PATH}, where, Path(), extra=("paths",)))


def _checked(
    table: Mapping[str, Any],
    keys: Mapping[str, Callable[[Any], Any]],
    where: str,
    folder: Path,
    extra: tuple[str, ...] = (),
) -> dict[str, Any]:
    checked = {}
    for key, value in table.items():
        if key not in keys:
            raise ConfigurationError(f"{where}: unknown key {key!r}; {_suggestion(key, (*keys, *extra))}")
        try:
            checked[key] = keys[key](value)
        except _WrongError as e:
            raise ConfigurationError(f"{where}: {key} must be {e}, not {value!r}") from None
        if isinstance(checked[key], Path):
            checked[key] = folder / checked[key].expanduser()
    return checked


def _suggestion(word: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word.lower().replace("_", "-"), known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(known)}"


def _kinds(value: Any) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise _WrongError(f"a list of {', '.join(BOILERPLATE)} or ALL")
    kinds = tuple(word.strip() for word in words)
    unknown = [kind for kind in kinds if kind not in (*BOILERPLATE, "ALL")]
    if unknown:
        raise _WrongError(f"a list of kinds; {unknown[0]!r}: {_suggestion(unknown[0], (*BOILERPLATE, 'ALL'))}")
    return BOILERPLATE if "ALL" in kinds else kinds


def _between(low: float, high: float) -> Callable[[Any], float]:
    def number(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise _WrongError(f"a number between {low:g} and {high:g}")
        return float(value)

    return number


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _WrongError("true or false")
    return value


def _path(value: Any) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise _WrongError("a path")
    return Path(value)


def _one_of(*words: str) -> Callable[[Any], str]:
    def word(value: Any) -> str:
        if value not in words:
            raise _WrongError(f"one of {', '.join(words)}")
        return str(value)

    return word


def _encoding(value: Any) -> str:
    found = known(value) if isinstance(value, str) else None
    if not found:
        raise _WrongError("an encoding of text with a byte order of its own, such as utf-8, gb18030, big5, utf-16-le")
    return found


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _WrongError("the name of a field")
    return value


def _patterns(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        raise _WrongError("a list of patterns as in .gitignore")
    return tuple(value)


KEYS: dict[str, Callable[[Any], Any]] = {
    "select": _kinds,
    "ignore": _kinds,
    "min-score": _between(0, 1),
    "level": _one_of(*LEVELS),
    "format": _one_of("full", "concise", "jsonl", "json", "github", "gitlab", "sarif", "junit", "html"),
    "model": _path,
    "baseline": _path,
    "cache": _flag,
    "cache-dir": _path,
    "exclude": _patterns,
    "respect-gitignore": _flag,
    "keep-list": _path,
    "encoding": _encoding,
    "drop-adverts": _flag,
    "max-removed": _between(0, 100),
    "dedup": _one_of("near", "exact", "off"),
    "repetition": _flag,
    "similarity": _between(0.5, 1),
    "containment": _between(0.5, 1),
    "to": _one_of(*TARGETS),
    "text-field": _name,
    "id-field": _name,
}
"""What a file may set, as the options of the same names, with the function that checks a value."""
PER_PATH = ("select", "ignore", "min-score")
"""What a file may set for some paths."""
