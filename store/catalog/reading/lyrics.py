"""Reads lyrics and the text that pictures show, and finds their lines by words."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select

from mvsearch.store.catalog.reading.line_index import (
    LineMatch,
    Lines,
    count_lines,
    count_words,
    find_matches,
    has_index,
)
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.rows.lyrics import rows_to_lyrics
from mvsearch.store.database.rows.shown import row_to_shown
from mvsearch.store.database.rows.vectors import read_texts
from mvsearch.store.database.tables import EmbeddingRow, LyricLineRow, LyricsRow, ShownLineRow
from mvsearch.store.records import Lyrics, ShownLine


class LyricsReader(DatabaseReader):
    """Reads lyrics and searches their lines; each call reads one state of the database."""

    def lyrics(self, video_id: str) -> Lyrics | None:
        """The lyrics of a video with their source; None if it has none."""
        lines = select(LyricLineRow).where(LyricLineRow.video_id == video_id)
        with self._database.reading() as session:
            row = session.get(LyricsRow, video_id)
            if row is None:
                return None
            ordered = session.scalars(lines.order_by(LyricLineRow.position)).all()
            return rows_to_lyrics(row, ordered)

    def shown_lines(self, video_id: str) -> tuple[ShownLine, ...]:
        """The lines of text that the picture of a video shows, in the order of time."""
        query = select(ShownLineRow).where(ShownLineRow.video_id == video_id)
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(ShownLineRow.position))
            return tuple(map(row_to_shown, rows))

    def n_lyric_lines(self, lines: Lines = "lyric") -> int:
        """The number of lines in a full-text index; 0 without an index."""
        with self._database.reading() as session:
            connection = session.connection()
            return count_lines(connection, lines) if has_index(connection, lines) else 0

    def count_lyric_lines(self, words: Iterable[str], lines: Lines = "lyric") -> dict[str, int]:
        """The number of lines that contain each word; empty without an index."""
        with self._database.reading() as session:
            connection = session.connection()
            if not has_index(connection, lines):
                return {}
            return count_words(connection, lines, words)

    def lyric_matches(
        self, line: str, limit: int = 200, n_lines: int | None = None, lines: Lines = "lyric"
    ) -> list[LineMatch]:
        """Find the lines that share words or trigrams with a text, best first.

        Args:
            line: any text.
            limit: maximum number of lines by words, and by trigrams.
            n_lines: the result of `n_lyric_lines`; None to count them.
            lines: whose lines.

        Returns:
            The lines; empty without an index, that is on another database or without FTS5.
        """
        n_lines = self.n_lyric_lines(lines) if n_lines is None else n_lines
        if not n_lines:
            return []
        with self._database.reading() as session:
            return find_matches(session.connection(), lines, line, limit, n_lines)

    def segment_texts(self, space_key: str, video_ids: Sequence[str]) -> dict[str, list[str]]:
        """The texts of the segments of videos in a space, by video id, in time order."""
        query = select(EmbeddingRow.video_id, EmbeddingRow.texts).where(
            EmbeddingRow.space_key == space_key
        )
        texts: dict[str, list[str]] = {}
        with self._database.reading() as session:
            for some in in_batches(video_ids):
                for row in session.execute(query.where(EmbeddingRow.video_id.in_(some))):
                    texts[row.video_id] = read_texts(row)
        return texts

    def find_sung_in_others(self, languages: Collection[str]) -> set[str]:
        """The ids of videos whose lyrics are known to be in none of these languages."""
        query = select(LyricsRow.video_id).where(LyricsRow.language.not_in(languages))
        with self._database.reading() as session:
            return set(session.scalars(query))

    def find_lacking(self, space_key: str, other_key: str) -> list[str]:
        """The ids of videos that have segments in the other space and none in this, in order."""
        made = select(EmbeddingRow.video_id).where(EmbeddingRow.space_key == space_key)
        query = (
            select(EmbeddingRow.video_id)
            .where(EmbeddingRow.space_key == other_key, EmbeddingRow.video_id.not_in(made))
            .order_by(EmbeddingRow.video_id)
        )
        with self._database.reading() as session:
            return list(session.scalars(query))
