"""The HTTP API answers as the Python API does, and refuses in one form."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

import mvsearch
from mvsearch.indexer.media.probe import probe_file
from mvsearch.search.api.methods.pictures import PictureFolders
from mvsearch.search.web import uploads
from mvsearch.search.web.access.tokens import TokenCheck
from mvsearch.search.web.options import WebOptions
from mvsearch.search.web.requests import SearchRequest
from mvsearch.search.web.served import Served
from tests import media

ANY = "0" * 40


def test_a_search_is_that_of_the_python_api(
    client: TestClient, library: mvsearch.VideoLibrary
) -> None:
    asked = {"lyric": ["take me home"], "weights": {"lyrics": 1.0}, "top": 1}
    answer = client.post("/api/v1/search", json=asked)
    expected = library.search(lyric="take me home", weights={"lyrics": 1.0}, top=1).to_dict()
    assert (answer.status_code, answer.json()) == (200, expected)
    assert answer.json()["results"][0]["video"]["title"] == "First Song"


def test_media_are_uploaded_with_a_search_or_before_it(
    client: TestClient, library: mvsearch.VideoLibrary, tmp_path: Path, ids: dict[str, str]
) -> None:
    picture = media.make_picture(tmp_path / "q.png", "smptebars").read_bytes()
    expected = library.search(image=picture, top=2).to_dict()["results"]
    assert expected[0]["video"]["id"] == ids["Third Song"]
    files = {"image": ("../../q.png", picture, "text/html")}
    at_once = client.post("/api/v1/search", files=files, data={"query": '{"top": 2}'})
    assert at_once.json()["results"] == expected
    kept = client.post("/api/v1/uploads", files=files)
    assert (kept.status_code, kept.json()[0]["kind"]) == (201, "image")
    for weights in ({"frames": 1.0}, {"frames": 0.5, "audio": 0.5}):
        asked = {"uploads": [kept.json()[0]["id"]], "top": 2, "weights": weights}
        later = client.post("/api/v1/search", json=asked).json()["results"]
        assert later == library.search(image=picture, top=2, weights=weights).to_dict()["results"]
    gone = client.post("/api/v1/search", json={"uploads": ["nothing"]})
    assert (gone.status_code, gone.json()["error"]) == (400, "QueryError")


def test_a_query_names_the_files_that_are_sent_with_it(
    client: TestClient, library: mvsearch.VideoLibrary, tmp_path: Path, folder: Path
) -> None:
    file = media.make_picture(tmp_path / "q.png", "smptebars")
    clip = (folder / "Ada Lovelace - First Song.mp4").read_bytes()
    written = 'image({}) and sound("c.mp4"@1-3) while text("river")'
    query = mvsearch.parse_query(
        written.format(file).replace('"c.mp4"', f'"{folder}/Ada Lovelace - First Song.mp4"')
    )
    expected = library.search(query).to_dict()["results"]
    assert expected[0]["parts"]
    files = {"image": ("q.png", file.read_bytes()), "clip": ("c.mp4", clip)}
    asked = json.dumps({"query": written.format("q.png")})
    at_once = client.post("/api/v1/search", files=files, data={"query": asked})
    kept = client.post("/api/v1/uploads", files=files).json()
    assert [one["name"] for one in kept] == ["q.png", "c.mp4"]
    one, other = (each["id"] for each in kept)
    later = {"query": written.format("q.png"), "uploads": [one, other]}
    called = {"query": written.format("mine"), "files": {"mine": one, "c.mp4": other}}
    by_id = {"query": written.format(one).replace("c.mp4", other)}
    answers = [
        at_once,
        *(client.post("/api/v1/search", json=each) for each in (later, called, by_id)),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        found = answer.json()["results"]
        assert [each["video"]["id"] for each in found] == [each["video"]["id"] for each in expected]
        times = [[part["start_seconds"] for part in each["parts"]] for each in found]
        assert times == [[part["start_seconds"] for part in each["parts"]] for each in expected]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"query": "image(/etc/passwd)"}, "no file '/etc/passwd' was sent with the query"),
        ({"query": "image(~/a.jpg)"}, "no file '~/a.jpg' was sent with the query"),
        ({"query": "clip(../../secret.mp4)"}, "no file '../../secret.mp4' was sent"),
        ({"query": "image(a.png)", "files": {"a.png": "nothing"}}, "not kept any more"),
        ({"query": "image(a.png)", "files": {"a.png": "/etc/passwd"}}, "named by its id"),
        ({"query": "text(a)", "lyric": ["b"]}, "query has all parts in it"),
        ({"text": ["a"], "weights": {"frames": -1}}, "not_text and unlike exclude something"),
        ({"not_text": ["a"]}, "say what to look for besides"),
        ({"text": ["a"], "unlike": [{"video": "a", "upload": "b"}]}, "one of video and upload"),
        ({"query": "x" * 10_001}, "at most 10000"),
    ],
)
def test_a_query_reaches_no_file_of_the_server(
    client: TestClient, asked: dict[str, Any], said: str
) -> None:
    answer = client.post("/api/v1/search", json=asked)
    assert answer.status_code in (400, 422)
    assert said in answer.json()["detail"]


def test_the_place_of_an_error_is_told(client: TestClient) -> None:
    answer = client.post("/api/v1/search", json={"query": "text(a) whle text(b)"})
    problem = answer.json()
    told = (answer.status_code, problem["error"], problem["position"])
    assert told == (400, "QuerySyntaxError", 8)


def test_a_clip_is_found_by_its_picture_and_sound(
    client: TestClient, folder: Path, ids: dict[str, str]
) -> None:
    clip = (folder / "Ada Lovelace - First Song.mp4").read_bytes()
    for kind in ("clip", "audio"):
        found = client.post("/api/v1/search", files={kind: ("c", clip)}).json()["results"]
        assert found[0]["video"]["id"] == ids["First Song"]


def test_the_library_is_told_as_by_the_commands(
    client: TestClient, library: mvsearch.VideoLibrary, ids: dict[str, str]
) -> None:
    one = ids["First Song"]
    listed = client.get("/api/v1/videos", params={"sort": "duration", "artist": ""}).json()
    assert [video["title"] for video in listed["videos"]] == ["Third Song", "First Song"]
    assert listed["facets"]["artist"] == [
        {"value": "Ada Lovelace", "count": 1},
        {"value": "Mary Somerville", "count": 1},
    ]
    assert client.get(f"/api/v1/videos/{one}").json() == library.show(one).to_dict()
    lyrics = library.lyrics(one)
    assert lyrics is not None
    assert client.get(f"/api/v1/videos/{one}/lyrics").json() == lyrics.to_dict()
    similar = client.get(f"/api/v1/videos/{one}/similar", params={"frames": 1, "top": 5}).json()
    expected = library.similar(one, weights={"frames": 1, "lyrics": 0, "audio": 0}, top=5)
    assert similar["similar"] == [each.to_dict() for each in expected]
    assert client.get("/api/v1/versions").json() == library.versions().to_dict()
    assert client.get("/api/v1/status").json()["videos"] == 2
    assert client.get("/api/v1/failures").json() == []


def test_a_filter_leaves_out_videos(client: TestClient) -> None:
    for path in ({"has_lyrics": "false"}, {"artist": "somerville"}, {"lyrics_source": "tag"}):
        listed = client.get("/api/v1/videos", params=path).json()
        titles = [video["title"] for video in listed["videos"]]
        assert titles == ([] if "lyrics_source" in path else ["Third Song"])
        assert listed["total"] == len(titles)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"/api/v1/videos/{ANY}", None, 404),
        ("GET", "/api/v1/videos/..%2F..%2Fetc%2Fpasswd/media", None, 404),
        ("GET", f"/api/v1/videos/{ANY}/media", None, 404),
        ("GET", "/static/../app.py", None, 404),
        ("GET", "/static/..%2fapp.py", None, 404),
        ("GET", "/api/v1/jobs/nothing", None, 404),
        ("GET", "/api/v1/videos?first_year=1990&last_year=1980", None, 400),
        ("GET", "/api/v1/videos?limit=0", None, 422),
        ("GET", "/api/v1/videos?unknown=1", None, 422),
        ("POST", "/api/v1/search", "{", 422),
        ("POST", "/api/v1/search", "{}", 400),
        ("POST", "/api/v1/search", '{"image": ["/etc/passwd"]}', 422),
        ("POST", "/api/v1/search", '{"text": ["a"], "top": 100000}', 422),
        ("POST", "/api/v1/search", '{"text": ["a"], "weights": {"frames": -1}}', 422),
        ("POST", "/api/v1/search", '{"text": ["\\ud800"], "weights": {"smell": 1}}', 422),
        ("POST", "/api/v1/jobs/index", '{"paths": ["/etc"]}', 400),
        ("POST", "/api/v1/jobs/index", '{"paths": ["/etc"], "on": "ray://10.0.0.1:10001"}', 422),
        ("POST", "/api/v1/uploads", "", 400),
        ("PUT", "/api/v1/videos", "", 405),
    ],
)
def test_what_cannot_be_answered_is_a_problem(
    client: TestClient, method: str, path: str, body: str | None, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.request(method, path, content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert "Traceback" not in answer.text


def test_a_file_that_is_no_picture_is_a_problem(client: TestClient) -> None:
    for kind in ("image", "clip", "audio"):
        answer = client.post("/api/v1/search", files={kind: ("q", b"<svg onload=alert(1)>")})
        assert (answer.status_code, answer.json()["error"]) == (400, "QueryError")
    named = client.post("/api/v1/uploads", files={"program": ("q", b"x")})
    assert named.status_code == 422


def test_a_fault_of_the_server_tells_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mvsearch.VideoLibrary, "failures", lambda _: 1 / 0)
    answer = client.get("/api/v1/failures")
    assert answer.status_code == 500
    assert "division" not in answer.text


def test_stills_are_pictures_with_a_tag(client: TestClient, ids: dict[str, str]) -> None:
    path = f"/api/v1/videos/{ids['First Song']}/thumbnail"
    first, later = client.get(path), client.get(path, params={"t": 5})
    assert first.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(first.content)).size == (192, 128)
    assert first.content != later.content
    seconds = client.get(path.replace("thumbnail", "stills")).json()["seconds"]
    assert seconds == [0.0, 3.0]
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_pictures_and_pieces_have_the_size_that_is_asked_for(
    client: TestClient, ids: dict[str, str], tmp_path: Path
) -> None:
    place = f"/api/v1/videos/{ids['First Song']}"
    for kind in ("thumbnail", "frame"):
        small = client.get(f"{place}/{kind}", params={"t": 1, "size": 48})
        assert Image.open(io.BytesIO(small.content)).size == (48, 32)
        assert client.get(f"{place}/{kind}", params={"size": 4000}).status_code == 422
    asked = {"start": 1, "end": 2.5, "height": 40}
    piece = client.get(f"{place}/clip", params=asked)
    assert (piece.status_code, piece.headers["content-type"]) == (200, "video/mp4")
    (tmp_path / "piece.mp4").write_bytes(piece.content)
    picture = probe_file(tmp_path / "piece.mp4").picture
    assert picture is not None
    assert (picture.width, picture.height) == (60, 40)
    assert media.probe_duration(tmp_path / "piece.mp4") == pytest.approx(1.5, abs=0.25)
    tag = {"If-None-Match": piece.headers["etag"]}
    again = client.get(f"{place}/clip", params=asked, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert piece.headers["cache-control"] == "private, max-age=86400"
    for wrong in ({"end": 0.5}, {"end": 62}, {"height": 5000}):
        assert client.get(f"{place}/clip", params=asked | wrong).status_code == 422


def test_ranges_are_those_of_the_file(
    client: TestClient, folder: Path, ids: dict[str, str]
) -> None:
    path = f"/api/v1/videos/{ids['First Song']}/media"
    content = (folder / "Ada Lovelace - First Song.mp4").read_bytes()
    part = client.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(content)}"
    assert part.headers["content-type"] == "video/mp4"
    assert client.get(path).content == content
    assert client.get(path, headers={"Range": "bytes=99999999-"}).status_code == 416


def test_a_container_that_browsers_lack_is_replaced(
    client: TestClient, ids: dict[str, str], tmp_path: Path
) -> None:
    path = f"/api/v1/videos/{ids['Third Song']}"
    told = client.get(f"{path}/playback").json()
    assert told == {"way": "remux", "content_type": "video/mp4", "has_ranges": True}
    (tmp_path / "got.mp4").write_bytes(client.get(f"{path}/media").content)
    entries = "format=format_name,duration:stream=codec_name"
    words = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", entries]
    probed: dict[str, Any] = json.loads(
        subprocess.run([*words, tmp_path / "got.mp4"], capture_output=True, check=True).stdout
    )
    assert probed["streams"][0]["codec_name"] == "h264"
    assert "mp4" in probed["format"]["format_name"]
    assert float(probed["format"]["duration"]) == pytest.approx(4.0, abs=0.11)


def test_the_description_is_complete_and_loads_nothing(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()["paths"]
    assert "$ref" not in json.dumps(described["/api/v1/search"]["post"]["requestBody"])
    assert all("default" in one["responses"] for way in described.values() for one in way.values())
    page = client.get("/docs", headers={"Accept": "text/html"})
    assert all(f"<code>{path}</code>" in page.text for path in described)
    assert "/api/v1/search" in described
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    assert "https://" not in page.text


def test_requests_are_counted_by_the_pattern_of_their_route(client: TestClient) -> None:
    client.get(f"/api/v1/videos/{ANY}")
    counted = client.get("/metrics").text
    name = 'mvsearch_requests_total{method="GET",route="/api/v1/videos/{video_id}",status="404"}'
    assert name in counted
    assert ANY not in counted


def test_words_are_remembered_for_a_while_and_media_as_long_as_they_are_kept(
    library: mvsearch.VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_REMEMBERED", 3)
    served = Served(library, WebOptions(), TokenCheck(None), PictureFolders(()))
    picture = media.make_picture(tmp_path / "q.png", "smptebars").read_bytes()
    kept = served.uploads.add("image", picture)
    for word in ("sea", "sand", "rain", "snow"):
        served.search(SearchRequest(text=[word], uploads=[kept.id]))
    with served.uploads.remembering() as memory:
        pass
    words = [part.value for part, *_ in memory if part.media is None]
    served.close()
    assert len(words) == 3
    assert words[-1] == "snow"
    assert any(part in kept.query.parts for part, *_ in memory)
