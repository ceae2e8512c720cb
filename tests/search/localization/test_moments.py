"""Clips cut out of a made film by ffmpeg are placed where they were cut, or said to be unclear."""

import json
import subprocess
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import mvsearch.search.localization.moments
from mvsearch.cli import app
from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.output.report import format_moment
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Moment
from mvsearch.store.landmarks.index import make_empty
from mvsearch.store.library import Library
from tests import toy_library

FRAMES_PER_SECOND, SAMPLE_RATE = 10, 8000
FILM_SECONDS, PIECE = 40, 6.0
FIRST, SECOND = 8.0, 27.0
EXACT = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-c:a", "aac", "-b:a", "96k")


def draw(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """(n, 64, 96, 3) pictures of 4 × 4 fields; a new one every 0.8 s, and motion within."""
    n_shot = round(0.8 * FRAMES_PER_SECOND)
    n_shots = round(seconds * FRAMES_PER_SECOND / n_shot)
    corners = rng.uniform(0, 255, (n_shots, 2, 4, 4, 3))
    way = np.linspace(0, 0.5, n_shot)[:, None, None, None]
    fields = np.concatenate([a + (b - a) * way for a, b in corners]).astype(np.uint8)
    return fields.repeat(16, axis=1).repeat(24, axis=2)


def play(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Notes of half a second."""
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    hertz = rng.uniform(150, 3500, round(seconds * 2))
    return np.concatenate([np.sin(2 * np.pi * h * time) for h in hertz]) * 0.4


def write_film(path: Path, pictures: np.ndarray, sound: np.ndarray) -> Path:
    with wave.open(str(path.with_suffix(".wav")), "wb") as out:
        out.setparams((1, 2, SAMPLE_RATE, len(sound), "NONE", ""))
        out.writeframes((sound * 32767).astype("<i2").tobytes())
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "96x64", "-r", str(FRAMES_PER_SECOND)]
    command = ["ffmpeg", "-v", "error", "-y", *raw, "-i", "-", "-i", path.with_suffix(".wav")]
    command += ["-pix_fmt", "yuv420p", "-g", "5", *EXACT, path]
    subprocess.run(command, check=True, input=pictures.tobytes())
    path.with_suffix(".wav").unlink()
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film in which six seconds occur twice, another film, a still one, and their library."""
    home = tmp_path_factory.mktemp("moments")
    folder, rng = home / "films", np.random.default_rng(5)
    folder.mkdir()
    pictures, sound = draw(rng, FILM_SECONDS), play(rng, FILM_SECONDS)
    for content, rate in ((pictures, FRAMES_PER_SECOND), (sound, SAMPLE_RATE)):
        piece = content[round(FIRST * rate) : round((FIRST + PIECE) * rate)]
        content[round(SECOND * rate) : round((SECOND + PIECE) * rate)] = piece
    write_film(folder / "film.mp4", pictures, sound)
    write_film(folder / "other.mp4", draw(rng, 24), play(rng, 24))
    still = draw(rng, 0.8)[:1].repeat(30 * FRAMES_PER_SECOND, axis=0)
    hum = 0.3 * np.sin(2 * np.pi * 220 * np.arange(30 * SAMPLE_RATE) / SAMPLE_RATE)
    write_film(folder / "still.mp4", still, hum)
    toy_library.index(folder, home / "library")
    return home


def cut(home: Path, start: float, seconds: float, *spoil: str, name: str = "film") -> Path:
    out = home / "clip.mp4"
    section = ["-ss", str(start), "-t", str(seconds), "-i", str(home / f"films/{name}.mp4")]
    command = ["ffmpeg", "-v", "error", "-y", *section, *spoil, *EXACT, str(out)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return out


def find(home: Path, clip: Path, name: str = "film", kind: Any = "clip") -> tuple[Moment, ...]:
    with Library.open(home / "library") as library:
        found = Engine(library, Encoders("toy")).search(Query((QueryPart(kind, str(clip)),)))
    return next(result.moments for result in found if result.video.path.stem == name)


def worst_error(moment: Moment, start: float, end: float) -> float:
    assert moment.start_seconds is not None
    assert moment.end_seconds is not None
    return max(abs(moment.start_seconds - start), abs(moment.end_seconds - end))


@pytest.mark.parametrize("start", [0.0, 17.37, 34.9])
def test_start_and_end_of_a_clip(home: Path, start: float) -> None:
    moments = find(home, cut(home, start, 5))
    assert len(moments) == 1
    assert worst_error(moments[0], start, start + 5) < 0.5
    assert moments[0].support is not None
    assert moments[0].support > 0.9
    assert moments[0].rate == 1


@pytest.mark.parametrize("rate", [0.9, 1.1])
def test_start_and_end_at_another_speed(home: Path, rate: float) -> None:
    speed = ("-vf", f"setpts=PTS/{rate},scale=48:32", "-af", f"atempo={rate}")
    moments = find(home, cut(home, 14.2, 10, *speed))
    assert worst_error(moments[0], 14.2, 24.2) < 0.5
    assert moments[0].rate == pytest.approx(rate, abs=0.03)


@pytest.mark.parametrize("kind", ["clip", "audio"])
def test_both_moments_of_what_occurs_twice(home: Path, kind: str) -> None:
    moments = find(home, cut(home, FIRST + 0.5, 5), kind=kind)
    starts = sorted(moment.start_seconds or 0.0 for moment in moments)
    assert starts == pytest.approx([FIRST + 0.5, SECOND + 0.5], abs=0.5)


def test_the_moments_of_an_edit(home: Path) -> None:
    first, second = "between(t,3,8)", "between(t,20,25)"
    edit = f"select='{first}+{second}',setpts=N/{FRAMES_PER_SECOND}/TB"
    heard = f"aselect='{first}+{second}',asetpts=N/SR/TB"
    moments = find(home, cut(home, 0, 40, "-vf", edit, "-af", heard))
    assert len(moments) == 2
    assert worst_error(moments[0], 3, 8) < 0.75
    assert worst_error(moments[1], 20, 25) < 0.75


def test_landmarks_place_sound_under_noise_and_say_why(home: Path) -> None:
    noise = "[1:a]volume=0.1[n];[0:a][n]amix=duration=first:normalize=0"
    inputs = ("-f", "lavfi", "-t", "10", "-i", "anoisesrc=r=8000:seed=3", "-filter_complex", noise)
    heard = cut(home, 2, 10, *inputs, "-vn")
    [first, *_] = find(home, heard, kind="audio")
    assert worst_error(first, 2, 12) < 0.1
    assert first.peaks is not None
    agreeing, compared = first.peaks
    assert 10 < agreeing <= compared
    assert format_moment(first).endswith(f"({agreeing} of {compared} peaks agree)")
    assert first.to_dict()["peaks"] == [agreeing, compared]


def test_a_library_without_landmarks_answers_as_before(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Library, "landmarks", lambda *_: make_empty())
    moments = find(home, cut(home, 9.3, 5))
    assert worst_error(moments[0], 9.3, 14.3) < 0.5
    assert all(moment.peaks is None for moment in moments)


def test_a_clip_of_another_video_or_of_a_still_one_has_no_time(home: Path) -> None:
    clip = cut(home, 9.3, 5, name="other")
    assert worst_error(find(home, clip, "other")[0], 9.3, 14.3) < 0.5
    assert [moment.start_seconds for moment in find(home, clip, "still")] == [None]
    [unclear] = find(home, cut(home, 9.3, 5, name="still"), "still")
    assert unclear.is_unclear
    assert unclear.end_seconds is None


def test_the_command_line_says_what_is_unclear(home: Path) -> None:
    clip = cut(home, 9.3, 5, name="still")
    asked = ["search", "--clip", str(clip), "--library", str(home / "library"), "--top", "1"]
    table = CliRunner().invoke(app, asked)
    assert table.exit_code == 0
    assert "moment unclear" in table.output
    told = json.loads(CliRunner().invoke(app, [*asked, "--json"]).output)
    [moment] = told["results"][0]["moments"]
    assert moment["start_seconds"] is None
    assert 0 <= moment["support"] < 0.5


def test_a_clip_by_an_encoder_that_was_not_calibrated_has_a_place_and_no_support(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mvsearch.search.localization.moments, "find_points", lambda *_: None)
    # Without sound: landmarks have a support whatever the encoder.
    (first, *_) = find(home, cut(home, FIRST + 0.5, 5, "-an"), kind="clip")
    # The pictures occur twice.
    assert min(abs(first.start_seconds - at - 0.5) for at in (FIRST, SECOND)) < 0.5
    assert (first.support, first.is_calibrated) == (None, False)
    assert format_moment(first).endswith("(not calibrated for this encoder)")
