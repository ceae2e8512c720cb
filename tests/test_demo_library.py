"""The demo's videos are what they say they are, and the same each time."""

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile

from docs.demo.library import (
    cut_clip,
    cut_still,
    format_lrc,
    make_video,
    paint_frames,
    paint_picture,
)
from docs.demo.music import SAMPLE_RATE, Part, Score, play
from docs.demo.scenes import Shot
from docs.demo.songs import SONGS, Song
from docs.demo.speech import can_speak, speak

BY_FORM = {song.form: song for song in SONGS}


def probe(path: Path) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path)]
    found = subprocess.run(command, check=True, capture_output=True)
    return dict(json.loads(found.stdout))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(BY_FORM["subtitles"], tmp_path_factory.mktemp("videos"))


def test_there_are_eight_songs_with_names_of_their_own() -> None:
    assert len({song.stem for song in SONGS}) == len(SONGS) == 8


@pytest.mark.parametrize("song", SONGS, ids=lambda song: song.title)
def test_songs_are_short_and_their_lines_lie_within_them(song: Song) -> None:
    duration = song.score.duration_seconds
    assert 15 <= duration <= 25
    times = [time for start, end, _ in song.timed_lines() for time in (start, end)]
    assert times == sorted(times)
    assert all(0 <= time <= duration for time in times)
    assert times


def test_a_video_is_as_long_as_its_score_and_says_what_it_is(video: Path) -> None:
    song = BY_FORM["subtitles"]
    found = probe(video)
    assert float(found["format"]["duration"]) == pytest.approx(song.score.duration_seconds, abs=0.1)
    assert found["format"]["tags"]["title"] == song.title
    assert found["format"]["tags"]["artist"] == song.artist
    kinds = {stream["codec_type"]: stream["codec_name"] for stream in found["streams"]}
    assert kinds == {"video": "h264", "audio": "aac", "subtitle": "mov_text"}


def test_the_same_song_gives_the_same_bytes(video: Path, tmp_path: Path) -> None:
    again = make_video(BY_FORM["subtitles"], tmp_path)
    assert again.read_bytes() == video.read_bytes()


def test_queries_are_cut_from_a_video(video: Path, tmp_path: Path) -> None:
    cut_still(video, tmp_path / "still.jpg", at_seconds=9.0)
    cut_clip(video, tmp_path / "clip.mp4", start_seconds=9.0, seconds=4.0)
    paint_picture(Shot("meadow", 90), tmp_path / "meadow.jpg")
    assert [stream["width"] for stream in probe(tmp_path / "meadow.jpg")["streams"]] == [384]
    assert [stream["width"] for stream in probe(tmp_path / "still.jpg")["streams"]] == [384]
    clip = probe(tmp_path / "clip.mp4")
    assert float(clip["format"]["duration"]) == pytest.approx(4.0, abs=0.1)
    assert [stream["codec_type"] for stream in clip["streams"]] == ["video", "audio"]


def test_pictures_move_and_shots_differ() -> None:
    frames = list(paint_frames(BY_FORM["tag"]))[::45]
    assert all(frame.shape == (216, 384, 3) and frame.dtype == np.uint8 for frame in frames)
    steps = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(frames)]
    assert min(steps) > 1


def test_lrc_lines_carry_the_bar_they_are_sung_in() -> None:
    score = Score(120, 60, "major", (Part((1,) * 40, ("1-------",) * 40),))  # a bar lasts 2 s
    song = Song("T", "A", score, (), ((0, "one"), (31, "two")))
    assert format_lrc(song).splitlines() == ["[ti:T]", "[ar:A]", "[00:00.10]one", "[01:02.10]two"]


def test_the_tune_is_heard_at_its_pitch(tmp_path: Path) -> None:
    score = Score(60, 69, "major", (Part((1,), ("8-------",)),), lead="flute", groove="none")
    wavfile.write(tmp_path / "a.wav", SAMPLE_RATE, play(score, seed=1))
    rate, samples = wavfile.read(tmp_path / "a.wav")
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    hertz = np.fft.rfftfreq(samples.size, 1 / rate)
    high = hertz > 700  # above the chord (A major from 220 Hz) the tune is the strongest
    assert hertz[high][spectrum[high].argmax()] == pytest.approx(880, abs=2)


def test_a_version_has_the_same_words_and_other_pictures() -> None:
    first, again = (song for song in SONGS if song.title.startswith("Paper Moon"))
    assert first.lyrics == again.lyrics
    assert {s.scene for s in first.shots}.isdisjoint(s.scene for s in again.shots)


@pytest.mark.skipif(not can_speak(), reason="this ffmpeg was built without flite")
def test_a_line_is_spoken_within_its_bar() -> None:
    said = [speak("Walk with me into the forest", seconds) for seconds in (9.0, 1.0)]
    assert 1.2 <= len(said[0]) / SAMPLE_RATE <= 3.0
    assert len(said[1]) / SAMPLE_RATE == pytest.approx(1.0, abs=0.05)
    assert all(np.abs(wave).max() == pytest.approx(1.0) for wave in said)


def test_only_words_are_spoken() -> None:
    with pytest.raises(ValueError, match="cannot say"):
        speak("sing:textfile=notes", 1.0)
