"""The review over HTTP: pairs, decisions, the list, and files that move away and back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import mvsearch
from mvsearch.search.versions.relations import Evidence, Relation
from mvsearch.search.web.app import make_app
from mvsearch.search.web.options import WebOptions
from tests import toy_library

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("review") / "music"


@pytest.fixture(scope="module")
def own(music: Path) -> Iterator[mvsearch.VideoLibrary]:
    with mvsearch.open(toy_library.make_indexed(music, music.parent / "library")) as opened:
        yield opened


def serve(library: mvsearch.VideoLibrary, *, is_read_only: bool = False) -> TestClient:
    app = make_app(library, WebOptions(is_read_only=is_read_only))
    return TestClient(app, base_url="http://127.0.0.1:8765", raise_server_exceptions=False)


def test_a_server_that_only_reads_refuses(own: mvsearch.VideoLibrary) -> None:
    first, _, third = own.videos()
    with serve(own, is_read_only=True) as client:
        body = {"first": first.id, "second": third.id, "kept": None}
        assert client.post("/api/v1/review", json=body).status_code == 403
        assert client.post("/api/v1/review/move", json={"folder": "/x"}).status_code == 403
        assert client.post("/api/v1/review/move-back").status_code == 403
        assert 'id="move"' not in client.get("/review", headers=HTML).text


def test_a_pair_is_decided_moved_away_and_moved_back(
    own: mvsearch.VideoLibrary, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _, third = own.videos()
    evidence = {"frames": Evidence("agrees", 0.98, None, 1.0, 1.0)}
    relation = Relation("duplicate", first, third, 0.0, 0.9, evidence)  # type: ignore[arg-type]
    found = own.versions()
    monkeypatch.setattr(
        mvsearch.VideoLibrary,
        "versions",
        lambda *_, **__: type(found)(found.videos, (relation,), (), 1),
    )
    with serve(own) as client:
        assert "Look for versions" in client.get("/review", headers=HTML).text
        job = client.post("/api/v1/jobs/versions").json()
        client.get(f"/api/v1/jobs/{job['id']}/events")  # until its end
        page = client.get("/review", headers=HTML).text
        assert "First Song" in page
        assert "picture agrees: 0.98" in page
        pair = {"first": first.id, "second": third.id}
        decided = client.post("/api/v1/review", json={**pair, "kept": first.id}).json()
        assert decided["surplus"] == 1
        assert "First Song" not in client.get("/review", headers=HTML).text
        assert f'data-decision="{first.id}"' in client.get("/review?show=decided").text
        listed = client.get("/api/v1/review/surplus.txt")
        assert listed.text == f"{third.path}\n"
        assert "attachment" in listed.headers["content-disposition"]
        for folder in ("/", "surplus", str(tmp_path / "elsewhere"), f"{music}/../elsewhere"):
            refused = client.post("/api/v1/review/move", json={"folder": folder})
            assert (refused.status_code, third.path.exists()) == (400, True)
        moved = client.post("/api/v1/review/move", json={"folder": str(music / "surplus")})
        assert moved.json()["files"] == [str(music / "surplus" / third.path.name)]
        assert own.find(third.id).path == music / "surplus" / third.path.name
        (undo,) = (music / "surplus").glob("undo *.jsonl")
        assert client.post("/api/v1/review/undo", json={"file": "/x/undo"}).status_code == 400
        undone = client.post("/api/v1/review/undo", json={"file": str(undo)}).json()
        assert (undone["files"], own.find(third.id).path) == ([str(third.path)], third.path)
        client.post("/api/v1/review/move", json={"folder": str(music / "surplus")})
        assert own.index(music, lyrics="off").indexed == 0  # what was moved is ignored
        back = client.post("/api/v1/review/move-back").json()
        assert (back["files"], third.path.exists()) == ([str(third.path)], True)
        again = client.request("DELETE", "/api/v1/review", params=pair).json()
        assert again["surplus"] == 0
