"""Writes single details of videos, which were made anew without the rest of their stages."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import update

from mvsearch.store.catalog import changes
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.postgresql.repeating import repeated
from mvsearch.store.database.tables import LyricsRow, VideoRow
from mvsearch.store.records import MoodTrack, Still, TempoAndKey


class DetailWriter(DatabaseReader):
    """Replaces moods, tempos, languages and stills; each method is one transaction."""

    @repeated
    def store_moods(self, moods: Iterable[tuple[str, MoodTrack]]) -> None:
        """Replace the mood of sides of videos, by their id; unknown videos are skipped."""
        with self._database.writing() as session:
            for video_id, track in moods:
                if session.get(VideoRow, video_id) is not None:
                    changes.replace_mood(session, video_id, track.side, track)

    @repeated
    def store_tempos(self, found: Mapping[str, TempoAndKey]) -> None:
        """Replace tempo and key of videos, by their id; unknown videos are skipped."""
        with self._database.writing() as session:
            for video_id, tempo in found.items():
                changes.replace_tempo(session, video_id, tempo)

    @repeated
    def note_languages(self, languages: Mapping[str, str | None]) -> None:
        """Note the language of lyrics, by video id, where none is known."""
        with self._database.writing() as session:
            for video_id, language in languages.items():
                unknown = (LyricsRow.video_id == video_id) & LyricsRow.language.is_(None)
                session.execute(update(LyricsRow).where(unknown).values(language=language))

    @repeated
    def store_stills(self, stills: Mapping[str, Sequence[Still]]) -> None:
        """Replace the stills of videos, by video id; unknown videos are skipped."""
        with self._database.writing() as session:
            for video_id, some in stills.items():
                if session.get(VideoRow, video_id) is not None:
                    changes.replace_stills(session, video_id, some)
