"""Looks at the files of a library without changing, creating or locking any."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from mvsearch.store.catalog.reading.spaces import SpaceReader
from mvsearch.store.database import schema
from mvsearch.store.database.connection import Database, sqlite_url
from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.open_database import find_folder
from mvsearch.store.opening import CATALOG, Address, is_file
from mvsearch.store.own_files import open_own, read_own
from mvsearch.store.vectors.choice import FAISS, find_choice
from mvsearch.store.vectors.space_files import SpaceFiles

if TYPE_CHECKING:
    from mvsearch.store.database.postgresql.inspection import ServerState

# SQLite reads all pages of a file for its check.
MAX_CHECKED_BYTES = 2 * 2**30
MAX_LISTED = 5
COPYING = schema.COPYING
DAY_SECONDS = 86_400.0


@dataclass(slots=True)
class LibraryState:
    """What can be seen of a library from outside.

    Attributes:
        version: of its tables; None if they cannot be read.
        damages: what is wrong with the database, in words.
        is_checked: whether all pages were read.
        wal_bytes: what a writer has not moved into the database yet.
        holder: who says to be writing; None for nobody.
        is_writing: whether a process holds the writer's lock; None if that cannot be told.
        stale: keys of the spaces whose index files are missing or out of date.
        n_future: files whose modification time lies in the future.
        address: of a library on a server, without a password; empty for a folder.
        server: what the server says; None for a folder, or where it does not answer.
    """

    folder: Path
    exists: bool = False
    version: str | None = None
    newest: str = schema.HEAD
    profile: str | None = None
    encoders: tuple[str, ...] = ()
    n_videos: int = 0
    folders: tuple[Path, ...] = ()
    damages: list[str] = field(default_factory=list)
    is_checked: bool = False
    n_bytes: int = 0
    wal_bytes: int = 0
    holder: Mapping[str, object] | None = None
    is_writing: bool | None = None
    stale: tuple[str, ...] = ()
    n_future: int = 0
    address: str = ""
    server: "ServerState | None" = None

    @property
    def place(self) -> str:
        """What messages call the library."""
        return self.address or str(self.folder)


def inspect_library(address: Address) -> LibraryState:
    """Look at a library that may be missing, damaged, older or newer; nothing is raised."""
    if isinstance(address, str):
        return _inspect_server(address)
    state = LibraryState(find_folder(address))
    file = state.folder / CATALOG
    try:
        state.exists = is_file(file)
        if not state.exists:
            return state
        state.n_bytes = file.stat().st_size
        wal = file.with_name(f"{file.name}-wal")
        state.wal_bytes = wal.stat().st_size if wal.exists() else 0
        _read_lock(state)
        _read_database(state, file)
    except LibraryDamagedError as error:
        state.damages.append(error.reason)
    except MvsearchError as error:
        state.damages.append(str(error))
    except OSError as error:
        state.damages.append(f"{file} cannot be read: {error.strerror}")
    return state


def _inspect_server(address: str) -> LibraryState:
    """Look at a library in PostgreSQL."""
    from mvsearch.store.database.postgresql.address import read_place
    from mvsearch.store.database.postgresql.inspection import read_server

    found = read_place(address)
    state = LibraryState(found.cache_folder, address=found.shown)
    database = Database(found.url, found.shown, schema=found.schema)
    try:
        state.server = read_server(database)
        state.version = schema.read_version(database)
        state.exists = state.version is not None
        state.n_bytes = state.server.n_bytes
        if state.version == schema.HEAD:
            _read_catalog(state, database)
    except LibraryDamagedError as error:
        state.damages.append(error.reason)
    except MvsearchError as error:
        state.damages.append(str(error))
    finally:
        database.close()
    return state


def _read_database(state: LibraryState, file: Path) -> None:
    # Where no writer has side files, the file is read as one that nobody changes: nothing is made.
    mode = "ro" if file.with_name(f"{file.name}-shm").exists() else "immutable"
    database = Database(sqlite_url(file, mode), str(file))
    try:
        version = schema.read_version(database)
        if version is None:
            raise LibraryDamagedError("it holds no tables")
        state.version = version
        if state.n_bytes <= MAX_CHECKED_BYTES:
            with database.reading() as session:
                for (found,) in session.execute(text(f"PRAGMA quick_check({MAX_LISTED})")):
                    if found != "ok":
                        state.damages.append(" ".join(str(found).split()))
            state.is_checked = True
        if version == schema.HEAD and not state.damages:
            _read_catalog(state, database)
    finally:
        database.close()


def _read_catalog(state: LibraryState, database: Database) -> None:
    reader = SpaceReader(database)
    spaces = reader.spaces()
    state.profile = reader.profile()
    state.encoders = tuple(dict.fromkeys(space.encoder for space in spaces))
    state.n_videos = reader.n_videos()
    state.folders = tuple(reader.folders())
    future_ns = int((time.time() + DAY_SECONDS) * 1e9)
    with database.reading() as session:
        count = text("SELECT count(*) FROM location WHERE mtime_ns > :now")
        state.n_future = session.scalar(count, {"now": future_ns}) or 0
        rows = session.execute(text("SELECT key, generation FROM space WHERE is_used"))
        generations = {row.key: row.generation for row in rows}
    if state.address:
        state.stale = _find_unplaced(database, generations) if state.n_videos else ()
        return
    stale = []
    for space in spaces:
        head = SpaceFiles(state.folder / "vectors", space).read_head()
        if state.n_videos and (head is None or head.generation != generations.get(space.key)):
            stale.append(space.key)
    state.stale = tuple(stale)


def _find_unplaced(database: Database, keys: Iterable[str]) -> tuple[str, ...]:
    """The spaces whose vectors have no index on a server."""
    if find_choice(database) == FAISS:
        return ()
    with database.reading() as session:
        placed = session.scalars(text("SELECT space_key FROM index_placement WHERE is_current"))
        return tuple(sorted({*keys} - {*placed}))


def _read_lock(state: LibraryState) -> None:
    """Who says to be writing, and whether the operating system holds a lock for anybody."""
    try:
        holder = json.loads(read_own(state.folder / "writer.json", 4096))
        state.holder = holder if isinstance(holder, dict) else {}
    except FileNotFoundError:
        state.holder = None
    except (OSError, ValueError, RecursionError):
        state.holder = {}
    state.is_writing = _is_locked(state.folder / "writer.lock")


def _is_locked(lock: Path) -> bool | None:
    """Whether a process holds a lock, asked for without changing its file."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    try:
        with open_own(lock, "rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            fcntl.flock(opened, fcntl.LOCK_UN)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    return False
