"""Makes anew what a library can make from its catalogue: indexes of words and of vectors."""

from collections.abc import Collection

from sqlalchemy import Connection, inspect, text

from mvsearch.store.catalog.reading.line_index import LINES, Lines, has_index
from mvsearch.store.catalog.reading.postgresql.indexing import HELD, index_lines
from mvsearch.store.library import Library
from mvsearch.store.vectors.choice import open_store

VECTORS, WORDS = "vectors", "words"


def repair_indexes(library: Library, parts: Collection[str]) -> None:
    """Make indexes anew.

    Args:
        library: that can be written.
        parts: VECTORS, WORDS or both.

    Raises:
        MvsearchError: something cannot be written.
    """
    with library.writing(is_exclusive=True):
        if WORDS in parts:
            for lines in LINES:
                with library.database.writing() as session:
                    _index_words(session.connection(), lines)
            with library.database.writing() as session:
                _drop_sounds(session.connection())
        if VECTORS in parts:
            _place_vectors(library)


def compare_vectors(library: Library) -> dict[str, list[str]]:
    """What is wrong with the vector index of each space in use, by its key."""
    catalog = library.catalog
    folder = library.folder / "vectors"
    store = open_store(library.database, library.vectors, folder, is_read_only=True)
    try:
        return {space.key: store.compare(space, catalog) for space in catalog.spaces()}
    finally:
        store.forget()


def _place_vectors(library: Library) -> None:
    store = open_store(library.database, library.vectors, library.folder / "vectors")
    wrong = compare_vectors(library)
    try:
        for space in library.catalog.spaces():
            if wrong.get(space.key):
                store.rebuild(space, library.catalog)
    finally:
        store.forget()


def _index_words(connection: Connection, lines: Lines) -> None:
    if connection.dialect.name == "postgresql":
        index_lines(connection, lines)
    elif has_index(connection, lines):
        for table in (f"{lines}_word", f"{lines}_gram"):
            connection.execute(text(f"INSERT INTO {table} ({table}) VALUES ('delete-all')"))
        connection.execute(text(f"DELETE FROM {lines}_key"))
        into = f"INSERT INTO {lines}_key (video_id, position) SELECT video_id, position"
        connection.execute(text(f"{into} FROM {HELD[lines]} ORDER BY video_id, position"))
        keyed = f"FROM {lines}_key JOIN {lines}_line USING (video_id, position)"
        for table, line in ((f"{lines}_word", "text"), (f"{lines}_gram", "' ' || text || '  '")):
            connection.execute(text(f"INSERT INTO {table} (rowid, text) SELECT id, {line} {keyed}"))


def _drop_sounds(connection: Connection) -> None:
    if inspect(connection).has_table("lyric_sound"):
        of_line = "lyric_line.video_id = lyric_sound.video_id"
        of_line += " AND lyric_line.position = lyric_sound.position"
        connection.execute(
            text(
                "DELETE FROM lyric_sound WHERE NOT EXISTS"
                f" (SELECT 1 FROM lyric_line WHERE {of_line})"
            )
        )
