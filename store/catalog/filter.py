"""Selects videos of a library by tags, names, years and other properties."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, exists, select

from mvsearch.store.catalog.lookup import fold_name
from mvsearch.store.catalog.paths import keys_below
from mvsearch.store.catalog.tags import TagReader
from mvsearch.store.database.columns import MAX_SECONDS
from mvsearch.store.database.tables import LocationRow, LyricLineRow, LyricsRow, TagRow, VideoRow
from mvsearch.store.errors import QueryError
from mvsearch.store.unicode import MAX_NAME_LETTERS, printable, replace_surrogates

MAX_YEAR = 9999
# A condition each: SQLite limits how many one statement has.
MAX_TAGS = 100


@dataclass(frozen=True, slots=True)
class Filter:
    """The videos that pass: those that meet every condition given.

    A video whose value is unknown does not pass a condition on it.

    Attributes:
        tags: names of tags; a video has all of them.
        title, artist: a part of the name, whatever its case and accents.
        first_year, last_year: of the year in the file's tags, both included.
        folder: a file of the video lies in it or anywhere below.
        language: of the lyrics, ISO 639-1.
        min_duration_seconds, max_duration_seconds: both included.
        has_lyrics: whether any line of lyrics is in the index.
        lyrics_source: "sidecar", "subtitles", "tag", "plugin" or "whisper".
        added_since: when the video came into the library, this moment included; a date begins at
            local midnight, a time without a zone is local.

    Raises:
        QueryError: a condition is empty, or nothing can meet it.
    """

    tags: tuple[str, ...] = ()
    title: str | None = None
    artist: str | None = None
    first_year: int | None = None
    last_year: int | None = None
    folder: Path | None = None
    language: str | None = None
    min_duration_seconds: float | None = None
    max_duration_seconds: float | None = None
    has_lyrics: bool | None = None
    lyrics_source: str | None = None
    added_since: date | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if len(self.tags) > MAX_TAGS:
            raise QueryError(f"at most {MAX_TAGS} tags are asked for at once")
        for name, words in self._words():
            _check_words(name, words)
        for name, low, high in (
            ("year", self.first_year, self.last_year),
            ("duration", self.min_duration_seconds, self.max_duration_seconds),
        ):
            _check_range(name, low, high)
        if self.has_lyrics is False and (self.language or self.lyrics_source):
            raise QueryError("a video without lyrics has no language or source of lyrics")
        if self.folder is not None and "\0" in str(self.folder):
            raise QueryError("no folder has a zero byte in its name")
        _to_seconds(self.added_since)

    def __bool__(self) -> bool:
        """Whether there is any condition."""
        return self != Filter()

    def to_dict(self) -> dict[str, Any]:
        """The conditions that are given, by their names, as JSON has them."""
        found = {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) != each.default
        }
        return {name: _to_json(value) for name, value in found.items()}

    def __str__(self) -> str:
        """The conditions in words, such as `artist 'luna', year 1980-1989`."""
        said = [f"{name} {words!r}" for name, words in self._words()]
        said += _say_range("year", self.first_year, self.last_year)
        said += _say_range("seconds", self.min_duration_seconds, self.max_duration_seconds)
        if self.folder is not None:
            said.append(f"folder {str(self.folder)!r}")
        if self.has_lyrics is not None:
            said.append("with lyrics" if self.has_lyrics else "without lyrics")
        if self.added_since is not None:
            said.append(f"added since {self.added_since}")
        return ", ".join(said)

    def _words(self) -> list[tuple[str, str]]:
        """The conditions that are words, by what they are called."""
        named = (
            *(("tag", tag) for tag in self.tags),
            ("title", self.title),
            ("artist", self.artist),
            ("language", self.language),
            ("lyrics source", self.lyrics_source),
        )
        return [(name, words) for name, words in named if words is not None]


class FilterReader(TagReader):
    """The questions about what passes a filter."""

    def passing(self, filter: Filter) -> set[str]:
        """The ids of the videos that pass.

        Raises:
            QueryError: no video has such a tag; the message names those that are spelt alike.
        """
        conditions = self._find_conditions(filter)
        with self._database.reading() as session:
            return set(session.scalars(select(VideoRow.id).where(*conditions)))

    def without_year(self) -> set[str]:
        """Ids of the videos whose files were not asked for their year yet."""
        with self._database.reading() as session:
            return set(session.scalars(select(VideoRow.id).where(~VideoRow.is_year_read)))

    def _find_conditions(self, filter: Filter) -> list[ColumnElement[bool]]:
        """What a row of the table of videos must meet."""
        return [
            *(_has_tag(spellings) for spellings in self.spell_tags(filter.tags)),
            *_name_conditions(filter),
            *_within(VideoRow.year, filter.first_year, filter.last_year),
            *_within(
                VideoRow.duration_seconds, filter.min_duration_seconds, filter.max_duration_seconds
            ),
            *_lyrics_conditions(filter),
            *_within(VideoRow.added_seconds, _to_seconds(filter.added_since), None),
        ]


def _name_conditions(filter: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filter.title is not None:
        title = VideoRow.title_folded
        conditions.append(title.contains(fold_name(filter.title), autoescape=True))
    if filter.artist is not None:
        artist = VideoRow.artist_folded
        conditions.append(artist.contains(fold_name(filter.artist), autoescape=True))
    if filter.folder is not None:
        first, end = keys_below(filter.folder)
        place = select(LocationRow.key).where(
            LocationRow.video_id == VideoRow.id, LocationRow.key >= first, LocationRow.key < end
        )
        # The query that this is a part of may ask for locations as well.
        conditions.append(place.correlate(VideoRow).exists())
    # Zero stands for a duration that no header told.
    if filter.min_duration_seconds is not None or filter.max_duration_seconds is not None:
        conditions.append(VideoRow.duration_seconds > 0)
    return conditions


def _lyrics_conditions(filter: Filter) -> list[ColumnElement[bool]]:
    """Lyrics count by their lines: what Whisper heard nothing in has a source and none."""
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
    """Both ends included; a null is within nothing."""
    conditions = [column >= low] if low is not None else []
    return conditions + ([column <= high] if high is not None else [])


def _check_words(name: str, words: str) -> None:
    if not fold_name(words):
        raise QueryError(f"the {name} to filter by is empty")
    if len(words) > MAX_NAME_LETTERS:
        raise QueryError(
            f"the {name} to filter by has {len(words)} letters; at most {MAX_NAME_LETTERS} are read"
        )


def _check_range(name: str, low: float | None, high: float | None) -> None:
    most = MAX_YEAR if name == "year" else MAX_SECONDS
    for end in (low, high):
        if end is not None and not 0 <= end <= most:
            raise QueryError(f"a {name} to filter by is from 0 to {most:.0f}")
    if low is not None and high is not None and low > high:
        raise QueryError(f"the first {name} is not above the last: {low:g}-{high:g}")


def _say_range(name: str, low: float | None, high: float | None) -> list[str]:
    if low is None and high is None:
        return []
    if low == high:
        return [f"{name} {low:g}"]
    ends = ("" if end is None else f"{end:g}" for end in (low, high))
    return [f"{name} {'-'.join(ends)}"]


def _to_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [printable(one) for one in value]
    return printable(value) if isinstance(value, (str, Path, date)) else value


def _to_seconds(since: date | None) -> float | None:
    """A date or time as seconds since 1970, UTC."""
    if since is None:
        return None
    moment = since if isinstance(since, datetime) else datetime.combine(since, time())
    try:
        return moment.timestamp()
    except (OverflowError, OSError, ValueError):
        raise QueryError(f"no video was added as early or late as {since}") from None
