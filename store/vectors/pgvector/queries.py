"""The statements by which a server compares vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlalchemy.orm import Session

from mvsearch.store.database.blobs import HalfMatrix, Seconds
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import Integers
from mvsearch.store.vectors.pgvector.tables import (
    on_table,
    to_texts,
    unpack_seconds,
    unpack_vectors,
)

# What pgvector allows.
MAX_EFFORT = 1000
# Rows that a search may read where few of them are allowed, and its memory in units of `work_mem`.
MAX_SCANNED, SCAN_MEMORY = 100_000, 8
# Rows of equal similarity that are sorted out here; more than these are left out.
MAX_TIES = 10_000

# The distance plus nothing is no order that the index has: all allowed rows are compared.
_EXACT = "(vector <#> query.vector) + 0.0"
_LISTED = "vector <#> query.vector"
_SEARCH = """
SELECT query.n, found.handle, found.segment, found.distance
FROM unnest(CAST(:queries AS halfvec[])) WITH ORDINALITY AS query(vector, n)
CROSS JOIN LATERAL (
  SELECT handle, segment, DISTANCE AS distance FROM PLACED
  WHERE ALLOWED ORDER BY DISTANCE FETCH FIRST :k ROWS WITH TIES
) AS found LIMIT :most
"""
# Video by video: a join of all rows with all queries would sort copies of the vectors.
_SCORE = """
SELECT wanted.handle, compared.score
FROM unnest(CAST(:handles AS bigint[])) AS wanted(handle)
CROSS JOIN LATERAL (
  SELECT avg(best) AS score FROM (
    SELECT max(-(placed.vector <#> query.vector)) AS best
    FROM PLACED AS placed
    CROSS JOIN unnest(CAST(:queries AS halfvec[])) WITH ORDINALITY AS query(vector, n)
    WHERE placed.handle = wanted.handle GROUP BY query.n
  ) AS matches
) AS compared WHERE compared.score IS NOT NULL
"""
_READ = """
SELECT handle, string_agg(halfvec_send(vector), '' ORDER BY segment) AS vectors,
  string_agg(float8send(starts), '' ORDER BY segment) AS starts,
  string_agg(float8send(ends), '' ORDER BY segment) AS ends
FROM PLACED WHERE handle = ANY(CAST(:handles AS bigint[])) GROUP BY handle
"""


@dataclass(frozen=True, slots=True, eq=False)
class Allowed:
    """Which videos a statement reads, by their handles.

    Attributes:
        within: None for all.
        left_out: of these none.
    """

    within: Integers | None = None
    left_out: Integers | None = None

    def to_sql(self) -> tuple[str, dict[str, Any]]:
        """The condition and its values."""
        terms, values = [], {}
        if self.within is not None:
            terms.append("handle = ANY(CAST(:within AS bigint[]))")
            values["within"] = self.within.tolist()
        if self.left_out is not None and len(self.left_out):
            terms.append("handle <> ALL(CAST(:left_out AS bigint[]))")
            values["left_out"] = self.left_out.tolist()
        return " AND ".join(terms) or "true", values


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Rows that a search found: which query, which row, and how similar; n of each."""

    queries: Integers
    handles: Integers
    segments: Integers
    similarities: npt.NDArray[np.float64]


def search_rows(
    session: Session, placement: int, queries: Matrix, k: int, allowed: Allowed, effort: int | None
) -> Found:
    """Find the k nearest rows of each query, and those that are as near as the last.

    Args:
        session: of the state.
        placement: of the rows.
        queries: (q, dim) placed.
        k: at least 1.
        allowed: the videos.
        effort: how many rows the index keeps in view; None compares all allowed rows.
    """
    if effort is not None:
        _set_effort(session, effort)
    condition, values = allowed.to_sql()
    distance = _EXACT if effort is None else _LISTED
    statement = on_table(
        placement, _SEARCH.replace("DISTANCE", distance).replace("ALLOWED", condition)
    )
    values |= {"queries": to_texts(queries), "k": k, "most": len(queries) * k + MAX_TIES}
    rows = session.execute(statement, values).all()
    found = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 4)
    whole = found[:, :3].astype(np.int64)
    return Found(whole[:, 0] - 1, whole[:, 1], whole[:, 2], -found[:, 3])


def score_videos(
    session: Session, placement: int, queries: Matrix, handles: Integers
) -> dict[int, float]:
    """The mean over the queries of the best match in each video, by handle; none for one gone."""
    values = {"queries": to_texts(queries), "handles": handles.tolist()}
    rows = session.execute(on_table(placement, _SCORE), values)
    return {row.handle: row.score for row in rows}


def read_rows(
    session: Session, placement: int, dim: int, handles: Sequence[int]
) -> dict[int, tuple[HalfMatrix, Seconds, Seconds]]:
    """The vectors and times of videos, by handle; those that are gone are left out."""
    rows = session.execute(on_table(placement, _READ), {"handles": list(handles)})
    return {
        row.handle: (
            unpack_vectors(row.vectors, dim),
            unpack_seconds(row.starts),
            unpack_seconds(row.ends),
        )
        for row in rows
    }


def _set_effort(session: Session, effort: int) -> None:
    """Set how thoroughly the index is searched, until the end of the transaction."""
    if session.info.get("effort") == effort:
        return
    settings = {
        "hnsw.ef_search": max(1, min(effort, MAX_EFFORT)),
        "hnsw.iterative_scan": "strict_order",
        "hnsw.max_scan_tuples": MAX_SCANNED,
        "hnsw.scan_mem_multiplier": SCAN_MEMORY,
    }
    pairs = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    session.execute(text("SELECT " + pairs))
    session.info["effort"] = effort
