"""Addresses are taken as they are printed, and no server can do harm by its answers."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

import mvsearch
from mvsearch.search.api.remote.requests import server as remote_server
from mvsearch.search.api.remote.requests.address import parse_address
from mvsearch.search.api.remote.requests.server import Server
from tests.search.api.conftest import TOKEN


@pytest.mark.parametrize(
    ("url", "token", "expected"),
    [
        ("http://h:1", None, ("http://h:1/", None, None)),
        ("http://h:1/?token=abc%3D", None, ("http://h:1/", "abc=", None)),
        ("http://h:1/?token=abc", "other", ("http://h:1/", "other", None)),
        ("https://me:a%40b@h/music/", "t", ("https://h/music/", "t", ("me", "a@b"))),
        ("http://[::1]:8765", None, ("http://[::1]:8765/", None, None)),
    ],
)
def test_addresses_are_taken_as_they_are_printed(
    url: str, token: str | None, expected: tuple[Any, ...]
) -> None:
    found = parse_address(url, token)
    assert (found.base, found.token, found.login) == expected
    for secret in ("abc", "other", "a@b"):
        assert secret not in repr(found) + str(found)


@pytest.mark.parametrize(
    "url", ["", "h:1", "file:///etc/passwd", "http://", "http://h:x", "ftp://h"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(mvsearch.ServerError, match="is written http://host:8765"):
        mvsearch.connect(url)


LIBRARY = {"folder": "/x", "profile": "toy", "max_request_bytes": 1000}


@contextmanager
def lying(answers: dict[str, tuple[int, dict[str, str], bytes]]) -> Iterator[tuple[str, list[Any]]]:
    """A server that answers as told; its address, and the requests that it got."""
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0].rpartition("/")[2]
            seen.append((path, self.headers.get("Authorization")))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            known = (200, {}, json.dumps(LIBRARY).encode())
            status, headers, content = answers.get(path, known)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            thread.join()


VIDEO = {"id": "a", "path": "/a", "title": "A", "unknown": [1]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>", "something else than JSON"),
        (b"[" * 100_000, "something else than JSON"),
        (b'{"videos": [], "total": NaN}', "something else than JSON"),
        (b'{"videos": [], "total": 9}', "lists videos wrongly"),
        (b'{"videos": [{}], "total": 1}', "cannot read: id: Field required"),
        (json.dumps({"videos": [VIDEO | {"duration_seconds": -1}], "total": 1}).encode(), "-1"),
        (b"[]", "cannot read: videos"),
        (b'{"a": "' + b"x" * 5000 + b'"}', "sends more than"),
    ],
)
def test_a_stranger_s_answer_is_one_line(
    content: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason == "sends more than":
        monkeypatch.setattr(remote_server, "MAX_ANSWER_BYTES", 2000)
    with lying({"videos": (200, {}, content)}) as (url, _), mvsearch.connect(url) as library:
        with pytest.raises(mvsearch.ServerError, match=reason) as caught:
            library.videos()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 401])
def test_a_login_reads_no_more_than_other_requests(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_server, "MAX_ANSWER_BYTES", 2000)
    with (
        lying({"login": (status, {}, b"x" * 5000)}) as (url, seen),
        pytest.raises(mvsearch.ServerError, match="sends more than"),
    ):
        mvsearch.connect(url.replace("//", "//me:secret@"), TOKEN)
    assert [path for path, _ in seen] == ["login"]


def test_a_failed_login_leaves_no_connection_open() -> None:
    class Silent(httpx2.BaseTransport):
        is_closed = False

        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            raise httpx2.ConnectError("nobody is there")

        def close(self) -> None:
            self.is_closed = True

    transport = Silent()
    with pytest.raises(mvsearch.ServerError, match="cannot connect"):
        Server(parse_address("http://me:secret@h:1/", TOKEN), 1.0, transport)
    assert transport.is_closed


def test_keys_of_later_versions_are_ignored() -> None:
    content = json.dumps({"videos": [VIDEO], "total": 1, "more": 1}).encode()
    with lying({"videos": (200, {}, content)}) as (url, _), mvsearch.connect(url) as library:
        assert library.videos() == [mvsearch.Video("a", Path("/a"), "A")]


def test_a_redirection_does_not_get_the_token() -> None:
    with lying({}) as (other, seen):
        moved = (302, {"Location": f"{other}/api/v1/library"}, b"")
        with (
            lying({"library": moved}) as (url, _),
            pytest.raises(mvsearch.ServerError, match="points to http://127"),
        ):
            mvsearch.connect(url, TOKEN)
    assert seen == []


def test_a_problem_s_text_is_one_plain_line() -> None:
    problem = {"detail": "a\nb\x1b[31m" + "c" * 9000, "error": "SystemExit", "status": 400}
    told = (400, {}, json.dumps(problem).encode())
    with (
        lying({"status": told}) as (url, _),
        mvsearch.connect(url) as library,
        pytest.raises(mvsearch.ServerError) as caught,
    ):
        library.status()
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= 1000


def test_no_server_and_a_silent_one_are_told_apart() -> None:
    encrypted = pytest.raises(mvsearch.ServerError, match="cannot connect to https")
    with lying({}) as (url, _), encrypted:
        mvsearch.connect(url.replace("http", "https"))
    with pytest.raises(mvsearch.ServerError, match=r"cannot connect to http://127\.0\.0\.1"):
        mvsearch.connect(url)
    broken = pytest.raises(mvsearch.ServerError, match=r"the connection to http://127.* failed")
    with lying({"library": (200, {"Content-Length": "100"}, b"{")}) as (url, _), broken:
        mvsearch.connect(url)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(mvsearch.ServerError, match=r"within 0\.1 s"):
            mvsearch.connect(address, timeout_seconds=0.1)
