"""The server of the tests."""

import pytest

from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.postgres


def test_it_starts_again_after_a_kill_and_keeps_what_was_committed(
    own_postgres: PostgresServer,
) -> None:
    own_postgres.run("CREATE TABLE kept (value integer)")
    own_postgres.run("INSERT INTO kept VALUES (7)")
    own_postgres.kill()
    own_postgres.start()
    own_postgres.restart()
    assert own_postgres.run("SELECT value FROM kept") == [(7,)]


def test_each_database_is_new_and_has_vectors(postgres: PostgresServer) -> None:
    one, other = postgres.make_database(), postgres.make_database()
    assert one != other
    name = other.partition("/test_")[2].partition("?")[0]
    postgres.run("CREATE EXTENSION vector", f"test_{name}")
    assert postgres.run("SELECT '[1,2]'::halfvec <=> '[2,1]'::halfvec", f"test_{name}")
