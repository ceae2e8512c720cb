"""Parses the address of a Milvus server, and keeps its secret apart."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from mvsearch.store.errors import MvsearchError

# Without and with TLS.
SCHEMES = ("milvus", "milvuss")
DEFAULT_PORT = 19530
TOKEN_VARIABLE = "MVSEARCH_MILVUS_TOKEN"
# A file of certificates that sign the server's, where the system does not know them.
CERTIFICATES_VARIABLE = "MVSEARCH_MILVUS_CA"
FORM = (
    "milvus://HOST:PORT/DATABASE?shards=2&partitions=16, or milvuss:// with TLS; all but HOST may"
    " be left out"
)
# Defaults and maxima of what a collection is divided into when it is made.
DIVISIONS = {"shards": (2, 64), "partitions": (16, 1024)}


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """Where a Milvus server is.

    Attributes:
        host: name or address.
        port: of gRPC.
        database: of the server; empty for its default.
        is_secure: whether TLS is used.
        token: user:password or an API key; empty for none. Never shown, never stored.
        certificates: path of a file with certificates; empty for those of the system.
        n_shards: among which new collections divide their rows.
        n_partitions: among which these divide their videos.
    """

    host: str
    port: int = DEFAULT_PORT
    database: str = ""
    is_secure: bool = False
    token: str = field(default="", repr=False)
    certificates: str = field(default="", repr=False)
    n_shards: int = DIVISIONS["shards"][0]
    n_partitions: int = DIVISIONS["partitions"][0]

    @property
    def uri(self) -> str:
        """The address as the client takes it."""
        return f"{'https' if self.is_secure else 'http'}://{self._place}"

    def __str__(self) -> str:
        """The address without its secret, as it is stored and shown."""
        database = f"/{self.database}" if self.database else ""
        numbers = {"shards": self.n_shards, "partitions": self.n_partitions}
        chosen = [f"{name}={n}" for name, n in numbers.items() if n != DIVISIONS[name][0]]
        query = "?" + "&".join(chosen) if chosen else ""
        return f"{SCHEMES[self.is_secure]}://{self._place}{database}{query}"

    @property
    def _place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_milvus(vectors: str) -> bool:
    """Whether the setting `vectors` of a library names a Milvus server."""
    return vectors.partition("://")[0] in SCHEMES


def parse_address(text: str, environment: Mapping[str, str] = os.environ) -> MilvusAddress:
    """Parse an address; what it does not say of the token is taken from the environment.

    Raises:
        MvsearchError: it is not the address of a Milvus server. The message does not repeat it,
            because it may hold a password.
    """
    try:
        parts = urlsplit(text)
        port = DEFAULT_PORT if parts.port is None else parts.port
        divisions = _read_divisions(parts.query)
    except ValueError as error:
        raise _refuse() from error
    database = parts.path.strip("/")
    is_plain = not parts.fragment and "/" not in database
    if parts.scheme not in SCHEMES or not parts.hostname or not is_plain or not port:
        raise _refuse()
    if not all(map(_is_name, (parts.hostname, database))):
        raise _refuse()
    return MilvusAddress(
        parts.hostname,
        port,
        database,
        parts.scheme == "milvuss",
        _read_token(parts) or environment.get(TOKEN_VARIABLE, ""),
        environment.get(CERTIFICATES_VARIABLE, ""),
        divisions["shards"],
        divisions["partitions"],
    )


def _read_token(parts: SplitResult) -> str:
    """The token, or user:password, of an address; empty if it has none."""
    if parts.password is None:
        return unquote(parts.username or "")
    return f"{unquote(parts.username or '')}:{unquote(parts.password)}"


def _read_divisions(query: str) -> dict[str, int]:
    """The numbers of shards and partitions.

    Raises:
        ValueError: one is out of range, or something else is said.
    """
    numbers = {name: default for name, (default, _) in DIVISIONS.items()}
    for name, text in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)):
        if name not in DIVISIONS or not (text.isascii() and text.isdecimal() and len(text) < 6):
            raise ValueError(f"{name} cannot be chosen")
        numbers[name] = int(text)
        if not 1 <= numbers[name] <= DIVISIONS[name][1]:
            raise ValueError(f"{name} is out of range")
    return numbers


def _is_name(text: str) -> bool:
    """Whether a text is a name without characters that could mean something else in an address."""
    return all(letter.isalnum() or letter in "-_.:" for letter in text)


def _refuse() -> MvsearchError:
    return MvsearchError(f"this is not the address of a Milvus server: write {FORM}")
