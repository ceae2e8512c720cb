"""Starts a node of a Ray cluster on this machine, with the settings that all nodes share."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from mvsearch.indexer.distributed.address import CLIENT_PORT, parse_head
from mvsearch.indexer.distributed.cluster import import_ray
from mvsearch.indexer.distributed.token import make_token, require_token
from mvsearch.store.errors import MvsearchError

HEAD_PORT = 6379
# Ray's own, for the processes of a node.
WORKER_PORTS = range(10002, 20000)


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """What a node offers.

    Attributes:
        head: HOST:PORT of the head that it joins; None for the head itself.
        host: its own address; None for the one that Ray finds.
        port, client_port: of a head: for nodes, and for runs elsewhere.
        cpus, gpus: that it offers; None for all.
    """

    head: str | None = None
    host: str | None = None
    port: int = HEAD_PORT
    client_port: int = CLIENT_PORT
    cpus: int | None = None
    gpus: int | None = None


def start_node(options: NodeOptions, note: Callable[[str], None]) -> NoReturn:
    """Become a node, in the foreground: it ends with this process.

    Args:
        options: of the node.
        note: shows a line.

    Raises:
        MvsearchError: Ray is not installed, or there is no token.
    """
    import_ray()
    command = write_command(options)
    if options.head is None:
        path = make_token()
        if path is not None:
            note(f"Nodes and runs elsewhere need the token of this cluster: copy {path}")
    else:
        require_token()
    sys.stdout.flush()
    sys.stderr.flush()
    # `ray start --block` waits for the node's processes, and ends them when it is ended.
    # -P: no module of the folder that it is started in.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "ray.scripts.scripts", *command])


def write_command(options: NodeOptions) -> list[str]:
    """The words of `ray start`.

    Raises:
        MvsearchError: the head is not HOST:PORT, an address is no address, or a port is taken.
    """
    words = ["start", "--block", "--disable-usage-stats"]
    if options.head is None:
        _check_ports(options.port, options.client_port)
        words += ["--head", f"--port={options.port}", "--include-dashboard=false"]
        words.append(f"--ray-client-server-port={options.client_port}")
    else:
        host, port = parse_head(options.head)
        words.append(f"--address={host}:{port}")
    if options.host is not None:
        parse_head(f"{options.host}:{HEAD_PORT}")
        words.append(f"--node-ip-address={options.host}")
    for name, value in (("cpus", options.cpus), ("gpus", options.gpus)):
        if value is not None:
            if value < 0:
                raise MvsearchError(f"a node cannot have {value} {name}")
            words.append(f"--num-{name}={value}")
    return words


def _check_ports(port: int, client_port: int) -> None:
    """Raise MvsearchError for ports that Ray refuses, as it needs them otherwise."""
    first, last = WORKER_PORTS[0], WORKER_PORTS[-1]
    for one in (port, client_port):
        if one in WORKER_PORTS:
            raise MvsearchError(f"port {one} is one of {first} to {last}, which Ray's workers have")
    if port == client_port:
        raise MvsearchError(f"nodes and index runs cannot both have port {port}")
