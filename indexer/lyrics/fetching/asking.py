"""Asks a service for JSON: rarely, with bounds, and with one line for whatever goes wrong."""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from mvsearch.store.distribution import DISTRIBUTION, read_version
from mvsearch.store.errors import ServerError

if TYPE_CHECKING:
    import httpx2

MAX_ANSWER_BYTES = 2 * 2**20
TIMEOUT_SECONDS = 20.0
# Between two questions, and at most after the service asks to wait.
PAUSE_SECONDS = 1.0
MAX_WAIT_SECONDS = 3600.0
DEFAULT_WAIT_SECONDS = 60.0


class Asker:
    """Asks one service, with a pause between questions.

    Args:
        name: of the service, for messages.
        variable: the environment variable that names another address.
        default: the address.
        transport: for tests; None for the network.
        sleep, clock: for tests.
    """

    def __init__(
        self,
        name: str,
        variable: str,
        default: str,
        *,
        transport: "httpx2.BaseTransport | None" = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._variable, self._default = name, variable, default
        self._transport, self._sleep, self._clock = transport, sleep, clock
        self._lock = threading.Lock()
        self._free_seconds = self._closed_seconds = -float("inf")

    def ask(self, path: str, parameters: Mapping[str, str]) -> Any:
        """The JSON at a path; None if the service has no such thing.

        Raises:
            ServerError: it cannot be reached, asks to wait, or answers too slowly, too much or
                something else than JSON.
        """
        base = self._find_address()
        with self._lock:
            left = self._closed_seconds - self._clock()
            if left > 0:
                raise ServerError(f"{self._name} asks to wait {left:.0f} s: try again then")
            self._sleep(max(self._free_seconds - self._clock(), 0.0))
            try:
                status, headers, content = self._send(f"{base}/{path}", parameters)
            finally:
                self._free_seconds = self._clock() + PAUSE_SECONDS
        if status == 404:
            return None
        if status in (429, 503):
            self._wait(headers.get("retry-after", ""))
        if status != 200:
            self._refuse(f"refuses the question (HTTP {status})")
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            self._refuse("answers something else than JSON")

    def _find_address(self) -> str:
        """The address of the service, without a slash at its end.

        Raises:
            ServerError: what the environment names is no web address.
        """
        address = os.environ.get(self._variable) or self._default
        try:
            parts = urlsplit(address)
            is_right = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            is_right = False
        if not is_right:
            raise ServerError(f"${self._variable} is no web address: {address[:100]!r}")
        return address.rstrip("/")

    def _send(
        self, address: str, parameters: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and content of the answer."""
        import httpx2

        agent = f"{DISTRIBUTION}/{read_version() or 'unreleased'}"
        # No compression: a small answer cannot become a large one. A redirection leads elsewhere.
        headers = {"User-Agent": agent, "Accept": "application/json", "Accept-Encoding": "identity"}
        deadline = time.monotonic() + TIMEOUT_SECONDS
        try:
            with (
                httpx2.Client(
                    headers=headers,
                    timeout=TIMEOUT_SECONDS,
                    follow_redirects=False,
                    transport=self._transport,
                ) as client,
                client.stream("GET", address, params=dict(parameters)) as response,
            ):
                content = bytearray()
                for chunk in response.iter_raw():
                    content += chunk
                    if len(content) > MAX_ANSWER_BYTES:
                        self._refuse(f"sends more than {MAX_ANSWER_BYTES >> 20} MiB")
                    if time.monotonic() > deadline:
                        self._refuse(f"needs longer than {TIMEOUT_SECONDS:.0f} s to answer")
                return response.status_code, dict(response.headers), bytes(content)
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            self._refuse(f"cannot be reached ({type(error).__name__})")

    def _wait(self, told: str) -> NoReturn:
        """Ask nothing more until the time that the service names."""
        is_number = told.isascii() and told.isdigit() and len(told) < 8
        seconds = min(float(told), MAX_WAIT_SECONDS) if is_number else DEFAULT_WAIT_SECONDS
        self._closed_seconds = self._clock() + seconds
        raise ServerError(f"{self._name} asks to wait {seconds:.0f} s: try again then")

    def _refuse(self, what: str) -> NoReturn:
        raise ServerError(f"the lyrics service {self._name} {what}")
