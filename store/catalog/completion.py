"""Reads titles for shell completion with sqlite3 alone, because SQLAlchemy takes 0.2 s."""

import sqlite3
from collections import Counter
from contextlib import closing

from mvsearch.store.opening import CATALOG, Address, check_plain, choose_mode
from mvsearch.store.unicode import fold_name

WAIT_SECONDS = 0.2
MAX_LETTERS = 200


def complete_name(address: Address, begun: str) -> list[str]:
    """The sorted names of videos that begin with the typed text; empty without a library.

    A name is a title, or "Artist - Title" if several videos have the title. Names that a shell or
    a command would misread are left out.

    Raises:
        MvsearchError, sqlite3.Error: the library cannot be read.
    """
    if isinstance(address, str):  # the driver of a server would take longer than a reader waits
        return []
    file = address / CATALOG
    if not file.is_file():
        return []
    check_plain(file)
    mode = choose_mode(file)
    options = "mode=ro&immutable=1" if mode == "immutable" else f"mode={mode}"
    address = f"{file.absolute().as_uri()}?{options}"
    with closing(sqlite3.connect(address, uri=True, timeout=WAIT_SECONDS)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")
        rows = connection.execute("SELECT title, artist FROM video").fetchall()
    return sorted(set(_choose_names(rows, fold_name(begun))))


def _choose_names(rows: list[tuple[str, str | None]], begun: str) -> list[str]:
    """For each video, the shortest unique name, if it begins with the text."""
    titles = Counter(title for title, _ in rows)
    chosen = []
    for title, artist in rows:
        whole = f"{artist} - {title}" if artist else title
        names = [title, whole] if titles[title] == 1 else [whole]
        chosen += [name for name in names if _begins(name, begun)][:1]
    return chosen


def _begins(name: str, begun: str) -> bool:
    """Whether a name can be typed, and begins with the text."""
    can_be_typed = name.isprintable() and len(name) <= MAX_LETTERS and not name.startswith("-")
    return can_be_typed and fold_name(name).startswith(begun)
