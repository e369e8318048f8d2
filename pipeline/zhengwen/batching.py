"""Items in groups that are worked on together."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def by_size(
    items: Iterable[Item], size: Callable[[Item], int], limit: int, most: int = sys.maxsize
) -> Iterator[list[Item]]:
    """Groups that are full once their sizes come to ``limit``, or once they hold ``most`` items; none is empty."""
    group: list[Item] = []
    total = 0
    for item in items:
        group.append(item)
        total += size(item)
        if total >= limit or len(group) >= most:
            yield group
            group, total = [], 0
    if group:
        yield group
