"""Starts two nodes of a Ray cluster on this machine, of one core each."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from docs.demo.tour import find_program

START_SECONDS = 120.0
# A node that does not end by itself is killed after this time.
WAIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Nodes:
    """A cluster.

    Attributes:
        words: options of `mvsearch index` that make it work there.
        environment: variables that its users need.
    """

    words: tuple[str, ...]
    environment: dict[str, str]


@contextmanager
def start_nodes(folder: Path) -> Iterator[Nodes]:
    """Two nodes, until the end of the context.

    Without an address but loopback, where nodes do not find each other, one node of two workers.

    Args:
        folder: for the token and what the nodes print.
    """
    environment = {"RAY_AUTH_TOKEN_PATH": str(folder / "token")}
    host = find_own_address()
    if host is None:
        yield Nodes(("--on", "ray", "--workers", "2"), environment)
        return
    port, client_port = find_free_ports(2)
    shared = ("--host", host, "--cpus", "1")
    head = ("--head", "--port", str(port), "--client-port", str(client_port), *shared)
    with ExitStack() as stack:
        stack.enter_context(start_node(head, environment, folder / "head.log"))
        await_port(host, client_port)
        joining = ("--join", f"{host}:{port}", *shared)
        stack.enter_context(start_node(joining, environment, folder / "node.log"))
        environment["RAY_ADDRESS"] = f"{host}:{port}"
        yield Nodes(("--on", "ray", "--workers", "2"), environment)


@contextmanager
def start_node(words: tuple[str, ...], environment: dict[str, str], log: Path) -> Iterator[None]:
    """One node, in a process group of its own."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [find_program(), "workers", "start", *words],
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def await_port(host: str, port: int) -> None:
    """Wait until a server listens; index runs say what is wrong if it never does."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with socket.socket() as asking:
            if asking.connect_ex((host, port)) == 0:
                return
        time.sleep(0.2)


def find_own_address() -> str | None:
    """The address by which this machine would reach others; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(asking.getsockname()[0])
    return None if address.startswith("127.") else address


def find_free_ports(n: int) -> list[int]:
    """Ports that nobody uses now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("", 0))
        return [int(one.getsockname()[1]) for one in sockets]
