"""Keeps the files of a library in its database, so that processes on many machines share them."""

import errno
import hashlib
import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column as Field
from sqlalchemy import Connection, Double, LargeBinary, MetaData, String, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mvsearch.store.database.connection import Database
from mvsearch.store.errors import LibraryBusyError, LibraryDamagedError
from mvsearch.store.files.kept import FOLDERS, WAIT_SECONDS, check_name, find_limit

METADATA = MetaData()
STORED_FILE = Table(
    "stored_file",
    METADATA,
    Field("name", String(200), primary_key=True),
    Field("content", LargeBinary, nullable=False),
    Field("sha256", String(64), nullable=False),
    Field("changed_seconds", Double, nullable=False),
)
_WRITE = text(
    "INSERT INTO stored_file (name, content, sha256, changed_seconds)"
    " VALUES (:name, :content, :sha256, :changed_seconds) ON CONFLICT (name) DO UPDATE SET"
    " content = excluded.content, sha256 = excluded.sha256,"
    " changed_seconds = excluded.changed_seconds"
)
# What PostgreSQL says of a lock that it waited for in vain.
_LOCK_TIMEOUT = "55P03"


def make_table(connection: Connection) -> None:
    """Make the table of files in a new library; another schema of the database may have one."""
    METADATA.create_all(connection, checkfirst=False)


class DatabaseFiles:
    """The files in the database of a library; see `LibraryFiles`.

    Args:
        database: with the table that `make_table` makes.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._locked = threading.local()

    def describe(self, name: str) -> str:
        """The name, and the database."""
        return f"{name} in {self._database.place}"

    def find_mark(self, name: str) -> Hashable:
        """The digest that was stored beside the content."""
        check_name(name)
        found = self._ask("SELECT sha256 FROM stored_file WHERE name = :name", name)
        return str(found[0])

    def read(self, name: str) -> bytes:
        """The content, if it is what was written."""
        most = check_name(name)
        (size,) = self._ask("SELECT length(content) FROM stored_file WHERE name = :name", name)
        if size > most:
            raise OSError(errno.EFBIG, "it is too large", name)
        found = self._ask("SELECT content, sha256 FROM stored_file WHERE name = :name", name)
        content = bytes(found[0])
        if hashlib.sha256(content).hexdigest() != found[1]:
            place = self._database.place
            raise LibraryDamagedError(f"{self.describe(name)} is damaged: write it again", place)
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a row in one transaction, or in that of `locking`."""
        if len(content) > check_name(name):
            raise OSError(errno.EFBIG, "it is too large", name)
        row = {
            "name": name,
            "content": content,
            "sha256": hashlib.sha256(content).hexdigest(),
            "changed_seconds": time.time(),
        }
        with self._writing() as session:
            session.execute(_WRITE, row)

    def drop(self, name: str) -> None:
        """Delete a row; it may be gone already."""
        check_name(name)
        with self._writing() as session:
            session.execute(text("DELETE FROM stored_file WHERE name = :name"), {"name": name})

    def list_files(self, folder: str = "") -> dict[str, float]:
        """The files of a folder."""
        if folder not in FOLDERS:
            raise ValueError(f"{folder!r} is no folder of a library")
        like = f"{folder}/%" if folder else "%"
        listing = text("SELECT name, changed_seconds FROM stored_file WHERE name LIKE :names")
        with self._reading() as session:
            rows = session.execute(listing, {"names": like}).all()
        return {
            str(name): float(changed)
            for name, changed in sorted((name, changed) for name, changed in rows)
            if find_limit(name) is not None and name.rpartition("/")[0] == folder
        }

    @contextmanager
    def locking(self, name: str) -> Iterator[None]:
        """Hold a lock of the database, and one transaction, until the end of the context."""
        check_name(name)
        with self._database.writing() as session:
            if session.connection().dialect.name == "postgresql":
                self._lock(session, name)
            self._locked.session = session
            try:
                yield
            finally:
                self._locked.session = None

    def _lock(self, session: Session, name: str) -> None:
        """Wait for the lock of a file that need not exist yet."""
        session.execute(text(f"SET LOCAL lock_timeout = '{int(WAIT_SECONDS * 1000)}ms'"))
        key = "hashtextextended(current_schema() || ' ' || :name, 0)"
        try:
            session.execute(text(f"SELECT pg_advisory_xact_lock({key})"), {"name": name})
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_TIMEOUT:
                raise
            raise LibraryBusyError(
                f"{self.describe(name)} is being written by another process"
            ) from None

    def _ask(self, statement: str, name: str) -> tuple[Any, ...]:
        with self._reading() as session:
            found = session.execute(text(statement), {"name": name}).one_or_none()
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "there is no such file", name)
        return tuple(found)

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        """The transaction of `locking` if this thread is inside, else one that reads."""
        locked: Session | None = getattr(self._locked, "session", None)
        if locked is not None:
            yield locked
            return
        with self._database.reading() as session:
            yield session

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        locked: Session | None = getattr(self._locked, "session", None)
        if locked is not None:
            yield locked
            return
        with self._database.writing() as session:
            yield session
