"""Where the outputs of a recorded run lie, and how they get there: in a folder of their own, or in place."""

import errno
import os
from pathlib import Path
from typing import Protocol

from zhengwen import writers
from zhengwen.errors import OutputError
from zhengwen.forms import MARKDOWN, form_of
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Key, sha256
from zhengwen.ledger.store import Ledger, Recorded
from zhengwen.readers import Source

_NO_NEW_FILES = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY)


class Place(Protocol):
    """Where outputs lie and how they get there."""

    def path(self, source: Source) -> Path:
        """The file that holds the output of a source."""

    def there(self, source: Source, data: bytes) -> str | None:
        """The hash of that file, None if there is none; ``data`` is what the source holds."""

    def original(self, source: Source, data: bytes, there: str | None, recorded: Recorded | None) -> bytes | None:
        """The input of a source; None if the file in the way is neither an input nor an earlier output of it."""

    def conflict(self, source: Source, data: bytes, recorded: Recorded | None) -> OutputError:
        """What to say where there is no `original`."""

    def forget(self, source: Source, recorded: Recorded | None) -> None:
        """Removes an earlier output that has another name, being in another form. Raises `OutputError`."""

    def put(self, source: Source, data: bytes, original: bytes, ledger: Ledger) -> str:
        """Writes an output; the warning to give, or nothing. Raises `OutputError`."""


class Folder:
    """Outputs in a folder of their own, under the names of the sources, or of what they become.

    to: what pages become.
    """

    def __init__(self, folder: Path, to: str = MARKDOWN) -> None:
        self._folder, self._to = folder, to

    def path(self, source: Source) -> Path:
        """Below the folder."""
        return self._folder / form_of(source.name).target(source.name, self._to)

    def there(self, source: Source, data: bytes) -> str | None:  # noqa: ARG002
        """The hash of the file below the folder. Raises `OutputError` if there is one that cannot be read."""
        path = self.path(source)
        try:
            return sha256(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as e:
            raise OutputError(f"{path}: is there already and cannot be read ({e.strerror}); move it away") from None

    def original(self, source: Source, data: bytes, there: str | None, recorded: Recorded | None) -> bytes | None:  # noqa: ARG002
        """The source's own bytes, if nothing is in the way but an earlier output of them."""
        entry = recorded.entry if recorded else None
        if entry and entry.hash == sha256(data):
            return data if there in (None, entry.cleaned, entry.replaces) else None
        only_here = entry and (entry.status in (ledgers.ADVERT, ledgers.DUPLICATE) or entry.output)
        return data if there is None and not only_here else None

    def conflict(self, source: Source, data: bytes, recorded: Recorded | None) -> OutputError:
        """Names the file in the way, or the earlier input that only the ledger holds."""
        path = self.path(source)
        if not recorded:
            return OutputError(f"{path}: is there already and not in the ledger; move it away or add --overwrite")
        if recorded.entry.hash == sha256(data):
            return OutputError(f"{path}: changed since it was written; move it away or add --overwrite")
        return OutputError(
            f"{path}: stands for another version of its input, which this folder may be the last to hold; restore it "
            f"if you need it, then add --overwrite"
        )

    def forget(self, source: Source, recorded: Recorded | None) -> None:
        """Removes it; the input is there, so that nothing is lost if the run ends here."""
        path = self._folder / recorded.entry.place if recorded else self.path(source)
        if not recorded or path == self.path(source):
            return
        try:
            if sha256(path.read_bytes()) == recorded.entry.cleaned:
                path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as e:
            raise OutputError(f"{path}: cannot be removed ({e.strerror}); move it away") from None

    def put(self, source: Source, data: bytes, original: bytes, ledger: Ledger) -> str:  # noqa: ARG002
        """Writes the file as a whole or not at all."""
        writers.write(self.path(source), data)
        return ""


class InPlace:
    """Outputs in the place of the inputs; links are followed to what they name.

    folder: where the ledger lies, for messages.
    """

    def __init__(self, folder: Path = Path()) -> None:
        self._folder = folder

    def path(self, source: Source) -> Path:
        """The source's own file."""
        if not source.path:
            raise OutputError("standard input has no place to be cleaned in; leave --in-place out")
        return source.path.resolve()

    def there(self, source: Source, data: bytes) -> str | None:  # noqa: ARG002
        """The hash of what the source holds."""
        return sha256(data)

    def original(self, source: Source, data: bytes, there: str | None, recorded: Recorded | None) -> bytes | None:  # noqa: ARG002
        """What the source held before it was cleaned for the first time."""
        entry = recorded.entry if recorded else None
        if not recorded or not entry or there == entry.hash or not (entry.cuts or entry.whole):
            return data
        if entry.whole is not None and (recorded.overwriting or there in (entry.cleaned, entry.replaces)):
            return ledgers.unpack(entry.whole)
        return ledgers.original(data, entry) if there == entry.cleaned else None

    def conflict(self, source: Source, data: bytes, recorded: Recorded | None) -> OutputError:  # noqa: ARG002
        """Names the file that is neither what came nor what was left of it."""
        return OutputError(
            f"{source.shown}: changed since it was cleaned, so it is left alone; `zhengwen restore {self._folder} "
            f"--list` shows what was removed from it: copy what you need, or bring the cleaned file back; --overwrite "
            f"takes it for a new article and forgets all that"
        )

    def forget(self, source: Source, recorded: Recorded | None) -> None:
        """Nothing: in its place a file has one name."""

    def put(self, source: Source, data: bytes, original: bytes, ledger: Ledger) -> str:
        """Replaces the file as a whole; where its folder takes no new file, writes over it, with a warning."""
        path = self.path(source)
        try:
            writers.replace(path, data)
        except OSError as e:
            if e.errno not in _NO_NEW_FILES or not os.access(path, os.W_OK):
                raise OutputError(f"{path}: cannot be replaced ({e.strerror}); the file is as it was") from None
            self._over(path, data, original, ledger, (source.name, ""))
            return f"{source.shown}: written over, because its folder takes no new file ({e.strerror})"
        return ""

    def _over(self, path: Path, data: bytes, original: bytes, ledger: Ledger, key: Key) -> None:
        ledger.overwrite(key, ledgers.pack(original))
        try:
            writers.overwrite(path, data)
        except OSError as e:
            raise OutputError(
                f"{path}: half-written ({e.strerror}); its original is in {ledger.path}: give the same command again, "
                f"or zhengwen restore"
            ) from None
        ledger.overwritten(key)
