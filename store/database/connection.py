"""Connects to the catalogue's database and manages transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from mvsearch.store.database import guard
from mvsearch.store.database.explain import DATABASE_ERRORS, explain
from mvsearch.store.errors import LibraryDamagedError

# Maximum time that a write waits for a write of another program.
BUSY_SECONDS = 10.0


def sqlite_url(file: Path, mode: str) -> URL:
    """The URL of an SQLite file.

    Args:
        file: absolute.
        mode: "rwc" creates it, "rw" does not, "ro" only reads, and "immutable" reads without the
            locks and side files that SQLite cannot make in a folder that is read-only.
    """
    query = {"uri": "true", "mode": "ro" if mode == "immutable" else mode}
    if mode == "immutable":
        query["immutable"] = "1"
    return URL.create("sqlite", database=file.as_uri(), query=query)


class Database:
    """A database with sessions for reading and for writing.

    On SQLite a reading session sees one state from its first statement to its last and never waits
    (WAL). A writing session takes the write lock at its first statement, because a transaction
    that first reads and then writes could fail.

    Args:
        url: of any database that SQLAlchemy supports.
        place: the name in messages.
        busy_seconds: how long a write waits for another one.
        has_foreign_keys: False only for migrations. SQLite changes a table by copying it, and
            dropping the old copy would delete rows of other tables.
    """

    def __init__(
        self,
        url: URL,
        place: str,
        *,
        busy_seconds: float = BUSY_SECONDS,
        has_foreign_keys: bool = True,
    ) -> None:
        self.url = url
        self.place = place
        # One connection for each reading thread: otherwise a thread could wait for the whole query
        # of another.
        self.engine = create_engine(url, max_overflow=-1)
        if self.engine.dialect.name == "sqlite":
            is_read_only = url.query.get("mode") == "ro"
            _prepare_sqlite(self.engine, is_read_only, busy_seconds, has_foreign_keys)
        self._writer = self.engine.execution_options(is_writing=True)
        self._held = threading.local()
        self._watching = threading.Lock()
        self._watcher: PoolProxiedConnection | None = None

    @property
    def is_holding(self) -> bool:
        """Whether this thread is inside `holding`."""
        return getattr(self._held, "session", None) is not None

    @contextmanager
    def reading(self, *, is_newest: bool = False) -> Iterator[Session]:
        """A session that sees one state of the database; inside `holding`, always the same.

        Args:
            is_newest: see the current state, even inside `holding`.
        """
        held: Session | None = getattr(self._held, "session", None)
        if held is not None and not is_newest:
            with self._plain_errors():
                yield held
            return
        with self._plain_errors(), Session(self.engine) as session:
            yield session

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold one read transaction: everything that this thread reads inside is of one state.

        Writes inside are not visible to it.
        """
        if self.is_holding:
            yield
            return
        with self.reading() as session:
            self._held.session = session
            try:
                yield
            finally:
                self._held.session = None

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A writing session: commits at its end, and rolls back after an error."""
        with self._plain_errors(), Session(self._writer) as session, session.begin():
            yield session

    def read_state(self) -> int | None:
        """A number that changes with every change of the database, by whatever process.

        What is read after this call, and kept, is valid while the number stays. None where the
        database has no such number, or this thread reads an earlier state.
        """
        if self.engine.dialect.name != "sqlite" or self.is_holding:
            return None
        with self._plain_errors(), self._watching:
            # The number counts the changes of all other connections: this one changes nothing.
            if self._watcher is None:
                self._watcher = self.engine.raw_connection()
            [(state,)] = self._watcher.cursor().execute("PRAGMA data_version").fetchall()
            return int(state)

    def close(self) -> None:
        """Close every connection; the last one writes SQLite's log into the file."""
        with self._watching:
            if self._watcher is not None:
                self._watcher.close()
                self._watcher = None
        self.engine.dispose()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Convert errors of the database to errors with one plain line."""
        try:
            yield
        except DATABASE_ERRORS as error:
            if isinstance(error, LibraryDamagedError) and error.place is not None:
                raise  # converted already, by a session within this one
            raise explain(error, self.place) from error


def _prepare_sqlite(
    engine: Engine, is_read_only: bool, busy_seconds: float, has_foreign_keys: bool
) -> None:
    """Set up every new connection and the begin of every transaction."""

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        # The driver begins transactions late and never before a SELECT; `begin` below does it.
        connection.isolation_level = None
        with guard.reading_text():
            guard.distrust(connection)
            connection.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
            connection.execute(f"PRAGMA foreign_keys = {'ON' if has_foreign_keys else 'OFF'}")
            if not is_read_only:
                connection.execute("PRAGMA journal_mode = WAL")
                # In WAL mode a power cut can lose the last transactions, but not damage the file.
                connection.execute("PRAGMA synchronous = NORMAL")

    event.listen(engine, "handle_error", guard.handle_undecodable)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        is_writing = connection.get_execution_options().get("is_writing", False)
        guard.begin(connection, is_writing=is_writing)


class DatabaseReader:
    """Base of the classes that read the catalogue; it keeps the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
