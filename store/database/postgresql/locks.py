"""Advisory locks of PostgreSQL: held by a session, so they go when its program or its link goes."""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from mvsearch.store.database.connection import Database
from mvsearch.store.errors import LibraryBusyError

# The first of the two numbers of each of our locks; the second is that of its library and name.
CLASS = 0x6D767372
POLL_SECONDS = 0.1

_HOLDERS = text(
    "SELECT application_name, backend_start FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND classid = :class AND objid = :key"
    " AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND pid <> pg_backend_pid() ORDER BY backend_start LIMIT 1"
)


class AdvisoryLock:
    """A lock of a library among all programs: shared by index runs, or of one alone.

    Each thread that holds it has a connection of its own for it, outside of any transaction.

    Args:
        database: of the library.
        name: tells locks of a library apart.
    """

    def __init__(self, database: Database, name: str = "writer") -> None:
        self._database = database
        mark = hashlib.blake2b(f"{database.schema}/{name}".encode(), digest_size=4).digest()
        self._key = int.from_bytes(mark, "big") & 0x7FFFFFFF
        self._held = threading.local()

    @contextmanager
    def holding(self, wait_seconds: float, *, is_exclusive: bool = False) -> Iterator[None]:
        """Hold the lock; a thread that holds it may hold it again, also alone.

        Args:
            wait_seconds: how long to wait for others.
            is_exclusive: keep all others away, instead of those only that keep all away.

        Raises:
            LibraryBusyError: others held it all the time; the message names one.
            LibraryUnreachableError: the server cannot be reached.
        """
        modes: list[bool] = self._held.__dict__.setdefault("modes", [])
        if modes and (modes[-1] or not is_exclusive):
            modes.append(modes[-1])
            try:
                yield
            finally:
                modes.pop()
            return
        is_first = not modes
        if is_first:
            self._held.connection = self._database.connect_beside()
        try:
            self._acquire(wait_seconds, is_exclusive)
            modes.append(is_exclusive)
            try:
                yield
            finally:
                modes.pop()
                self._call("pg_advisory_unlock", is_exclusive)
        finally:
            if is_first:
                self._disconnect()

    def renew(self) -> None:
        """Take it again after the link was lost, if this thread holds it.

        Raises:
            LibraryBusyError: another program has it by now.
        """
        modes: list[bool] = self._held.__dict__.get("modes", [])
        if not modes or self._is_linked():
            return
        self._disconnect()
        self._held.connection = self._database.connect_beside()
        for is_exclusive in sorted(set(modes)):
            self._acquire(0.0, is_exclusive)

    def _acquire(self, wait_seconds: float, is_exclusive: bool) -> None:
        until = time.monotonic() + wait_seconds
        while not self._call("pg_try_advisory_lock", is_exclusive):
            if time.monotonic() >= until:
                raise LibraryBusyError(
                    f"the library {self._database.place} is being written by"
                    f" {self._describe_holder()}; try again when it is done"
                )
            time.sleep(POLL_SECONDS)

    def _call(self, function: str, is_exclusive: bool) -> bool:
        name = function if is_exclusive else f"{function}_shared"
        values = {"class": CLASS, "key": self._key}
        connection: Connection = self._held.connection
        if function == "pg_advisory_unlock":
            with suppress(SQLAlchemyError):  # a lost link has given it up, and is closed
                connection.execute(text(f"SELECT {name}(:class, :key)"), values)
            return True
        with self._database.explaining():
            return bool(connection.scalar(text(f"SELECT {name}(:class, :key)"), values))

    def _is_linked(self) -> bool:
        try:
            self._held.connection.scalar(text("SELECT 1"))
        except SQLAlchemyError:  # a link that was lost before is closed
            return False
        return True

    def _disconnect(self) -> None:
        with suppress(SQLAlchemyError):
            self._held.connection.close()

    def _describe_holder(self) -> str:
        """Who holds it, in words."""
        values = {"class": CLASS, "key": self._key}
        with self._database.explaining():
            holder = self._held.connection.execute(_HOLDERS, values).first()
        if holder is None:
            return "another process"
        name = "".join(letter for letter in holder.application_name if letter.isprintable())
        return f"{name or 'another process'} since {holder.backend_start:%Y-%m-%d %H:%M:%S%z}"
