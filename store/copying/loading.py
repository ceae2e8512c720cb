"""Writes rows of a copy: in bulk into PostgreSQL, by one statement for many rows into SQLite."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from mvsearch.store.copying.tables import CopiedTable, Row, name_type
from mvsearch.store.errors import MvsearchError

# The largest of PostgreSQL's `integer`; its driver would cut larger ones.
MAX_INTEGER = 2**31 - 1


class UnfitError(MvsearchError):
    """A database refuses rows that a whole library does not hold; the message is one line."""


def write_rows(connection: Connection, table: CopiedTable, rows: Sequence[Row]) -> None:
    """Write rows that are not there yet.

    Args:
        connection: with a transaction that writes.
        table: which.
        rows: as `read_batches` gives them.

    Raises:
        UnfitError: they are damaged.
    """
    with _telling_unfit(table):
        if connection.dialect.name == "postgresql":
            _copy_rows(connection, table, rows)
        else:
            names = _list_names(connection, table)
            marks = ", ".join("?" * len(table.columns))
            insert = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"
            connection.exec_driver_sql(insert, list(rows))


@contextmanager
def _telling_unfit(table: CopiedTable) -> Iterator[None]:
    try:
        yield
    except (DataError, IntegrityError, OverflowError, UnicodeError, struct.error) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        line = " ".join(str(reason).split("\n")[0].split())[:200]
        raise UnfitError(f"{table.name}: {line}") from error


def _copy_rows(connection: Connection, table: CopiedTable, rows: Sequence[Row]) -> None:
    """Write rows by COPY in its binary form."""
    import psycopg
    from psycopg.types.json import set_json_dumps

    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    types = [name_type(column) for column in table.columns]
    for at, name in enumerate(types):
        numbers = [row[at] for row in rows if row[at] is not None] if name == "int4" else []
        if numbers and (max(numbers) > MAX_INTEGER or min(numbers) < -MAX_INTEGER):
            raise OverflowError("a number is too large")
    into = f"COPY {table.name} ({_list_names(connection, table)}) FROM STDIN (FORMAT BINARY)"
    try:
        with driver.cursor() as cursor:
            set_json_dumps(str, cursor)  # it is text already
            with cursor.copy(into) as stream:
                stream.set_types(types)
                for row in rows:
                    stream.write_row(row)
    except psycopg.Error as error:
        kinds = {psycopg.DataError: DataError, psycopg.IntegrityError: IntegrityError}
        kind = next((kinds[one] for one in kinds if isinstance(error, one)), DBAPIError)
        raise kind(into, None, error) from error


def _list_names(connection: Connection, table: CopiedTable) -> str:
    quote = connection.dialect.identifier_preparer.quote
    return ", ".join(quote(column.name) for column in table.columns)
