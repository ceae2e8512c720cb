"""Refuses databases whose schema contains triggers or views that are not ours."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, ExceptionContext

from mvsearch.store.errors import LibraryDamagedError

# Of SQLite's own header; from Python 3.12 on the driver can set it.
DBCONFIG_DEFENSIVE = 1010

# What the triggers of all revisions say, as BLAKE2b hashes of 8 bytes.
TRIGGERS = frozenset(
    {"f6f3b4ab2b5d1f6e", "0a45f6dc763881b2", "c50254978fa57786", "3722906d69e1663b"}
)


def distrust(connection: sqlite3.Connection) -> None:
    """Let nothing that is written in the file itself do more than hold data."""
    # Views, triggers and defaults of a stranger may call no function with effects.
    connection.execute("PRAGMA trusted_schema = OFF")
    # Damaged pages are told before they are used.
    connection.execute("PRAGMA cell_size_check = ON")
    if hasattr(connection, "setconfig"):
        connection.setconfig(DBCONFIG_DEFENSIVE, True)


@contextmanager
def reading_text() -> Iterator[None]:
    """Tell what the driver cannot decode of the schema, or of SQLite's own complaint about it."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise LibraryDamagedError("it has text that is not UTF-8") from error


def tell_undecodable(context: ExceptionContext) -> None:
    """The same for a statement."""
    if isinstance(context.original_exception, UnicodeDecodeError):
        context.chained_exception = LibraryDamagedError("it has text that is not UTF-8")


def begin(connection: Connection, *, is_writing: bool) -> None:
    """Begin a transaction on SQLite.

    Our triggers write to full-text indexes, which for some versions of SQLite nothing untrusted
    may. So the schema is trusted while we write, once it was looked at under the writer's lock.

    Raises:
        LibraryDamagedError: the schema holds what is none of ours.
    """
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")
    if is_writing:
        refuse_strange(connection)
    connection.exec_driver_sql(f"PRAGMA trusted_schema = {'ON' if is_writing else 'OFF'}")


def refuse_strange(connection: Connection) -> None:
    """Refuse a catalogue with triggers or views that are not ours.

    They would act, or answer, in our tables' place.

    Raises:
        LibraryDamagedError: it has some.
    """
    if connection.dialect.name != "sqlite":
        return
    rows = connection.exec_driver_sql(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name"
    ).all()
    for kind, name, sql in rows:
        if hashlib.blake2b(str(sql).encode(), digest_size=8).hexdigest() not in TRIGGERS:
            raise LibraryDamagedError(f"it holds the {kind} {name}, which is not ours")
