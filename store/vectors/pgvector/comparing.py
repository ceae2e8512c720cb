"""Compares the rows of an index with the vectors of the catalogue."""

from collections.abc import Iterator

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from mvsearch.store.catalog.reading.vectors import Snapshot
from mvsearch.store.database.blobs import normalise
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.exact.centering import place_vectors
from mvsearch.store.vectors.pgvector.queries import read_rows
from mvsearch.store.vectors.pgvector.tables import on_table

# Videos whose vectors are compared number by number, and what float16 may round.
N_COMPARED, TOLERANCE = 200, 2e-3

_UNKNOWN = text("""
SELECT count(*) FILTER (WHERE handle IS NULL), count(*) FILTER (WHERE embedding.video_id IS NULL)
FROM (SELECT * FROM embedding WHERE space_key = :key) AS embedding
FULL JOIN (SELECT * FROM indexed_video WHERE space_key = :key AND video_id IS NOT NULL) AS indexed
  ON indexed.video_id = embedding.video_id AND indexed.generation = embedding.generation
  AND 8 * indexed.n = length(embedding.starts)
""")
_MISCOUNTED = """
SELECT count(*) FROM (SELECT handle, count(*) AS n FROM PLACED GROUP BY handle) AS held
FULL JOIN (SELECT handle, n FROM indexed_video
  WHERE space_key = :key AND video_id IS NOT NULL AND n > 0) AS indexed USING (handle)
WHERE held.n IS DISTINCT FROM indexed.n
"""
_SAMPLE = text("""
SELECT video_id, handle FROM indexed_video
WHERE space_key = :key AND video_id IS NOT NULL AND n > 0 ORDER BY hashint8(handle) LIMIT :n
""")


def compare_rows(now: Snapshot, placement: int, centre: Matrix) -> Iterator[str]:
    """What is wrong with the rows of a placement, a line each; nothing if they are right.

    Args:
        now: the state of the space.
        placement: that is in use in this state.
        centre: of the placement.
    """
    session, values = now.session, {"key": now.space_key}
    n_lacking, n_left = session.execute(_UNKNOWN, values).one()
    if n_lacking:
        yield f"the index lacks the vectors of {n_lacking} videos"
    if n_left:
        yield f"the index has vectors of {n_left} videos that the catalogue has not"
    n_wrong = session.scalar(on_table(placement, _MISCOUNTED), values)
    if n_wrong:
        yield f"the index has too many or too few vectors of {n_wrong} videos"
    n_other = _count_others(session, now, placement, centre)
    if n_other:
        yield f"the vectors of {n_other} videos are not those of the catalogue"


def _count_others(session: Session, now: Snapshot, placement: int, centre: Matrix) -> int:
    """How many of a sample of videos have other vectors than the catalogue."""
    rows = session.execute(_SAMPLE, {"key": now.space_key, "n": N_COMPARED})
    handles = {row.video_id: row.handle for row in rows if row.video_id in now.versions}
    held = read_rows(session, placement, now.dim, list(handles.values()))
    n_other = 0
    for one in now.read(sorted(handles)):
        known = held.get(handles[one.video_id])
        if known is None or len(known[0]) != len(one.vectors):
            continue  # counted already
        expected = place_vectors(normalise(one.vectors), centre)
        n_other += not np.allclose(known[0], expected, atol=TOLERANCE)
    return n_other
