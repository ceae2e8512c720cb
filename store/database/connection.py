"""Connects to the catalogue's database and manages transactions."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from mvsearch.store.database import guard
from mvsearch.store.database.explain import DATABASE_ERRORS, explain
from mvsearch.store.database.pool import count_connections, watch_connections
from mvsearch.store.database.postgresql import repeating
from mvsearch.store.database.postgresql.committing import commit
from mvsearch.store.errors import (
    LibraryDamagedError,
    LibraryUnreachableError,
)

# Maximum time that a write waits for a write of another program.
BUSY_SECONDS = 10.0

T = TypeVar("T")


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

    A reading session sees one state from its first statement to its last and never waits (WAL of
    SQLite, REPEATABLE READ of PostgreSQL). On SQLite a writing session takes the write lock at its
    first statement, because a transaction that first reads and then writes could fail; on
    PostgreSQL it is READ COMMITTED, and any number write at once.

    Attributes:
        schema: that holds the tables; None on SQLite.

    Args:
        url: of SQLite or PostgreSQL.
        place: the name in messages; without a password.
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
        schema: str | None = None,
    ) -> None:
        self.url = url
        self.place = place
        self.schema = schema
        if self.is_sqlite:
            # One connection for each reading thread: otherwise a thread could wait for the whole
            # query of another.
            self.engine = create_engine(url, max_overflow=-1)
            is_read_only = url.query.get("mode") == "ro"
            guard.prepare(self.engine, is_read_only, busy_seconds, has_foreign_keys)
            self._reader = self.engine
        else:
            from mvsearch.store.database.postgresql.address import SHARED
            from mvsearch.store.database.postgresql.connecting import make_engine

            self.engine = make_engine(url, schema or SHARED)
            self._reader = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        watch_connections(self.engine)
        self._writer = self.engine.execution_options(is_writing=True)
        self._was_reached = self._is_closed = False
        # Errors of the driver itself, such as of COPY, which SQLAlchemy does not convert.
        driver = () if self.is_sqlite else (self.engine.dialect.loaded_dbapi.Error,)
        self._errors = (*DATABASE_ERRORS, *driver)
        self._held = threading.local()
        self._watching = threading.Lock()
        self._watcher: PoolProxiedConnection | None = None
        # Called after the server was lost and found, before a change is repeated.
        self.after_loss: Callable[[], None] = lambda: None

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite, and not PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

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
        known = getattr(self._held, "writer", None) or (None if is_newest else held)
        if known is not None:
            with self.explaining():
                yield known
            return
        with (
            self.explaining(),
            self._open(self._reader, repeating.READ_PATIENCE_SECONDS) as session,
        ):
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
        """A writing session: commits at its end, and rolls back after an error.

        Inside `joining` it is a part of that transaction.
        """
        joined: Session | None = getattr(self._held, "writer", None)
        if joined is not None:
            joined.expunge_all()
            with self.explaining():
                yield joined
                joined.flush()
            joined.expunge_all()
            return
        with (
            self.explaining(),
            self._open(self._writer, repeating.WRITE_PATIENCE_SECONDS) as session,
        ):
            yield session
            if self.is_sqlite:
                session.commit()
            else:
                commit(session, self.writing())

    @contextmanager
    def joining(self) -> Iterator[Session]:
        """One transaction for all that this thread writes inside; what it reads inside sees that.

        Nested calls have no effect.
        """
        if getattr(self._held, "writer", None) is not None:
            yield self._held.writer
            return
        with self.writing() as session:
            self._held.writer = session
            try:
                yield session
            finally:
                self._held.writer = None

    @property
    def _is_in_transaction(self) -> bool:
        return self.is_holding or getattr(self._held, "writer", None) is not None

    def repeat(
        self, work: Callable[[], T], patience_seconds: float = repeating.WRITE_PATIENCE_SECONDS
    ) -> T:
        """Do work in transactions of its own, and again while the server is lost or rows conflict.

        Args:
            work: does the same if it is done twice: a server that stays away after a change does
                not tell whether it was made. Inside `holding` or `joining` it is done once.
            patience_seconds: for how long a lost server is sought.
        """
        if self._is_in_transaction:
            return work()
        return repeating.repeat(work, self.after_loss, patience_seconds)

    def connect_beside(self) -> Connection:
        """A connection outside of transactions and of the others, to be closed by the caller.

        Raises:
            LibraryUnreachableError: the server cannot be reached.
        """
        with self.explaining():
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()
            if not self.is_sqlite:  # an administrator's limit would take its locks away
                connection.execute(text("SET idle_session_timeout = 0"))
            return connection

    @contextmanager
    def _open(self, engine: Engine, patience_seconds: float) -> Iterator[Session]:
        """A session; a server that was lost is sought for a while, before anything is done."""
        session = Session(engine)
        try:
            if not self.is_sqlite:
                self._reach(session, patience_seconds)
            yield session
        finally:
            # Nobody would close what comes back to a pool that was closed meanwhile.
            (session.invalidate if self._is_closed else session.close)()

    def _reach(self, session: Session, patience_seconds: float) -> None:
        until = time.monotonic() + (patience_seconds if self._was_reached else 0.0)
        pause = 0.05
        while True:
            try:
                session.connection()
                self._was_reached = True
                return
            except DATABASE_ERRORS as error:
                session.rollback()
                plain = explain(error, self.place)
                if not isinstance(plain, LibraryUnreachableError) or time.monotonic() > until:
                    raise plain from error
            time.sleep(pause)
            pause = min(2.0, 2 * pause)

    def read_state(self) -> int | str | None:
        """What changes with every change of the database, by whatever process.

        What is read after this call, and kept, is valid while it stays. None where this thread
        reads an earlier state.
        """
        if self.is_holding:
            return None
        if not self.is_sqlite:
            with self.reading() as session:
                return str(session.scalar(text("SELECT pg_current_snapshot()::text")))
        with self.explaining(), self._watching:
            # The number counts the changes of all other connections: this one changes nothing.
            if self._watcher is None:
                self._watcher = self.engine.raw_connection()
            [(state,)] = self._watcher.cursor().execute("PRAGMA data_version").fetchall()
            return int(state)

    def count_connections(self) -> dict[str, float]:
        """The number of connections of this process, by their state."""
        return count_connections(self.engine)

    def close(self) -> None:
        """Close every connection; the last one writes SQLite's log into the file."""
        with self._watching:
            if self._watcher is not None:
                self._watcher.close()
                self._watcher = None
        self._is_closed = not self.is_sqlite
        self.engine.dispose()

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Convert errors of the database to errors with one plain line."""
        try:
            yield
        except self._errors as error:
            if isinstance(error, LibraryDamagedError) and error.place is not None:
                raise  # converted already, by a session within this one
            raise explain(error, self.place) from error


class DatabaseReader:
    """Base of the classes that read the catalogue; it keeps the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_connections(self) -> dict[str, float]:
        """The number of connections of this process to the database, by their state."""
        return self._database.count_connections()
