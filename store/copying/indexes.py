"""Makes the indexes of a copy, after all its rows are there."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from mvsearch.store.catalog.reading.line_index import LINES
from mvsearch.store.catalog.reading.postgresql.indexing import find_unindexed, index_lines
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql import words
from mvsearch.store.database.postgresql.words import TERM_COLUMNS
from mvsearch.store.database.tables import VideoRow
from mvsearch.store.vectors.choice import (
    FAISS,
    change_choice,
    check_choice,
    find_choice,
    open_store,
)

Report = Callable[[str, int, int], None]


def drop_indexes(database: Database) -> None:
    """Drop the indexes that `make_indexes` makes, which is faster than to fill them row by row."""
    if not database.is_sqlite:
        with database.writing() as session:
            for table in VideoRow.metadata.sorted_tables:
                for index in table.indexes:
                    index.drop(session.connection(), checkfirst=True)
            for statement in (each for table in TERM_COLUMNS for each in words.drop_indexes(table)):
                session.execute(text(statement))


def make_indexes(database: Database, report: Report) -> None:
    """Make the indexes of tables and of words that are not there yet."""
    if database.is_sqlite:  # its triggers have done it
        return
    with database.writing() as session:
        for table in VideoRow.metadata.sorted_tables:
            for index in table.indexes:
                index.create(session.connection(), checkfirst=True)
    for lines in LINES:
        with database.reading() as session:
            video_ids = find_unindexed(session.connection(), lines)
        n_done = 0
        for some in in_batches(video_ids):
            with database.writing() as session:
                index_lines(session.connection(), lines, some)
            n_done += len(some)
            report("words", n_done, len(video_ids))
    with database.writing() as session:
        for statement in (each for table in TERM_COLUMNS for each in words.make_indexes(table)):
            session.execute(text(statement))


def choose_vectors(database: Database, vectors: str | None) -> None:
    """Note what searches the vectors.

    Raises:
        MvsearchError: there is no such choice, or its server cannot be reached.
    """
    if vectors is not None and check_choice(database, vectors) != find_choice(database):
        change_choice(database, vectors)


def build_vectors(database: Database, folder: Path, vectors: str | None, report: Report) -> None:
    """Choose what searches the vectors, and build its indexes; FAISS builds its own when opened.

    Args:
        database: with all rows.
        folder: of the library, or of what is local.
        vectors: the choice; None for the default of the database.
        report: told of progress.
    """
    choose_vectors(database, vectors)
    noted = find_choice(database)
    if noted == FAISS:
        return
    # As it was given, it may hold a secret, which is not noted.
    store = open_store(database, vectors or noted, folder / "vectors")
    catalog = Catalog(database, store)
    spaces = catalog.spaces()
    for at, space in enumerate(spaces):
        store.rebuild(space, catalog)
        report("vectors", at + 1, len(spaces))
    store.forget()
