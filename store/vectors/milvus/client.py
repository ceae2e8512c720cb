"""Talks to a Milvus server: connects, tries again, and turns errors into one line."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mvsearch.store.distribution import name_install
from mvsearch.store.errors import LibraryUnreachableError, MvsearchError
from mvsearch.store.vectors.milvus.address import TOKEN_VARIABLE, MilvusAddress

# For how long a server that does not answer is asked again: one that was not reached before, and
# one that may be restarting. A call has so much time.
CONNECT_SECONDS, WAIT_SECONDS, CALL_SECONDS = 5.0, 30.0, 20.0
MAX_PAUSE_SECONDS = 1.0
# A collection is loaded by the nodes of a cluster, which takes minutes if it is large.
LOAD_SECONDS = 3600.0
# Codes of the server for a collection that it does not have, or has not loaded.
MISSING, RELEASED = 100, 101
# What messages of the server hold, by what is wrong.
_DENIED = ("auth", "permission", "privilege", "unauthenticated", "password")
_FULL = ("quota", "no space left", "disk full", "not enough disk", "exhausted", "force deny")
_AWAY = ("unavailable", "connect", "timeout", "deadline", "retry run out", "not ready", "closed")


class MissingCollectionError(MvsearchError):
    """The server does not have a collection: it is dropped, or the server lost its data."""


class NotLoadedError(MvsearchError):
    """The server has a collection, but is not ready to search it; such as after its restart."""


class MilvusServer:
    """One server, or cluster, and the connection to it, for any number of threads.

    Calls are repeated with growing pauses while the server is away, which all can be: rows that are
    written twice are the same. Milvus Lite needs writes of a collection to come one after the
    other, so those of this process do.
    """

    def __init__(self, address: MilvusAddress) -> None:
        self.address = address
        self._clients: list[Any] = []  # the last one is in use
        self._was_reached = False
        self._connecting = threading.Lock()
        self._writing = threading.Lock()

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of `pymilvus.MilvusClient`.

        Raises:
            LibraryUnreachableError: the server does not answer; it may be tried again.
            MissingCollectionError: it does not have the collection.
            NotLoadedError: it has not loaded the collection.
            MvsearchError: it refuses, such as a wrong token or a full disk.
        """
        options.setdefault("timeout", CALL_SECONDS)
        began, pause = time.monotonic(), 0.05
        while True:
            client: Any = None
            try:
                with self._plain_errors():
                    client = self._connect()
                    answer = getattr(client, method)(*arguments, **options)
                    self._was_reached = True
                    return answer
            except LibraryUnreachableError:
                patience = WAIT_SECONDS if self._was_reached else CONNECT_SECONDS
                if time.monotonic() + pause - began > patience:
                    raise
                self._leave(client)
            time.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE_SECONDS)

    def check(self) -> None:
        """Check that the server answers, and lets this program in; see `ask` for errors."""
        try:
            self.ask("list_collections")
        finally:
            self.close()

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
        """Close the connections; the next call opens another one."""
        with self._connecting:
            clients, self._clients = self._clients, []
        for client in clients:
            if client is not None:
                client.close()

    def _leave(self, client: Any) -> None:
        """Let the next call open another connection; other threads may still use this one."""
        with self._connecting:
            if client is not None and self._clients and self._clients[-1] is client:
                self._clients.append(None)

    def _connect(self) -> Any:
        with self._connecting:
            if not self._clients or self._clients[-1] is None:
                self._clients.append(self._open())
            return self._clients[-1]

    def _open(self) -> Any:
        address = self.address
        options = {"server_pem_path": address.certificates} if address.certificates else {}
        return load_pymilvus().MilvusClient(
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
        if getattr(error, "code", None) == RELEASED:
            return NotLoadedError(f"{self.address}: {reason}")
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


def _name_code(error: Exception) -> str:
    """The name of a gRPC status; empty for a number."""
    code = getattr(error, "code", None)
    code = code() if callable(code) else code
    return str(getattr(code, "name", ""))
