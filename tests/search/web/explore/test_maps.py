"""The map over HTTP, its regions as filters, and the pages of artists."""

import pytest
from starlette.testclient import TestClient

import mvsearch

HTML = {"Accept": "text/html"}
ALL = "-1,-1;2,-1;2,2;-1,2"


def test_the_map_is_that_of_the_python_api(
    client: TestClient, library: mvsearch.VideoLibrary
) -> None:
    told = client.get("/api/v1/map", params={"by": "frames"}).json()
    layout = library.layout("frames")
    assert [one["id"] for one in told["points"]] == list(layout.video_ids)
    assert [[one["x"], one["y"]] for one in told["points"]] == layout.points.round(4).tolist()
    only = client.get("/api/v1/map", params={"artist": "ada"}).json()
    assert [one["title"] for one in only["points"]] == ["First Song"]
    assert client.get("/api/v1/map", params={"by": "lyrics"}).json()["left_out"] == 1
    assert client.get("/api/v1/map", params={"by": "smell"}).status_code == 422


def test_a_region_is_a_filter_everywhere(client: TestClient, ids: dict[str, str]) -> None:
    told = client.get("/api/v1/map", params={"by": "frames"}).json()["points"]
    place = {one["title"]: (one["x"], one["y"]) for one in told}
    x, y = place["First Song"]
    around = f"frames:{x - 0.1:.4f},{y - 0.1:.4f};{x + 0.1:.4f},{y - 0.1:.4f};{x:.4f},{y + 0.1:.4f}"
    for region, expected in (
        (around, {"First Song"}),
        (f"frames:{ALL}", set(ids)),
        ("frames:2,2;3,2;3,3", set()),
    ):
        listed = client.get("/api/v1/videos", params={"region": region}).json()
        assert {video["title"] for video in listed["videos"]} == expected
        assert listed["total"] == len(expected)
        body = {"text": ["song"], "filter": {"region": region}}
        found = client.post("/api/v1/search", json=body).json()["results"]
        assert {one["video"]["title"] for one in found} == expected
    page = client.get("/browse", params={"region": around}, headers=HTML).text
    assert f'name="region" value="{around}" checked' in page
    found = client.get("/", params={"region": around}, headers=HTML).text
    assert ("First Song</a></p>" in found, "Third Song</a></p>" in found) == (True, False)


@pytest.mark.parametrize(
    "region",
    [
        "",
        "frames",
        "frames:0,0;1,1",
        "smell:0,0;1,1;1,0",
        "frames:0,0;1,1;x,0",
        "frames:1e9,0;1,1;1,0",
    ],
)
def test_a_region_that_is_none_is_refused(client: TestClient, region: str) -> None:
    answer = client.get("/api/v1/videos", params={"region": region})
    assert answer.status_code == (422 if region else 200)


def test_artists_have_pages(client: TestClient) -> None:
    listed = client.get("/artists", headers=HTML).text
    assert '<a href="/artist?name=Ada%20Lovelace" dir="auto">Ada Lovelace</a>' in listed
    page = client.get("/artist", params={"name": "ADA LOVELACE"}, headers=HTML)
    assert (page.status_code, "First Song" in page.text, "Third Song" in page.text) == (
        200, True, False,
    )  # fmt: skip
    near = client.get("/artist/near", params={"name": "Ada Lovelace"}, headers=HTML)
    assert near.status_code == 200
    gone = client.get("/artist", params={"name": "<b>"}, headers=HTML)
    assert (gone.status_code, "&lt;b&gt;" in gone.text) == (404, True)
