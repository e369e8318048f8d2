"""Where a command works: ``--jobs``, ``--engine``, ``--ray-address``."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from zhengwen.engines import Engine, Here
from zhengwen.readers import SHARD, Source

Command = TypeVar("Command", bound=Callable[..., Any])

LOCAL, RAY = _ENGINES = ("local", "ray")
_AUTO = "auto"
_WORTH = 4 * SHARD
"""Bytes of input for each process below which starting it takes longer than it saves."""
_PACKED = {".gz": 4, ".zst": 4}
"""How many times its size a compressed file is worth."""


class _Jobs(click.ParamType[Any]):
    """A number of processes, or ``auto``."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """The number; None for auto."""
        if value is None or value == _AUTO:
            return None
        if not str(value).isdecimal() or not 1 <= int(value) <= 1024:
            self.fail(f"{value!r} is neither a number of processes, 1 or more, nor {_AUTO}", param, ctx)
        return int(value)


@dataclass(frozen=True, slots=True)
class Engines:
    """What the command line says of engines. jobs: None for as many as are worth it."""

    jobs: int | None
    name: str = LOCAL
    ray_address: str | None = None


def engine_options(command: Command) -> Command:
    """The options ``--jobs``, ``--engine`` and ``--ray-address``."""
    for option in (
        click.option("--ray-address", metavar="ADDRESS", help="Head of the Ray cluster; this machine if not given."),
        click.option(
            "--engine", type=click.Choice(_ENGINES), default=LOCAL, show_default=True, help="Who does the work."
        ),
        click.option(
            "-j",
            "--jobs",
            type=_Jobs(),
            default=_AUTO,
            envvar="ZHENGWEN_JOBS",
            show_default=True,
            help="Processes that work; auto: as many as there are processors and enough to do for.",
        ),
    ):
        command = option(command)
    return command


@contextmanager
def working(engines: Engines, size: int) -> Iterator[Engine]:
    """An engine for so many bytes of input, until the block ends. For one process nothing more is imported."""
    if engines.ray_address and engines.name != RAY:
        raise click.UsageError("--ray-address is where the engine ray works; add --engine ray")
    if engines.name == RAY:
        from zhengwen.engines.cluster import Cluster

        with Cluster(engines.ray_address, engines.jobs) as cluster:
            yield cluster
        return
    most = engines.jobs or size // _WORTH
    if most > 1:
        from zhengwen.engines.processes import Processes

        many = engines.jobs or min(most, os.cpu_count() or 1)
        if many > 1:
            with Processes(many, exactly=engines.jobs is not None) as processes:
                yield processes
            return
    yield Here()


def size_of(sources: Sequence[Source]) -> int:
    """Bytes of text in the sources, about."""
    return sum(source.size * _PACKED.get(source.suffix, 1) for source in sources)
