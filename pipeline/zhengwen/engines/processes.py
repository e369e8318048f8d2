"""Several processes of this machine, through loky (joblib's)."""

import os
import queue
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from zhengwen.engines.scratch import Scratch
from zhengwen.engines.shared import Shared, share
from zhengwen.errors import EngineError

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 3
"""Items, for each process, that are taken before the result of the first of them is asked for."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_GLANCE = 1.0
"""Seconds between two looks of a worker whether its parent still lives."""


class Processes:
    """Works in ``jobs`` processes, or in fewer if there are fewer processors and not ``exactly`` so many are asked for.
    They begin with the first item, before which joblib is not imported, and end with the block.

    A process that dies ends the work with an `EngineError`: what came before it in order is done.
    """

    def __init__(self, jobs: int, *, exactly: bool = True) -> None:
        self._jobs, self._exactly = jobs, exactly
        self._pool: Any = None
        self._scratch: Scratch | None = None
        self._known: list[tuple[object, Shared]] = []

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._pool:
                _drop_waiting(self._pool)
                with suppress(RuntimeError):  # interrupted while it began: the processes see that this one ends
                    self._pool.shutdown(wait=True, kill_workers=True)
        finally:
            if self._scratch:
                self._scratch.close()

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """See `Engine`."""
        shared: Shared | None = None
        waiting: deque[Any] = deque()
        try:
            for item in items:
                if not item:
                    waiting.append(_Done(work(item)))
                else:
                    shared = shared or self._share(work)
                    waiting.append(self._submit(shared, item))
                while waiting and (len(waiting) >= AHEAD * self._jobs or waiting[0].done()):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except Exception as fault:
            if not _is_of_the_pool(fault):
                raise
            raise EngineError(
                f"one of {self._jobs} worker processes was killed, by a lack of memory perhaps; what was finished "
                f"before is kept: give the same command again, with fewer --jobs if it happens again"
            ) from None

    def _share(self, work: object) -> Shared:
        """What is known already is not written again: a run may map the same function over many files."""
        for known, shared in self._known:
            if known is work:
                return shared
        self._scratch = self._scratch or Scratch()
        shared = share(work, self._scratch.path / str(len(self._known)))
        self._known.append((work, shared))
        return shared

    def _submit(self, shared: Shared, item: object) -> Any:
        if not self._pool:
            from joblib.externals.loky import ProcessPoolExecutor

            self._jobs = self._jobs if self._exactly else min(self._jobs, processors())
            self._pool = ProcessPoolExecutor(self._jobs, initializer=_begin, initargs=(os.getpid(),), env=_ONE_THREAD)
        return self._pool.submit(_do, shared, item)


def _drop_waiting(pool: Any) -> None:
    """Takes away what no process has begun: loky's own thread would still look for it, and fail aloud."""
    with suppress(AttributeError, queue.Empty):
        while True:
            pool._work_ids.get_nowait()


def _is_of_the_pool(fault: Exception) -> bool:
    """Whether a process died."""
    found = sys.modules.get("joblib.externals.loky.process_executor")
    return found is not None and isinstance(fault, found.BrokenProcessPool)


@dataclass(frozen=True, slots=True)
class _Done:
    """What needed no process, in the shape of what did."""

    value: Any

    def done(self) -> bool:
        """It is."""
        return True

    def result(self) -> Any:
        """What came of it."""
        return self.value


def processors() -> int:
    """The processors that this process may use, less where a container may have less."""
    from joblib.externals.loky import cpu_count

    return int(cpu_count())


def _begin(parent: int) -> None:
    """Ctrl-C is for the parent to hear; without a parent there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.name == "nt" or os.getppid() == parent:
        time.sleep(_GLANCE)
    with suppress(BaseException):
        os._exit(1)


@lru_cache(maxsize=2)
def _work(shared: Shared) -> Callable[[Any], Any]:
    work: Callable[[Any], Any] = shared.value()
    return work


def _do(shared: Shared, item: object) -> object:
    return _work(shared)(item)
