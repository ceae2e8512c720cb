"""Talks to a Milvus server: connects, tries again, and turns errors into one line."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mvsearch.store.distribution import name_install
from mvsearch.store.errors import LibraryUnreachableError, MvsearchError
from mvsearch.store.vectors.milvus.address import TOKEN_VARIABLE, MilvusAddress

# How long a server may be away: while connecting, and while it restarts.
CONNECT_SECONDS = 8.0
WAIT_SECONDS = 30.0
MAX_PAUSE_SECONDS = 1.0
# A collection is loaded by the nodes of a cluster, which takes minutes if it is large.
LOAD_SECONDS = 3600.0
# The code of the server for a collection that it does not have.
MISSING = 100
# What messages of the server hold, by what is wrong.
_DENIED = ("auth", "permission", "privilege", "unauthenticated", "password")
_FULL = ("quota", "no space left", "disk full", "not enough disk", "exhausted", "force deny")
_AWAY = ("unavailable", "connect", "timeout", "deadline", "retry run out", "not ready", "closed")


class MissingCollectionError(MvsearchError):
    """The server does not have a collection: it is dropped, or the server lost its data."""


class MilvusServer:
    """One server, or cluster, and the connection to it, for any number of threads.

    The client repeats a call with growing pauses while the server is away; all calls can be
    repeated, because rows are named by their content. Milvus Lite needs writes of a collection to
    come one after the other, so those of this process do.
    """

    def __init__(self, address: MilvusAddress) -> None:
        self.address = address
        self._client: Any = None
        self._connecting = threading.Lock()
        self._writing = threading.Lock()

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of `pymilvus.MilvusClient`.

        Raises:
            LibraryUnreachableError: the server does not answer; it may be tried again.
            MissingCollectionError: it does not have the collection.
            MvsearchError: it refuses, such as a wrong token or a full disk.
        """
        wait = LOAD_SECONDS if method == "load_collection" else WAIT_SECONDS
        with self._plain_errors():
            return getattr(self._connect(), method)(*arguments, timeout=wait, **options)

    def change(self, method: str, *arguments: Any, **options: Any) -> Any:
        """`ask` that changes something."""
        with self._writing:
            return self.ask(method, *arguments, **options)

    def iterate(self, method: str, *arguments: Any, **options: Any) -> Iterator[list[Any]]:
        """Yield the batches of an iterator of the client."""
        iterator = self.ask(method, *arguments, **options)
        try:
            while True:
                with self._plain_errors():
                    found = iterator.next()
                if not found:
                    return
                yield list(found)
        finally:
            with self._plain_errors():
                iterator.close()

    def close(self) -> None:
        """Close the connection; the next call opens another one."""
        with self._connecting:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connect(self) -> Any:
        with self._connecting:
            if self._client is None:
                self._client = _repeat(self._open)
            return self._client

    def _open(self) -> Any:
        pymilvus = load_pymilvus()
        address = self.address
        options = {"server_pem_path": address.certificates} if address.certificates else {}
        return pymilvus.MilvusClient(
            address.uri,
            token=address.token,
            db_name=address.database,
            timeout=CONNECT_SECONDS,
            dedicated=True,
            **options,
        )

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        grpc, pymilvus = _load_grpc(), load_pymilvus()
        try:
            yield
        except (grpc.RpcError, grpc.FutureTimeoutError, pymilvus.MilvusException) as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> MvsearchError:
        """The error to show for one of the client; it says nothing of the token."""
        reason = self._describe(error)
        lower = f"{_name_code(error)} {reason}".lower()
        if getattr(error, "code", None) == MISSING:
            return MissingCollectionError(f"{self.address}: {reason}")
        if any(word in lower for word in _DENIED):
            return MvsearchError(
                f"the Milvus server {self.address} refuses: {reason}; its token, or user:password,"
                f" is read from ${TOKEN_VARIABLE}"
            )
        if any(word in lower for word in _FULL):
            return MvsearchError(
                f"the Milvus server {self.address} takes no more: {reason}; make room and run this"
                " again, what is done is kept"
            )
        if any(word in lower for word in _AWAY):
            return LibraryUnreachableError(
                f"the Milvus server {self.address} cannot be reached: {reason}"
            )
        return MvsearchError(f"the Milvus server {self.address}: {reason}")

    def _describe(self, error: Exception) -> str:
        details = getattr(error, "details", None)
        told = getattr(error, "message", "") or (details() if callable(details) else "")
        line = " ".join(str(told or type(error).__name__).split())[:200]
        token = self.address.token
        for secret in (token, token.partition(":")[2]):
            line = line.replace(secret, "…") if secret else line
        return line


def load_pymilvus() -> Any:
    """Import the client on first use; its own reports of errors, with tracebacks, are left out.

    Raises:
        MvsearchError: it is not installed.
    """
    try:
        import pymilvus
    except ModuleNotFoundError as error:
        line = name_install("milvus")
        raise MvsearchError(
            f"pymilvus is not installed, which vectors in Milvus need; type: {line}"
        ) from error
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)
    return pymilvus


def _load_grpc() -> Any:
    load_pymilvus()
    import grpc

    return grpc


def _repeat(attempt: Callable[[], Any]) -> Any:
    """Repeat an attempt to connect with growing pauses, as long as the server is away."""
    pymilvus = load_pymilvus()
    end, pause = time.monotonic() + CONNECT_SECONDS, 0.05
    while True:
        try:
            return attempt()
        except pymilvus.MilvusException as error:
            is_away = any(word in str(error).lower() for word in _AWAY)
            is_denied = any(word in str(error).lower() for word in _DENIED)
            if is_denied or not is_away or time.monotonic() + pause > end:
                raise
        time.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE_SECONDS)


def _name_code(error: Exception) -> str:
    """The name of a gRPC status; empty for a number."""
    code = getattr(error, "code", None)
    code = code() if callable(code) else code
    return str(getattr(code, "name", ""))
