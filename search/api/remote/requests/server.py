"""Asks a server: one request and its bounded answer, or one line that says what went wrong."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from mvsearch.search.api.calls import Calls
from mvsearch.search.api.remote.requests.address import Address
from mvsearch.search.api.remote.requests.problems import explain_failure, raise_problem
from mvsearch.store.errors import ServerError

if TYPE_CHECKING:
    import httpx2

API = "api/v1/"
# Of a whole library with its lyrics: far less; only reports with pictures come near.
MAX_ANSWER_BYTES = 256 * 2**20
MAX_DOWNLOAD_BYTES = 64 * 2**30
MAX_CONNECTIONS = 32

# (field of the form, content of the file)
Files = Sequence[tuple[str, bytes]]
Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request.

    Attributes:
        headers: by lower-case name.
    """

    content: bytes
    headers: Mapping[str, str]


class Server:
    """A server that any number of threads ask.

    Args:
        address: of the server.
        timeout_seconds: maximum time of a request with its answer; of a download, between parts.
        transport: for tests; None for the network.

    Attributes:
        calls: the calls that use it.
    """

    def __init__(
        self,
        address: Address,
        timeout_seconds: float,
        transport: "httpx2.BaseTransport | None" = None,
    ) -> None:
        import httpx2

        if not 0 < timeout_seconds <= 86_400:
            raise ServerError(f"a timeout is above 0 and at most a day, not {timeout_seconds}")
        self.address = address
        self._timeout_seconds = timeout_seconds
        bearer = address.token is not None and address.login is None
        self._client = httpx2.Client(
            auth=address.login,
            # No compression: a small answer cannot become a large one.
            headers={"Accept-Encoding": "identity", "User-Agent": "mvsearch"}
            | ({"Authorization": f"Bearer {address.token}"} if bearer else {}),
            timeout=timeout_seconds,
            limits=httpx2.Limits(max_connections=MAX_CONNECTIONS),
            # A redirection would take the token elsewhere.
            follow_redirects=False,
            trust_env=not address.is_loopback,
            transport=transport,
        )
        self.calls = Calls(str(address), self._client.close)
        if address.token is not None and address.login is not None:
            try:
                self._log_in(address.token)
            except BaseException:
                self.close()
                raise

    def get(self, path: str, parameters: Parameters | None = None) -> Any:
        """The JSON at a path of the API."""
        return self._read(self.fetch("GET", path, parameters=parameters))

    def send(self, method: str, path: str, given: Any = None) -> Any:
        """Send JSON, and read the JSON of the answer."""
        return self._read(self.fetch(method, path, given=given))

    def upload(self, path: str, files: Files) -> Any:
        """Send files, and read the JSON of the answer."""
        return self._read(self.fetch("POST", path, files=files))

    def fetch(
        self,
        method: str,
        path: str,
        *,
        parameters: Parameters | None = None,
        given: Any = None,
        files: Files = (),
    ) -> Answer:
        """Ask, and read the whole answer.

        Raises:
            ServerError: the server cannot be reached, or answers too slowly or too much.
            MvsearchError: what the server refused, as the same class as on its machine.
        """
        with self._asking(method, path, parameters, given, files) as response:
            content = self._read_all(response)
            if not response.is_success:
                raise_problem(self.address, response.status_code, content, response.headers)
            return Answer(content, response.headers)

    def download(self, path: str, parameters: Parameters, target: BinaryIO) -> Mapping[str, str]:
        """Write what is at a path to a file; returns the headers.

        Raises:
            OSError: the file cannot be written.
            MvsearchError: see `fetch`.
        """
        with self._asking("GET", path, parameters) as response:
            if not response.is_success:
                content = self._read_all(response)
                raise_problem(self.address, response.status_code, content, response.headers)
            n_bytes = 0
            for chunk in response.iter_bytes():
                n_bytes += len(chunk)
                if n_bytes > MAX_DOWNLOAD_BYTES:
                    self._refuse("sends more than 64 GiB")
                target.write(chunk)
            return response.headers

    def close(self) -> None:
        """Refuse further requests, wait for those under way, and disconnect."""
        self.calls.close()

    @contextmanager
    def _asking(
        self,
        method: str,
        path: str,
        parameters: Parameters | None = None,
        given: Any = None,
        files: Files = (),
    ) -> Iterator["httpx2.Response"]:
        """The begun answer of the API."""
        named = [(field, (field, content)) for field, content in files] or None
        sent = {"params": parameters, "json": given, "files": named}
        with self.calls.using(), self._sending(method, API + path, sent) as response:
            yield response

    @contextmanager
    def _sending(
        self, method: str, path: str, sent: Mapping[str, Any]
    ) -> Iterator["httpx2.Response"]:
        """The begun answer; failures below HTTP become one line."""
        import httpx2

        try:
            with self._client.stream(method, self.address.base + path, **sent) as response:
                yield response
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            raise explain_failure(self.address, error, self._timeout_seconds) from None

    def _read_all(self, response: "httpx2.Response") -> bytes:
        """The content of an answer, within its limits of size and time."""
        begun_seconds = time.monotonic()
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > MAX_ANSWER_BYTES:
                self._refuse(f"sends more than {MAX_ANSWER_BYTES >> 20} MiB")
            if time.monotonic() - begun_seconds > self._timeout_seconds:
                self._refuse(f"needs longer than {self._timeout_seconds:g} s to answer")
        return bytes(content)

    def _read(self, answer: Answer) -> Any:
        try:
            return json.loads(answer.content, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            self._refuse("answers something else than JSON: is it an mvsearch server?")

    def _refuse(self, what: str) -> NoReturn:
        raise ServerError(f"the server at {self.address} {what}")

    def _log_in(self, token: str) -> None:
        """Take the cookie for the token, as the header is that of the proxy."""
        with self._sending("POST", "login", {"data": {"token": token}}) as response:
            content = self._read_all(response)
            if response.is_error:
                raise_problem(self.address, response.status_code, content, response.headers)


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and infinities, which JSON does not have."""
    raise ValueError(name)
