"""Counts the videos of each artist, year, album, genre, tag, mood, key and other properties."""

import threading
from typing import Any

from sqlalchemy import ColumnElement, Integer, case, func, literal_column, select
from sqlalchemy.orm import Session

from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.reading.filtering import has_mood
from mvsearch.store.catalog.reading.videos import VideoReader
from mvsearch.store.database.connection import Database
from mvsearch.store.database.functions import WholeNumber
from mvsearch.store.database.tables import LyricsRow, MetadataRow, TagRow, VideoRow
from mvsearch.store.records.metadata import FACET_FIELDS
from mvsearch.store.records.moods import MOOD_NAMES

# Number of values of each facet.
MAX_VALUES = 200
# Tempos are counted by so many beats a minute.
BPM_STEP = 10
# A constant, not a parameter: PostgreSQL would not see that this is what it groups by.
_STEP = literal_column(str(BPM_STEP), Integer)
_BPM = WholeNumber(VideoRow.bpm / _STEP) * _STEP
# Number of filters of which the counts are kept.
N_KEPT = 16

Facets = dict[str, list[tuple[str | int, int]]]


class FacetReader(VideoReader):
    """Counts videos by their properties; each call reads one state of the database."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        # What was counted for the last filters, and at which state of the database.
        self._counted: dict[Filter, tuple[int | str | None, Facets]] = {}
        self._keeping = threading.Lock()

    def facets(self, filter: Filter = Filter()) -> Facets:
        """The values of the videos that pass a filter, the most frequent first.

        They are counted once for a state of the database.

        Returns:
            For "artist", "year", "language", "lyrics_source", "tag", "mood", "bpm", "key" and each
            of `FACET_FIELDS`: (value, number of videos), at most `MAX_VALUES`. Unknown values are
            left out. Tempos are counted by tens: 120 is from 120 to below 130.

        Raises:
            QueryError: no video has a tag of the filter; the message names similar tags.
        """
        state = self._database.read_state()
        try:
            held = self._counted.get(filter)
        except TypeError:  # lists instead of tuples
            return self._count(filter)
        if held is None or state is None or held[0] != state:
            held = state, self._count(filter)
            self._keep(filter, held)
        return {name: list(values) for name, values in held[1].items()}

    def _keep(self, filter: Filter, counted: tuple[int | str | None, Facets]) -> None:
        """Keep what was counted for the next call, and forget the oldest."""
        with self._keeping:
            self._counted.pop(filter, None)
            self._counted[filter] = counted
            for oldest in list(self._counted)[:-N_KEPT]:
                del self._counted[oldest]

    def _count(self, filter: Filter) -> Facets:
        conditions = self._conditions(filter)
        # Without a filter nothing is compared: half of the time.
        passing = select(VideoRow.id).where(*conditions) if conditions else None
        columns: dict[str, tuple[Any, Any]] = {
            "artist": (VideoRow.artist, VideoRow.id),
            "year": (VideoRow.year, VideoRow.id),
            "language": (LyricsRow.language, LyricsRow.video_id),
            "lyrics_source": (LyricsRow.source, LyricsRow.video_id),
            "tag": (TagRow.name, TagRow.video_id),
            "bpm": (_BPM, VideoRow.id),
            "key": (VideoRow.key, VideoRow.id),
        }
        with self._database.reading() as session:
            found = {
                name: _count_values(session, value, value, video_id, *_among(video_id, passing))
                for name, (value, video_id) in columns.items()
            }
            video_id, shown = MetadataRow.video_id, func.min(MetadataRow.value)
            for name in FACET_FIELDS:
                # Spellings that differ in case are one value.
                its = (MetadataRow.name == name, *_among(video_id, passing))
                found[name] = _count_values(session, shown, MetadataRow.folded, video_id, *its)
            counts = [func.count(case((has_mood(name), 1))) for name in MOOD_NAMES]
            row = session.execute(select(*counts).where(*_among(VideoRow.id, passing))).one()
            counted = [(name, n) for name, n in zip(MOOD_NAMES, row, strict=True) if n]
            found["mood"] = sorted(counted, key=lambda one: -one[1])
        return found


def _among(video_id: Any, passing: Any) -> list[ColumnElement[bool]]:
    """The condition that a row is of a video that passes; none where all pass."""
    return [] if passing is None else [video_id.in_(passing)]


def _count_values(
    session: Session, shown: Any, value: Any, video_id: Any, *conditions: ColumnElement[bool]
) -> list[tuple[str | int, int]]:
    """The values of a column with the number of videos, the most frequent first."""
    n_videos = func.count(video_id.distinct())
    query = (
        select(shown, n_videos)
        .where(value.is_not(None), *conditions)
        .group_by(value)
        .order_by(n_videos.desc(), value)
        .limit(MAX_VALUES)
    )
    return [(one, n) for one, n in session.execute(query)]
