"""Finds rows that refer to what is not there, and what is missing beside them."""

from collections.abc import Iterator

from sqlalchemy import Connection, and_, func, inspect, select, text

from mvsearch.store.catalog.reading.line_index import LINES
from mvsearch.store.catalog.reading.postgresql.indexing import find_unindexed
from mvsearch.store.checking.checkup import Damage
from mvsearch.store.database.tables import VideoRow

WORDS = "words"

_NEWER = text(
    "SELECT count(*) FROM embedding JOIN space ON space.key = embedding.space_key"
    " WHERE embedding.generation > space.generation"
)
_WITHOUT_VECTORS = text(
    "SELECT space.key, count(*) FROM stage JOIN space ON space.key = stage.encoder"
    " LEFT JOIN embedding ON embedding.video_id = stage.video_id"
    " AND embedding.space_key = space.key"
    " WHERE stage.stage = space.modality AND stage.status = 'done'"
    " AND stage.stage IN ('frames', 'audio') AND embedding.video_id IS NULL"
    " GROUP BY space.key ORDER BY space.key"
)
_WITHOUT_LINES = text(
    "SELECT count(*) FROM lyric_sound LEFT JOIN lyric_line USING (video_id, position)"
    " WHERE lyric_line.text IS NULL"
)


def check_references(connection: Connection) -> Iterator[Damage]:
    """Damage of references that no foreign key guards, and on a server also of those.

    Args:
        connection: with a transaction that reads.
    """
    if connection.dialect.name == "postgresql":
        yield from _check_keys(connection)
    n_newer = connection.scalar(_NEWER)
    if n_newer:
        yield Damage("embedding", f"{n_newer} rows are newer than their space")
    for key, n_videos in connection.execute(_WITHOUT_VECTORS):
        yield Damage("embedding", f"the vectors of {n_videos} videos in {key} are missing")
    if inspect(connection).has_table("lyric_sound"):
        n_left = connection.scalar(_WITHOUT_LINES)
        if n_left:
            yield Damage("lyric_sound", f"{n_left} rows are of lines that are missing", WORDS)
    if connection.dialect.name == "postgresql":
        for lines in LINES:
            n_videos = len(find_unindexed(connection, lines))
            if n_videos:
                what = f"the index of words lacks lines of {n_videos} videos, or has others"
                yield Damage(f"{lines}_line", what, WORDS)


def _check_keys(connection: Connection) -> Iterator[Damage]:
    """Rows whose foreign keys were written past the server's own check."""
    for table in VideoRow.metadata.sorted_tables:
        for constraint in table.foreign_key_constraints:
            parent = constraint.referred_table.alias("parent")
            pairs = [
                (table.c[own.name], parent.c[one.column.name])
                for own, one in zip(constraint.columns, constraint.elements, strict=True)
            ]
            joined = table.outerjoin(parent, and_(*(own == other for own, other in pairs)))
            count = select(func.count()).select_from(joined).where(pairs[0][1].is_(None))
            n_left = connection.scalar(count)
            if n_left:
                yield Damage(
                    table.name,
                    f"{n_left} rows refer to a {constraint.referred_table.name} that is missing",
                )
