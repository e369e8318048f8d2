"""The passages that authors keep, in place of the findings."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from zhengwen.reports.findings import Checked
from zhengwen.reports.formats import Renderer


@dataclass(slots=True)
class Kept:
    """Shows to another renderer what is kept as if it were found."""

    inner: Renderer

    def begin(self) -> Iterable[str]:
        """As the other."""
        return self.inner.begin()

    def article(self, checked: Checked) -> Iterable[str]:
        """What is kept in the article."""
        return self.inner.article(replace(checked, records=checked.kept, advert=False))

    def fault(self, message: str) -> Iterable[str]:
        """As the other."""
        return self.inner.fault(message)

    def end(self) -> Iterable[str]:
        """As the other."""
        return self.inner.end()
