"""Commits transactions, and asks for the outcome of one whose link is lost meanwhile."""

import time
from contextlib import AbstractContextManager

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mvsearch.store.database.explain import explain
from mvsearch.store.errors import LibraryUnreachableError

# The server may still be at work on it.
WAIT_SECONDS, POLL_SECONDS = 10.0, 0.05

_NUMBER = text("SELECT CAST(pg_current_xact_id_if_assigned() AS text)")
# A number that the server has not given yet is one that it lost.
_OUTCOME = text(
    "SELECT CASE WHEN CAST(:number AS xid8) < pg_snapshot_xmax(pg_current_snapshot())"
    " THEN pg_xact_status(CAST(:number AS xid8)) END"
)


def commit(session: Session, asking: AbstractContextManager[Session]) -> None:
    """Commit a transaction.

    Where the link is lost before the server has said that it is done, the server is asked whether
    it is, over another: a change that was made must not seem to have failed.

    Args:
        session: with the transaction.
        asking: opens another session.
    """
    session.flush()
    number = session.scalar(_NUMBER)
    try:
        session.commit()
    except DBAPIError as error:
        if number is None or not isinstance(explain(error, ""), LibraryUnreachableError):
            raise
        with asking as other:
            if not _was_made(other, number):
                raise


def _was_made(session: Session, number: str) -> bool:
    """Whether a transaction was committed, by its number."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        outcome = session.scalar(_OUTCOME, {"number": number})
        if outcome != "in progress" or time.monotonic() > until:
            return bool(outcome == "committed")
        time.sleep(POLL_SECONDS)
