"""Where the findings go: standard output in one format, and reports in others beside it."""

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import click

from zhengwen.errors import OutputError
from zhengwen.readers import Source
from zhengwen.reports.findings import Checked
from zhengwen.reports.formats import FORMATS, Renderer, Scene, renderer
from zhengwen.reports.github import JobSummary
from zhengwen.writers import report_place


class ReportType(click.ParamType[Any]):
    """``FORMAT=PATH``."""

    name = "FORMAT=PATH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Path]:
        """The format and the path."""
        if isinstance(value, tuple):
            return value
        form, sign, path = str(value).partition("=")
        if not sign or not path or form not in FORMATS:
            self.fail(f"{value!r} is not FORMAT=PATH with one of {', '.join(FORMATS)}", param, ctx)
        return form, Path(path)


class Outputs:
    """Renderers with the streams they write to; a report is put in its place when all is done, or never."""

    def __init__(self, reports: Sequence[tuple[str, Path]], sources: Sequence[Source], scene: Scene) -> None:
        self._scene = scene
        self._files = contextlib.ExitStack()
        self._ways: list[tuple[Renderer, IO[str]]] = []
        self._places: list[tuple[Path, Path]] = []
        _refuse_clashes(reports, sources)
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            for form, path in reports:
                self._ways.append((renderer(form, scene), self._temporary(report_place(path))))
            undo.pop_all()

    def show(self, form: Renderer) -> None:
        """Renders to standard output too."""
        self._ways.append((form, sys.stdout))

    def summarise_job(self) -> None:
        """Appends to the summary of the job, if GitHub says where that is."""
        path = os.environ.get("GITHUB_STEP_SUMMARY")
        if path:
            try:
                stream = self._files.enter_context(open(path, "a", encoding="utf-8", errors="replace"))  # noqa: PTH123, SIM115
            except OSError as e:
                raise OutputError(f"{path}: the summary of the job cannot be written ({e.strerror})") from None
            self._ways.append((JobSummary(self._scene), stream))

    def begin(self) -> None:
        """Opens every output."""
        for form, stream in self._ways:
            stream.writelines(form.begin())

    def article(self, checked: Checked) -> None:
        """Writes the findings of an article to every output."""
        for form, stream in self._ways:
            stream.writelines(form.article(checked))

    def fault(self, message: str) -> None:
        """Tells every output of something that could not be done."""
        for form, stream in self._ways:
            stream.writelines(form.fault(message))

    def end(self) -> None:
        """Closes every output and puts the reports into their places. Raises `OutputError`."""
        for form, stream in self._ways:
            stream.writelines(form.end())
        self._files.close()
        for temporary, path in self._places:
            try:
                temporary.replace(path)
            except OSError as e:
                raise OutputError(f"{path}: the report cannot be written ({e.strerror})") from None

    def close(self) -> None:
        """Leaves no unfinished report behind."""
        with contextlib.suppress(OSError):
            self._files.close()
        for temporary, _ in self._places:
            with contextlib.suppress(OSError):
                temporary.unlink()

    def __enter__(self) -> "Outputs":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _temporary(self, path: Path) -> IO[str]:
        import tempfile

        try:
            if path.is_dir():
                raise OutputError(f"{path}: is a folder; name a file for the report")
            path.parent.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(dir=path.parent, prefix=".zhengwen-")
            self._places.append((Path(name), path))
            Path(name).chmod(0o666 & ~_umask())
            stream = os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace", newline="\n")
            return self._files.enter_context(stream)
        except OSError as e:
            raise OutputError(f"{path}: the report cannot be written ({e.strerror})") from None


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _refuse_clashes(reports: Sequence[tuple[str, Path]], sources: Sequence[Source]) -> None:
    if not reports:
        return
    seen: dict[Path, str] = {s.path.resolve(): "the input" for s in sources if s.path}
    for _, path in reports:
        if what := seen.get(path.resolve()):
            raise OutputError(f"{path}: the report would take the place of {what} of that name; choose another file")
        seen[path.resolve()] = "another report"
