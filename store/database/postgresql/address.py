"""Reads the address of a library in PostgreSQL, and shows it without its password."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from mvsearch.store.errors import MvsearchError
from mvsearch.store.opening import LIBRARY_URL

DRIVER = "postgresql+psycopg"
# Parameters of an address that only its owner may see.
_SECRET = ("password", "sslpassword", "passfile")
_SEARCH_PATH = re.compile(r"(?:-c\s*|--)search[_-]path=(\S+)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
# The schema that holds extensions, and a library whose address names none.
SHARED = "public"


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """Where a library in PostgreSQL is.

    Attributes:
        url: with the password, for connecting.
        shown: the address without a password, for people; opens the same library where the
            password is in `$PGPASSWORD` or `~/.pgpass`.
        schema: that holds the tables.
    """

    url: URL = field(repr=False)
    shown: str
    schema: str

    @property
    def cache_folder(self) -> Path:
        """A local folder of this user for what can be made again."""
        from platformdirs import user_cache_path

        mark = hashlib.blake2b(self.shown.encode(), digest_size=12).hexdigest()
        return user_cache_path("mvsearch", appauthor=False) / "libraries" / mark


def read_place(address: str) -> PostgresPlace:
    """Read an address such as `postgresql+psycopg://user@host/database`.

    Raises:
        MvsearchError: it is none; the message repeats nothing of it but its beginning.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise _refuse("it is written wrong") from None
    if "@" in (url.host or ""):  # the end of a password
        raise _refuse("an @ in its password is written %40")
    if url.drivername not in ("postgresql", "postgres", DRIVER):
        raise _refuse(f"it begins with {url.drivername[:20]}://")
    if not url.database or "\0" in address:
        raise _refuse("it names no database")
    if any(isinstance(value, tuple) for value in url.query.values()):
        raise _refuse("one of its parameters is given twice")
    query = {name: str(value) for name, value in url.query.items()}
    password = query.pop("password", None) or (None if url.password is None else str(url.password))
    shown = {name: value for name, value in query.items() if name not in _SECRET}
    schema = _read_schema(query.get("options", ""))
    whole = url.set(drivername=DRIVER, query=query, password=password or None)
    bare = url.set(drivername=DRIVER, query=shown)._replace(password=None)
    return PostgresPlace(whole, bare.render_as_string(), schema)


def _read_schema(options: str) -> str:
    """The schema of the library, by the options for the server."""
    found = _SEARCH_PATH.findall(options)
    if not found:
        return SHARED
    names = found[0].split(",")
    if len(found) > 1 or any(_NAME.fullmatch(name) is None for name in names):
        raise _refuse("its search_path is not a name of letters, digits and _")
    return str(names[0]).lower()


def _refuse(reason: str) -> MvsearchError:
    return MvsearchError(
        f"this is no address of a library: {reason}; write a folder, or {LIBRARY_URL}"
    )
