"""Reads videos and their files."""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func, select

from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.lookup import choose_video, name_order
from mvsearch.store.catalog.metadata.reading import MetadataReader
from mvsearch.store.catalog.reading.filtering import make_conditions
from mvsearch.store.catalog.reading.tags import TagReader
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.explain import describe_damage
from mvsearch.store.database.paths import decode_path, encode_key, lies_below
from mvsearch.store.database.rows.videos import row_to_location, row_to_video
from mvsearch.store.database.tables import LocationRow, VideoRow
from mvsearch.store.errors import QueryError, VideoNotFoundError
from mvsearch.store.records import Location, Video
from mvsearch.store.unicode import replace_surrogates


class VideosById(dict[str, Video]):
    """Videos by id, for rows that refer to videos.

    Looking up the id of a missing video raises LibraryDamagedError.

    Args:
        place: the name of the database in messages.
    """

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def __missing__(self, video_id: str) -> Video:
        """Raise, because rows refer to a video that is missing."""
        raise describe_damage(
            self.place, f"it has no video and no file for what it holds of {video_id}"
        )


class VideoReader(TagReader, MetadataReader):
    """Reads videos and their files; each call reads one state of the database."""

    def n_videos(self) -> int:
        """The number of videos."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(VideoRow)) or 0

    def video_ids(self) -> set[str]:
        """The ids of all videos."""
        with self._database.reading() as session:
            return set(session.scalars(select(VideoRow.id)))

    def has_video(self, video_id: str) -> bool:
        """Whether a video has this id."""
        with self._database.reading() as session:
            return session.get(VideoRow, video_id) is not None

    def passing(self, filter: Filter) -> set[str]:
        """The ids of the videos that pass a filter.

        Raises:
            QueryError: no video has a tag of the filter; the message names similar tags. Or the
                filter asks for a mood, and no video has one.
        """
        conditions = self._conditions(filter)
        with self._database.reading() as session:
            return set(session.scalars(select(VideoRow.id).where(*conditions)))

    def videos(self, filter: Filter = Filter()) -> list[Video]:
        """The videos that pass a filter, sorted by artist, title and id.

        Raises:
            QueryError: no video has a tag of the filter; the message names similar tags. Or the
                filter asks for a mood, and no video has one.
        """
        return self._videos(*self._conditions(filter))

    def video(self, video_id: str) -> Video:
        """One video.

        Raises:
            VideoNotFoundError: no video has this id.
        """
        found = self._videos(VideoRow.id == video_id)
        if not found:
            raise VideoNotFoundError(f"no video has the id {video_id!r}")
        return found[0]

    def some_videos(self, video_ids: Sequence[str]) -> dict[str, Video]:
        """Videos by id, for ids that come from other tables.

        Looking up an id that no video has raises LibraryDamagedError.
        """
        found = VideosById(self._database.place)
        for some in in_batches(video_ids):
            found |= {video.id: video for video in self._videos(VideoRow.id.in_(some))}
        return found

    def find_video(self, name: str) -> Video:
        """Find the video with a name.

        The name is an id, a path, an id of MusicBrainz or of the site it comes from, a unique
        prefix of an id (four characters or more) or a unique part of "Artist - Title"; case and
        accents do not matter.

        Raises:
            VideoNotFoundError: no video matches.
            AmbiguousVideoError: several videos match; the message lists some.
        """
        location = self.location(Path(name))
        name = replace_surrogates(name)
        video_id = name if location is None else location.video_id
        if self.has_video(video_id):
            return self.video(video_id)
        known = self.find_by_id(name)
        if len(known) == 1:
            return self.video(known[0])
        return choose_video(name, self.videos())

    def location(self, path: Path) -> Location | None:
        """The location of a file, or None; both Unicode spellings of its name are found."""
        with self._database.reading() as session:
            row = session.get(LocationRow, encode_key(path))
            return None if row is None else row_to_location(row)

    def locations(self, folder: Path | None = None, video_id: str | None = None) -> list[Location]:
        """Locations, sorted by path.

        Args:
            folder: only files at any depth below it.
            video_id: only files of this video.
        """
        # Columns instead of objects, and each folder decoded once: half of the time.
        columns = (LocationRow.path, LocationRow.video_id, LocationRow.size, LocationRow.mtime_ns)
        query: Any = select(*columns, LocationRow.folder).order_by(LocationRow.key)
        if folder is not None:
            query = query.where(lies_below(LocationRow.key, folder))
        if video_id is not None:
            query = query.where(LocationRow.video_id == video_id)
        decode_folder = cache(decode_path)
        with self._database.reading() as session:
            return [row_to_location(row, decode_folder) for row in session.execute(query)]

    def folders(self) -> list[Path]:
        """The indexed folders that have files in the library, sorted."""
        with self._database.reading() as session:
            return sorted(map(decode_path, session.scalars(select(LocationRow.folder).distinct())))

    def _conditions(self, filter: Filter) -> list[ColumnElement[bool]]:
        if filter.asks_mood:
            self._check_moods()
        if filter.asks_tempo:
            self._check_tempos()
        return make_conditions(filter, self.spell_tags(filter.tags), self.find_whole_values(filter))

    def _check_moods(self) -> None:
        """Raise QueryError if there are videos, and none of them has a mood."""
        with self._database.reading() as session:
            if session.scalar(select(VideoRow.id).where(VideoRow.valence.is_not(None)).limit(1)):
                return
            if session.scalar(select(VideoRow.id).limit(1)):
                raise QueryError(
                    "no video of the library has a mood: index its folders again; moods are known"
                    " for encoders that have a head for them, such as those of the default profile"
                )

    def _check_tempos(self) -> None:
        """Raise QueryError if there are videos, and tempo and key were measured of none."""
        with self._database.reading() as session:
            measured = select(VideoRow.id).where(VideoRow.tempo_revision.is_not(None))
            if session.scalar(measured.limit(1)):
                return
            if session.scalar(select(VideoRow.id).limit(1)):
                raise QueryError(
                    "tempo and key were measured of no video of the library: index its folders"
                    " again"
                )

    def _videos(self, *conditions: ColumnElement[bool]) -> list[Video]:
        """Videos that meet the conditions, each with the paths that exist."""
        query = (
            select(VideoRow, LocationRow.path)
            .join(LocationRow, LocationRow.video_id == VideoRow.id)
            .where(*conditions)
            .order_by(LocationRow.key)
        )
        rows: dict[str, tuple[VideoRow, list[Path]]] = {}
        with self._database.reading() as session:
            for row, path in session.execute(query):
                rows.setdefault(row.id, (row, []))[1].append(decode_path(path))
            videos = [row_to_video(row, _find_existing(paths)) for row, paths in rows.values()]
        return sorted(videos, key=name_order)


def _find_existing(paths: list[Path]) -> list[Path]:
    """The paths of a video that exist, or the first one if none exists.

    A single path is not checked: that would only cost time.
    """
    return paths if len(paths) == 1 else [path for path in paths if _exists(path)] or paths[:1]


def _exists(path: Path) -> bool:
    """Whether a file exists, in a folder that may be read."""
    return os.access(path, os.F_OK)
