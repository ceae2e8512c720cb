"""The gallery: pictures find their songs over HTTP, and folders stay closed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests import media

HTML = {"Accept": "text/html"}


def test_a_still_plays_its_own_video_at_its_time(client: TestClient, ids: dict[str, str]) -> None:
    one = ids["First Song"]
    told = client.post("/api/v1/picture-music", json={"video": one, "seconds": 3}).json()
    assert (told["songs"][0]["video"]["id"], told["songs"][0]["at_seconds"]) == (one, 3.0)
    assert told["songs"][0]["why"] == ["The picture is from this video, at 0:03"]
    assert [song["video"]["id"] for song in told["songs"]].count(one) == 1


def test_an_upload_and_a_picture_of_a_folder_find_what_looks_like_them(
    connect: Callable[..., TestClient], ids: dict[str, str], tmp_path: Path
) -> None:
    media.make_picture(tmp_path / "<b>.png", "smptebars")
    client = connect(pictures=(tmp_path,))
    (listed,) = client.get("/api/v1/pictures").json()
    assert listed["name"] == "<b>"
    data = (tmp_path / "<b>.png").read_bytes()
    (kept,) = client.post("/api/v1/uploads", files={"image": ("q", data)}).json()
    for asked in ({"picture": listed["id"]}, {"upload": kept["id"]}):
        told = client.post("/api/v1/picture-music", json=asked).json()
        song = told["songs"][0]
        assert (told["way"], song["video"]["id"]) == ("look", ids["Third Song"])
        assert any("looks similar" in why for why in song["why"])
    shown = client.get(f"/api/v1/pictures/{listed['id']}")
    assert shown.headers["content-type"] == "image/webp"
    tag = {"If-None-Match": shown.headers["etag"]}
    assert client.get(f"/api/v1/pictures/{listed['id']}", headers=tag).status_code == 304
    media.make_picture(tmp_path / "<b>.png", "testsrc2")  # another picture, by the same name
    changed = client.get(f"/api/v1/pictures/{listed['id']}", headers=tag)
    assert (changed.status_code, changed.content == shown.content) == (200, False)
    page = client.get("/gallery", headers=HTML).text
    assert f'data-picture="{listed["id"]}"' in page
    assert "&lt;b&gt;" in page
    assert str(tmp_path) not in page


def test_a_still_plays_what_has_its_mood(client: TestClient, ids: dict[str, str]) -> None:
    asked = {"video": ids["Third Song"], "seconds": 1, "way": "mood"}
    told = client.post("/api/v1/picture-music", json=asked).json()
    song = told["songs"][0]
    assert (told["way"], song["video"]["has_sound"]) == ("mood", True)
    (why,) = [one for one in song["why"] if "mood" in one]
    assert why.startswith("The mood fits, best at 0:0")
    assert "valence" in why
    assert 'id="by-mood"' in client.get("/gallery", headers=HTML).text
    assert client.post("/api/v1/picture-music", json={**asked, "way": "sound"}).status_code == 422


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 422),
        ({"video": "a", "upload": "b"}, 422),
        ({"upload": "gone"}, 400),
        ({"picture": "../../etc/passwd"}, 400),
        ({"video": "nothing"}, 404),
    ],
)
def test_what_is_no_picture_is_a_problem(
    client: TestClient, asked: dict[str, str], status: int
) -> None:
    answer = client.post("/api/v1/picture-music", json=asked)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert client.get("/api/v1/pictures/..%2Fx").status_code == 404


def test_a_sound_is_no_picture(client: TestClient, folder: Path) -> None:
    data = (folder / "Ada Lovelace - First Song.mp4").read_bytes()
    (kept,) = client.post("/api/v1/uploads", files={"audio": ("q", data)}).json()
    answer = client.post("/api/v1/picture-music", json={"upload": kept["id"]})
    assert (answer.status_code, "one picture" in answer.json()["detail"]) == (400, True)
