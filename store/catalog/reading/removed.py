"""Reads the removed videos, which are not indexed again."""

from pathlib import Path

from sqlalchemy import select

from mvsearch.store.catalog.lookup import name_order
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.paths import decode_path
from mvsearch.store.database.rows.videos import row_to_location, row_to_removed
from mvsearch.store.database.tables import RemovedRow
from mvsearch.store.records import Location, Video


class RemovedReader(DatabaseReader):
    """Reads removed videos; each call reads one state of the database."""

    def removed_videos(self) -> list[Video]:
        """The removed videos with their last known files, sorted by artist, title and id.

        `has_picture` and `has_sound` are not known, and True.
        """
        query = select(RemovedRow).order_by(RemovedRow.video_id, RemovedRow.key)
        rows: dict[str, tuple[RemovedRow, list[Path]]] = {}
        with self._database.reading() as session:
            for row in session.scalars(query):
                rows.setdefault(row.video_id, (row, []))[1].append(decode_path(row.path))
            videos = [row_to_removed(row, paths) for row, paths in rows.values()]
        return sorted(videos, key=name_order)

    def removed_locations(self) -> list[Location]:
        """The last known files of the removed videos."""
        with self._database.reading() as session:
            return [row_to_location(row) for row in session.scalars(select(RemovedRow))]
