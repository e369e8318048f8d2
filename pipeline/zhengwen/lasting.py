"""What has to be on the disk before anything else happens."""

import contextlib
import os
from pathlib import Path


def sync(folder: Path) -> None:
    """Makes renamings in a folder last; some file systems cannot, and Windows need not."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
