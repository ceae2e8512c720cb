"""Thumbs of a page begin a session, and the pages of sessions show and change it."""

import html
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import mvsearch
from tests import media

HTML = {"Accept": "text/html"}
PROBE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def nothing_is_left(library: mvsearch.VideoLibrary) -> Iterator[None]:
    yield
    for name in ("sessions.json", "sessions.lock"):
        (library.folder / name).unlink(missing_ok=True)


def read_ask(page: str) -> Any:
    (found,) = re.findall(r'data-ask="([^"]*)"', page)
    return json.loads(html.unescape(found))


def shown(page: str) -> list[str]:
    return re.findall(r'<li class="card[^"]*" data-video="([^"]*)"', page)


def test_a_page_becomes_a_session(client: TestClient, ids: dict[str, str]) -> None:
    page = client.get("/?q=take+me+home&artist=Ada+Lovelace", headers=HTML).text
    assert shown(page) == [ids["First Song"]]
    one = ids["First Song"]
    asked = {**read_ask(page), "shown": shown(page)}
    kept = client.post("/api/v1/sessions", json=asked).json()
    assert (kept["name"], kept["is_kept"]) == ("take me home, artist 'Ada Lovelace'", False)
    assert kept["rounds"] == [{"shown": [one], "judgements": [], "is_new": False}]
    judged = {"name": kept["name"], "like": [{"video_id": one, "modalities": ["frames"]}]}
    found = client.post("/api/v1/sessions/refine", json=judged).json()
    assert found["results"][0]["feedback"]["video_id"] == one
    text = client.get("/session", params={"name": kept["name"]}, headers=HTML).text
    assert "liked: look of First Song" in text
    assert shown(text) == [one]
    assert "feedback +" in text
    assert "1 liked, 0 disliked" in client.get("/sessions", headers=HTML).text


def test_looking_at_a_session_changes_nothing(
    client: TestClient, library: mvsearch.VideoLibrary
) -> None:
    library.keep_session(PROBE, library.search("river", top=24))
    library.refine(PROBE, like=1)
    before = (library.folder / "sessions.json").read_bytes()
    for address in ("/session", "/sessions"):
        text = client.get(address, params={"name": PROBE}, headers=HTML).text
        assert PROBE not in text
        assert "&lt;script&gt;" in text
    assert (library.folder / "sessions.json").read_bytes() == before


def test_a_session_that_is_deleted_meanwhile_is_not_found(
    client: TestClient, library: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.keep_session("s", library.search("river"))
    monkeypatch.setattr(type(library), "sessions", lambda _: [])
    assert client.get("/session?name=s", headers=HTML).status_code == 404


def test_a_picture_of_a_page_is_kept(client: TestClient, tmp_path: Path) -> None:
    picture = media.make_picture(tmp_path / "q.png", "smptebars").read_bytes()
    (sent,) = client.post("/api/v1/uploads", files={"image": ("q", picture)}).json()
    page = client.get("/", params={"upload": sent["id"]}, headers=HTML).text
    kept = client.post("/api/v1/sessions", json={**read_ask(page), "shown": shown(page)}).json()
    client.delete(f"/api/v1/uploads/{sent['id']}")
    answer = client.post("/api/v1/sessions/refine", json={"name": kept["name"], "like": [1]})
    assert [one["video"]["id"] for one in answer.json()["results"]] == shown(page)
    assert kept["name"] == "a picture"


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [
        ("refine", {"name": "nix"}, 404),
        ("refine", {"name": "s", "like": [99]}, 400),
        ("refine", {"name": "s", "like": [1], "dislike": ["1"]}, 400),
        ("refine", {"name": "s", "like": ["1:taste"]}, 400),
        ("refine", {"name": "s", "like": [{"video_id": "x"}]}, 400),
        ("refine", {"name": "s", "like": [{"video_id": ""}]}, 422),
        ("refine", {"name": "s", "like": [{"video_id": "x", "start_seconds": 1}]}, 422),
        ("refine", {"name": "s", "like": [{"video_id": "x", "modalities": ["taste"]}]}, 422),
        ("refine", {"name": "s", "like": [1.5]}, 422),
        ("refine", {"name": "s", "undo": True}, 400),
        ("refine", {"name": "s", "top": 10**9}, 422),
        ("refine", {"name": "s", "more": 1}, 422),
        ("rename", {"name": "s", "to": ""}, 400),
        ("rename", {"name": "s", "to": "x" * 1000}, 422),
        ("", {"name": "s", "text": ["river"]}, 400),
        ("", {"name": "a\nb", "text": ["river"]}, 400),
        ("", {"shown": ["x"] * 1000, "text": ["river"]}, 422),
        ("", {}, 400),
    ],
)
def test_what_is_wrong_is_told(
    client: TestClient, library: mvsearch.VideoLibrary, path: str, given: Any, status: int
) -> None:
    library.keep_session("s", library.search("river"))
    answer = client.post(f"/api/v1/sessions/{path}".rstrip("/"), json=given)
    assert (answer.status_code, "\n" in answer.json()["detail"]) == (status, False)


def test_a_server_that_only_reads_has_no_thumbs(
    connect: Callable[..., TestClient], library: mvsearch.VideoLibrary
) -> None:
    library.keep_session("s", library.search("river"))
    client = connect(is_read_only=True)
    page = client.get("/?q=river", headers=HTML).text
    assert "thumb" not in re.sub(
        r"thumbnail", "", page[page.index('id="results"') :].split('<div id="tray"')[0]
    )
    assert "data-ask" not in page
    for answer in (
        client.get("/session?name=s", headers=HTML),
        client.post("/api/v1/sessions", json={"text": ["river"]}),
        client.post("/api/v1/sessions/refine", json={"name": "s"}),
        client.delete("/api/v1/sessions?name=s"),
    ):
        assert answer.status_code == 403
    assert [one["name"] for one in client.get("/api/v1/sessions").json()] == ["s"]


def test_a_damaged_file_is_told_on_the_page(
    client: TestClient, library: mvsearch.VideoLibrary
) -> None:
    (library.folder / "sessions.json").write_text("{")
    for path in ("/sessions", "/session?name=s"):
        answer = client.get(path, headers=HTML)
        assert answer.status_code == 503
        assert "move it away" in answer.text
    assert client.get("/?q=river", headers=HTML).status_code == 200
