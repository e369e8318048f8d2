"""Lists of passages to keep, by fingerprint; apart from `zhengwen.keeping`, so that reading one needs no NumPy."""

import re
from pathlib import Path

from zhengwen.errors import KeepListError

KEEP_LIST = ".zhengwen-keep"
"""Name of the list that is found beside the inputs."""
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


def read_list(path: Path) -> frozenset[str]:
    """The fingerprints of a list: one a line, the rest of the line and lines that begin with ``#`` are comments.

    Raises `KeepListError`.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        reason = e.strerror if isinstance(e, OSError) else "not UTF-8"
        raise KeepListError(f"{path}: the list of kept passages cannot be read ({reason}); mend or remove it") from None
    found = set()
    for number, line in enumerate(lines, 1):
        said = line.split()
        if not said or said[0].startswith("#"):
            continue
        if not _FINGERPRINT.fullmatch(said[0]):
            raise KeepListError(
                f"{path}, line {number}: {said[0]!r} is not a fingerprint of 16 hexadecimal digits; take it from "
                f"`zhengwen check --format jsonl`"
            )
        found.add(said[0])
    return frozenset(found)
