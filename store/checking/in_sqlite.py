"""Lets SQLite check its file, and compares its full-text indexes with the lines."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from mvsearch.store.catalog.reading.line_index import Lines, has_index
from mvsearch.store.checking.checkup import MAX_LISTED, Damage
from mvsearch.store.checking.references import WORDS


def check_pages(connection: Connection) -> Iterator[Damage]:
    """Damage that SQLite finds in its file."""
    for (found,) in connection.execute(text(f"PRAGMA integrity_check({MAX_LISTED})")):
        if found != "ok":
            yield Damage("file", " ".join(str(found).split()))
    rows = connection.execute(text("PRAGMA foreign_key_check")).fetchmany(MAX_LISTED)
    for table, _, parent, _ in rows:
        yield Damage(str(table), f"a row refers to a {parent} that is missing")


def check_words(connection: Connection, lines: Lines) -> Iterator[Damage]:
    """Read the full-text indexes of words and trigrams, and compare them with the lines."""
    where = f"{lines}_line"
    if not has_index(connection, lines):
        # A SQLite without FTS5 has made none of its tables.
        others = [f"'{lines}_{part}'" for part in ("word", "gram", "key")]
        known = f"SELECT count(*) FROM sqlite_master WHERE name IN ({', '.join(others)})"
        if connection.dialect.name == "sqlite" and connection.scalar(text(known)):
            yield Damage(
                f"{lines}_line", f"the index of words lacks the table {lines}_gram_term", WORDS
            )
        return
    held = "lyric_line WHERE rejected IS NULL" if lines == "lyric" else "ocr_line"
    n_lines = connection.scalar(text(f"SELECT count(*) FROM {held}"))
    keyed = f"{lines}_key JOIN {lines}_line USING (video_id, position)"
    for table in (keyed, f"{lines}_word_docsize", f"{lines}_gram_docsize"):
        n_held = connection.scalar(text(f"SELECT count(*) FROM {table}"))
        if n_held != n_lines:
            yield Damage(
                f"{lines}_line", f"the index of words has {n_held} lines of {n_lines}", WORDS
            )
    for table in (f"{lines}_word", f"{lines}_gram"):
        # The table that lists the words of an index exists in this connection only.
        name = f"temp.check_{table}"
        connection.execute(text(f"CREATE VIRTUAL TABLE {name} USING fts5vocab(main, {table}, row)"))
        n_terms = connection.scalar(text(f"SELECT count(*) FROM {name}"))
        connection.execute(text(f"DROP TABLE {name}"))
        if n_lines and not n_terms:
            yield Damage(where, f"{table} holds no words", WORDS)
