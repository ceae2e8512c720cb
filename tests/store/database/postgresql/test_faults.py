"""What can go wrong with a server: a clear line, or another attempt, and nothing half done."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvsearch.store.database.postgresql import repeating, tables
from mvsearch.store.errors import (
    LibraryDamagedError,
    LibraryUnreachableError,
    MvsearchError,
    NoLibraryError,
)
from mvsearch.store.library import Library
from mvsearch.store.records import IndexedVideo, Location, Matrix, Stage, Video
from tests.limits import HANG_SECONDS
from tests.servers.postgres import OWNER, PASSWORD, PostgresServer, find_port
from tests.store.examples import FRAMES, SPACES, fill_song, make_embeddings, random_units

pytestmark = pytest.mark.postgres

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))


def name_database(address: str) -> str:
    return address.rpartition("/test_")[0] and address.partition("@/")[2].partition("?")[0]


def make_library(server: PostgresServer, *ids: str) -> str:
    address = server.make_database()
    with Library.open(address, create=True) as library:
        library.catalog.adopt_profile("toy", SPACES)
        for seed, video_id in enumerate(ids):
            fill_song(library.catalog, video_id, seed)
    return address


def test_what_cannot_be_opened_is_told_in_one_line(postgres: PostgresServer, shell: Run) -> None:
    name = name_database(make_library(postgres, "one"))
    free = find_port()
    cases = {
        postgres.tcp_address(name, "wrong"): "the password or the name of the user is wrong",
        postgres.tcp_address(name): "it asks for a password: set $PGPASSWORD",
        postgres.tcp_address("nowhere", PASSWORD): "there is no such database",
        f"postgresql://{OWNER}:{PASSWORD[:3]}x@127.0.0.1:{free}/{name}": "cannot be reached",
        f"postgresql://{OWNER}@/{name}?host=/no/such/folder": "cannot be reached",
        "postgresql://ann@no-such-host.invalid/videos": "cannot be reached",
    }
    for address, reason in cases.items():
        code, out, error = shell("status", "--library", address)
        assert (code, out) == (2, ""), address
        assert reason in error
        assert len(error.strip().splitlines()) == 1
        assert "wrong@" not in error
        assert PASSWORD not in error


def test_an_empty_database_holds_no_library(postgres: PostgresServer, shell: Run) -> None:
    code, _, error = shell("list", "--library", postgres.make_database())
    assert code == 2
    assert "create one with: mvsearch index FOLDER --library 'postgresql" in error


def test_a_database_without_vectors_says_who_can_add_them(postgres: PostgresServer) -> None:
    address = postgres.make_database()
    name = name_database(address)
    postgres.run("DROP ROLE IF EXISTS plain")
    postgres.run("CREATE ROLE plain LOGIN")
    postgres.run("GRANT CREATE ON SCHEMA public TO plain", name)
    with pytest.raises(MvsearchError, match="let an administrator run in that database: CREATE"):
        Library.open(address.replace(f"{OWNER}@", "plain@"), create=True)
    assert postgres.run("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name) == [
        (0,)
    ]
    postgres.run("CREATE EXTENSION vector", name)
    with Library.open(address.replace(f"{OWNER}@", "plain@"), create=True) as library:
        assert library.catalog.n_videos() == 0


def test_a_server_without_pgvector_is_told(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = "CREATE EXTENSION no_such_extension"
    monkeypatch.setattr(tables, "CREATE_VECTOR", absent)
    with pytest.raises(MvsearchError, match="has no pgvector; install it there"):
        Library.open(postgres.make_database(), create=True)


def test_an_old_server_is_refused(postgres_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LEAST_SERVER", 99)
    with pytest.raises(MvsearchError, match=r"is on PostgreSQL \d+; a library needs 99"):
        Library.open(postgres_address, create=True)


def test_a_newer_library_is_refused(postgres: PostgresServer) -> None:
    address = make_library(postgres, "one")
    postgres.run("UPDATE alembic_version SET version_num = '9999'", name_database(address))
    with pytest.raises(LibraryDamagedError, match="newer version of mvsearch"):
        Library.open(address)


def test_a_server_that_only_reads_is_read(postgres: PostgresServer) -> None:
    address = make_library(postgres, "one")
    name = name_database(address)
    postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with Library.open(address) as library:
        assert library.catalog.video("one").title == "Song"
        assert library.index(FRAMES).vectors("one").shape == (5, 8)
        with pytest.raises(MvsearchError, match="only"), library.writing():
            library.catalog.remove_videos(["one"])


def test_a_replica_is_read_and_follows(own_postgres: PostgresServer) -> None:
    address = make_library(own_postgres, "one")
    name = name_database(address)
    replica = own_postgres.make_replica()
    try:
        with (
            Library.open(address) as library,
            Library.open(replica.address(name)) as copy,
        ):
            assert copy.is_read_only
            assert not library.is_read_only
            fill_song(library.catalog, "two", 7)
            wanted = library.index(FRAMES).search(unit(8), 2)
            until = time.monotonic() + HANG_SECONDS
            while copy.catalog.n_videos() < 2 and time.monotonic() < until:
                time.sleep(0.02)
            found = copy.index(FRAMES).search(unit(8), 2)
            assert copy.index(FRAMES).video_ids == ("one", "two")
            np.testing.assert_array_equal(found.videos, wanted.videos)
            with pytest.raises(MvsearchError, match="reading only"), copy.writing():
                pass
            with pytest.raises(MvsearchError, match="can only be read: its server is a replica"):
                fill_song(copy.catalog, "three", 8)
    finally:
        replica.close()


def unit(dim: int) -> Matrix:
    return random_units(1, dim, 5)


def test_who_may_only_read_searches_and_changes_nothing(postgres: PostgresServer) -> None:
    address = make_library(postgres, "one")
    name = name_database(address)
    postgres.run("DROP ROLE IF EXISTS reader")
    postgres.run("CREATE ROLE reader LOGIN")
    postgres.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", name)
    try:
        with Library.open(address.replace(f"{OWNER}@", "reader@"), is_read_only=True) as library:
            assert library.index(FRAMES).video_ids == ("one",)
            assert library.catalog.lyric_matches("take me home")[0].video_id == "one"
            with pytest.raises(MvsearchError, match="lacks a right: permission denied"):
                library.catalog.remove_videos(["one"])
    finally:
        postgres.run("DROP OWNED BY reader", name)
        postgres.run("DROP ROLE reader")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("53100", "the disk of the server is full"),
        ("53300", "cannot be reached"),
        ("42501", "lacks a right"),
        ("57014", "cannot be used"),
        ("XX001", "is damaged"),
    ],
)
def test_what_a_server_says_of_a_change_is_one_line_and_changes_nothing(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    monkeypatch.setattr(repeating, "WRITE_PATIENCE_SECONDS", 0.0)
    address = make_library(postgres, "one")
    name = name_database(address)
    postgres.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$BEGIN RAISE EXCEPTION 'no more' USING ERRCODE = '{code}'; END$$",
        name,
    )
    postgres.run(
        "CREATE TRIGGER refusing BEFORE INSERT ON tag FOR EACH ROW EXECUTE FUNCTION refuse()", name
    )
    monkeypatch.setattr("mvsearch.store.database.connection.Database.repeat", do_once)
    with Library.open(address) as library:
        with pytest.raises(MvsearchError, match=reason) as refused:
            library.catalog.join(lambda: fill_song(library.catalog, "two", 7))
        assert "\n" not in str(refused.value)
        assert library.catalog.video_ids() == {"one"}
        assert library.index(FRAMES).video_ids == ("one",)


def do_once(_: Any, work: Callable[[], Any], __: float = 0.0) -> Any:
    return work()


def test_a_lost_connection_is_made_anew_before_the_next_call(postgres: PostgresServer) -> None:
    address = make_library(postgres, "one")
    with Library.open(address) as library:
        assert library.catalog.n_videos() == 1
        assert postgres.end_connections(name_database(address)) > 0
        assert library.catalog.n_videos() == 1
        postgres.end_connections(name_database(address))
        fill_song(library.catalog, "two", 7)
        assert library.catalog.n_videos() == 2


def test_a_connection_that_is_ended_in_a_transaction_loses_nothing(
    postgres: PostgresServer,
) -> None:
    address = make_library(postgres, "one")
    attempts = []
    with Library.open(address) as library, library.writing():

        def work() -> None:
            fill_song(library.catalog, "two", 7)
            attempts.append(1)
            if len(attempts) == 1:
                postgres.end_connections(name_database(address))

        library.catalog.join(work)
        assert len(attempts) == 2
        assert library.catalog.video_ids() == {"one", "two"}


def lose_commits(library: Library, monkeypatch: pytest.MonkeyPatch, *, is_made: bool) -> list[int]:
    """Let the next commit lose its link, after or before the server has made the change."""
    dialect, told = library._database.engine.dialect, [0]
    commit = dialect.do_commit

    def lose(connection: Any) -> None:
        told[0] += 1
        if told[0] == 1 and not is_made:
            connection.driver_connection.close()
        commit(connection)
        if told[0] == 1:
            connection.driver_connection.close()
            raise dialect.loaded_dbapi.OperationalError("server closed the connection")

    monkeypatch.setattr(dialect, "do_commit", lose)
    return told


@pytest.mark.parametrize("is_made", [True, False])
def test_a_link_that_is_lost_at_the_end_of_a_change_does_it_once(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, *, is_made: bool
) -> None:
    with Library.open(make_library(postgres, "one")) as library:
        catalog = library.catalog
        path = Path("/music/two.mp4")
        location = Location(path, "two", path.parent, 1000, 1)
        stage = Stage("two", "frames", FRAMES.key, "done")
        made = (make_embeddings(FRAMES, 3, 2),)
        new = IndexedVideo(Video("two", path, "Song"), location, (stage,), made)
        told = lose_commits(library, monkeypatch, is_made=is_made)
        catalog.add_indexed([new])
        assert {video.id for video in catalog.videos()} == {"one", "two"}
        told[0] = 0
        assert catalog.remove_videos(["one"]) == ["one"]
        told[0] = 0
        assert catalog.move_location(path, path.with_name("moved.mp4"))
        assert told[0] >= 1
        assert [video.id for video in catalog.videos()] == ["two"]


@pytest.mark.parametrize("way", ["restart", "kill"])
def test_a_server_that_goes_and_comes_back_is_waited_for(
    own_postgres: PostgresServer, way: str
) -> None:
    address = make_library(own_postgres, "one")
    with Library.open(address) as library:
        assert library.catalog.n_videos() == 1
        (own_postgres.stop if way == "restart" else own_postgres.kill)()
        back = threading.Timer(1.0, own_postgres.start)
        back.start()
        fill_song(library.catalog, "two", 7)
        assert library.catalog.video_ids() == {"one", "two"}
        back.join(HANG_SECONDS)
        (own_postgres.stop if way == "restart" else own_postgres.kill)()
        back = threading.Timer(1.0, own_postgres.start)
        back.start()
        answered = library.answer(lambda _: None, lambda _: library.catalog.n_videos())
        assert answered == 2
        back.join(HANG_SECONDS)


def test_who_ends_a_run_while_the_server_is_away_waits_for_nothing(
    own_postgres: PostgresServer,
) -> None:
    def lose_and_end(library: Library) -> None:
        with library.writing():
            own_postgres.stop()
            raise KeyboardInterrupt

    with Library.open(make_library(own_postgres, "one")) as library:
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            lose_and_end(library)
        assert time.monotonic() - began < repeating.READ_PATIENCE_SECONDS / 2
        own_postgres.start()
        assert library.catalog.n_videos() == 1


def test_a_server_that_does_not_come_back_is_told(
    own_postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = make_library(own_postgres, "one")
    monkeypatch.setattr(repeating, "READ_PATIENCE_SECONDS", 0.3)
    with Library.open(address) as library:
        own_postgres.stop()
        try:
            began = time.monotonic()
            with pytest.raises(LibraryUnreachableError, match="cannot be reached"):
                library.catalog.n_videos()
            assert time.monotonic() - began < HANG_SECONDS
        finally:
            own_postgres.start()
    with pytest.raises(NoLibraryError):
        Library.open(own_postgres.make_database())
