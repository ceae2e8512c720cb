"""Decides which of several servers does the jobs: the one that holds a lock of the database.

The lock is held by a connection of its own, so it goes with its server. PostgreSQL ends that
connection as well where a server is silent, such as behind a cut network, or stopped.
"""

import hashlib
from contextlib import suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.locks import CLASS
from mvsearch.store.errors import MvsearchError

# A server that leads asks several times in this time; another one leads when it has passed.
SILENT_SECONDS = 10


class Leadership:
    """Whether this server leads.

    Not for several threads at once.

    Args:
        database: of the library.
        silent_seconds: after which a silent server leads no more.
    """

    def __init__(self, database: Database, silent_seconds: float = SILENT_SECONDS) -> None:
        self._database = database
        self._silent_seconds = silent_seconds
        mark = hashlib.blake2b(f"{database.schema}/leader".encode(), digest_size=4).digest()
        self._values = {"class": CLASS, "key": int.from_bytes(mark, "big") & 0x7FFFFFFF}
        self._connection: Connection | None = None
        self.is_leading = False

    def hold(self) -> bool:
        """Lead if nobody does; whether this server leads now.

        Call it several times in `silent_seconds`.

        Raises:
            LibraryUnreachableError: the server of the database cannot be reached; nobody knows
                who leads.
        """
        try:
            connection = self._connection or self._connect()
            with self._database.explaining():
                if self.is_leading:
                    connection.execute(text("SELECT 1"))
                else:
                    take = text("SELECT pg_try_advisory_lock(:class, :key)")
                    self.is_leading = bool(connection.scalar(take, self._values))
        except MvsearchError:
            self.release()
            raise
        return self.is_leading

    def release(self) -> None:
        """Let another server lead, at once."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                if self.is_leading:  # the server sees the end of a connection a while later
                    give = text("SELECT pg_advisory_unlock(:class, :key)")
                    self._connection.execute(give, self._values)
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None
        self.is_leading = False

    def _connect(self) -> Connection:
        self._connection = connection = self._database.connect_beside()
        milliseconds = int(self._silent_seconds * 1000)
        with self._database.explaining():
            connection.execute(text(f"SET idle_session_timeout = {milliseconds}"))
        return connection
