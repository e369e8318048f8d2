"""What an engine is, and the one that needs nothing."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Engine(Protocol):
    """Applies a function to items, some of them ahead and at the same time."""

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """The results in the order of the items; what ``work`` raises is raised in its place in that order.

        ``work`` and what it returns must be values that can be pickled; ``work`` is sent to a process once and the
        items one by one; an empty item is done here and starts no process. Items are taken, a bounded number ahead of
        the results, in the thread that asks for these.
        """


class Here:
    """Works in this process, on an item when its result is asked for."""

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """One after the other."""
        return map(work, items)
