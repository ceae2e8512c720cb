"""Prepares the library that a copy is written to, and makes it ready at the end."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from mvsearch.store.copying.indexes import (
    Report,
    build_vectors,
    choose_vectors,
    drop_indexes,
    make_indexes,
)
from mvsearch.store.copying.state import begin_copy, end_copy, forget_rows, read_source
from mvsearch.store.copying.tables import list_tables
from mvsearch.store.database import schema
from mvsearch.store.database.connection import Database
from mvsearch.store.errors import MvsearchError
from mvsearch.store.files.kept import FOLDERS, LibraryFiles
from mvsearch.store.files.open import open_files
from mvsearch.store.open_database import is_replica, make_lock, open_database
from mvsearch.store.opening import CATALOG, Address
from mvsearch.store.vectors.choice import check_choice

WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A library that a copy is written to.

    Attributes:
        folder: of a library in a folder; else of what is local.
        address: without a password.
        is_resumed: whether a copy from the same source had begun.
        vectors: the store of its vectors; None for the default.
    """

    database: Database
    folder: Path
    files: LibraryFiles
    address: str
    is_resumed: bool
    vectors: str | None


@contextmanager
def opening_target(address: Address, source: str, vectors: str | None) -> Iterator[Target]:
    """A library without rows that is marked as half copied, or one that is half copied from there.

    Args:
        address: of the library, which need not exist.
        source: the address of what is copied, without a password.
        vectors: the store of its vectors; None for the default.

    Raises:
        MvsearchError: it holds something else, or cannot be used.
        LibraryBusyError: another copy is being written there.
    """
    database, folder = open_database(address, create=True)
    place = str(folder) if database.is_sqlite else database.place
    try:
        if is_replica(database):
            raise MvsearchError(f"{place} is a replica, which can only be read")
        if vectors is not None:
            check_choice(database, vectors)
        with make_lock(folder, database).holding(WAIT_SECONDS, is_exclusive=True):
            files = open_files(folder, database)
            is_resumed = _prepare(database, files, place, source)
            choose_vectors(database, vectors)  # before hours are spent on rows
            yield Target(database, folder, files, place, is_resumed, vectors)
    finally:
        database.close()


def _prepare(database: Database, files: LibraryFiles, place: str, source: str) -> bool:
    version = schema.read_version(database)
    if version == schema.COPYING:
        with database.reading() as session:
            begun = read_source(session.connection())
        if begun != source:
            raise MvsearchError(
                f"{place} is half copied from {begun}: go on with that, or delete it"
            )
        return True
    if version is None:
        schema.upgrade(database)
    elif version != schema.HEAD:
        raise MvsearchError(f"{place} is not empty: it has the tables of another version")
    _refuse_rows(database, files, place)
    with database.writing() as session:
        begin_copy(session.connection(), source)
    drop_indexes(database)
    return False


def _refuse_rows(database: Database, files: LibraryFiles, place: str) -> None:
    with database.reading() as session:
        connection = session.connection()
        held = [
            one.name
            for one in list_tables(connection)
            if connection.execute(select(one.table).limit(1)).first() is not None
        ]
    kept = [name for folder in FOLDERS for name in files.list_files(folder)]
    if held or kept:
        what = f"rows in {held[0]}" if held else kept[0]
        raise MvsearchError(
            f"{place} is not empty: it has {what}; copy into a new folder, database or schema"
        )


def empty_tables(target: Target) -> None:
    """Delete all rows of a half copied library."""
    with target.database.writing() as session:
        connection = session.connection()
        for one in reversed(list_tables(connection)):
            connection.execute(one.table.delete())
        forget_rows(connection)


def abandon(target: Target) -> None:
    """Undo a copy that cannot be ended: an empty library stays, or none where there was no file."""
    for folder in FOLDERS:
        for name in target.files.list_files(folder):
            target.files.drop(name)
    empty_tables(target)
    finish(target, lambda what, n_done, n_all: None, lambda: None)
    if target.database.is_sqlite:
        target.database.close()
        for file in target.folder.glob(f"{CATALOG}*"):
            file.unlink(missing_ok=True)
        shutil.rmtree(target.folder / "vectors", ignore_errors=True)


def finish(target: Target, report: Report, compare: Callable[[], None]) -> None:
    """Make a library with all its rows ready: its indexes, and the mark that it can be opened.

    Args:
        target: with all rows and files.
        report: told of progress.
        compare: called before the mark is set; what it raises leaves the library half copied.
    """
    make_indexes(target.database, report)
    build_vectors(target.database, target.folder, target.vectors, report)
    compare()
    with target.database.writing() as session:
        end_copy(session.connection())
