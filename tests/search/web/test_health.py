"""Proxies learn whether a server can answer, and clients when to ask again."""

import threading

import pytest
from starlette.testclient import TestClient

import mvsearch
from mvsearch import MvsearchError
from mvsearch.search.web.app import make_app
from mvsearch.search.web.monitoring import health
from mvsearch.search.web.options import WebOptions
from mvsearch.store.errors import LibraryUnreachableError
from mvsearch.store.library import Library
from tests.limits import HANG_SECONDS

HTML = {"Accept": "text/html"}
LOST = "postgresql://host/db cannot be reached: connection refused"


def lose(*_: object, **__: object) -> None:
    raise LibraryUnreachableError(LOST)


def test_a_library_that_cannot_be_read_is_not_ready(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/readyz").json() == {"status": "ready"}
    monkeypatch.setattr(Library, "check_tables", lose)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    # Anybody may ask, and learns nothing of the library.
    assert "host" not in answer.text
    assert LOST in caplog.text
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_library_that_does_not_answer_is_not_ready_and_is_asked_once(
    library: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    end, asked = threading.Event(), list[int]()

    def wait(_: object) -> None:
        asked.append(1)
        assert end.wait(HANG_SECONDS)

    monkeypatch.setattr(health, "check_tables", wait)
    readiness = health.Readiness(library, threading.Event(), wait_seconds=0.01)
    assert readiness.find_problem() == readiness.find_problem() == "the library does not answer"
    assert asked == [1]
    end.set()
    while readiness.find_problem():  # until its thread has ended
        pass


def test_a_server_that_ends_is_not_ready(library: mvsearch.VideoLibrary) -> None:
    stopping = threading.Event()
    app = make_app(library, WebOptions(), stopping)
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        assert client.get("/readyz").status_code == 200
        stopping.set()
        assert client.get("/readyz").status_code == 503


def test_what_cannot_be_reached_now_may_be_asked_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mvsearch.VideoLibrary, "search", lose)
    monkeypatch.setattr(mvsearch.VideoLibrary, "videos", lose)
    answer = client.post("/api/v1/search", json={"text": ["rain"]})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (answer.json()["detail"], answer.json()["error"]) == (LOST, "LibraryUnreachableError")
    page = client.get("/browse", headers=HTML)
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "cannot be reached" in page.text


def test_a_proxy_is_an_address_or_a_network() -> None:
    assert WebOptions(proxies=("10.0.0.0/8", "::1")).proxies
    with pytest.raises(MvsearchError, match="--proxy"):
        WebOptions(proxies=("proxy.example",))
