"""The lock that allows only one writer at a time."""

import json
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mvsearch.store.errors import LibraryBusyError, MvsearchError
from mvsearch.store.opening import hide_password
from mvsearch.store.own_files import read_own, write_own

if TYPE_CHECKING:
    from filelock import BaseFileLock

N_COMMAND_CHARACTERS = 200
MAX_HOLDER_BYTES = 4096


class Lock(Protocol):
    """A lock of those who write to a library."""

    def holding(
        self, wait_seconds: float, *, is_exclusive: bool = False
    ) -> AbstractContextManager[None]:
        """Hold it; see `WriterLock.holding`."""


class WriterLock:
    """A lock that the operating system holds for a process, so it goes when the process goes.

    Who holds it stands in a file beside it, for the message to those who wait in vain.

    Args:
        folder: that is written.
        what: the folder is, for messages.
    """

    def __init__(self, folder: Path, what: str = "library") -> None:
        self.folder = folder
        self._what = what
        self._holder = folder / "writer.json"

    @contextmanager
    def holding(self, wait_seconds: float, *, is_exclusive: bool = False) -> Iterator[None]:
        """Hold the lock; inside another `holding` of the same thread it is held already.

        Args:
            wait_seconds: how long to wait for others.
            is_exclusive: keep all others away; this lock always does.

        Raises:
            LibraryBusyError: another process held it all the time.
            MvsearchError: the folder cannot be written.
        """
        from filelock import Timeout

        try:
            self._lock.acquire(timeout=max(0.0, wait_seconds))
        except Timeout:
            raise LibraryBusyError(
                f"the {self._what} {self.folder} is being written by {self._describe_holder()}; try"
                " again when it is done"
            ) from None
        except OSError as error:
            raise MvsearchError(
                f"the {self._what} {self.folder} cannot be written: {error.strerror}"
            ) from error
        try:
            if self._lock.lock_counter == 1:
                self._sign()
            yield
        finally:
            if self._lock.lock_counter == 1:
                with suppress(OSError):
                    self._holder.unlink(missing_ok=True)
            self._lock.release()

    @cached_property
    def _lock(self) -> "BaseFileLock":
        """The lock; made when it is first needed, since most runs only read."""
        from filelock import FileLock

        return FileLock(self.folder / "writer.lock")

    def _sign(self) -> None:
        """Say who writes; on a full disk it stays unsaid, which is no reason not to write."""
        command = " ".join(shlex.join(map(hide_password, sys.argv)).split())[:N_COMMAND_CHARACTERS]
        holder = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "command": command,
            "since": datetime.now().astimezone().isoformat(" ", "seconds"),
        }
        with suppress(OSError):
            write_own(self._holder, json.dumps(holder).encode())

    def _describe_holder(self) -> str:
        """Who writes, in words; the file may be missing for a moment."""
        try:
            holder = json.loads(read_own(self._holder, MAX_HOLDER_BYTES))
            said = (
                f"process {holder['pid']} on {holder['host']} since {holder['since']}"
                f" ({holder['command']})"
            )
            return "".join(letter for letter in said if letter.isprintable())
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return "another process"
