"""A real Milvus Lite server as a child process; the client code is that for a cluster.

A cluster is not run: it needs images that these tests do not have.
"""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

START_SECONDS = 60.0


class MilvusLite:
    """One server with a data folder of its own; stopped at the end of the tests."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = find_free_port() if port is None else port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """As `--vectors` takes it."""
        return f"milvus://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        arguments = ["server", "--data-dir", str(self.folder), "--host", "127.0.0.1"]
        with (self.folder.parent / "milvus.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "milvus_lite", *arguments, "--port", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + START_SECONDS
        while not is_open(self.port):
            assert self._process.poll() is None, "the server ended"
            assert time.monotonic() < end, "the server does not start"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it as an operator does; what it took is kept."""
        self._end(subprocess.Popen.terminate)

    def kill(self) -> None:
        """`kill -9`."""
        self._end(subprocess.Popen.kill)

    def _end(self, signal: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            signal(process)  # type: ignore[operator]
            process.wait(START_SECONDS)


def find_free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def is_open(port: int) -> bool:
    """Whether somebody listens."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


def require_milvus() -> None:
    """Skip the test where Milvus Lite is not installed, but not in continuous integration."""
    if not os.environ.get("CI"):
        pytest.importorskip("milvus_lite", reason="Milvus Lite is not here: make test-milvus")


@cache
def obtain_server() -> MilvusLite:
    """The server of this process of tests, started once."""
    require_milvus()
    folder = Path(tempfile.mkdtemp(prefix="mvsearch-milvus-"))
    server = MilvusLite(folder / "data")

    def end() -> None:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    server.start()
    return server


@pytest.fixture(scope="session")
def milvus() -> MilvusLite:
    """A server that several tests share: each uses collections of its own."""
    return obtain_server()
