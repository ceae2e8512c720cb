"""Chooses where the files of a library are kept."""

from pathlib import Path

from mvsearch.store.database.connection import Database
from mvsearch.store.files.in_database import DatabaseFiles
from mvsearch.store.files.in_folder import FolderFiles
from mvsearch.store.files.kept import LibraryFiles


def open_files(folder: Path, database: Database) -> LibraryFiles:
    """The files of a library: in its database if that is a server, else in its folder.

    Args:
        folder: of the library.
        database: of its catalogue.
    """
    is_server = database.engine.dialect.name == "postgresql"
    return DatabaseFiles(database) if is_server else FolderFiles(folder)
