"""Makes the indexes of a copy, after all its rows are there."""

from collections.abc import Callable

from mvsearch.store.catalog.reading.line_index import LINES
from mvsearch.store.catalog.reading.postgresql.indexing import find_unindexed, index_lines
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.connection import Database
from mvsearch.store.database.tables import VideoRow

Report = Callable[[str, int, int], None]


def drop_indexes(database: Database) -> None:
    """Drop the indexes that `make_indexes` makes, which is faster than to fill them row by row."""
    if not database.is_sqlite:
        with database.writing() as session:
            for table in VideoRow.metadata.sorted_tables:
                for index in table.indexes:
                    index.drop(session.connection(), checkfirst=True)


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
