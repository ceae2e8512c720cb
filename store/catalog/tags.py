"""Reads and writes the tags of videos."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mvsearch.store.database.connection import Database
from mvsearch.store.database.rows import row_to_tag, tag_to_row
from mvsearch.store.database.tables import TagRow
from mvsearch.store.records import Tag


class TagReader:
    """The questions about tags; each is answered from one state of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tags(self, video_id: str) -> tuple[Tag, ...]:
        """The tags of a video, the surest first."""
        query = select(TagRow).where(TagRow.video_id == video_id).order_by(TagRow.position)
        with self._database.reading() as session:
            return tuple(map(row_to_tag, session.scalars(query)))

    def tag_names(self) -> list[str]:
        """Every name that a tag of any video has, sorted."""
        with self._database.reading() as session:
            return sorted(session.scalars(select(TagRow.name).distinct()))

    def tagged(self, names: Sequence[str]) -> dict[str, tuple[Tag, ...]]:
        """The videos that have a tag of any of these names: those tags, the surest first, by id."""
        query = select(TagRow).where(TagRow.name.in_(names)).order_by(TagRow.position)
        found: dict[str, list[Tag]] = {}
        with self._database.reading() as session:
            for row in session.scalars(query):
                found.setdefault(row.video_id, []).append(row_to_tag(row))
        return {video_id: tuple(found[video_id]) for video_id in sorted(found)}


def replace_tags(session: Session, video_id: str, tags: Sequence[Tag]) -> None:
    """Put the new tags of a video, the surest first, in the place of the old."""
    session.execute(delete(TagRow).where(TagRow.video_id == video_id))
    session.add_all(tags_to_rows(video_id, tags))


def tags_to_rows(video_id: str, tags: Sequence[Tag]) -> list[TagRow]:
    """The tags of a video, the surest first, as rows."""
    return [tag_to_row(video_id, position, tag) for position, tag in enumerate(tags)]
