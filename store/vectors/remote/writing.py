"""Writes which videos an index holds, in the transactions of the catalogue."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, insert, text, update
from sqlalchemy.orm import Session

from mvsearch.store.catalog.index_writer import Made
from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.postgresql.index_tables import IndexedVideoRow

_UNTOUCHED = {"synchronize_session": False}


def add_videos(session: Session, made: Sequence[Made], generations: Mapping[str, int]) -> list[int]:
    """Note vectors that are added.

    Returns:
        The new handle of each, in the same order.
    """
    rows = [
        {
            "space_key": each.space.key,
            "video_id": video_id,
            "generation": generations[each.space.key],
            "n": len(each.vectors),
        }
        for video_id, each in made
    ]
    if not rows:
        return []
    query = insert(IndexedVideoRow).returning(IndexedVideoRow.handle, sort_by_parameter_order=True)
    return list(session.scalars(query, rows))


def remove_videos(
    session: Session, space_key: str, video_ids: Sequence[str], generation: int
) -> list[int]:
    """Note that the vectors of videos are removed from a space; the note does not name them.

    Returns:
        Their handles.
    """
    handles: list[int] = []
    for some in in_batches(video_ids):
        query = (
            update(IndexedVideoRow)
            .where(IndexedVideoRow.space_key == space_key, IndexedVideoRow.video_id.in_(some))
            .values(video_id=None, generation=generation, n=0)
            .returning(IndexedVideoRow.handle)
        )
        handles += session.scalars(query, execution_options=_UNTOUCHED)
    return handles


def drop_videos(session: Session, space_keys: Collection[str]) -> None:
    """Forget all videos of spaces that are removed."""
    query = delete(IndexedVideoRow).where(IndexedVideoRow.space_key.in_(space_keys))
    session.execute(query, execution_options=_UNTOUCHED)


def add_lacking(session: Session, space_key: str, generation: int) -> None:
    """Note the vectors of a space that were written without it, such as by an older version.

    Args:
        session: of the transaction, in which the space is locked.
        space_key: of the space.
        generation: of the space; wrong notes are removed at it.
    """
    for statement in (_REMOVE_WRONG, _ADD_LACKING):
        session.execute(text(statement), {"key": space_key, "generation": generation})


_REMOVE_WRONG = """
UPDATE indexed_video SET video_id = NULL, generation = :generation, n = 0
WHERE space_key = :key AND video_id IS NOT NULL AND NOT EXISTS (
  SELECT FROM embedding WHERE embedding.space_key = indexed_video.space_key
    AND embedding.video_id = indexed_video.video_id
    AND embedding.generation = indexed_video.generation
    AND length(embedding.starts) = 8 * indexed_video.n)
"""
_ADD_LACKING = """
INSERT INTO indexed_video (space_key, video_id, generation, n)
SELECT space_key, video_id, generation, length(starts) / 8 FROM embedding
WHERE space_key = :key AND NOT EXISTS (
  SELECT FROM indexed_video WHERE indexed_video.space_key = embedding.space_key
    AND indexed_video.video_id = embedding.video_id)
"""
