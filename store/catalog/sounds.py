"""Writes how lyric lines sound."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from mvsearch.store.catalog.reading.postgresql.indexing import store_sounds
from mvsearch.store.catalog.reading.sound_index import LineSounds, SoundReader
from mvsearch.store.database.postgresql.repeating import repeated


class SoundWriter(SoundReader):
    """Reads and writes how lyric lines sound; each call that writes is one transaction."""

    @repeated
    def store_sounds(self, lines: Sequence[LineSounds], revision: str) -> None:
        """Replace how lines sound, as a revision of `indexer.pronunciation` writes it.

        Lines that the library lacks by now are skipped.
        """
        with self._database.writing() as session:
            if lines:
                _write(session.connection(), lines, revision)


def _write(connection: Connection, lines: Sequence[LineSounds], revision: str) -> None:
    values = [
        {
            "video_id": line.video_id,
            "position": line.position,
            "reading": line.reading,
            "sounds": line.sounds,
            "grams": line.grams,
            "revision": revision,
        }
        for line in lines
    ]
    if connection.dialect.name == "postgresql":
        store_sounds(connection, values)
        return
    of_line = "WHERE video_id = :video_id AND position = :position"
    connection.execute(text(f"DELETE FROM lyric_sound {of_line}"), values)
    connection.execute(
        text(
            "INSERT INTO lyric_sound (video_id, position, reading, revision, sounds, grams)"
            " SELECT video_id, position, :reading, :revision, :sounds, :grams"
            f" FROM lyric_line {of_line}"
        ),
        values,
    )
