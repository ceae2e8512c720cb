"""Reads the metadata of videos, and finds videos by their ids elsewhere."""

from sqlalchemy import select

from mvsearch.store.catalog.filter import Filter
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.rows.metadata import rows_to_metadata
from mvsearch.store.database.tables import MetadataRow, VideoRow
from mvsearch.store.errors import VideoNotFoundError
from mvsearch.store.records import FACET_FIELDS, FacetField, Metadata
from mvsearch.store.records.metadata import ID_FIELDS
from mvsearch.store.unicode import MAX_NAME_LETTERS, fold_name


class MetadataReader(DatabaseReader):
    """Reads metadata; each call reads one state of the database."""

    def metadata(self, video_id: str) -> Metadata:
        """The metadata of a video; empty if they were never read.

        Raises:
            VideoNotFoundError: no video has this id.
        """
        query = select(MetadataRow).where(MetadataRow.video_id == video_id)
        with self._database.reading() as session:
            video = session.get(VideoRow, video_id)
            if video is None:
                raise VideoNotFoundError(f"no video has the id {video_id!r}")
            rows = session.scalars(query.order_by(MetadataRow.position))
            return rows_to_metadata(rows, video.metadata_mark or "", video.artwork)

    def find_by_id(self, name: str) -> list[str]:
        """The videos that have an id of MusicBrainz, or of the site that they come from.

        Returns:
            At most two ids of videos.
        """
        wanted = fold_name(name)
        if not wanted or len(wanted) > MAX_NAME_LETTERS:
            return []
        has_id = MetadataRow.name.in_(ID_FIELDS) & (MetadataRow.folded == wanted)
        query = select(MetadataRow.video_id).where(has_id).distinct().limit(2)
        with self._database.reading() as session:
            return list(session.scalars(query))

    def find_whole_values(self, filter: Filter) -> set[FacetField]:
        """The fields of a filter whose value is a whole value of some video."""
        asked = {name: value for name in FACET_FIELDS if (value := getattr(filter, name))}
        if not asked:
            return set()
        found: set[FacetField] = set()
        with self._database.reading() as session:
            for name, value in asked.items():
                same = (MetadataRow.name == name) & (MetadataRow.folded == fold_name(value))
                if session.scalar(select(MetadataRow.video_id).where(same).limit(1)) is not None:
                    found.add(name)
        return found

    def metadata_marks(self) -> dict[str, str | None]:
        """The marks of the side-cars of all videos; None where they were never read."""
        with self._database.reading() as session:
            rows = session.execute(select(VideoRow.id, VideoRow.metadata_mark))
            return {row.id: row.metadata_mark for row in rows}
