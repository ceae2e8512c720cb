"""Uploads are shown, searched by parts, and explained."""

import io
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

import mvsearch
from mvsearch.search.query import encode
from mvsearch.search.query.query import Section
from mvsearch.search.web import conversions
from mvsearch.search.web.queries.making import make_asked_query
from mvsearch.search.web.requests import QueryFields
from mvsearch.search.web.uploads import UploadKind, Uploads
from tests import media
from tests.media import run_ffmpeg

FIRST = "Ada Lovelace - First Song.mp4"


def upload(client: TestClient, kind: str, data: bytes) -> str:
    (kept,) = client.post("/api/v1/uploads", files={kind: ("q", data)}).json()
    return str(kept["id"])


def test_a_part_of_a_clip_is_that_of_the_python_api(
    client: TestClient,
    library: mvsearch.VideoLibrary,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = (folder / FIRST).read_bytes()
    kept = upload(client, "clip", data)
    asked = {"uploads": [f"{kept}@2.5-4.5"], "top": 2}
    expected = library.search(clip=mvsearch.Clip(data, 2.5, 4.5), top=2).to_dict()
    found = client.post("/api/v1/search", json=asked).json()
    assert found["results"] == expected["results"]
    assert found["results"][0]["moments"][0]["start_seconds"] == pytest.approx(2.5, abs=0.3)

    def fail(*_: object) -> None:
        raise AssertionError("a clip is decoded again")

    upload(client, "image", data)  # tidies what is remembered
    monkeypatch.setattr(encode, "analyse_part", fail)
    again = client.post("/api/v1/search", json=asked | {"weights": {"frames": 1}})
    assert again.json()["results"][0]["video"]["title"] == "First Song"


@pytest.mark.parametrize("name", ["{}@3-2", "{}@a-b", "{}@1-", "../{}", "{}@1-2@3-4", "{} "])
def test_other_names_of_parts_are_refused(client: TestClient, name: str) -> None:
    kept = upload(client, "clip", b"any")
    answer = client.post("/api/v1/search", json={"uploads": [name.format(kept)]})
    assert (answer.status_code, answer.json()["error"]) == (400, "QueryError")


def test_an_upload_has_a_still_in_its_own_shape(
    client: TestClient, folder: Path, tmp_path: Path
) -> None:
    picture = media.make_picture(tmp_path / "q.png", "smptebars", (320, 100))
    kept = upload(client, "image", picture.read_bytes())
    answer = client.get(f"/api/v1/uploads/{kept}/thumbnail")
    assert answer.headers["content-type"] == "image/webp"
    still = Image.open(io.BytesIO(answer.content)).convert("RGB")
    assert still.size == (192, 60)
    expected = Image.open(picture).convert("RGB").resize(still.size)
    assert np.abs(np.asarray(still, float) - np.asarray(expected, float)).mean() < 12
    tag = {"If-None-Match": answer.headers["etag"]}
    assert client.get(f"/api/v1/uploads/{kept}/thumbnail", headers=tag).status_code == 304
    content = client.get(f"/api/v1/uploads/{kept}/content")
    assert content.content == picture.read_bytes()
    assert content.headers["content-type"] == "application/octet-stream"
    assert content.headers["content-disposition"] == "attachment"
    clip = upload(client, "clip", (folder / FIRST).read_bytes())
    stills = [client.get(f"/api/v1/uploads/{clip}/thumbnail?t={t}").content for t in (0, 5)]
    assert stills[0] != stills[1]
    for kind, data, status in (("audio", b"x", 404), ("image", b"<svg/>", 422)):
        got = client.get(f"/api/v1/uploads/{upload(client, kind, data)}/thumbnail")
        assert got.status_code == status
    assert client.get("/api/v1/uploads/none/thumbnail").status_code == 400


def test_a_recording_without_a_length_in_its_header_is_found(
    client: TestClient, folder: Path, ids: dict[str, str]
) -> None:
    """As browsers record: WebM written to a pipe, with Opus."""
    recording = run_ffmpeg(
        *("-i", folder / FIRST, "-vn", "-c:a", "libopus", "-f", "webm", "pipe:1")
    )
    found = client.post("/api/v1/search", files={"audio": ("r", recording)}).json()["results"]
    assert found[0]["video"]["id"] == ids["First Song"]


def test_a_frame_is_that_of_the_time(client: TestClient, folder: Path, ids: dict[str, str]) -> None:
    raw = run_ffmpeg(
        *("-i", folder / FIRST, "-vf", "scale=192:128", "-f", "rawvideo"),
        *("-pix_fmt", "rgb24", "pipe:1"),
    )
    frames = np.frombuffer(raw, np.uint8).reshape(-1, 128, 192, 3).astype(float)
    for at in (2.34, 99.0):
        answer = client.get(f"/api/v1/videos/{ids['First Song']}/frame?t={at}")
        got = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"), float)
        nearest = np.abs(frames - got).mean(axis=(1, 2, 3)).argmin()
        expected = min(int(at * 10), len(frames) - 3)
        assert abs(int(nearest) - expected) <= 1 if at < 99 else int(nearest) >= expected


def test_frames_are_decoded_by_few_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversions, "FRAME_WAIT_SECONDS", 0.0)
    kept = conversions.Conversions(tmp_path)
    with ExitStack() as busy:
        for _ in range(conversions.MAX_FRAMES):
            busy.enter_context(kept.decoding_frame())
        with pytest.raises(HTTPException, match="503"), kept.decoding_frame():
            pass
    with kept.decoding_frame():
        pass


def test_reasons_are_those_of_the_python_api(
    client: TestClient, library: mvsearch.VideoLibrary, ids: dict[str, str]
) -> None:
    one, other = ids["First Song"], ids["Third Song"]
    asked = {"lyric": ["take my home"], "like": [{"video": other}], "n_pairs": 2}
    answer = client.post(f"/api/v1/videos/{one}/explain", json=asked).json()
    query = mvsearch.make_query(lyric="take my home", like=other)
    expected = library.explain(one, query, n_pairs=2)
    assert answer == {"pairs": [pair.to_dict() for pair in expected]}
    line, *frames = answer["pairs"]
    assert (line["text"], line["start_seconds"]) == ("take me home", 0.5)
    assert line["words"] == ["take", "home"]
    assert {(pair["modality"], pair["asked"]["video_id"]) for pair in frames} == {("frames", other)}
    assert client.post(f"/api/v1/videos/{one}/explain", json={}).status_code == 400


@pytest.mark.parametrize(
    ("kind", "function", "role"),
    [
        ("image", "look_of_image", "look-of"),
        ("clip", "look_of_clip", "look-of"),
        ("clip", "sound_of_clip", "sound-of"),
        ("clip", "clip", None),
    ],
)
def test_one_side_alone_of_what_was_uploaded_counts(
    kind: UploadKind, function: str, role: str | None
) -> None:
    uploads = Uploads()
    name = uploads.add(kind, b"x", "a b").id
    for said, section in (("", Section(0, 120)), ("@1-2", Section(1, 2))):
        if kind != "image" or not said:
            asked = QueryFields(query=f'{function}("a b"{said})', uploads=[name])
            (part,) = make_asked_query(asked, uploads, mvsearch.Filter()).parts
            assert (part.role, part.section) == (role, None if kind == "image" else section)
