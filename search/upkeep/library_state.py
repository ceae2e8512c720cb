"""Looks at a library from outside: its database, locks, indexes, folders, and their disks."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mvsearch.search.upkeep.file_events import find_remote, is_folder
from mvsearch.search.upkeep.findings import Finding
from mvsearch.store.inspection import COPYING, LibraryState

FEW_BYTES = 2**30
FEW_INODES = 10_000
MUCH_WAL_BYTES = 256 * 2**20
MUCH_LAG_SECONDS = 60.0
N_SHOWN = 3


def check_database(state: LibraryState) -> Iterator[Finding]:
    """Whether the catalogue is whole, and of this version."""
    if not state.exists and not state.damages:
        what = f"there is none in {state.place} yet"
        yield Finding("library", "library", "note", what, "mvsearch index FOLDER")
        return
    for damage in state.damages:
        how = "mvsearch check says what is damaged, and how to make it anew from the media"
        if state.address and state.server is None:
            how = "see that the server runs, and that address, user and password are right"
        yield Finding("library", "database", "problem", damage, how)
    if state.damages:
        return
    if state.version != state.newest:
        yield _tell_version(state)
        return
    checked = "all pages are whole" if state.is_checked else "mvsearch check reads it all"
    size = f"{state.n_bytes / 1e6:,.1f} MB"
    what = f"{state.place}, {state.n_videos:,} videos, {size}, {checked}"
    yield Finding("library", "database", "ok", what)
    if state.profile is not None:
        yield Finding("library", "profile", "ok", state.profile)


def _tell_version(state: LibraryState) -> Finding:
    """What tables that are not of this version are."""
    if state.version == COPYING:
        what = f"{state.place} is half copied"
        how = "run the same mvsearch copy again, or delete it"
        return Finding("library", "database", "problem", what, how)
    what = f"{state.place} has the tables of another version (schema {state.version})"
    if (state.version or "") > state.newest:
        return Finding("library", "database", "problem", what, "install the newer mvsearch")
    how = "the next command that opens it upgrades it"
    return Finding("library", "database", "note", what, how)


def check_server(state: LibraryState) -> Iterator[Finding]:
    """The server of a library: its versions, sizes and connections, and how fast it answers."""
    server = state.server
    if server is None:
        return
    kind = "a replica, which can only be read" if server.is_replica else "a primary"
    what = f"PostgreSQL {server.version}, {kind}, answers in {server.latency_seconds * 1e3:.1f} ms"
    if server.vector_version is None:
        how = "install pgvector on the server; then, in that database: CREATE EXTENSION vector"
        yield Finding("library", "server", "problem", f"{what}, without pgvector", how)
    else:
        yield Finding("library", "server", "ok", f"{what}, pgvector {server.vector_version}")
    if (server.lag_seconds or 0) > MUCH_LAG_SECONDS:
        what = f"the last change that it has is {server.lag_seconds:,.0f} s old"
        yield Finding("library", "replica", "note", what, "nothing, if nobody writes meanwhile")
    largest = list(server.sizes.items())[:N_SHOWN]
    told = ", ".join(f"{name} {size / 1e6:,.1f} MB" for name, size in largest)
    if told:
        yield Finding("library", "tables", "ok", f"{server.n_bytes / 1e6:,.1f} MB: {told}")
    is_full = server.n_used > server.n_connections * 0.8
    what = f"{server.n_used} of {server.n_connections} are in use"
    how = "raise max_connections, or let fewer processes of mvsearch serve run" if is_full else ""
    yield Finding("library", "connections", "note" if is_full else "ok", what, how)


def check_writing(state: LibraryState) -> Iterator[Finding]:
    """Locks, what a writer left, index files, and times in the future."""
    if state.wal_bytes > MUCH_WAL_BYTES and not state.is_writing:
        what = f"{state.wal_bytes / 1e6:,.0f} MB wait in the write-ahead log"
        how = "end programs that have the library open; the next run moves it into the database"
        yield Finding("library", "write-ahead log", "note", what, how)
    if state.holder is not None and state.is_writing is False:
        who = state.holder.get("pid", "a process")
        what = f"process {who} says to be writing, and holds no lock: it was killed"
        how = "nothing is to be done; the next run puts it right"
        yield Finding("library", "lock", "note", what, how)
    elif state.is_writing:
        who = (state.holder or {}).get("pid", "unknown")
        yield Finding("library", "lock", "note", f"process {who} is writing now")
    elif state.exists and not state.address:
        yield Finding("library", "lock", "ok", "nobody is writing")
    if state.stale:
        names = ", ".join(state.stale[:N_SHOWN]) + (", …" if len(state.stale) > N_SHOWN else "")
        what = f"out of date: {names}"
        yield Finding("library", "indexes", "note", what, "the next search brings them up to date")
    elif state.n_videos:
        yield Finding("library", "indexes", "ok", "up to date")
    if state.n_future:
        what = f"{state.n_future} files have a modification time in the future"
        how = "set the clock of the machine that wrote them, then `touch` the files"
        yield Finding("library", "times", "note", what, how)


def check_folders(state: LibraryState) -> Iterator[Finding]:
    """Whether the folders are there and can be used."""
    if state.exists and not state.address:
        writable = os.access(state.folder, os.W_OK | os.X_OK)
        what = "can be written" if writable else f"{state.folder} can only be read"
        how = "" if writable else "searches work; to index, give yourself the right to write"
        yield Finding("library", "permissions", "ok" if writable else "note", what, how)
    missing = [folder for folder in state.folders if not is_folder(folder)]
    closed = [
        folder
        for folder in state.folders
        if folder not in missing and not os.access(folder, os.R_OK | os.X_OK)
    ]
    for folder in missing:
        how = "connect its drive; or, if it is gone for good: mvsearch remove --missing"
        yield Finding("library", "folders", "problem", f"{folder} is missing", how)
    for folder in closed:
        how = "give yourself the right to read it"
        yield Finding("library", "folders", "problem", f"{folder} cannot be read", how)
    if state.folders and not (missing or closed):
        n = len(state.folders)
        told = "the folder is there" if n == 1 else f"all {n} are there"
        yield Finding("library", "folders", "ok", told)
    remote = find_remote(list(state.folders))
    if remote:
        yield Finding("library", "watching", "note", remote)


def check_disks(state: LibraryState) -> Iterator[Finding]:
    """Space and inodes where the library and temporary files are."""
    name = "of what is kept here" if state.address else "of the library"
    places = {name: state.folder, "of temporary files": Path(tempfile.gettempdir())}
    for name, place in places.items():
        while not is_folder(place) and place != place.parent:
            place = place.parent
        try:
            free = shutil.disk_usage(place).free
            inodes = _count_inodes(place)
        except OSError as error:
            what = f"{place} cannot be asked: {error.strerror}"
            yield Finding("disk", f"disk {name}", "note", what)
            continue
        few = free < FEW_BYTES or (inodes is not None and inodes < FEW_INODES)
        rest = "" if inodes is None else f", {inodes:,} inodes"
        what = f"{free / 1e9:,.1f} GB{rest} free, {place}"
        how = "free some: delete what is not needed, or move the library" if few else ""
        yield Finding("disk", f"disk {name}", "problem" if few else "ok", what, how)


def _count_inodes(place: Path) -> int | None:
    """The files that can still be made; None where the system has no such limit."""
    if not hasattr(os, "statvfs"):
        return None
    found = os.statvfs(place)
    return found.f_favail if found.f_files else None
