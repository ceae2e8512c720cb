"""Counts the videos of each artist, year, album, genre, tag, mood, key and other properties."""

from typing import Any

from sqlalchemy import Integer, case, cast, func, select
from sqlalchemy.orm import Session

from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.reading.filtering import has_mood
from mvsearch.store.catalog.reading.videos import VideoReader
from mvsearch.store.database.tables import LyricsRow, MetadataRow, TagRow, VideoRow
from mvsearch.store.records.metadata import FACET_FIELDS
from mvsearch.store.records.moods import MOOD_NAMES

# Number of values of each facet.
MAX_VALUES = 200
# Tempos are counted by so many beats a minute.
BPM_STEP = 10

Facets = dict[str, list[tuple[str | int, int]]]


class FacetReader(VideoReader):
    """Counts videos by their properties; each call reads one state of the database."""

    def facets(self, filter: Filter = Filter()) -> Facets:
        """The values of the videos that pass a filter, the most frequent first.

        Returns:
            For "artist", "year", "language", "lyrics_source", "tag", "mood", "bpm", "key" and each
            of `FACET_FIELDS`: (value, number of videos), at most `MAX_VALUES`. Unknown values are
            left out. Tempos are counted by tens: 120 is from 120 to below 130.

        Raises:
            QueryError: no video has a tag of the filter; the message names similar tags.
        """
        passing = select(VideoRow.id).where(*self._conditions(filter))
        columns: dict[str, tuple[Any, Any]] = {
            "artist": (VideoRow.artist, VideoRow.id),
            "year": (VideoRow.year, VideoRow.id),
            "language": (LyricsRow.language, LyricsRow.video_id),
            "lyrics_source": (LyricsRow.source, LyricsRow.video_id),
            "tag": (TagRow.name, TagRow.video_id),
            "bpm": (cast(VideoRow.bpm / BPM_STEP, Integer) * BPM_STEP, VideoRow.id),
            "key": (VideoRow.key, VideoRow.id),
        }
        found: Facets = {}
        with self._database.reading() as session:
            for name, (value, video_id) in columns.items():
                n_videos = func.count(video_id.distinct())
                query = (
                    select(value, n_videos)
                    .where(video_id.in_(passing), value.is_not(None))
                    .group_by(value)
                    .order_by(n_videos.desc(), value)
                    .limit(MAX_VALUES)
                )
                found[name] = [(one, n) for one, n in session.execute(query)]
            for name in FACET_FIELDS:
                found[name] = _count_metadata(session, name, passing)
            counts = [func.count(case((has_mood(name), 1))) for name in MOOD_NAMES]
            row = session.execute(select(*counts).where(VideoRow.id.in_(passing))).one()
            counted = [(name, n) for name, n in zip(MOOD_NAMES, row, strict=True) if n]
            found["mood"] = sorted(counted, key=lambda one: -one[1])
        return found


def _count_metadata(session: Session, name: str, passing: Any) -> list[tuple[str | int, int]]:
    """The values of a field, those that differ in case as one, with the number of videos."""
    n_videos = func.count(MetadataRow.video_id.distinct())
    query = (
        select(func.min(MetadataRow.value), n_videos)
        .where(MetadataRow.name == name, MetadataRow.video_id.in_(passing))
        .group_by(MetadataRow.folded)
        .order_by(n_videos.desc(), MetadataRow.folded)
        .limit(MAX_VALUES)
    )
    return [(value, n) for value, n in session.execute(query)]
