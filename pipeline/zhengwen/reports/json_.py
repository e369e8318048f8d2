"""Findings for programs: JSON, an object a line or one document."""

from collections.abc import Iterable

from zhengwen import __version__
from zhengwen.reports.findings import Checked, as_json, encoded
from zhengwen.reports.formats import Scene


class Lines:
    """An object a finding, each on a line of its own."""

    def __init__(self, scene: Scene) -> None: ...

    def begin(self) -> Iterable[str]:
        """Nothing."""
        return ()

    def article(self, checked: Checked) -> Iterable[str]:
        """A line a finding."""
        return (as_json(record) + "\n" for record in checked.records)

    def fault(self, message: str) -> Iterable[str]:  # noqa: ARG002
        """Nothing: every line is a finding."""
        return ()

    def end(self) -> Iterable[str]:
        """Nothing."""
        return ()


class Document:
    """``{"version", "findings": [...], "adverts": [paths], "articles", "errors": [sentences]}``."""

    def __init__(self, scene: Scene) -> None:  # noqa: ARG002
        self._articles = 0
        self._first = True
        self._adverts: list[str] = []
        self._faults: list[str] = []

    def begin(self) -> Iterable[str]:
        """The version, and the opening of the list of findings."""
        yield f'{{"version": {encoded(__version__)},\n"findings": ['

    def article(self, checked: Checked) -> Iterable[str]:
        """The findings, each on a line."""
        self._articles += 1
        if checked.advert:
            self._adverts.append(checked.shown)
        for record in checked.records:
            yield ("\n" if self._first else ",\n") + as_json(record)
            self._first = False

    def fault(self, message: str) -> Iterable[str]:
        """Kept for the end."""
        self._faults.append(message)
        return ()

    def end(self) -> Iterable[str]:
        """What is known only now."""
        rest = {"adverts": self._adverts, "articles": self._articles, "errors": self._faults}
        yield "],\n" + encoded(rest)[1:] + "\n"
