"""Moods over HTTP and on the pages."""

import pytest
from starlette.testclient import TestClient

import mvsearch
from tests.media import make_picture

HTML = {"Accept": "text/html"}


def test_uploaded_media_have_moods(
    client: TestClient, library: mvsearch.VideoLibrary, tmp_path
) -> None:
    picture = make_picture(tmp_path / "a.png", "smptebars").read_bytes()
    sent = client.post("/api/v1/uploads", files={"image": ("a", picture)}).json()
    told = client.post("/api/v1/mood", json={"upload": sent[0]["id"]})
    assert (told.status_code, told.json()) == (200, library.predict_mood(picture).to_dict())
    assert client.post("/api/v1/mood", json={"upload": "none"}).status_code == 400
    assert client.post("/api/v1/mood", json={}).status_code == 422
    broken = client.post("/api/v1/uploads", files={"clip": ("a", b"nothing")}).json()
    answer = client.post("/api/v1/mood", json={"upload": broken[0]["id"]})
    assert (answer.status_code, answer.json()["error"]) == (422, "MediaError")


def test_the_map_by_mood_is_the_plane(client: TestClient, library: mvsearch.VideoLibrary) -> None:
    told = client.get("/api/v1/map", params={"by": "mood"}).json()
    known = {video.id: video for video in library.videos()}
    assert {one["id"] for one in told["points"]} == set(known)
    for one in told["points"]:
        video = known[one["id"]]
        assert one["x"] == pytest.approx(video.valence, abs=1e-4)
        assert one["y"] == pytest.approx(1 - video.arousal, abs=1e-4)
    brightest = max(known.values(), key=lambda video: video.valence)
    low = sorted(video.valence for video in known.values())[-1] - 1e-3
    region = f"mood:{low:.4f},0;1,0;1,1;{low:.4f},1"
    listed = client.get("/api/v1/videos", params={"region": region}).json()["videos"]
    assert brightest.id in [video["id"] for video in listed]
    assert 'data-by="mood"' in client.get("/map", params={"by": "mood"}, headers=HTML).text


@pytest.mark.parametrize(
    "asked",
    [{"mood": "angry"}, {"min_valence": 1.5}, {"max_arousal": "nan"}, {"sort": "best"}],
)
def test_impossible_moods_are_refused(client: TestClient, asked: dict[str, object]) -> None:
    assert client.get("/api/v1/videos", params=asked).status_code == 422


def test_lists_and_pages_have_moods(client: TestClient, library: mvsearch.VideoLibrary) -> None:
    told = client.get("/api/v1/videos", params={"sort": "arousal"}).json()
    arousals = [video["arousal"] for video in told["videos"]]
    assert arousals == sorted(arousals, reverse=True)
    facet = {one["value"]: one["count"] for one in told["facets"]["mood"]}
    for name, count in facet.items():
        only = client.get("/api/v1/videos", params={"mood": name}).json()
        assert only["total"] == count
        assert all(name in video["moods"] for video in only["videos"])
    page = client.get("/browse", params={"sort": "mood-gap"}, headers=HTML).text
    assert "apart</p>" in page
    assert '<select name="mood">' in page
    first = library.find("first song")
    page = client.get(f"/video/{first.id}", headers=HTML).text
    assert page.count("<polyline") == 4
    assert f"valence {first.valence:.2f}, arousal {first.arousal:.2f}" in page
