"""Chooses what keeps the vector indexes of a library."""

import time
from pathlib import Path

from sqlalchemy import delete, select, update

from mvsearch.store.catalog import changes
from mvsearch.store.database.connection import Database
from mvsearch.store.database.tables import SettingRow, SpaceRow
from mvsearch.store.errors import MvsearchError
from mvsearch.store.vectors.cache import IndexCache
from mvsearch.store.vectors.store import VectorStore

# The setting that names the store; absent for the default of the database.
VECTORS = "vectors"
FAISS, PGVECTOR = "faiss", "pgvector"
MILVUS_SCHEMES = ("milvus://", "milvuss://")


def find_choice(database: Database) -> str:
    """The store that is in use now: the setting, or else the default of the database."""
    if database.engine.dialect.name != "postgresql":
        return FAISS
    with database.reading(is_newest=True) as session:
        row = session.get(SettingRow, VECTORS)
        return PGVECTOR if row is None else row.value


def check_choice(database: Database, name: str) -> str:
    """Check that a library in this database can have a store; see `settle_choice`."""
    return settle_choice(name, is_on_server=database.engine.dialect.name == "postgresql")


def settle_choice(name: str, *, is_on_server: bool) -> str:
    """The choice of a store as it is noted: without a secret.

    Raises:
        MvsearchError: there is no such store, or it needs a library on PostgreSQL.
    """
    is_milvus = name.startswith(MILVUS_SCHEMES)
    if not is_milvus and name not in (FAISS, PGVECTOR):
        # An address that is written wrong may hold a password.
        scheme, separator, _ = name.partition("://")
        raise MvsearchError(
            f"there is no vector index {(scheme + separator)[:80]!r}: choose {FAISS}, {PGVECTOR} or"
            " milvus://HOST:PORT"
        )
    if name != FAISS and not is_on_server:
        raise MvsearchError(
            f"a library in a folder keeps its vector index by {FAISS}; {name.partition(':')[0]}"
            " needs one on PostgreSQL: --library postgresql://…"
        )
    if is_milvus:
        from mvsearch.store.vectors.milvus.address import parse_address

        return str(parse_address(name))
    return name


def change_choice(database: Database, name: str) -> None:
    """Let another store keep the indexes; what the one before has on the server is not used.

    Raises:
        MvsearchError: see `check_choice`; or the server cannot be reached, or refuses.
    """
    # They make SQLAlchemy import all that it has for PostgreSQL.
    from mvsearch.store.database.postgresql.index_tables import IndexedVideoRow, PlacementRow

    noted = check_choice(database, name)
    if noted.startswith(MILVUS_SCHEMES):
        from mvsearch.store.vectors.milvus.address import parse_address
        from mvsearch.store.vectors.milvus.client import MilvusServer

        MilvusServer(parse_address(name)).check()
    with database.writing() as session:
        session.merge(SettingRow(name=VECTORS, value=noted))
        used = update(PlacementRow).where(PlacementRow.is_current)
        session.execute(used.values(is_current=False, retired_seconds=time.time()))
        # Files tell the database of no video: who comes back to a server begins anew.
        session.execute(delete(IndexedVideoRow))
        # Indexes that are open are opened again, by what is chosen now.
        changes.advance_generations(session, session.scalars(select(SpaceRow.key)).all())


def open_store(
    database: Database, name: str, folder: Path, *, is_read_only: bool = False
) -> VectorStore:
    """Open a store; servers are asked at its first use.

    Args:
        database: of the library.
        name: by `find_choice`.
        folder: for index files.
        is_read_only: whether nothing is written.

    Raises:
        MvsearchError: see `check_choice`.
    """
    check_choice(database, name)
    if name == PGVECTOR:
        from mvsearch.store.vectors.pgvector.store import PgvectorStore

        return PgvectorStore(database, is_read_only=is_read_only)
    if name.startswith(MILVUS_SCHEMES):
        from mvsearch.store.vectors.milvus.address import parse_address
        from mvsearch.store.vectors.milvus.store import MilvusStore

        address = parse_address(name)
        return MilvusStore(database, address, is_read_only=is_read_only)
    return IndexCache(folder, is_read_only=is_read_only)
