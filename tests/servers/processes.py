"""Real processes of mvsearch over a library in PostgreSQL, to be stopped, killed and watched."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.limits import HANG_SECONDS

_RUN = "from mvsearch import cli; cli.main()"


@dataclass(slots=True)
class Server:
    """A process of `mvsearch serve`.

    Attributes:
        address: without a slash at its end.
        log: what it writes to standard error.
    """

    address: str
    process: "subprocess.Popen[str]"
    log: Path

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.address.rpartition(":")[2])

    def connect(self) -> httpx2.Client:
        """A client that keeps its connections."""
        return httpx2.Client(base_url=self.address, timeout=HANG_SECONDS)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(HANG_SECONDS)


def start(
    library: str,
    *words: object,
    cache: Path,
    log: Path | None = None,
    before: Sequence[str] = (),
    **variables: str,
) -> "subprocess.Popen[str]":
    """Start a command in a process of its own.

    Args:
        library: its address, told by the environment, where other users do not see it.
        words: of the command.
        cache: the folder for what can be made again.
        log: takes what it writes to standard error; None for a pipe.
        before: a program that starts it, such as on another host.
        variables: of the environment.
    """
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "MVSEARCH_LIBRARY": library}
    with (log or Path(os.devnull)).open("a") as written:
        return subprocess.Popen(
            [*before, sys.executable, "-c", _RUN, *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if log is None else written,
            env=environment | variables,
            text=True,
        )


@contextmanager
def serving_processes(
    library: str, n: int, *words: object, cache: Path, logs: Path, **variables: str
) -> Iterator[list[Server]]:
    """So many processes of `mvsearch serve`, each at a free port; they log what they do."""
    files = [logs / f"serve-{number}.log" for number in range(n)]
    command = ("-v", "serve", "--port", 0, *words)
    started = [start(library, *command, cache=cache, log=log, **variables) for log in files]
    try:
        yield [
            Server(_read_address(one, log), one, log)
            for one, log in zip(started, files, strict=True)
        ]
    finally:
        for process in started:
            process.kill()
            process.wait(HANG_SECONDS)
            assert process.stdout is not None
            process.stdout.close()


def _read_address(process: "subprocess.Popen[str]", log: Path) -> str:
    """The address that a server prints once it answers."""
    assert process.stdout is not None
    found = re.search(r"http://[^\s/]+", process.stdout.readline())
    assert found is not None, log.read_text()
    return found[0]
