"""Reads and writes the names of removed videos that stay removed."""

import os
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mvsearch.store.catalog.lookup import name_order
from mvsearch.store.catalog.paths import decode_path, encode_key
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.rows import row_to_location, row_to_removed
from mvsearch.store.database.tables import LocationRow, RemovedRow, VideoRow
from mvsearch.store.records import Location, Video


class RemovedReader(DatabaseReader):
    """The questions about removed videos; each is answered from one state of the database."""

    def removed_videos(self) -> list[Video]:
        """The videos that stay out, by artist, title and id, with the files where they were seen.

        What streams they have is not kept.
        """
        query = select(RemovedRow).order_by(RemovedRow.video_id, RemovedRow.key)
        rows: dict[str, tuple[RemovedRow, list[Path]]] = {}
        with self._database.reading() as session:
            for row in session.scalars(query):
                rows.setdefault(row.video_id, (row, []))[1].append(decode_path(row.path))
            videos = [row_to_removed(row, paths) for row, paths in rows.values()]
        return sorted(videos, key=name_order)

    def removed_locations(self) -> list[Location]:
        """The files of the videos that stay out, as they were seen last."""
        with self._database.reading() as session:
            return [row_to_location(row) for row in session.scalars(select(RemovedRow))]


def remember_removed(session: Session, video_ids: Sequence[str]) -> None:
    """Keep the names and places of videos that are about to be removed by their names."""
    query = (
        select(LocationRow, VideoRow)
        .join(VideoRow, VideoRow.id == LocationRow.video_id)
        .where(VideoRow.id.in_(video_ids))
    )
    for place, video in session.execute(query).all():
        session.merge(_make_row(video, row_to_location(place)))


def note_removed(session: Session, locations: Sequence[Location]) -> None:
    """Note files of videos that stay out, so that they need not be read to be known again."""
    for location in locations:
        query = select(RemovedRow).where(RemovedRow.video_id == location.video_id).limit(1)
        known = session.scalar(query)
        if known is not None:
            session.merge(_make_row(known, location))


def forget_removed(session: Session, video_ids: Sequence[str]) -> None:
    """Let videos be kept out no longer, as they are added again."""
    session.execute(delete(RemovedRow).where(RemovedRow.video_id.in_(video_ids)))


def _make_row(named: VideoRow | RemovedRow, location: Location) -> RemovedRow:
    """The row of a file; its names are those of a video, or of another file of it."""
    return RemovedRow(
        video_id=location.video_id,
        key=encode_key(location.path),
        path=os.fsencode(location.path),
        folder=os.fsencode(location.folder),
        size=location.size,
        mtime_ns=location.mtime_ns,
        title=named.title,
        artist=named.artist,
        duration_seconds=named.duration_seconds,
    )
