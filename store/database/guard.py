"""Prepares connections of SQLite, and rejects schemas with foreign triggers or views."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, event

from mvsearch.store.errors import LibraryDamagedError

# From SQLite's header file; the driver can set it from Python 3.12 on.
DBCONFIG_DEFENSIVE = 1010

# BLAKE2b hashes (8 bytes) of the SQL of the triggers of all revisions.
TRIGGERS = frozenset(
    (
        *("f6f3b4ab2b5d1f6e", "0a45f6dc763881b2", "c50254978fa57786", "3722906d69e1663b"),
        *("1831528e8be042c4", "675cf45c491b794c", "5826f0f0994bf343", "7e62d624decc0161"),
        *("e9b49b61e36dbdf4", "f81ade54cf506d34"),
    )
)


def prepare(
    engine: Engine, is_read_only: bool, busy_seconds: float, has_foreign_keys: bool
) -> None:
    """Set up every new connection and the begin of every transaction."""

    @event.listens_for(engine, "connect")
    def prepare_connection(connection: sqlite3.Connection, _: Any) -> None:
        # The driver begins transactions late and never before a SELECT; `begin` below does it.
        connection.isolation_level = None
        with reading_text():
            distrust(connection)
            connection.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
            connection.execute(f"PRAGMA foreign_keys = {'ON' if has_foreign_keys else 'OFF'}")
            if not is_read_only:
                connection.execute("PRAGMA journal_mode = WAL")
                # In WAL mode a power cut can lose the last transactions, but not damage the file.
                connection.execute("PRAGMA synchronous = NORMAL")

    event.listen(engine, "handle_error", handle_undecodable)

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        is_writing = connection.get_execution_options().get("is_writing", False)
        begin(connection, is_writing=is_writing)


def distrust(connection: sqlite3.Connection) -> None:
    """Prevent code in the file's schema from having side effects."""
    # Foreign views, triggers and defaults must not call functions with side effects.
    connection.execute("PRAGMA trusted_schema = OFF")
    # Detect damaged pages before they are used.
    connection.execute("PRAGMA cell_size_check = ON")
    if hasattr(connection, "setconfig"):
        connection.setconfig(DBCONFIG_DEFENSIVE, True)


@contextmanager
def reading_text() -> Iterator[None]:
    """Raise LibraryDamagedError if the schema, or SQLite's message about it, is not UTF-8."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise LibraryDamagedError("it has text that is not UTF-8") from error


def handle_undecodable(context: ExceptionContext) -> None:
    """Do the same for a statement."""
    if isinstance(context.original_exception, UnicodeDecodeError):
        context.chained_exception = LibraryDamagedError("it has text that is not UTF-8")


def begin(connection: Connection, *, is_writing: bool) -> None:
    """Begin a transaction on SQLite.

    Our triggers write to full-text indexes, which some versions of SQLite allow only to trusted
    schemas. So the schema is checked under the write lock, and then trusted for the transaction.

    Raises:
        LibraryDamagedError: the schema has a trigger or view that is not ours.
    """
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")
    if is_writing:
        refuse_foreign_schema(connection)
    connection.exec_driver_sql(f"PRAGMA trusted_schema = {'ON' if is_writing else 'OFF'}")


def refuse_foreign_schema(connection: Connection) -> None:
    """Reject a schema with triggers or views that are not ours.

    They could change what is written, or return other rows than our tables hold.

    Raises:
        LibraryDamagedError: it has one.
    """
    if connection.dialect.name != "sqlite":
        return
    rows = connection.exec_driver_sql(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name"
    ).all()
    for kind, name, sql in rows:
        if hashlib.blake2b(str(sql).encode(), digest_size=8).hexdigest() not in TRIGGERS:
            raise LibraryDamagedError(f"it holds the {kind} {name}, which is not ours")
