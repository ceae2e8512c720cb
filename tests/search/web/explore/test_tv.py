"""TV and playlists over HTTP."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

import mvsearch

HTML = {"Accept": "text/html"}


def test_a_chain_is_that_of_the_python_api(
    client: TestClient, library: mvsearch.VideoLibrary, ids: dict[str, str]
) -> None:
    one = ids["First Song"]
    asked = {"played": [one], "length": 5, "frames": 1}
    found = client.post("/api/v1/chain", json=asked).json()
    expected = library.chain(one, length=5, weights={"frames": 1.0})
    assert found == [each.to_dict() for each in expected]
    assert [each["video"]["title"] for each in found] == ["Third Song"]
    assert client.post("/api/v1/chain", json={"played": []}).status_code == 422


def test_playlists_are_saved_listed_and_downloaded(
    client: TestClient, connect: Callable[..., TestClient], ids: dict[str, str]
) -> None:
    one, third = ids["First Song"], ids["Third Song"]
    name = "A/B <i>"
    saved = client.post("/api/v1/playlists", json={"name": name, "videos": [one]})
    assert saved.status_code == 201
    again = client.post("/api/v1/playlists", json={"name": name, "videos": []})
    assert (again.status_code, "already" in again.json()["detail"]) == (400, True)
    client.post("/api/v1/playlists/mark", json={"name": name, "video": third})
    (listed,) = client.get("/api/v1/playlists").json()
    assert [video["id"] for video in listed["videos"]] == [one, third]
    file = client.get("/api/v1/playlist-file", params={"form": "m3u8", "name": name})
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''A_B%20%3Ci%3E.m3u8"
    assert "#EXTINF:5,Ada Lovelace - First Song" in file.text
    given = client.get("/api/v1/playlist-file", params={"form": "xspf", "video": [third]})
    assert (given.text.count("<track>"), "Third Song" in given.text) == (1, True)
    page = client.get("/playlists", headers=HTML).text
    assert "A/B &lt;i&gt;" in page
    reader = connect(is_read_only=True)
    asked = {"name": name, "video": one}
    assert reader.post("/api/v1/playlists/mark", json=asked).status_code == 403
    assert reader.delete("/api/v1/playlists", params={"name": name}).status_code == 403
    assert client.delete("/api/v1/playlists", params={"name": name}).json() == {"name": name}
    assert client.delete("/api/v1/playlists", params={"name": name}).status_code == 404


@pytest.mark.parametrize("query", ["", "start=first song", "by=audio"])
def test_tv_begins_with_a_song(client: TestClient, ids: dict[str, str], query: str) -> None:
    page = client.get(f"/tv?{query}", headers=HTML)
    assert page.status_code == 200
    found = [one for one in ids.values() if f'data-id="{one}"' in page.text]
    assert found == [ids["First Song"]] if query.startswith("start") else len(found) == 1


def test_tv_without_such_a_list_says_so(client: TestClient) -> None:
    answer = client.get("/tv?playlist=%3Cb%3E", headers=HTML)
    assert (answer.status_code, "&lt;b&gt;" in answer.text) == (404, True)


def test_tv_plays_a_mix(client: TestClient, library: mvsearch.VideoLibrary) -> None:
    assert 'name="from"' in client.get("/playlists", headers=HTML).text
    page = client.get("/tv?from=calm&to=energetic&minutes=1", headers=HTML)
    assert page.status_code == 200
    body = {"start": "calm", "end": [0.65, 0.85], "minutes": 1}
    mix = client.post("/api/v1/mix", json=body).json()
    listed = [page.text.index(f'data-id="{one["video"]["id"]}"') for one in mix["songs"]]
    assert listed == sorted(listed)
    assert mix == library.mix("calm", (0.65, 0.85), 1).to_dict()
    assert "the library is too small" in page.text
    assert client.get("/tv?from=clam&to=sad", headers=HTML).status_code == 400
    for wrong in ({"end": [0.5, 1.5]}, {"minutes": 0}, {"start": None}, {"start": "x" * 50}):
        assert client.post("/api/v1/mix", json={**body, **wrong}).status_code == 422


def test_a_mix_through_videos_is_that_of_the_python_api(
    client: TestClient, library: mvsearch.VideoLibrary, ids: dict[str, str]
) -> None:
    one, third = ids["First Song"], ids["Third Song"]
    asked = {"videos": [one, third], "minutes": 1, "mix_by": "look"}
    found = client.post("/api/v1/mix-through", json=asked).json()
    assert found == library.mix_through([one, third], 1, by="look").to_dict()
    for wrong in (
        {"videos": []},
        {"videos": [one], "minutes": 0},
        {"videos": [one], "minutes": 1e9},
        {"videos": [one], "mix_by": "smell"},
        {"videos": [one], "seed": -1},
        {"videos": [one] * 101},
    ):
        assert client.post("/api/v1/mix-through", json=wrong).status_code == 422
    unknown = client.post("/api/v1/mix-through", json={"videos": ["nobody"]})
    assert (unknown.status_code, unknown.json()["error"]) == (404, "VideoNotFoundError")
    silent = client.post("/api/v1/mix-through", json={"videos": [third]})
    assert (silent.status_code, "no sound" in silent.json()["detail"]) == (400, True)


def test_the_radio_plays_a_mix_from_a_video(client: TestClient, ids: dict[str, str]) -> None:
    one, third = ids["First Song"], ids["Third Song"]
    page = client.get(
        "/tv", params={"through": [third, one], "way": "look", "minutes": 1}, headers=HTML
    ).text
    assert page.index(f'data-id="{third}"') < page.index(f'data-id="{one}"')
    video = client.get(f"/video/{one}", headers=HTML).text
    assert "Radio from here" in video
    assert f'<input type="hidden" name="through" value="{one}">' in video
