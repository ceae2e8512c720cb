"""Finds lyric lines by how they sound: the full-text index of their grams.

The indexer writes how a line sounds and the text of its grams; see `indexer.pronunciation`. A gram
is three characters of this text; each character stands for several sounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from mvsearch.store.catalog.reading.full_text import FullTextIndex, has_full_text, quote
from mvsearch.store.catalog.reading.line_index import TermIndex
from mvsearch.store.catalog.reading.postgresql.terms import open_sounds
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.tables import LyricLineRow

# Approximate maximum number of lines ranked for a query; FTS5 ranks 250,000 per second.
N_RANKED = 4000


@dataclass(frozen=True, slots=True)
class LineSounds:
    """How a lyric line sounds.

    Attributes:
        position: of the line among those of its video.
        reading: how its letters were read.
        sounds: empty if it was not read.
        grams: the text that is indexed.
    """

    video_id: str
    position: int
    reading: str
    sounds: str
    grams: str


@dataclass(frozen=True, slots=True)
class SoundMatch:
    """A line that shares grams with a query."""

    video_id: str
    position: int
    text: str
    sounds: str


@dataclass(frozen=True, slots=True)
class UnreadLine:
    """A lyric line of which it is not stored how it sounds; `language` is that of its song."""

    video_id: str
    position: int
    text: str
    language: str | None


class SoundReader(DatabaseReader):
    """Reads how lyric lines sound; each call reads one state of the database."""

    def list_readings(self) -> list[str]:
        """How lines were read, each way once, in order; empty without an index."""
        # From each to the next greater one, because DISTINCT would read the whole index.
        query = text(
            "WITH RECURSIVE found (reading) AS (SELECT min(reading) FROM lyric_sound UNION ALL"
            " SELECT (SELECT min(reading) FROM lyric_sound WHERE reading > found.reading)"
            " FROM found WHERE found.reading IS NOT NULL)"
            " SELECT reading FROM found WHERE reading IS NOT NULL"
        )
        with self._database.reading() as session:
            connection = session.connection()
            return list(connection.scalars(query)) if has_sounds(connection) else []

    def find_sounding(self, reading: str, grams: str, limit: int) -> list[SoundMatch]:
        """Find the lines of one reading that share grams with a query, best first.

        Lines are found by the rarer grams of the query. The caller knows that there is an index.
        """
        with self._database.reading() as session:
            connection = session.connection()
            rare = _choose_rare(_open(connection), _cut(grams))
            return _rank(connection, reading, rare, limit) if rare else []

    def find_unread(
        self, revision: str, limit: int, video_id: str | None = None
    ) -> list[UnreadLine]:
        """Some lines whose sounds were not written by this revision; empty without an index.

        Args:
            revision: of `indexer.pronunciation`.
            limit: maximum number.
            video_id: of the video whose lines alone are looked at; None for all.
        """
        # Of one video by the key of its lines, not by a scan of all.
        which = "" if video_id is None else " AND lyric_line.video_id = :video_id"
        query = text(
            "SELECT lyric_line.video_id, lyric_line.position, text, language"
            " FROM lyric_line JOIN lyrics USING (video_id)"
            " LEFT JOIN lyric_sound USING (video_id, position)"
            " WHERE rejected IS NULL AND (revision IS NULL OR revision <> :revision)"
            f"{which} LIMIT :n"
        ).columns(LyricLineRow.video_id, LyricLineRow.position, LyricLineRow.text)
        values = {"revision": revision, "n": limit}
        if video_id is not None:
            values["video_id"] = video_id
        with self._database.reading() as session:
            connection = session.connection()
            if not has_sounds(connection):
                return []
            return [UnreadLine(*row) for row in connection.execute(query, values)]


def has_sounds(connection: Connection) -> bool:
    """Whether there is an index of sounds: on PostgreSQL, and on SQLite with FTS5."""
    return has_full_text(connection, "lyric_sound_gram")


def _open(connection: Connection) -> TermIndex:
    if connection.dialect.name == "postgresql":
        return open_sounds(connection)
    return FullTextIndex(connection, "lyric_sound_gram", "lyric_sound")


def _cut(grams: str) -> list[str]:
    """The distinct grams of a text; none goes over a space."""
    threes = (grams[at : at + 3] for at in range(len(grams) - 2))
    return [three for three in dict.fromkeys(threes) if " " not in three]


def _choose_rare(index: TermIndex, terms: Sequence[str]) -> list[str]:
    """The rarest terms, so many that about N_RANKED lines have one."""
    counted = sorted(zip(index.count(terms, N_RANKED + 1), map(quote, terms), terms, strict=True))
    rare: list[str] = []
    n_ranked = 0
    for n, _, term in counted:
        if rare and n_ranked + n > N_RANKED:
            break
        if n:
            rare.append(term)
            n_ranked += n
    return rare


def _rank(
    connection: Connection, reading: str, terms: Sequence[str], limit: int
) -> list[SoundMatch]:
    # Ties are not broken by rowid, which depends on the history of the library.
    scored, values = _open(connection).score(terms)
    query = text(
        "SELECT lyric_sound.video_id, lyric_sound.position, text, sounds"
        f" FROM ({scored}) AS scored JOIN lyric_sound USING (id)"
        " JOIN lyric_line USING (video_id, position) WHERE reading = :reading"
        " ORDER BY bm25 DESC, lyric_sound.video_id, lyric_sound.position LIMIT :n"
    ).columns(LyricLineRow.video_id, LyricLineRow.position, LyricLineRow.text)
    values = {**values, "reading": reading, "n": limit}
    return [SoundMatch(*row) for row in connection.execute(query, values)]
