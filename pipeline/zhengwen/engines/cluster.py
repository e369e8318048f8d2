"""A Ray cluster: the workers of one machine or of many."""

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from zhengwen.errors import EngineError

try:
    import ray
    from ray.exceptions import RayError, RayTaskError
except ImportError:
    raise EngineError("--engine ray needs Ray; pip install 'zhengwen[ray]' on every machine") from None

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 3
"""Items, for each processor, that are sent before the result of the first of them is asked for."""
_TRIES = 3
"""A worker or a machine that dies has its items done elsewhere, each so many times more."""
_PATIENCE = 10.0
"""Seconds that the head of a cluster has to answer."""
_QUIET = {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_DEDUP_LOGS": "1"}


class Cluster:
    """Works on a Ray cluster until the block ends.

    address: of its head ("auto": the one that ``RAY_ADDRESS`` or this machine knows); None for one of this machine
    alone, which begins and ends with the block. jobs: items at a time; as many as there are processors if not given.
    Raises `EngineError` if there is no such cluster, and where items cannot be done because workers keep dying.
    """

    def __init__(self, address: str | None = None, jobs: int | None = None) -> None:
        self._address, self._jobs = address, jobs
        self._mine = False
        self._known: list[tuple[object, Any]] = []

    def __enter__(self) -> "Cluster":
        if not ray.is_initialized():
            for name, value in _QUIET.items():
                os.environ.setdefault(name, value)
            if self._address:
                _knock(self._address)
            alone: dict[str, Any] = {} if self._address else {"num_cpus": self._jobs, "include_dashboard": False}
            try:
                ray.init(self._address or "local", log_to_driver=False, logging_level=logging.ERROR, **alone)
            except (ConnectionError, ValueError, RuntimeError, RayError) as e:
                where = self._address or "this machine"
                raise EngineError(f"--ray-address {where}: no Ray cluster answers ({_first_line(e)})") from None
            self._mine = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._mine:
            ray.shutdown()

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """See `Engine`. What dies is tried again."""
        waiting: deque[Any] = deque()
        most = AHEAD * (self._jobs or max(int(ray.cluster_resources().get("CPU", 1)), 1))
        do = ray.remote(num_cpus=1, max_retries=_TRIES)(_do)
        for item in items:
            if not item:
                waiting.append(ray.put(work(item)))
            else:
                waiting.append(do.remote(self._share(work), item))
            if len(waiting) >= most:
                yield _got(waiting.popleft())
        while waiting:
            yield _got(waiting.popleft())

    def _share(self, work: object) -> Any:
        for known, shared in self._known:
            if known is work:
                return shared
        self._known.append((work, ray.put(work)))
        return self._known[-1][1]


def _knock(address: str) -> None:
    """Raises `EngineError` if nobody listens at an address: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as e:
        raise EngineError(f"--ray-address {address}: no Ray cluster answers ({e}); start one, or mend it") from None


def _got(reference: Any) -> Any:
    try:
        return ray.get(reference)
    except RayTaskError as e:
        raise e.cause from None
    except RayError as e:
        raise EngineError(
            f"workers of the cluster were lost {_TRIES + 1} times over the same articles ({_first_line(e)}); what was "
            f"finished before is kept: give the same command again, with more memory for each worker"
        ) from None


def _do(work: Callable[[Any], Any], item: object) -> object:
    return work(item)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
