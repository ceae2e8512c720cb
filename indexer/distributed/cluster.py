"""Connects to a Ray cluster, or starts one of this machine; no other module imports Ray."""

import logging
import os
import signal
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mvsearch.indexer.distributed.address import ClusterAddress
from mvsearch.indexer.distributed.settings import apply_settings
from mvsearch.indexer.distributed.token import require_token
from mvsearch.store.distribution import name_install
from mvsearch.store.errors import MvsearchError

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
RETRY_DELAYS_SECONDS = (2.0, 5.0)
TOKEN_ADVICE = (
    "its token must be the same here: `ray get-auth-token` prints it on the head, and"
    " $RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token holds it"
)


class ClusterError(MvsearchError):
    """A cluster cannot be reached, refuses this machine, or is gone."""


def import_ray() -> Any:
    """Import Ray, with our settings in place.

    Raises:
        MvsearchError: it is not installed.
    """
    apply_settings()
    try:
        import ray
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("grpc", "ray"):
            raise
        raise MvsearchError(
            f"indexing on Ray needs Ray, which is not installed; type: {name_install('ray')}"
        ) from None
    return ray


@contextmanager
def connecting(address: ClusterAddress) -> Iterator[Any]:
    """Connect to a cluster; the workers of the run end with the connection.

    A connection that the program has already is used, and left as it is.

    Yields:
        the module `ray`.

    Raises:
        ClusterError: there is no cluster, or it refuses this machine.
    """
    ray = import_ray()
    if ray.is_initialized():
        yield ray
        return
    if address.host is not None or os.environ.get("RAY_ADDRESS", "local") != "local":
        require_token()
    _look_for(address)
    with warnings.catch_warnings():
        # What matters of them is said in our own lines.
        warnings.filterwarnings("ignore", module=r"ray\b")
        with _keeping_signals():
            _connect(ray, address)
        try:
            yield ray
        finally:
            with suppress(Exception):
                ray.shutdown()


def find_node() -> str:
    """The address of the node that this process of Ray works on."""
    ray = import_ray()
    return str(ray.util.get_node_ip_address())


def _connect(ray: Any, address: ClusterAddress) -> None:
    options: dict[str, Any] = {"logging_level": logging.CRITICAL, "log_to_driver": False}
    place = os.environ.get("RAY_ADDRESS") if address.host is None else str(address)
    if not place or place == "local":
        # Without other nodes, nobody else has to reach it.
        place = "local"
        options |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    try:
        _try_init(ray, place, options)
    except ray.exceptions.AuthenticationError:
        raise ClusterError(f"the cluster {place} refuses this machine: {TOKEN_ADVICE}") from None
    except ConnectionAbortedError:
        raise ClusterError(
            f"the head of {place} could not start a process for this run in time: it is too busy,"
            " or has no room; try again"
        ) from None
    except (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        said = " ".join(str(error).split())[:200]
        # A head that refuses a token does not say so.
        more = f"; if it runs, {TOKEN_ADVICE}" if isinstance(error, ConnectionError) else ""
        raise ClusterError(f"no connection to the cluster {place} ({said}){more}") from None
    # Some of Ray's loggers have levels of their own.
    for name in list(logging.root.manager.loggerDict):
        if name == "ray" or name.startswith("ray."):
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _try_init(ray: Any, place: str, options: dict[str, Any]) -> None:
    """Connect; a head that is busy, or has just begun, is asked again."""
    for delay_seconds in (*RETRY_DELAYS_SECONDS, None):
        try:
            ray.init(place, **options)
        except ConnectionAbortedError:
            if delay_seconds is None:
                raise
            logger.info("the head of %s is busy; it is asked again", place)
            with suppress(Exception):
                ray.shutdown()
            time.sleep(delay_seconds)
        else:
            return


def _look_for(address: ClusterAddress) -> None:
    """Raise ClusterError at once where nothing listens; Ray would try for half a minute."""
    if address.host is None:
        return
    try:
        socket.create_connection(
            (address.host.strip("[]"), address.port), timeout=CONNECT_SECONDS
        ).close()
    except OSError as error:
        said = error.strerror or str(error)
        raise ClusterError(
            f"no cluster answers at {address} ({said}); its head is started by `mvsearch workers"
            " start --head`"
        ) from None


@contextmanager
def _keeping_signals() -> Iterator[None]:
    """Keep what this program does at Ctrl-C and at its end; Ray sets its own handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
