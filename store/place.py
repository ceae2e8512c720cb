"""Where a library lies, and which profile it has, told before its database can be opened."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

CATALOG = "catalog.sqlite3"


def default_library_folder() -> Path:
    """`$MVSEARCH_LIBRARY`, else the platform's folder for a user's data."""
    chosen = os.environ.get("MVSEARCH_LIBRARY")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("mvsearch", appauthor=False)


def glance_at_profile(folder: Path) -> str | None:
    """The profile that a library says it was built with, to begin what takes long.

    Without SQLAlchemy, whose import is the longest part of opening a library.

    Returns:
        None where that cannot be told at once; why not, opening the library says.
    """
    file = folder.absolute() / CATALOG
    try:
        if not file.is_file():
            return None
        # Not "ro": only who may write takes away the side files that SQLite makes for readers.
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=0)) as asked:
            row = asked.execute("SELECT value FROM setting WHERE name = 'profile'").fetchone()
    except (OSError, sqlite3.Error):
        return None
    return str(row[0]) if row else None
