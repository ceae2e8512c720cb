"""Converts errors of PostgreSQL to errors with one plain line."""

from mvsearch.store.errors import (
    ConflictError,
    LibraryBusyError,
    LibraryDamagedError,
    LibraryUnreachableError,
    MvsearchError,
)

# Five characters each, or the two of their class; see "PostgreSQL Error Codes" in its manual.
_LOST = ("08", "57P01", "57P02", "57P03", "57P05", "25P03", "53300")
_CONFLICTS = ("40001", "40P01", "23505", "23503")
_DAMAGE = ("XX001", "XX002", "42P01", "42703", "42704", "42P07")
# What the server says before it has made a connection, which has no code: (words, what it means).
_REFUSALS = (
    ("password authentication failed", "the password or the name of the user is wrong"),
    ("no password supplied", "it asks for a password: set $PGPASSWORD, or write it to ~/.pgpass"),
    ("no pg_hba.conf entry", "it does not let this user connect from here (pg_hba.conf)"),
    ("authentication failed", "it does not let this user connect"),
    ("permission denied for database", "the user may not connect to this database"),
)
_MISSING = (('database "', "there is no such database"), ('role "', "there is no such user"))


def explain_server(error: BaseException, place: str) -> MvsearchError:
    """The error to show for one of the driver.

    Args:
        error: of psycopg.
        place: the address of the library, without a password.
    """
    code = getattr(error, "sqlstate", None) or ""
    line = _shorten(error)
    if not code:
        return _explain_connecting(line, place)
    if code.startswith(_LOST):
        return LibraryUnreachableError(f"{place} cannot be reached: {line}")
    if code in _CONFLICTS:
        return ConflictError(
            f"{place} was changed by another program at the same moment ({line}); try again"
        )
    if code.startswith(_DAMAGE):
        return LibraryDamagedError(
            f"{place} is damaged: {line}; what is damaged says: mvsearch check", place, line
        )
    if code == "55P03":
        return LibraryBusyError(f"{place} is being written by another program; try again")
    return MvsearchError(_explain_refusal(code, line, place))


def _explain_refusal(code: str, line: str, place: str) -> str:
    if code == "53100":
        return (
            f"the disk of the server is full: {place}; make room and run this again, what is done"
            " is kept"
        )
    if code == "25006" or "during recovery" in line:
        return f"{place} can only be read: its server is a replica, or set to be read only"
    if code == "42501":
        return f"the user of {place} lacks a right: {line}"
    if code.startswith("28"):
        return f"{place} cannot be opened: {line}"
    return f"{place} cannot be used: {line}"


def _explain_connecting(line: str, place: str) -> MvsearchError:
    """The error for one without a code: nobody answered, or who answered let nobody in."""
    for words, meaning in _REFUSALS:
        if words in line:
            return MvsearchError(f"{place} cannot be opened: {meaning}")
    for words, meaning in _MISSING:
        if words in line and "does not exist" in line:
            return MvsearchError(f"{place} cannot be opened: {meaning}")
    return LibraryUnreachableError(f"{place} cannot be reached: {line}")


def _shorten(error: BaseException) -> str:
    """The first line of a message, without what psycopg puts before it."""
    said = str(error).strip().splitlines() or [type(error).__name__]
    line = said[0].removeprefix("connection failed: ").removeprefix("connection is bad: ")
    return " ".join(line.split())[:300]
