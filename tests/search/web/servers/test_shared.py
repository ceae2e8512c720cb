"""Two servers over one PostgreSQL answer as one: what one is asked, the other goes on with."""

import io
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

import mvsearch
from mvsearch.search.api.serving import agree_token
from mvsearch.search.web.app import make_app
from mvsearch.search.web.jobs import works
from mvsearch.search.web.jobs.job import Job
from mvsearch.search.web.options import WebOptions
from mvsearch.store.errors import CancelledError
from tests import toy_library
from tests.limits import HANG_SECONDS
from tests.servers.postgres import shared_server

pytestmark = pytest.mark.postgres

HTML = {"Accept": "text/html"}


class StubbedRuns:
    """Stands in for the process of an index run, which waits until it may end."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Semaphore(0), threading.Event()

    def __call__(self, _: Any, __: str, paths: list[Path], ___: object, job: Job) -> Any:
        job.begin("files", 2)
        job.advance("files")
        self.begun.release()
        while not self.may_end.wait(0.05):
            if job.cancel.is_set():
                raise CancelledError
        return {"unchanged": len(paths)}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> StubbedRuns:
    made = StubbedRuns()
    monkeypatch.setattr(works, "index_apart", made)
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_library.make_folder(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def indexed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with three clips, to be copied."""
    address = shared_server().make_database()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        with mvsearch.open(address, profile="toy") as library:
            assert library.index(folder).indexed == 3
    return find_database(address)


class Pair:
    """Two servers, each with the library open for itself, and what stops them."""

    def __init__(self, address: str, stack: ExitStack) -> None:
        self.stopping = [threading.Event(), threading.Event()]
        self.clients = []
        for port, stopping in zip((8765, 8766), self.stopping, strict=True):
            library = stack.enter_context(mvsearch.open(address))
            app = make_app(library, WebOptions(), stopping)
            client = TestClient(app, base_url=f"http://127.0.0.1:{port}")
            self.clients.append(stack.enter_context(client))


@pytest.fixture
def pair(indexed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with ExitStack() as stack:
        yield Pair(shared_server().make_database(indexed), stack)


def find_database(address: str) -> str:
    return address.rpartition("@/")[2].partition("?")[0]


def follow(client: TestClient, job_id: str) -> dict[str, Any]:
    """The last state that the events of a job tell."""
    events = client.get(f"/api/v1/jobs/{job_id}/events").text
    data = [line[6:] for line in events.splitlines() if line.startswith("data: ")]
    last: dict[str, Any] = json.loads(data[-1])
    return last


def test_a_run_of_one_server_is_followed_and_ended_at_the_other(
    pair: Pair, runs: StubbedRuns, folder: Path
) -> None:
    one, other = pair.clients
    asked = {"paths": [str(folder)]}
    for starting, ending in ((one, other), (other, one)):
        job = starting.post("/api/v1/jobs/index", json=asked).json()
        assert job["state"] == "queued"
        assert runs.begun.acquire(timeout=HANG_SECONDS)
        # Whichever server does it, no second one is done beside it.
        assert ending.post("/api/v1/jobs/index", json=asked).status_code == 409
        assert f'data-job="{job["id"]}"' in ending.get("/library", headers=HTML).text
        assert ending.post(f"/api/v1/jobs/{job['id']}/pause").json()["is_paused"]
        last = follow(ending, job["id"])
        assert (last["state"], last["is_paused"], last["stages"][0]["done"]) == (
            "cancelled",
            True,
            1,
        )
        assert starting.get(f"/api/v1/jobs/{job['id']}").json() == last
        resumed = ending.post(f"/api/v1/jobs/{job['id']}/resume").json()
        assert runs.begun.acquire(timeout=HANG_SECONDS)
        starting.delete(f"/api/v1/jobs/{resumed['id']}")
        assert follow(starting, resumed["id"])["state"] == "cancelled"
    assert [len(client.get("/api/v1/jobs").json()) for client in pair.clients] == [4, 4]


def test_another_server_leads_when_one_ends_and_tells_what_was_interrupted(
    pair: Pair, runs: StubbedRuns, folder: Path
) -> None:
    first, second = pair.clients
    job = second.post("/api/v1/jobs/index", json={"paths": [str(folder)]}).json()
    assert runs.begun.acquire(timeout=HANG_SECONDS)
    pair.stopping[0].set()  # the first that was started leads
    last = follow(second, job["id"])
    assert last["state"] == "interrupted"
    assert "start it again" in last["problem"]["detail"]
    assert first.get("/readyz").status_code == 503
    runs.may_end.set()
    resumed = second.post(f"/api/v1/jobs/{job['id']}/resume").json()
    assert follow(second, resumed["id"])["state"] == "done"
    assert second.get("/readyz").status_code == 200


def test_an_upload_of_one_server_is_searched_at_the_other(pair: Pair) -> None:
    one, other = pair.clients
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(picture, "PNG")
    files = {"image": ("red.png", picture.getvalue())}
    (upload,) = one.post("/api/v1/uploads", files=files).json()
    found = other.post("/api/v1/search", json={"uploads": [upload["id"]], "top": 3})
    assert found.status_code == 200, found.text
    assert len(found.json()["results"]) == 3
    assert other.get(f"/api/v1/uploads/{upload['id']}/thumbnail").status_code == 200
    one.delete(f"/api/v1/uploads/{upload['id']}")
    gone = other.post("/api/v1/search", json={"uploads": [upload["id"]]})
    assert (gone.status_code, "add it again" in gone.text) == (400, True)


def test_what_a_job_found_is_shown_by_every_server(pair: Pair) -> None:
    one, other = pair.clients
    assert "Look for versions" in other.get("/review", headers=HTML).text
    job = one.post("/api/v1/jobs/versions").json()
    assert follow(one, job["id"])["state"] == "done"
    for client in pair.clients:
        assert "Look again" in client.get("/review", headers=HTML).text
    report = one.post("/api/v1/jobs/similar-report", json={"form": "html"}).json()
    assert follow(other, report["id"])["state"] == "done"
    assert other.get(f"/heatmap/{report['id']}", headers=HTML).status_code == 200
    texts = {client.get(f"/api/v1/jobs/{report['id']}/text").text for client in pair.clients}
    assert len(texts) == 1


def test_what_people_keep_at_one_server_is_at_the_other(pair: Pair) -> None:
    one, other = pair.clients
    ids = [video["id"] for video in one.get("/api/v1/videos").json()["videos"]]
    saved = one.post("/api/v1/playlists", json={"name": "mine", "videos": ids[:2]})
    assert saved.status_code == 201
    assert [each["name"] for each in other.get("/api/v1/playlists").json()] == ["mine"]
    kept = {"name": "blue", "text": ["rain"]}
    assert one.post("/api/v1/sessions", json=kept).status_code == 201
    assert [each["name"] for each in other.get("/api/v1/sessions").json()] == ["blue"]
    decided = {"first": ids[0], "second": ids[1], "kept": ids[0]}
    assert other.post("/api/v1/review", json=decided).status_code == 200
    assert len(one.get("/api/v1/review").json()["pairs"]) == 1
    tags = {
        client.get(f"/api/v1/videos/{ids[0]}/thumbnail").headers["etag"] for client in (one, other)
    }
    assert len(tags) == 1


def test_all_servers_ask_for_one_token(
    indexed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tokens = set()
    address = shared_server().make_database(indexed)
    for _ in range(2):
        with mvsearch.open(address) as library:
            tokens.add(agree_token(library))
    assert len(tokens) == 1
    assert len(tokens.pop()) >= 32
