"""Makes the tables of a library in PostgreSQL by the models, and checks what the server has."""

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.address import SHARED
from mvsearch.store.database.postgresql.index_tables import IndexBase
from mvsearch.store.database.postgresql.words import WORD_STATEMENTS
from mvsearch.store.database.tables import SettingRow
from mvsearch.store.errors import MvsearchError
from mvsearch.store.files import in_database
from mvsearch.store.servers.tables import ServerBase

LEAST_SERVER = 16
# Searches that go on until enough rows pass a filter came with this version.
LEAST_VECTOR = (0, 8)
CREATE_VECTOR = f"CREATE EXTENSION vector SCHEMA {SHARED}"


def check_server(database: Database) -> bool:
    """Check that a library can be in this database; return whether it can only be read.

    Raises:
        MvsearchError: the server is too old, or the text of the database is not UTF-8.
    """
    with database.reading() as session:
        asked = (
            "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),"
            " pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean"
        )
        version, encoding, is_replica = session.connection().exec_driver_sql(asked).one()
    if version < LEAST_SERVER * 10000:
        raise MvsearchError(
            f"{database.place} is on PostgreSQL {version // 10000}; a library needs"
            f" {LEAST_SERVER} or newer"
        )
    if encoding != "UTF8":
        raise MvsearchError(
            f"{database.place} holds text as {encoding}; make the database with ENCODING 'UTF8'"
        )
    return bool(is_replica)


def has_schema(connection: Connection, schema: str) -> bool:
    """Whether the schema of the library is there."""
    return schema in inspect(connection).get_schema_names()


def make_tables(connection: Connection, schema: str, place: str, version: str) -> None:
    """Make all tables of the newest version, and note it; the caller holds the lock.

    Raises:
        MvsearchError: the server has no pgvector, or this user may not use it.
    """
    if not has_schema(connection, schema):
        connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    require_vector(connection, place)
    SettingRow.metadata.create_all(connection, checkfirst=False)
    IndexBase.metadata.create_all(connection, checkfirst=False)
    ServerBase.metadata.create_all(connection, checkfirst=False)
    in_database.make_table(connection)
    for statement in WORD_STATEMENTS:
        connection.execute(text(statement))
    connection.execute(
        text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    )
    connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": version})


def require_vector(connection: Connection, place: str) -> None:
    """Add the extension of vectors to the database, if it is not there.

    Raises:
        MvsearchError: the server has it not, or too old, or this user may not add it.
    """
    known = text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    version = connection.scalar(known)
    if version is None:
        try:
            with connection.begin_nested():
                connection.execute(text(CREATE_VECTOR))
        except DBAPIError as error:
            raise MvsearchError(_explain_absence(error, place)) from error
        version = connection.scalar(known)
    if tuple(map(int, str(version).split(".")[:2])) < LEAST_VECTOR:
        raise MvsearchError(
            f"{place} has pgvector {version}; a library needs 0.8 or newer: install it, then"
            " run in that database: ALTER EXTENSION vector UPDATE"
        )


def _explain_absence(error: DBAPIError, place: str) -> str:
    code = getattr(error.orig, "sqlstate", "")
    if code == "42501":
        return (
            f"the user of {place} may not add the extension vector; let an administrator run in"
            " that database: CREATE EXTENSION vector"
        )
    return (
        f"the server of {place} has no pgvector; install it there (such as the package"
        " postgresql-18-pgvector), and try again"
    )
