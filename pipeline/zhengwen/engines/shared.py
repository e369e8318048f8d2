"""One value for many processes: the arrays in it are mapped from a file, so that the machine holds them once."""

import mmap
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ALIGNED = 64
"""Bytes: arrays begin where vector instructions like them to."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A value in a file: a pickle (protocol 5, PEP 574) and its buffers, each at a multiple of `_ALIGNED`.

    spans: where the pickle and then each buffer begin and end.
    """

    path: Path
    spans: tuple[tuple[int, int], ...]

    def value(self) -> Any:
        """The value; its arrays can be read, not written, and stay after the file is gone."""
        with self.path.open("rb") as file:
            mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        head, *buffers = (mapped[start:end] for start, end in self.spans)
        return pickle.loads(head, buffers=buffers)


def share(value: object, path: Path) -> Shared:
    """Writes a value. The file is read as code is: it belongs where nobody else may write."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    spans = []
    with path.open("xb") as file:
        for part in (memoryview(head), *(b.raw() for b in buffers)):
            start = file.tell()
            file.write(part)
            spans.append((start, file.tell()))
            file.write(bytes(-file.tell() % _ALIGNED))
    return Shared(path, tuple(spans))
