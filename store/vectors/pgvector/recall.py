"""Chooses how thoroughly the server's index is searched, and measures what it then finds."""

import numpy as np
from sqlalchemy.orm import Session

from mvsearch.store.database.blobs import normalise
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.approximate.inverted_lists import MIN_RECALL, N_NEAREST, NOISE
from mvsearch.store.vectors.pgvector.queries import Allowed, Found, search_rows
from mvsearch.store.vectors.pgvector.tables import on_table, unpack_vectors

# Vectors that are sought: each is compared with all.
N_TRIED = 40
# Rows that the index keeps in view, from the default of pgvector to its limit.
EFFORTS = (40, 64, 100, 160, 250, 400, 640, 1000)

_SAMPLE = """
SELECT halfvec_send(vector) FROM PLACED
WHERE handle = ANY(ARRAY(SELECT handle FROM PLACED TABLESAMPLE SYSTEM (:percent) REPEATABLE (0)
  GROUP BY handle ORDER BY hashint8(handle) LIMIT :n)) AND segment = 0 ORDER BY handle
"""


def measure_recall(session: Session, space: Space, placement: int) -> tuple[int, float]:
    """Find the least effort with a recall of `MIN_RECALL`, and measure it.

    Queries are rows with noise, as for `approximate.inverted_lists.choose_probes`.

    Returns:
        The effort, and the share of the ten nearest rows that are found with it.
    """
    queries = _draw(session, space, placement)
    truth = search_rows(session, placement, queries, N_NEAREST, Allowed(), None)
    recall = 0.0
    for effort in EFFORTS:
        found = search_rows(session, placement, queries, N_NEAREST, Allowed(), effort)
        recall = _compare(truth, found, len(queries))
        if recall >= MIN_RECALL:
            return effort, recall
    return EFFORTS[-1], recall


def _draw(session: Session, space: Space, placement: int) -> Matrix:
    """Draw rows, and add noise."""
    n = session.scalar(on_table(placement, "SELECT count(*) FROM PLACED")) or 1
    percent = min(100.0, 100.0 * max(0.01, 2000 / n))
    rows = session.scalars(on_table(placement, _SAMPLE), {"percent": percent, "n": N_TRIED})
    drawn = np.concatenate([unpack_vectors(row, space.dim) for row in rows])
    noise = np.random.default_rng(0).normal(size=drawn.shape) / np.sqrt(space.dim)
    return normalise((normalise(drawn) + NOISE * noise).astype(np.float16))


def _compare(truth: Found, found: Found, n_queries: int) -> float:
    """The share of true neighbours that were found; of equal ones any count."""
    shares = []
    for query in range(n_queries):
        known = np.sort(truth.similarities[truth.queries == query])[::-1][:N_NEAREST]
        seen = found.similarities[found.queries == query]
        shares.append(np.count_nonzero(seen >= known[-1]) / len(known))
    return float(np.mean(np.minimum(shares, 1.0)))
