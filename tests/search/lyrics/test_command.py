"""What the terminal and the page of a video say of fits of lyrics."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import mvsearch
from mvsearch.search.api.lyrics.records import FOLDER
from mvsearch.search.output.tables.lyric_fits import describe_fit
from mvsearch.search.web.app import make_app
from mvsearch.search.web.options import WebOptions
from mvsearch.store.records import FitPiece
from tests.limits import HANG_SECONDS
from tests.search.lyrics.conftest import LRC, NAME, Plant, make_fit

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(shell: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("MVSEARCH_LIBRARY", str(place / "library"))
    return shell


def test_a_fit_in_words() -> None:
    assert describe_fit(make_fit(7.24, cuts=())) == "7.2 s early"
    assert describe_fit(make_fit(-3, cuts=(), rate=1.005)) == (
        "3.0 s late, the video is 0.50 % slower"
    )
    pieces = (FitPiece(0.0, 0.01), FitPiece(83.0, -14.0))
    told = describe_fit(make_fit(pieces=pieces, cuts=((69.0, 83.0),)))
    assert told == "in time, from 1:23 on 14.0 s late, 14.0 s of them are cut at 1:09"


def test_lyrics_are_fitted_from_the_terminal(run: Run, plant: Plant, place: Path) -> None:
    plant(make_fit())
    code, out, err = run("lyrics", "first song", "--fit")
    assert (code, err) == (0, "")
    assert f"the lyrics ({NAME}.lrc) are 1.5 s early" in out
    assert "97 % sure by words, 4 of 5 lines heard\n--apply moves" in out
    assert run("lyrics", "first song", "--apply")[0] == 0
    code, out, _ = run("lyrics", "first song", "--write")
    assert (code, "were moved: they were 1.5 s early" in out) == (0, True)
    assert out.endswith(f"what was there is {NAME}.original.lrc\n")
    code, out, _ = run("lyrics", "--all", "--fit", "--json")
    assert (code, [one["state"] for one in json.loads(out)]) == (1, ["applied"])
    assert run("lyrics", "--all", "--undo")[1] == "First Song: the lyrics are as before\n"
    assert (place / "videos" / f"{NAME}.lrc").read_text() == LRC
    shutil.rmtree(place / "library" / FOLDER)  # an offer that is known would be taken
    plant(make_fit(confidence=0.1))
    assert "not clear, so they stay" in run("lyrics", "first song", "--apply")[1]


@pytest.mark.parametrize(
    "words",
    [
        ("first", "--fit", "--out", "x"), ("first", "--fit", "--format", "lrc"),
        ("first", "--undo", "--write"), ("first", "--undo"), ("--fit",), ("first", "--json"),
        ("first", "--all", "--fit"), ("third", "--fit"), ("nobody", "--fit"),
        ("first", "--fetch", "other"), ("first", "--by", "smell"),
        ("second", "--apply", "--by", "voice"),
    ],
)  # fmt: skip
def test_bad_requests_are_one_line(run: Run, words: tuple[str, ...]) -> None:
    code, out, err = run("lyrics", *words)
    assert (code, out, err.count("\n")) == (2, "", 1), err


def test_the_page_offers_shifts_and_undoes(
    plant: Plant, place: Path, opened: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(make_fit())
    app = make_app(opened, WebOptions())
    video = opened.find("First Song").id
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        assert "lyrics-fit" in client.get(f"/video/{video}").text
        third = opened.find("Third Song").id
        assert "lyrics-fit" not in client.get(f"/video/{third}").text
        part = f"/video/{video}/lyrics-fit"
        assert "Check the times" in client.get(part).text
        client.post(part, params={"do": "check"})
        (job,) = client.get("/api/v1/jobs").json()
        assert _await(client, job["id"]) == "done"
        shown = client.get(part).text
        assert "These lyrics are 1.5 s early" in shown
        assert "97 % sure" in shown
        moved = client.post(part, params={"do": "apply"})
        assert moved.headers["hx-refresh"] == "true"
        assert "were shifted" in client.get(part).text
        assert client.post(part, params={"do": "apply"}).text.count('role="alert"') == 1
        assert client.post(part, params={"do": "undo"}).headers["hx-refresh"] == "true"
        assert client.post(part, params={"do": "eat"}).status_code == 422
        asked = {"video": video, "fetch": "../x"}
        assert client.post("/api/v1/jobs/fit-lyrics", json=asked).status_code == 422
    with TestClient(
        make_app(opened, WebOptions(is_read_only=True)), base_url="http://127.0.0.1:8765"
    ) as client:
        assert client.post(part, params={"do": "check"}).status_code == 403
        assert client.post(f"/api/v1/videos/{video}/lyrics/fit").status_code == 403
        assert "Shift" not in client.get(part).text


def _await(client: TestClient, job_id: str) -> str:
    import time

    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        state: str = client.get(f"/api/v1/jobs/{job_id}").json()["state"]
        if state != "running":
            return state
        time.sleep(0.01)
    return "hangs"
