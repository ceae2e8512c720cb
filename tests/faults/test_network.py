"""A network that is cut for twenty seconds: what was under way goes on, and nothing is lost."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import mvsearch
from mvsearch.store.errors import LibraryUnreachableError
from tests.faults.conftest import find_name
from tests.faults.gates import Gate, finish
from tests.limits import HANG_SECONDS
from tests.servers.postgres import ACCESS, PASSWORD, PostgresServer
from tests.servers.processes import start
from tests.servers.ray_nodes import Hosts, open_hosts

pytestmark = pytest.mark.postgres

CUT_SECONDS = 20


class RemoteServer(PostgresServer):
    """A server on a host of its own; this one reaches it by the socket, as by a console."""

    def __init__(self, hosts: Hosts) -> None:
        super().__init__()
        self._hosts = hosts
        network = hosts.addresses[0].rpartition(".")[0]
        (self.folder / "pg_hba.conf").write_text(
            f"{ACCESS}host all all {network}.0/24 scram-sha-256\n"
        )

    def start(self) -> None:
        """Start it on its host."""
        options = f"-k {self.home} -p {self.port} -c listen_addresses=*"
        subprocess.run(
            ["ip", "netns", "exec", self._hosts.names[0], "runuser", "-u", "pgserver", "--",
             self._programs / "pg_ctl", "-w", "-t", str(int(HANG_SECONDS)), "-D", self.folder,
             "-o", options, "-l", self.home / "log", "start"],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip

    def far_address(self, database: str) -> str:
        """The address of a database from the other host."""
        from urllib.parse import quote

        secret, host = quote(PASSWORD, safe=""), self._hosts.addresses[0]
        return f"postgresql+psycopg://postgres:{secret}@{host}:{self.port}/{database}"


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    made = open_hosts()
    yield made
    made.close()


@pytest.fixture
def remote(hosts: Hosts) -> Iterator[RemoteServer]:
    server = RemoteServer(hosts)
    server.start()
    yield server
    server.close()


def test_a_run_whose_network_is_cut_goes_on_when_it_is_mended(
    hosts: Hosts, remote: RemoteServer, folder: Path, cache: Path, tmp_path: Path
) -> None:
    near, gate = remote.make_database(), Gate(tmp_path / "gate")
    far = remote.far_address(find_name(near))
    words = ("index", folder, "--profile", "toy", "--lyrics", "sidecar", "--workers", 1)
    prefix = ("ip", "netns", "exec", hosts.names[1])
    run = start(far, *words, cache=cache, before=prefix, PATH=gate.path)
    try:
        gate.wait(run)
        hosts.cut()
        gate.open()  # what it decodes from now on, it writes to nowhere
        signal.sigtimedwait([], CUT_SECONDS)
        with mvsearch.open(near, read_only=True) as library:
            assert len(library.videos()) < 3
        assert run.poll() is None
        hosts.mend()
        code, _, err = finish(run)
    finally:
        run.kill()
        run.communicate()
    assert (code, "Traceback" in err) == (0, False), err
    assert PASSWORD not in err
    assert mvsearch.check(near).damages == ()
    with mvsearch.open(near, read_only=True) as library:
        assert len(library.videos()) == 3


def test_a_host_that_cannot_be_reached_is_one_line() -> None:
    """Nobody listens there; the time that is waited is in the address."""
    address = (
        f"postgresql+psycopg://me:{PASSWORD.replace('/', '%2F').replace('@', '%40')}@192.0.2.1/db"
    )
    with pytest.raises(LibraryUnreachableError, match="cannot be reached") as told:
        mvsearch.open(f"{address}?connect_timeout=2")
    assert PASSWORD not in str(told.value)
    assert "\n" not in str(told.value)
