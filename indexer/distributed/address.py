"""Reads where an index run works: on Ray on this machine, or on a cluster."""

import re
from dataclasses import dataclass

from mvsearch.store.errors import MvsearchError

# Of `ray start --head`, for clients.
CLIENT_PORT = 10001
_HOST_PATTERN = r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)"
_CLUSTER = re.compile(rf"ray://{_HOST_PATTERN}(?::(?P<port>\d{{1,5}}))?/?", re.ASCII)
_HEAD = re.compile(rf"{_HOST_PATTERN}:(?P<port>\d{{1,5}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """A cluster.

    Attributes:
        host, port: of the server for Ray clients on its head; None and 0 for the cluster that
            `$RAY_ADDRESS` names, or a new one of this machine alone.
    """

    host: str | None = None
    port: int = 0

    def __str__(self) -> str:
        """As it is typed."""
        return "ray" if self.host is None else f"ray://{self.host}:{self.port}"


def parse_address(text: str) -> ClusterAddress:
    """Read "ray" or "ray://HOST:PORT".

    Raises:
        MvsearchError: it is neither.
    """
    if text == "ray":
        return ClusterAddress()
    found = _CLUSTER.fullmatch(text)
    port = int(found["port"] or CLIENT_PORT) if found else 0
    if found is None or not 0 < port < 65536:
        raise MvsearchError(
            f"an index run works on ray or on ray://HOST:PORT (mostly port {CLIENT_PORT}), not on"
            f" {text[:100]!r}"
        )
    return ClusterAddress(found["host"], port)


def parse_head(text: str) -> tuple[str, int]:
    """Read the host and port of a head that nodes join, "HOST:PORT".

    Raises:
        MvsearchError: it is something else.
    """
    found = _HEAD.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise MvsearchError(f"a head is named HOST:PORT, not {text[:100]!r}")
    return found["host"], int(found["port"])
