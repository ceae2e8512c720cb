"""Migrations, models and the constant that says which is the newest."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mvsearch.store.database import schema
from mvsearch.store.database.base import Base
from mvsearch.store.errors import LibraryDamagedError
from mvsearch.store.library import Library
from tests.done_once import make_tables


@pytest.fixture(autouse=True)
def _migrate_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "upgrade", make_tables)


def test_the_constant_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_the_migrations_make_the_tables_of_the_models(library: Library) -> None:
    known = Base.metadata.tables  # what the full-text indexes keep is SQLite's own affair
    with library._database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                # What the full-text indexes keep is SQLite's own affair.
                "include_name": lambda name, kind, _: kind != "table" or name in known,
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_rows_go_with_their_parents_in_the_database_too(library: Library) -> None:
    migrated = sqlite3.connect(library.folder / "catalog.sqlite3")
    rules = {
        name: {
            (row[2], row[3], row[6]) for row in migrated.execute(f"PRAGMA foreign_key_list({name})")
        }
        for name in Base.metadata.tables
    }
    migrated.close()
    for name, model in Base.metadata.tables.items():
        assert rules[name] == {
            (key.column.table.name, key.parent.name, "CASCADE") for key in model.foreign_keys
        }


def test_opening_a_library_again_imports_nothing_heavy(library: Library) -> None:
    library.close()
    code = (
        "import sys, pathlib; from mvsearch.store.library import Library\n"
        "with Library.open(pathlib.Path(sys.argv[1])) as library: library.catalog.videos()\n"
        "names = {'alembic', 'faiss', 'torch', 'scipy', 'sqlalchemy.dialects.postgresql'}\n"
        "heavy = names & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code, str(library.folder)], check=True)


def change_version(folder: Path, sql: str) -> None:
    connection = sqlite3.connect(folder / "catalog.sqlite3")
    connection.execute(sql)
    connection.commit()
    connection.close()


def test_a_newer_library_is_refused_and_left_as_it_is(library: Library) -> None:
    library.close()
    change_version(library.folder, "UPDATE alembic_version SET version_num = '9999'")
    before = (library.folder / "catalog.sqlite3").read_bytes()
    for create in (False, True):
        with pytest.raises(LibraryDamagedError, match=r"newer version of mvsearch \(schema 9999\)"):
            Library.open(library.folder, create=create)
    assert (library.folder / "catalog.sqlite3").read_bytes() == before


@pytest.mark.parametrize(
    "sql", ["DELETE FROM alembic_version", "DROP TABLE alembic_version", "CREATE TABLE x (y)"]
)
def test_a_database_of_something_else_is_refused(
    library: Library, tmp_path: Path, sql: str
) -> None:
    library.close()
    folder = library.folder
    if sql.startswith("CREATE"):
        folder = tmp_path
        sqlite3.connect(tmp_path / "catalog.sqlite3").close()
    change_version(folder, sql)
    with pytest.raises(LibraryDamagedError, match="not a catalogue of mvsearch"):
        Library.open(folder)


def test_a_library_that_was_cut_off_at_its_beginning_is_made_whole(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite3").touch()
    with Library.open(tmp_path) as library:
        assert library.catalog.videos() == []


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic.operations import Operations

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patched:
        patched.setattr(Operations, "create_index", refuse)
        with pytest.raises(RuntimeError, match="cut off"):
            Library.open(tmp_path, create=True)
    connection = sqlite3.connect(tmp_path / "catalog.sqlite3")
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
    with Library.open(tmp_path) as library:
        assert library.catalog.n_videos() == 0
