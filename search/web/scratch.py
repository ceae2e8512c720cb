"""The temporary folder of a server; those that killed servers left are removed."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

PREFIX = "mvsearch-web-"
LOCK = "server.lock"


class ScratchFolder:
    """A folder that goes with its server: at its end, or, if it is killed, when the next starts.

    The operating system holds its lock for the process, so a lock that is free says that nobody
    uses the folder.
    """

    def __init__(self) -> None:
        remove_left()
        self._folder, self._lock = _make_locked()

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self._folder.name)

    @contextmanager
    def subfolder(self) -> Iterator[Path]:
        """An empty folder in it, which is removed at the end."""
        with TemporaryDirectory(dir=self.path) as made:
            yield Path(made)

    def close(self) -> None:
        """Remove it."""
        self._lock.release()
        self._folder.cleanup()


def _make_locked() -> tuple["TemporaryDirectory[str]", FileLock]:
    """Make a folder and hold its lock; another one if a server that starts now removed it."""
    while True:
        folder = TemporaryDirectory(prefix=PREFIX)
        lock = FileLock(Path(folder.name) / LOCK)
        with suppress(OSError, Timeout):
            lock.acquire(blocking=False)
            if Path(folder.name, LOCK).exists():
                return folder, lock
            lock.release()
        folder.cleanup()


def remove_left() -> None:
    """Remove the folders of servers that were killed.

    What is a link, belongs to somebody else or has no lock is left.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, Timeout):
            if _is_own(folder) and (folder / LOCK).is_file():
                with FileLock(folder / LOCK, blocking=False):
                    shutil.rmtree(folder, ignore_errors=True)


def _is_own(folder: Path) -> bool:
    """Whether this is a folder of this user that nobody else can change."""
    found = folder.lstat()
    is_private = not stat.S_IMODE(found.st_mode) & 0o077
    is_ours = hasattr(os, "getuid") and found.st_uid == os.getuid()
    return stat.S_ISDIR(found.st_mode) and is_ours and is_private
