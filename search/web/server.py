"""Runs the server until it is interrupted, and says how to open it."""

import logging
import math
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from urllib.parse import urlencode

import uvicorn

from mvsearch import VideoLibrary
from mvsearch.search.web.app import make_app
from mvsearch.search.web.options import WebOptions
from mvsearch.store.errors import MvsearchError
from mvsearch.store.observing.logs import StderrLines, is_json

# Further connections are refused with 503.
MAX_CONNECTIONS = 256


def serve(library: VideoLibrary, options: WebOptions, tell: Callable[[str], None]) -> None:
    """Serve a library until SIGINT or SIGTERM.

    Args:
        library: is open, and is left open.
        options: address, token and what may be changed.
        tell: is called with the address of the first page once connections are accepted.

    Raises:
        MvsearchError: the address cannot be listened on.
    """
    if is_json():
        logging.getLogger("uvicorn").addHandler(StderrLines())
    listening = _listen(options.host, options.port)
    stopping = threading.Event()
    with listening:
        config = uvicorn.Config(
            make_app(library, options, stopping),
            log_level="warning",
            # Its own lines are for people; ours take in what it has to say.
            log_config=None if is_json() else uvicorn.config.LOGGING_CONFIG,
            access_log=False,
            server_header=False,
            proxy_headers=bool(options.proxies),
            forwarded_allow_ips=list(options.proxies),
            limit_concurrency=MAX_CONNECTIONS,
            timeout_graceful_shutdown=math.ceil(options.grace_seconds),
            h11_max_incomplete_event_size=64 * 2**10,
            ws="none",
        )
        threading.Thread(target=_load_encoders, args=(library,), daemon=True).start()
        tell(name_address(options, listening.getsockname()[1]))
        sys.stdout.flush()
        _Server(config, stopping).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Tells at once when it is to end; players that are still connected do not hold it up long."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end at SIGINT or SIGTERM."""
        self._stopping.set()
        super().handle_exit(sig, frame)


def _load_encoders(library: VideoLibrary) -> None:
    """Load what words need before the first person asks; what fails here is told to them."""
    with suppress(MvsearchError):
        library.search("a song", top=1)


def name_address(options: WebOptions, port: int) -> str:
    """The address of the first page, with the token if one is asked for."""
    host = options.host
    if host in ("0.0.0.0", "::"):
        host = options.names[0] if options.names else socket.gethostname()
    shown = f"[{host}]" if ":" in host else host
    query = f"?{urlencode({'token': options.token})}" if options.token is not None else ""
    return f"http://{shown}:{port}/{query}"


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        MvsearchError: the address is not of this machine, or in use.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(address[:2], family=family, backlog=128)
        # Connections inherit it. asyncio sets it only where the protocol is named; without it, each
        # answer waits for the client's delayed acknowledgement, 40 ms on Linux.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MvsearchError(f"cannot listen at {host}, port {port}: {reason}") from None
