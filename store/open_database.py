"""Opens the database of a library, in a folder or on a server, and the lock of its writers."""

from contextlib import suppress
from pathlib import Path
from shlex import quote

from mvsearch.store.database import schema
from mvsearch.store.database.connection import Database, sqlite_url
from mvsearch.store.errors import MvsearchError, NoLibraryError
from mvsearch.store.lock import Lock, WriterLock
from mvsearch.store.opening import (
    CATALOG,
    Address,
    check_plain,
    choose_mode,
    is_file,
    make_folder,
    parse_address,
)

WAIT_SECONDS = 10.0


def open_database(
    address: Address, *, create: bool = False, is_read_only: bool = False
) -> tuple[Database, Path]:
    """Open the catalogue of a library without migrating it, and return its folder.

    Args:
        address: of the library.
        create: create a missing folder.
        is_read_only: let SQLite refuse every change.

    Raises:
        NoLibraryError: there is none, or it cannot be created.
    """
    place = parse_address(address)
    if isinstance(place, str):
        from mvsearch.store.database.postgresql.address import read_place

        found = read_place(place)
        with suppress(OSError):  # what is kept there is made again each time
            found.cache_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Database(found.url, found.shown, schema=found.schema), found.cache_folder
    file = place.absolute() / CATALOG
    check_plain(file)
    has_catalog = is_file(file)
    if not has_catalog and create:
        make_folder(file.parent)
    elif not has_catalog:
        raise describe_absence(str(file.parent))
    mode = choose_mode(file)
    mode = "ro" if is_read_only and mode == "rw" else mode
    return Database(sqlite_url(file, mode), str(file)), file.parent


def has_library(address: Address) -> bool:
    """Whether there is a library.

    Raises:
        MvsearchError: it cannot be told, such as where a server cannot be reached.
    """
    place = parse_address(address)
    if isinstance(place, Path):
        return is_file(place / CATALOG)
    database, _ = open_database(place)
    try:
        return schema.read_version(database) is not None
    finally:
        database.close()


def show_address(address: Address) -> str:
    """The address of a library as text without a password; a folder is absolute."""
    if isinstance(address, Path):
        return str(address.absolute())
    from mvsearch.store.database.postgresql.address import read_place

    return read_place(address).shown


def find_folder(address: Address) -> Path:
    """The folder of a library; of one in PostgreSQL, the local one for what can be made again."""
    if isinstance(address, Path):
        return address.absolute()
    from mvsearch.store.database.postgresql.address import read_place

    return read_place(address).cache_folder


def describe_absence(address: str) -> NoLibraryError:
    """The error for a library that is not there."""
    return NoLibraryError(
        f"there is no library in {address}; create one with:"
        f" mvsearch index FOLDER --library {quote(address)}"
    )


def make_lock(folder: Path, database: Database) -> Lock:
    """The lock of those who write to a library."""
    if database.is_sqlite:
        return WriterLock(folder)
    from mvsearch.store.database.postgresql.locks import AdvisoryLock

    lock = AdvisoryLock(database)
    database.after_loss = lock.renew
    return lock


def is_replica(database: Database) -> bool:
    """Whether a database can only be read, because its server copies another.

    Raises:
        MvsearchError: no library can be there.
        LibraryUnreachableError: the server cannot be reached.
    """
    if database.is_sqlite:
        return False
    from mvsearch.store.database.postgresql.tables import check_server

    return check_server(database)


def bring_up_to_date(
    database: Database, lock: Lock, *, create: bool = False, is_read_only: bool = False
) -> None:
    """Create or migrate the tables; usually there is nothing to do.

    Raises:
        NoLibraryError: a database without tables, which are not to be created.
        MvsearchError: it needs a migration, and is only read.
        LibraryBusyError: it needs a migration while another process writes.
        LibraryDamagedError: the catalogue is not ours, damaged, or of a newer version.
    """
    version = schema.read_version(database)
    if version == schema.HEAD:
        return
    if version is None and not database.is_sqlite and not create:
        raise describe_absence(database.place)
    place = Path(database.place).parent if database.is_sqlite else database.place
    if version == schema.COPYING:
        raise MvsearchError(
            f"the library {place} is half copied: run the same mvsearch copy again, or delete it"
        )
    if is_read_only:
        raise MvsearchError(
            f"the library {place} has the tables of another version: open it once for"
            " writing, such as by mvsearch status"
        )
    with lock.holding(WAIT_SECONDS, is_exclusive=True):
        if schema.read_version(database) != schema.HEAD:  # another may have done it
            schema.upgrade(database)


def check_version(database: Database) -> None:
    """Check that a library can be read, and has the tables of this version.

    Raises:
        LibraryUnreachableError: its server does not answer.
        MvsearchError: another version has changed the tables.
    """
    version = schema.read_version(database)
    if version != schema.HEAD:
        raise MvsearchError(
            f"the library {database.place} has the tables of another version of mvsearch"
            f" ({version}, not {schema.HEAD})"
        )
