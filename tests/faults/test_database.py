"""A database server that restarts, crashes, is away or is full: a clear line, and nothing lost."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import mvsearch
from mvsearch.search.web.app import make_app
from mvsearch.search.web.options import WebOptions
from mvsearch.store import state_reader
from mvsearch.store.database.postgresql import repeating
from mvsearch.store.errors import LibraryUnreachableError
from tests.faults.conftest import find_name
from tests.faults.gates import Gate, finish
from tests.servers.postgres import PASSWORD, PostgresServer
from tests.servers.processes import start

pytestmark = pytest.mark.postgres

Shell = Callable[..., tuple[int, str, str]]
HTML = {"Accept": "text/html"}


@pytest.fixture
def held_run(
    own_postgres: PostgresServer, folder: Path, cache: Path, tmp_path: Path
) -> Iterator[tuple[str, "subprocess.Popen[str]", Gate]]:
    """An index run that has come to its second video, of three."""
    address, gate = own_postgres.make_database(), Gate(tmp_path / "gate")
    words = ("index", folder, "--profile", "toy", "--lyrics", "sidecar", "--workers", 1)
    run = start(address, *words, cache=cache, PATH=gate.path)
    gate.wait(run)
    yield address, run, gate
    if run.poll() is None:
        run.kill()
        run.communicate()


def check_whole(address: str, n_videos: int = 3) -> None:
    """Check that a library is sound, and has all videos."""
    assert mvsearch.check(address).damages == ()
    with mvsearch.open(address) as library:
        assert len(library.videos()) == n_videos
        assert library.failures() == []
        assert len(library.search("the engine weaves").results) == n_videos


def test_a_restart_in_the_middle_of_a_run_loses_nothing(
    own_postgres: PostgresServer, held_run: tuple[str, "subprocess.Popen[str]", Gate]
) -> None:
    address, run, gate = held_run
    own_postgres.restart()
    gate.open()
    code, _, err = finish(run)
    assert (code, "Traceback" in err) == (0, False), err
    check_whole(address)


def test_a_crash_of_the_server_in_the_middle_of_a_run_loses_nothing(
    own_postgres: PostgresServer, held_run: tuple[str, "subprocess.Popen[str]", Gate]
) -> None:
    """A killed backend: the server ends all connections, and recovers."""
    address, run, gate = held_run
    backends = own_postgres.run(
        "SELECT pid FROM pg_stat_activity WHERE datname = %s", "postgres", find_name(address)
    )
    assert backends
    os.kill(backends[0][0], signal.SIGKILL)
    gate.open()
    code, _, err = finish(run)
    assert (code, "Traceback" in err) == (0, False), err
    check_whole(address)


def test_a_run_that_cannot_go_on_says_so_and_is_completed_later(
    own_postgres: PostgresServer, held_run: tuple[str, "subprocess.Popen[str]", Gate], shell: Shell,
    folder: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    address, run, gate = held_run
    own_postgres.stop()
    try:
        run.send_signal(signal.SIGINT)
        gate.open()
        code, _, err = finish(run)
    finally:
        own_postgres.start()
    assert code in (2, 130)
    assert "Traceback" not in err
    monkeypatch.setenv("MVSEARCH_LIBRARY", address)
    code, _, err = shell("index", folder, "--lyrics", "sidecar")
    assert code == 0, err
    check_whole(address)


def test_a_server_that_is_away_is_one_line_everywhere(
    own_postgres: PostgresServer, copy: Callable[[], str], shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(repeating, "READ_PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(state_reader, "READ_PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(repeating, "WRITE_PATIENCE_SECONDS", 0.1)
    address = copy()
    tcp = own_postgres.tcp_address(find_name(address), PASSWORD)
    with mvsearch.open(address, read_only=True) as library:
        client = TestClient(make_app(library, WebOptions()), base_url="http://127.0.0.1:8765")
        with client:
            assert client.get("/readyz").status_code == 200
            own_postgres.stop("immediate")
            try:
                _expect_one_line(shell, tcp)
                with pytest.raises(LibraryUnreachableError, match="cannot be reached"):
                    library.videos()
                assert client.get("/readyz").status_code == 503
                assert client.get("/healthz").status_code == 200
                answer = client.post("/api/v1/search", json={"text": ["engine"]})
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
                assert answer.json()["error"] == "LibraryUnreachableError"
                page = client.get("/browse", headers=HTML)
                assert (page.status_code, "cannot be reached" in page.text) == (503, True)
            finally:
                own_postgres.start()
            assert client.get("/readyz").status_code == 200
            assert len(library.videos()) == 3
            assert client.post("/api/v1/search", json={"text": ["engine"]}).status_code == 200


def _expect_one_line(shell: Shell, address: str) -> None:
    """All commands say that the server is away, and not its password."""
    for words in (("status",), ("search", "engine"), ("index", os.curdir), ("serve", "--port", 0)):
        code, out, err = shell(*words, "--library", address)
        assert (code, out, err.count("\n")) == (2, "", 1), (words, err)
        assert "cannot be reached" in err
        assert PASSWORD not in err


def test_a_restart_between_questions_is_not_noticed(
    own_postgres: PostgresServer, copy: Callable[[], str]
) -> None:
    with mvsearch.open(copy()) as library:
        before = [result.video.id for result in library.search("engine")]
        own_postgres.restart()
        assert [result.video.id for result in library.search("engine")] == before


@pytest.mark.parametrize("kind", ["password", "user", "database"])
def test_what_the_server_refuses_is_one_line(
    own_postgres: PostgresServer, copy: Callable[[], str], shell: Shell, kind: str
) -> None:
    name = find_name(copy())
    address, said = {
        "password": (own_postgres.tcp_address(name, "wrong secret"), "password"),
        "user": (own_postgres.tcp_address(name, PASSWORD, "nobody"), "password"),
        "database": (own_postgres.tcp_address("nothing", PASSWORD), "no such database"),
    }[kind]
    code, out, err = shell("search", "engine", "--library", address)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert not any(secret in err for secret in (PASSWORD, "wrong secret", "not%2Fso"))


def test_a_database_without_the_extension_says_who_adds_it(
    own_postgres: PostgresServer, shell: Shell, folder: Path
) -> None:
    """The user may make tables, but adds no extension."""
    name = find_name(own_postgres.make_database())
    own_postgres.run(f"CREATE ROLE reader_{name} LOGIN PASSWORD 'long enough'")
    own_postgres.run(f"GRANT CREATE, USAGE ON SCHEMA public TO reader_{name}", name)
    address = own_postgres.tcp_address(name, "long enough", f"reader_{name}")
    code, out, err = shell("index", folder, "--library", address)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "CREATE EXTENSION vector" in err
    assert "long enough" not in err


def test_another_version_of_the_tables_is_one_line(
    own_postgres: PostgresServer, copy: Callable[[], str], shell: Shell
) -> None:
    address = copy()
    with mvsearch.open(address) as library:
        client = TestClient(make_app(library, WebOptions()), base_url="http://127.0.0.1:8765")
        with client:
            assert client.get("/readyz").status_code == 200
            change = "UPDATE alembic_version SET version_num = '9999'"
            own_postgres.run(change, find_name(address))
            assert client.get("/readyz").status_code == 503  # until the server is a newer one
    code, out, err = shell("search", "engine", "--library", address)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "newer version" in err


def test_a_full_disk_of_the_server_is_one_line_and_no_half_video(
    own_postgres: PostgresServer, shell: Shell, folder: Path
) -> None:
    small = own_postgres.home / "small"
    small.mkdir()
    _mount(small, "18m")
    try:
        owner = own_postgres.folder.stat()
        os.chown(small, owner.st_uid, owner.st_gid)
        address = own_postgres.make_database()
        name = find_name(address)
        own_postgres.run(f"CREATE TABLESPACE small LOCATION '{small}'")
        own_postgres.run(f"ALTER DATABASE {name} SET TABLESPACE small")
        filler = "CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 100)"
        with mvsearch.open(address, profile="toy") as library:
            assert library.index(next(folder.glob("Ada*.mp4")), lyrics="off").indexed == 1
        own_postgres.run(filler, name)
        with pytest.raises(Exception, match="No space left"):
            _fill(own_postgres, name)
        words = ("index", folder, "--lyrics", "sidecar", "--library", address)
        code, _, err = shell(*words)
        assert (code, "Traceback" in err) == (2, False)
        assert "the disk of the server is full" in err
        own_postgres.run("DROP TABLE filler", name)
        assert mvsearch.check(address).damages == ()
        assert shell(*words)[0] == 0
        check_whole(address)
    finally:
        own_postgres.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        own_postgres.run("DROP TABLESPACE IF EXISTS small")
        subprocess.run(["umount", small], check=True)


def _fill(server: PostgresServer, name: str) -> None:
    for _ in range(1000):
        server.run("INSERT INTO filler SELECT * FROM filler LIMIT 500", name)


def _mount(place: Path, size: str) -> None:
    """Mount a small disk; the test is skipped, outside of CI, where this user may not."""
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        assert not os.environ.get("CI"), done.stderr
        pytest.skip(f"a small disk needs root: {done.stderr.strip()}")
