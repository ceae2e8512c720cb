"""Converts database errors to one-line errors of this project."""

from sqlalchemy.exc import DBAPIError, NoResultFound
from sqlalchemy.orm.exc import StaleDataError

from mvsearch.store.errors import LibraryBusyError, LibraryDamagedError, MvsearchError

# Errors of the driver, of SQLAlchemy and of `columns` for a damaged or unusable catalogue.
DATABASE_ERRORS = (DBAPIError, LibraryDamagedError, NoResultFound, StaleDataError)

# SQLite's names for errors that are not damage, such as missing permissions or memory.
_REFUSED = (
    "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH", "SQLITE_NOMEM",
    "SQLITE_IOERR", "SQLITE_INTERRUPT", "SQLITE_NOLFS",
)  # fmt: skip
_ADVICE = "what is damaged, and how to make it anew from the media, says: mvsearch check"


def explain(error: Exception, place: str) -> MvsearchError:
    """The error to show for one of `DATABASE_ERRORS`.

    Args:
        error: as raised.
        place: the name of the database in messages.
    """
    reason = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if hasattr(reason, "sqlstate"):
        from mvsearch.store.database.postgresql.errors import explain_server

        return explain_server(reason, place)
    name = getattr(reason, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return LibraryBusyError(
            f"{place} is being written by another program; try again when it is done"
        )
    # Even for reading, SQLite needs a few pages of disk for the state shared among readers.
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHM")):
        return MvsearchError(
            f"the disk is full: {place}; make room and run this again, what is done is kept"
        )
    if name.startswith(_REFUSED):
        return MvsearchError(f"{place} cannot be used: {_shorten(reason)}")
    return describe_damage(place, _shorten(reason))


def describe_damage(place: str, reason: str) -> LibraryDamagedError:
    """The error for a damaged catalogue, with advice.

    Args:
        place: the name of the database in messages.
        reason: one line.
    """
    if "not a database" in reason:  # SQLite, of another kind of file
        return LibraryDamagedError(
            f"{place} is damaged or not a catalogue of mvsearch ({reason}); move it away and index"
            " again",
            place,
            reason,
        )
    return LibraryDamagedError(f"{place} is damaged: {reason}; {_ADVICE}", place, reason)


def _shorten(reason: BaseException) -> str:
    """The reason in one line of moderate length."""
    return " ".join(str(reason).split())[:300]
