"""A library in PostgreSQL, opened by its address."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from mvsearch.store.database.base import Base
from mvsearch.store.errors import NoLibraryError
from mvsearch.store.library import Library
from tests.servers.postgres import OWNER, PostgresServer
from tests.store.examples import FRAMES, SPACES, fill_song

pytestmark = pytest.mark.postgres


def test_a_library_is_made_and_opened_again(postgres_address: str) -> None:
    with pytest.raises(NoLibraryError, match="there is no library in postgresql"):
        Library.open(postgres_address)
    with Library.open(postgres_address, create=True) as made, made.writing():
        made.catalog.adopt_profile("toy", SPACES)
        fill_song(made.catalog, "one", 1)
    with Library.open(postgres_address) as library:
        assert [video.id for video in library.catalog.videos()] == ["one"]
        assert library.address == made.address
        assert library.index(FRAMES).vectors("one").shape == (5, 8)


def test_the_tables_are_those_of_the_models(postgres_address: str) -> None:
    known = Base.metadata.tables
    with (
        Library.open(postgres_address, create=True) as library,
        library._database.engine.connect() as connection,
    ):
        options = {"include_name": lambda name, kind, _: kind != "table" or name in known}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_several_libraries_lie_in_one_database(postgres_address: str) -> None:
    other = f"{postgres_address}&options=-csearch_path%3Dother"
    with Library.open(postgres_address, create=True) as one:
        one.catalog.adopt_profile("toy", SPACES)
    with pytest.raises(NoLibraryError):
        Library.open(other)
    with Library.open(other, create=True) as library:
        assert library.catalog.profile() is None
        library.catalog.adopt_profile("another", SPACES)
    with Library.open(postgres_address) as one:
        assert one.catalog.profile() == "toy"


def test_a_schema_may_have_the_name_of_a_word_of_sql(postgres_address: str) -> None:
    address = f"{postgres_address}&options=-csearch_path%3Dorder"
    with Library.open(address, create=True) as library:
        library.catalog.adopt_profile("toy", SPACES)
    with Library.open(address) as library:
        assert library.catalog.profile() == "toy"


def test_a_schema_of_the_user_is_not_taken_for_the_shared_one(postgres: PostgresServer) -> None:
    address = postgres.make_database()
    name = address.partition("@/")[2].partition("?")[0]
    postgres.run(f"CREATE SCHEMA {OWNER}", name)
    postgres.run(f"ALTER DATABASE {name} SET search_path = pg_catalog, {OWNER}")
    with Library.open(address, create=True) as library:
        library.catalog.adopt_profile("toy", SPACES)
        fill_song(library.catalog, "one", 1)
    with Library.open(address) as library:
        assert [video.id for video in library.catalog.videos()] == ["one"]
        assert library.index(FRAMES).vectors("one").shape == (5, 8)
