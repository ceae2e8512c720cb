"""The tables that a copy of a library holds, as plain values that any database takes."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    cast,
    inspect,
    literal,
    select,
    tuple_,
)
from sqlalchemy import Column as TableColumn
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from mvsearch.store.database.columns import Checked, check_columns
from mvsearch.store.database.tables import VideoRow

Row = tuple[Any, ...]

# Rows are handed on in batches of at most so many, and of about so many bytes.
N_ROWS = 5000
N_BYTES = 8 * 2**20
# Rows that a database hands over at once; those with vectors may have a megabyte each.
N_FETCHED = 50
_TYPES = (
    (JSON, "json"),
    (Boolean, "bool"),
    (Float, "float8"),
    (BigInteger, "int8"),
    (Integer, "int4"),
    (LargeBinary, "bytea"),
    (String, "text"),
)
# What belongs to one place only: which engine has the vectors there.
LOCAL_SETTINGS = ("vectors",)

_MORE = MetaData()
_SOUNDS = Table(
    "lyric_sound",
    _MORE,
    TableColumn("video_id", String(128), primary_key=True),
    TableColumn("position", Integer, primary_key=True),
    *(
        TableColumn(name, Text, nullable=False)
        for name in ("reading", "revision", "sounds", "grams")
    ),
)
check_columns(_MORE)


@dataclass(frozen=True, slots=True, eq=False)
class CopiedTable:
    """One table, whose rows are read and written in the order of `columns`.

    Text of JSON is copied letter by letter. Numbers, text and bytes are what Python has of them,
    whatever the database.
    """

    table: Table

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.table.name

    @property
    def columns(self) -> list[TableColumn[Any]]:
        """All columns."""
        return list(self.table.columns)

    @property
    def key_columns(self) -> list[TableColumn[Any]]:
        """Those that identify a row; rows are read in their order."""
        return list(self.table.primary_key.columns)

    @property
    def key_places(self) -> list[int]:
        """Where in a row the values of the key are."""
        names = [column.name for column in self.columns]
        return [names.index(column.name) for column in self.key_columns]

    def take_key(self, row: Row) -> Row:
        """The key of a row."""
        return tuple(row[place] for place in self.key_places)

    def take_content(self, rows: list[Row]) -> list[Row]:
        """What is compared of rows: all but how often the index of a space was made anew."""
        if self.name != "space":
            return rows
        names = [column.name for column in self.columns]
        at = names.index("generation")
        return [(*row[:at], *row[at + 1 :]) for row in rows]


def list_tables(connection: Connection) -> list[CopiedTable]:
    """The tables of a catalogue, each behind those that it refers to.

    A SQLite without full-text search lacks the one of how lines sound.
    """
    tables = [CopiedTable(table) for table in VideoRow.metadata.sorted_tables]
    if inspect(connection).has_table(_SOUNDS.name):
        tables.append(CopiedTable(_SOUNDS))
    return tables


def read_batches(
    session: Session, table: CopiedTable, *, after: Row | None = None, until: Row | None = None
) -> Generator[list[Row]]:
    """The rows of a table in the order of their keys, streamed; to be closed.

    Args:
        session: of one transaction that reads.
        table: which.
        after: the key behind which to begin; None for the first row.
        until: the last key to read; None for that of the table.

    Raises:
        LibraryDamagedError: a value is of another type than that of its column.
    """
    statement = select(*(_read_plainly(column) for column in table.columns))
    statement = statement.order_by(*table.key_columns)
    for bound, is_begin in ((after, True), (until, False)):
        if bound is not None:
            place = _place(table.key_columns, bound)
            keys = tuple_(*table.key_columns)
            statement = statement.where(keys > place if is_begin else keys <= place)
    if table.name == "setting":
        statement = statement.where(table.table.c.name.not_in(LOCAL_SETTINGS))
    streamed = statement.execution_options(yield_per=N_FETCHED)
    numbers = [at for at, column in enumerate(table.columns) if name_type(column) == "float8"]
    batch: list[Row] = []
    n_bytes = 0
    with closing(session.connection().execute(streamed)) as result:
        for found in result:
            row = _without_sign_of_zero(tuple(found), numbers) if numbers else tuple(found)
            batch.append(row)
            n_bytes += sum(len(value) for value in row if isinstance(value, str | bytes))
            if len(batch) == N_ROWS or n_bytes >= N_BYTES:
                yield batch
                batch, n_bytes = [], 0
    if batch:
        yield batch


def name_type(column: TableColumn[Any]) -> str:
    """The type of PostgreSQL in whose form the values of a column are sent."""
    kind: object = column.type
    while isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    return next(name for types, name in _TYPES if isinstance(kind, types))


def _read_plainly(column: TableColumn[Any]) -> ColumnElement[Any]:
    if name_type(column) != "json":
        return column
    checked = Checked(Text(), f"{column.table.name}.{column.name}", bool(column.nullable))
    return cast(column, checked).label(column.name)


def _place(columns: Sequence[TableColumn[Any]], key: Row) -> ColumnElement[Any]:
    return tuple_(*(literal(value, one.type) for one, value in zip(columns, key, strict=True)))


def _without_sign_of_zero(row: Row, numbers: Sequence[int]) -> Row:
    """A row whose zeros have no sign, which SQLite does not keep."""
    if all(row[at] != 0 for at in numbers):
        return row
    values = list(row)
    for at in numbers:
        values[at] = None if values[at] is None else values[at] + 0.0
    return tuple(values)
