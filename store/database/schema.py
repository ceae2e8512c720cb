"""Upgrades a database to the tables of this version."""

from pathlib import Path

from sqlalchemy import column, inspect, select, table

from mvsearch.store.database.connection import Database
from mvsearch.store.database.guard import refuse_foreign_schema
from mvsearch.store.errors import LibraryDamagedError

# The newest revision in `migrations/versions`; a constant, because importing Alembic takes longer
# than opening a library.
HEAD = "0016"
# In the place of a revision while a copy is written; see `store.copying`.
COPYING = "copying"

_VERSION = table("alembic_version", column("version_num"))
_MIGRATIONS = Path(__file__).parent / "migrations"


def read_version(database: Database) -> str | None:
    """The revision of a database; None if it is empty.

    Raises:
        LibraryDamagedError: it has tables, triggers or views that are not ours.
    """
    with database.reading() as session:
        refuse_foreign_schema(session.connection())
        if database.schema is not None:
            from mvsearch.store.database.postgresql.tables import has_schema

            if not has_schema(session.connection(), database.schema):
                return None
        tables = inspect(session.connection()).get_table_names(database.schema)
        if not tables:
            return None
        versions = session.scalars(select(_VERSION)).all() if _VERSION.name in tables else ()
    if len(versions) != 1:
        mend = "move it away and index again" if database.is_sqlite else "name another database"
        raise LibraryDamagedError(f"{database.place} is not a catalogue of mvsearch; {mend}")
    return str(versions[0])


def upgrade(database: Database) -> None:
    """Apply the missing migrations in one transaction.

    The caller holds the writer's lock.

    Raises:
        LibraryDamagedError: the database is of an unknown, newer revision.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    version = read_version(database)
    config = Config(attributes={})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise LibraryDamagedError(
            f"{database.place} comes from a newer version of mvsearch (schema {version}); install"
            " that version, or choose another folder with --library"
        )
    if version is None and database.schema is not None:
        from mvsearch.store.database.postgresql.tables import make_tables

        with database.writing() as session:
            make_tables(session.connection(), database.schema, database.place, HEAD)
        return
    migrated = Database(
        database.url, database.place, has_foreign_keys=False, schema=database.schema
    )
    try:
        with migrated.writing() as session:
            config.attributes["connection"] = session.connection()
            command.upgrade(config, "head")
    finally:
        migrated.close()
