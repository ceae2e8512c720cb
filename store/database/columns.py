"""Column types that validate every value that is read.

SQLite does not enforce column types: a damaged or hostile file can hold text in a column of
numbers, or NULL where it is not allowed. Such values are rejected here.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import JSON, Boolean, Dialect, MetaData, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from mvsearch.store.database.base import replace_unstorable
from mvsearch.store.errors import LibraryDamagedError

Reader = Callable[[Any], Any]

# The longest time that is accepted, eleven days: arrays over seconds must fit into memory.
MAX_SECONDS = 1e6

Given = ParamSpec("Given")
Made = TypeVar("Made")


def checks_rows(read: Callable[Given, Made]) -> Callable[Given, Made]:
    """Decorate a function that makes records from rows: invalid rows are damage.

    Raises:
        LibraryDamagedError: in place of the ValueError or TypeError of the function.
    """

    @wraps(read)
    def checked(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        try:
            return read(*args, **kwargs)
        except (ValueError, TypeError) as error:
            raise LibraryDamagedError(str(error)) from error

    return checked


def check_seconds(seconds: float | None) -> None:
    """Raise ValueError if a time is above `MAX_SECONDS`; records check the rest."""
    if seconds is not None and not seconds <= MAX_SECONDS:
        raise ValueError(f"a time of {seconds:.3g} seconds cannot be")


class Checked(TypeDecorator[Any]):
    """A column type that checks the type of every value that is read.

    Args:
        kind: the type of the column.
        column: table and column, for messages.
        is_nullable: whether NULL is allowed.

    Raises:
        LibraryDamagedError: when a row with another type is read.
    """

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok = True

    def __init__(self, kind: TypeEngine[Any], column: str, is_nullable: bool) -> None:
        super().__init__()
        self.kind = kind
        self.column = column
        self.is_nullable = is_nullable
        self.impl = self.impl_instance = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """On PostgreSQL, text that is compared and sorted byte by byte, as SQLite does."""
        if dialect.name == "postgresql" and isinstance(self.kind, String):
            return dialect.type_descriptor(String(self.kind.length, collation="C"))
        return super().load_dialect_impl(dialect)

    def bind_processor(self, dialect: Dialect) -> Reader | None:
        """Replace characters in text that PostgreSQL cannot hold."""
        write = super().bind_processor(dialect)
        if dialect.name != "postgresql" or not isinstance(self.kind, String):
            return write
        return lambda value: None if value is None else replace_unstorable(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Reader:
        """The function that checks each value that is read."""
        kind = self.kind
        while isinstance(kind, TypeDecorator):
            kind = kind.impl_instance
        if isinstance(kind, JSON):
            return self._read_lists(super().result_processor(dialect, coltype))
        if isinstance(kind, Boolean):
            return self._read_truth
        return self._read_number if kind.python_type is float else self._read_plain(kind)

    def _read_plain(self, stored: TypeEngine[Any]) -> Reader:
        kind = stored.python_type

        def read(value: Any) -> Any:
            if type(value) is kind or (value is None and self.is_nullable):
                return value
            raise self._refuse(value)

        return read

    def _read_number(self, value: Any) -> float | None:
        if type(value) is float or (value is None and self.is_nullable):
            return value
        if type(value) is int:
            return float(value)
        raise self._refuse(value)

    def _read_truth(self, value: Any) -> bool:
        if value in (0, 1):
            return bool(value)
        raise self._refuse(value)

    def _read_lists(self, parse: Reader | None) -> Reader:
        def read(value: Any) -> list[Any] | None:
            if value is None and self.is_nullable:
                return None
            try:
                made = parse(value) if parse is not None and isinstance(value, str) else value
            except (ValueError, RecursionError) as error:
                raise self._refuse(value) from error
            if not isinstance(made, list):
                raise self._refuse(value)
            return made

        return read

    def _refuse(self, value: Any) -> LibraryDamagedError:
        found = "nothing" if value is None else f"a wrong type ({type(value).__name__})"
        return LibraryDamagedError(f"{self.column} holds {found}")


def check_columns(metadata: MetaData) -> None:
    """Make every column of these tables check the values that are read from it."""
    for table in metadata.tables.values():
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            column.type = Checked(column.type, name, bool(column.nullable))
