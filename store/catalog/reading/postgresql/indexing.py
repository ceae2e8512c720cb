"""Writes the terms of lines in PostgreSQL, in the transaction that writes the lines."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from mvsearch.store.catalog.reading.postgresql.folding import cut_threes, cut_words
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.postgresql.words import drop_indexes, make_indexes

# The lines that are indexed; those of lyrics may be rejected.
HELD = {"lyric": "lyric_line WHERE rejected IS NULL", "ocr": "ocr_line WHERE true"}
# What is indexed of a line. No index run writes longer ones, but the catalogue may be a stranger's,
# and each term of a query is counted in all of a line that has it.
MAX_LINE_LETTERS = 5000
# Each writes once to the counts of terms.
LINES_AT_ONCE = 5000


def index_lines(connection: Connection, lines: str, video_ids: Iterable[str] | None = None) -> None:
    """Write anew the terms of the lines of videos, as the database holds these lines now.

    Does nothing on SQLite, where triggers do it.

    Args:
        connection: in the transaction that wrote the lines.
        lines: "lyric" or "ocr".
        video_ids: of the videos whose lines were written; None for those that `find_unindexed`
            lists.
    """
    if connection.dialect.name != "postgresql":
        return
    if video_ids is None:
        missing = find_unindexed(connection, lines)
        with loading(connection, f"{lines}_index"):
            index_lines(connection, lines, missing)
        return
    for some in in_batches(sorted(set(video_ids))):
        old = text(f"DELETE FROM {lines}_index WHERE video_id = ANY(:ids)")
        connection.execute(old, {"ids": some})
        query = text(
            f"SELECT video_id, position, text FROM {HELD[lines]} AND video_id = ANY(:ids)"
            " ORDER BY video_id, position"
        )
        rows = (_cut(*row) for row in connection.execute(query, {"ids": some}))
        for batch in in_batches(rows, LINES_AT_ONCE):
            _insert(connection, lines, batch)


@contextmanager
def loading(connection: Connection, table: str) -> Iterator[None]:
    """Write very many rows of terms: into an empty table before its indexes are made.

    That takes a fraction of the time. Until the transaction ends, nobody else can read the table.

    Args:
        connection: in a transaction.
        table: one of `TERM_COLUMNS`.
    """
    is_empty = connection.scalar(text(f"SELECT NOT EXISTS (SELECT FROM {table})"))
    for statement in drop_indexes(table) if is_empty else ():
        connection.execute(text(statement))
    yield
    for statement in make_indexes(table) if is_empty else ():
        connection.execute(text(statement))


def find_unindexed(connection: Connection, lines: str) -> list[str]:
    """The ids of videos of which lines have no terms, or terms have no line."""
    query = text(
        f"SELECT DISTINCT video_id FROM (SELECT video_id, position FROM {HELD[lines]}) AS held"
        f" FULL JOIN {lines}_index AS indexed USING (video_id, position)"
        " WHERE held.position IS NULL OR indexed.id IS NULL ORDER BY video_id"
    )
    return list(connection.scalars(query))


def store_sounds(connection: Connection, values: Sequence[dict[str, Any]]) -> None:
    """Replace how lines sound, in one statement; lines that are gone are skipped.

    Args:
        connection: to the database.
        values: the columns of `lyric_sound` but the terms, which the database makes.
    """
    connection.execute(
        text(
            "INSERT INTO lyric_sound (video_id, position, reading, revision, sounds, grams)"
            " SELECT video_id, position, reading, revision, sounds, grams"
            " FROM json_to_recordset(CAST(:rows AS json)) AS given(video_id text, position integer,"
            " reading text, revision text, sounds text, grams text)"
            " JOIN lyric_line USING (video_id, position) ORDER BY video_id, position"
            " ON CONFLICT (video_id, position) DO UPDATE SET reading = excluded.reading,"
            " revision = excluded.revision, sounds = excluded.sounds, grams = excluded.grams"
        ),
        {"rows": json.dumps(values)},
    )


def _cut(video_id: str, position: int, line: str) -> dict[str, Any]:
    line = line[:MAX_LINE_LETTERS]
    return {
        "video_id": video_id,
        "position": position,
        "words": cut_words(line),
        "grams": cut_threes(f" {line}  "),
    }


def _insert(connection: Connection, lines: str, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(
        text(
            f"INSERT INTO {lines}_index (video_id, position, words, grams)"
            " SELECT video_id, position, words, grams"
            " FROM json_to_recordset(CAST(:rows AS json))"
            " AS given(video_id text, position integer, words text[], grams text[])"
        ),
        {"rows": json.dumps(rows)},
    )
