"""Drops the tables of placements that nobody reads any more."""

import time
from contextlib import AbstractContextManager, suppress

from sqlalchemy import delete, select, text

from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.index_tables import PlacementRow
from mvsearch.store.errors import LibraryBusyError
from mvsearch.store.vectors.pgvector.tables import KIND, drop_table

# A reader may hold an index for a while before its transaction begins.
GRACE_SECONDS = 60.0
# Sessions of other users hide when their transactions began.
HIDDEN_SECONDS = 3600.0

_IS_READ = text("""
SELECT EXISTS (
  SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (xact_start <= to_timestamp(:retired)
      OR (state IS NULL AND usesysid IS NOT NULL AND now() < to_timestamp(:hidden))))
""")


def drop_unused(database: Database) -> None:
    """Drop the tables of placements that were replaced, or that a killed program left unfinished.

    A table that somebody may still read is left for the next time, without waiting.
    """
    query = select(PlacementRow).where(PlacementRow.kind == KIND, ~PlacementRow.is_current)
    with database.reading(is_newest=True) as session:
        rows = session.scalars(query).all()
        session.expunge_all()
    for row in rows:
        if row.retired_seconds is None:
            _drop_unfinished(database, row)
        elif row.retired_seconds < time.time() - GRACE_SECONDS:
            _drop_retired(database, row)


def building(
    database: Database, space_key: str, wait_seconds: float
) -> AbstractContextManager[None]:
    """Hold the lock of those who build placements of a space.

    Raises:
        LibraryBusyError: somebody built one all the time.
    """
    from mvsearch.store.database.postgresql.locks import AdvisoryLock

    lock = AdvisoryLock(database, f"placing {space_key}")
    return lock.holding(wait_seconds, is_exclusive=True)


def discard(database: Database, placement: int, retired_seconds: float | None = None) -> None:
    """Drop a placement with its table, if it is still as it was seen.

    Args:
        database: of the library.
        placement: its number.
        retired_seconds: when it was replaced; None if it was never in use.

    Raises:
        LibraryBusyError: somebody reads it.
    """
    row = PlacementRow
    is_as_seen = row.retired_seconds.is_not_distinct_from(retired_seconds) & ~row.is_current
    gone = delete(row).where(row.placement == placement, is_as_seen).returning(row.placement)
    with database.writing() as session:
        session.execute(text("SET LOCAL lock_timeout = '200ms'"))
        if session.scalar(gone) is not None:
            drop_table(session, placement)


def _drop_unfinished(database: Database, row: PlacementRow) -> None:
    """Drop a placement unless somebody is building one of this space, or has finished it."""
    with suppress(LibraryBusyError), building(database, row.space_key, 0.0):
        discard(database, row.placement)


def _drop_retired(database: Database, row: PlacementRow) -> None:
    """Drop a placement unless a transaction is open that began before it was replaced."""
    retired = row.retired_seconds or 0.0
    values = {"retired": retired, "hidden": retired + HIDDEN_SECONDS}
    with database.reading(is_newest=True) as session:
        is_read = session.scalar(_IS_READ, values)
    if not is_read:
        with suppress(LibraryBusyError):
            discard(database, row.placement, row.retired_seconds)
