"""Asks a server how it is: versions, sizes of tables, connections, and whether it is a replica."""

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from sqlalchemy import text

from mvsearch.store.database.connection import Database

N_PINGS = 5
N_TABLES = 5

_ASKED = text(
    "SELECT current_setting('server_version') AS version,"
    " (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS vector_version,"
    " pg_is_in_recovery() AS is_replica,"
    " extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 AS lag_seconds,"
    " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS n_used,"
    " current_setting('max_connections')::integer AS n_connections"
)
_SIZES = text(
    "SELECT relname, pg_total_relation_size(oid) AS size FROM pg_class"
    " WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
    " ORDER BY size DESC, relname"
)


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a server says of itself.

    Attributes:
        vector_version: of pgvector; None if the database lacks it.
        is_replica: whether it copies another, and can only be read.
        lag_seconds: since the last change that a replica has; None for a primary.
        n_used, n_connections: those in use, and the most.
        latency_seconds: of a statement that does nothing, the median.
        sizes: bytes of the tables with their indexes, the largest first.
    """

    version: str
    vector_version: str | None
    is_replica: bool
    lag_seconds: float | None
    n_used: int
    n_connections: int
    latency_seconds: float
    sizes: dict[str, int]

    @property
    def n_bytes(self) -> int:
        """Of all tables."""
        return sum(self.sizes.values())

    def to_dict(self) -> dict[str, Any]:
        """The state in the form of the JSON output."""
        return {
            "version": self.version,
            "pgvector": self.vector_version,
            "is_replica": self.is_replica,
            "lag_seconds": self.lag_seconds,
            "connections": self.n_used,
            "max_connections": self.n_connections,
            "latency_seconds": round(self.latency_seconds, 6),
            "bytes": self.n_bytes,
            "largest_tables": dict(list(self.sizes.items())[:N_TABLES]),
        }


def read_server(database: Database) -> ServerState:
    """Ask the server of a database.

    Raises:
        LibraryUnreachableError: it does not answer.
        MvsearchError: it refuses.
    """
    with database.reading() as session:
        found = session.execute(_ASKED).one()
        sizes = {str(row.relname): int(row.size) for row in session.execute(_SIZES)}
        pings = []
        for _ in range(N_PINGS):
            begun = time.perf_counter()
            session.execute(text("SELECT 1"))
            pings.append(time.perf_counter() - begun)
    return ServerState(
        str(found.version).split()[0],
        found.vector_version,
        found.is_replica,
        found.lag_seconds if found.is_replica else None,
        found.n_used,
        found.n_connections,
        median(pings),
        sizes,
    )
