"""Turns a filter into SQL conditions."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select

from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.metadata.conditions import metadata_conditions
from mvsearch.store.database.functions import list_texts
from mvsearch.store.database.paths import lies_below
from mvsearch.store.database.tables import LocationRow, LyricLineRow, LyricsRow, TagRow, VideoRow
from mvsearch.store.records.moods import MOOD_REGIONS, MoodName
from mvsearch.store.unicode import fold_name, replace_surrogates


def make_conditions(
    filter: Filter, tags: Sequence[Sequence[str]], whole: Collection[str] = ()
) -> list[ColumnElement[bool]]:
    """The conditions on a row of `VideoRow` for a video to pass.

    Args:
        filter: the conditions.
        tags: for each tag of the filter, its spellings in the library.
        whole: those of `FACET_FIELDS` whose value in the filter is a whole value of some video.
    """
    return [
        *(_has_tag(spellings) for spellings in tags),
        *_name_conditions(filter),
        *_within(VideoRow.year, filter.first_year, filter.last_year),
        *_within(
            VideoRow.duration_seconds, filter.min_duration_seconds, filter.max_duration_seconds
        ),
        *_lyrics_conditions(filter),
        *_within(VideoRow.added_seconds, filter.added_since_seconds, None),
        *_within(VideoRow.valence, filter.min_valence, filter.max_valence),
        *_within(VideoRow.arousal, filter.min_arousal, filter.max_arousal),
        *([has_mood(filter.mood)] if filter.mood is not None else []),
        *metadata_conditions(filter, whole),
        *_within(VideoRow.bpm, filter.min_bpm, filter.max_bpm),
        *([VideoRow.key.in_(filter.keys)] if filter.keys is not None else []),
        *_id_conditions(filter),
    ]


def has_mood(name: MoodName) -> ColumnElement[bool]:
    """The condition that a video as a whole lies in a region of the plane of moods."""
    region = MOOD_REGIONS[name]
    return and_(
        VideoRow.valence >= region.valence[0],
        VideoRow.valence < region.valence[1],
        VideoRow.arousal >= region.arousal[0],
        VideoRow.arousal < region.arousal[1],
    )


def _name_conditions(filter: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filter.title is not None:
        title = VideoRow.title_folded
        conditions.append(title.contains(fold_name(filter.title), autoescape=True))
    if filter.artist is not None:
        artist = VideoRow.artist_folded
        conditions.append(artist.contains(fold_name(filter.artist), autoescape=True))
    if filter.folder is not None:
        place = select(LocationRow.key).where(
            LocationRow.video_id == VideoRow.id, lies_below(LocationRow.key, filter.folder)
        )
        # The enclosing query may select from locations too.
        conditions.append(place.correlate(VideoRow).exists())
    # A duration of zero is unknown.
    if filter.min_duration_seconds is not None or filter.max_duration_seconds is not None:
        conditions.append(VideoRow.duration_seconds > 0)
    return conditions


def _id_conditions(filter: Filter) -> list[ColumnElement[bool]]:
    return [] if filter.ids is None else [VideoRow.id.in_(list_texts(filter.ids))]


def _lyrics_conditions(filter: Filter) -> list[ColumnElement[bool]]:
    """Conditions on indexed lines: lyrics without any line do not count."""
    line = select(LyricLineRow.video_id).where(
        LyricLineRow.video_id == VideoRow.id, LyricLineRow.rejected.is_(None)
    )
    if filter.language is None and filter.lyrics_source is None:
        has_line = line.exists()
        return [] if filter.has_lyrics is None else [has_line if filter.has_lyrics else ~has_line]
    line = line.join(LyricsRow, LyricsRow.video_id == LyricLineRow.video_id)
    if filter.language is not None:
        line = line.where(LyricsRow.language == filter.language.strip().lower())
    if filter.lyrics_source is not None:
        source = replace_surrogates(filter.lyrics_source).strip().lower()
        line = line.where(LyricsRow.source == source)
    return [line.exists()]


def _has_tag(spellings: Sequence[str]) -> ColumnElement[bool]:
    return exists().where(TagRow.video_id == VideoRow.id, TagRow.name.in_(spellings))


def _within(column: Any, low: float | None, high: float | None) -> list[ColumnElement[bool]]:
    """Conditions for a range, both ends included; NULL is in no range."""
    conditions = [column >= low] if low is not None else []
    return conditions + ([column <= high] if high is not None else [])
