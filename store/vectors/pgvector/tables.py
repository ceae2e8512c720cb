"""The tables that hold placed vectors, one for each placement, and how rows come into them."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from mvsearch.store.database.blobs import Seconds
from mvsearch.store.database.connection import Database
from mvsearch.store.records import Matrix

# The name of this kind in `PlacementRow`.
KIND = "pgvector"
# Up to this length a vector lies in its row; a longer one beside it, which takes three times as
# long to read.
MAX_INLINE = 3900
# What pgvector can index.
MAX_LISTED_DIM = 4000
# Links of a node, and candidates for them: the defaults of pgvector.
LINKS, N_CANDIDATES = 16, 64
_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"


def name_table(placement: int) -> str:
    """The name of the table of a placement."""
    return f"placed_{int(placement)}"


def on_table(placement: int, sql: str) -> TextClause:
    """A statement in which PLACED stands for the table of a placement."""
    return text(sql.replace("PLACED", name_table(placement)))


def create_table(session: Session, placement: int, dim: int) -> None:
    """Create the empty table of a placement, with its index by handle.

    A row is a vector: `handle` says of which video, `segment` counts those of the video.
    """
    columns = (
        "CREATE TABLE PLACED (handle bigint NOT NULL, segment integer NOT NULL,"
        " starts double precision NOT NULL, ends double precision NOT NULL,"
        f" vector halfvec({int(dim)}) NOT NULL)"
    )
    session.execute(on_table(placement, columns))
    storage = "PLAIN" if dim <= MAX_INLINE else "EXTERNAL"
    session.execute(on_table(placement, f"ALTER TABLE PLACED ALTER vector SET STORAGE {storage}"))
    session.execute(on_table(placement, "ALTER TABLE PLACED ALTER vector SET STATISTICS 0"))
    session.execute(on_table(placement, "CREATE INDEX ON PLACED (handle)"))


def drop_table(session: Session, placement: int) -> None:
    """Drop the table of a placement, if there is one."""
    session.execute(on_table(placement, "DROP TABLE IF EXISTS PLACED"))


def list_vectors(
    database: Database, placement: int, n_bytes: int, *, is_parallel: bool = True
) -> None:
    """Build the index by which a search finds the nearest vectors (Malkov and Yashunin 2018).

    Args:
        database: of the library.
        placement: of the vectors.
        n_bytes: of memory at least; what the server is set to if that is more.
        is_parallel: whether several processes of the server may build it.
    """
    options = f"m = {LINKS}, ef_construction = {N_CANDIDATES}"
    build = f"CREATE INDEX ON PLACED USING hnsw (vector halfvec_ip_ops) WITH ({options})"
    with database.writing() as session:
        session.execute(
            text(
                "SELECT set_config('maintenance_work_mem', greatest(:kilobytes,"
                " pg_size_bytes(current_setting('maintenance_work_mem')) / 1024)::text, true)"
            ),
            {"kilobytes": n_bytes // 1024},
        )
        if not is_parallel:
            session.execute(text("SET LOCAL max_parallel_maintenance_workers = 0"))
        session.execute(on_table(placement, build))


def pack_rows(handle: int, vectors: Matrix, starts: Seconds, ends: Seconds) -> bytes:
    """The rows of a video in PostgreSQL's binary format.

    Args:
        handle: of the video.
        vectors: (n, dim) placed.
        starts: (n,) seconds, NaN for none.
        ends: (n,) seconds, NaN for none.
    """
    n, dim = vectors.shape
    rows = np.zeros(n, dtype=_row_type(dim))
    rows["fields"] = 5
    rows["handle"], rows["segment"], rows["starts"], rows["ends"] = handle, range(n), starts, ends
    rows["dim"], rows["vector"] = dim, vectors
    for name in ("handle", "segment", "starts", "ends"):
        rows[f"{name} bytes"] = rows.dtype[name].itemsize
    rows["vector bytes"] = 4 + 2 * dim
    return rows.tobytes()


def _row_type(dim: int) -> npt.DTypeLike:
    """A row: the number of columns, and each column behind its length; all big-endian."""
    fields: list[Any] = [("fields", ">i2")]
    kinds = {"handle": ">i8", "segment": ">i4", "starts": ">f8", "ends": ">f8"}
    for name, kind in kinds.items():
        fields += [(f"{name} bytes", ">i4"), (name, kind)]
    vector = [("dim", ">i2"), ("unused", ">i2"), ("vector", ">f2", (dim,))]
    return np.dtype([*fields, ("vector bytes", ">i4"), *vector])


def copy_rows(session: Session, placement: int, packed: Iterable[bytes]) -> None:
    """Append rows of `pack_rows` to the table of a placement by COPY."""
    driver: Any = session.connection().connection.driver_connection
    statement = f"COPY {name_table(placement)} FROM STDIN WITH (FORMAT BINARY)"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_SIGNATURE)
        for rows in packed:
            copy.write(rows)
        copy.write(_TRAILER)


def unpack_vectors(sent: bytes, dim: int) -> npt.NDArray[np.float16]:
    """The vectors (n, dim) of joined results of `halfvec_send`."""
    rows = np.frombuffer(sent, dtype=">f2").reshape(-1, dim + 2)
    return rows[:, 2:].astype(np.float16)


def unpack_seconds(sent: bytes) -> Seconds:
    """The times (n,) of joined results of `float8send`."""
    return np.frombuffer(sent, dtype=">f8").astype(np.float64)


def to_texts(vectors: Matrix) -> list[str]:
    """Vectors as values of `halfvec` in a statement."""
    halves = vectors.astype(np.float16).astype(np.float64)
    return [f"[{','.join(map(repr, row))}]" for row in halves.tolist()]
