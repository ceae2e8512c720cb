import numpy as np
import pytest

from mvsearch.search.metrics.media.excerpts import (
    Excerpt,
    ExcerptOptions,
    read_excerpts,
    read_sound_at,
)
from mvsearch.search.metrics.media.signals import is_silent
from mvsearch.store.errors import MediaError
from tests.media import (
    cut_off,
    make_colours,
    make_pattern,
    make_silence,
    make_tone,
    make_uneven,
    probe_times,
    run_ffmpeg,
)

RATE = 8000


@pytest.fixture(scope="module")
def staircase(tmp_path_factory):
    """Sound whose samples tell the time: 0.1 in the first half second, 0.2 in the next, …"""
    path = tmp_path_factory.mktemp("sound") / "staircase.wav"
    graph = f"aevalsrc='0.1*(1+floor(2*t))':s={RATE}:d=4.3"
    run_ffmpeg("-f", "lavfi", "-i", graph, "-c:a", "pcm_f32le", path)
    return path


@pytest.mark.parametrize(
    ("interval", "length", "starts"),
    [
        (1.0, 1.0, [0, 1, 2, 3]),
        (0.5, 1.0, [0, 0.5, 1, 1.5, 2, 2.5, 3]),
        (1.5, 0.5, [0, 1.5, 3]),
        (2.0, 2.3, [0, 2]),
        (6.0, 1.0, [0]),
        (1.0, 5.0, []),
    ],
)
def test_sections_are_whole_and_where_they_say(staircase, interval, length, starts):
    options = ExcerptOptions(sample_rate=RATE, interval_seconds=interval, length_seconds=length)
    found = [piece for piece in read_excerpts(staircase, options) if isinstance(piece, Excerpt)]
    assert [piece.start_seconds for piece in found] == starts
    for piece in found:
        seconds = piece.start_seconds + np.arange(round(length * RATE)) / RATE
        expected = np.minimum(0.1 * (1 + np.floor(2 * seconds + 1e-9)), 1.0)
        np.testing.assert_allclose(piece.samples, expected, atol=1e-6)


def test_starts_do_not_drift(tmp_path):
    # A third of a second is no whole number of samples.
    make_tone(tmp_path / "a.wav", 440, 21)
    options = ExcerptOptions(sample_rate=RATE, interval_seconds=1 / 3, length_seconds=1 / 3)
    found = list(read_excerpts(tmp_path / "a.wav", options))
    assert len(found) == 63
    whole = read_sound_at(tmp_path / "a.wav", RATE)
    start = round(61 / 3 * RATE)
    np.testing.assert_array_equal(found[61].samples, whole[start : start + round(RATE / 3)])


@pytest.mark.parametrize("make", [lambda p: make_uneven(p, 4), lambda p: make_pattern(p, 1)])
def test_every_frame_is_taken(tmp_path, make):
    path = make(tmp_path / "a.mp4")
    batches = list(read_excerpts(path, ExcerptOptions(frame_size=(32, 16))))
    times = np.concatenate([batch.start_seconds for batch in batches])
    np.testing.assert_allclose(times, probe_times(path), atol=2e-3)
    assert all(batch.frames.shape[1:] == (16, 32, 3) for batch in batches)


def test_frames_and_sections_come_together(tmp_path):
    path = make_colours(tmp_path / "a.mp4", [("red", 1), ("blue", 2)], tone_hertz=440)
    options = ExcerptOptions((8, 8), 1.0, RATE, interval_seconds=1.0, length_seconds=1.0)
    pieces = list(read_excerpts(path, options))
    frames = np.concatenate([p.frames for p in pieces if not isinstance(p, Excerpt)])
    assert [int(f.mean(axis=(0, 1)).argmax()) for f in frames] == [0, 2, 2]
    assert sum(isinstance(p, Excerpt) for p in pieces) >= 2


def test_what_is_lacking_is_said(tmp_path):
    mute = make_pattern(tmp_path / "mute.mp4", 1)
    tone = make_tone(tmp_path / "tone.wav", 440, 1)
    with pytest.raises(MediaError, match="no sound"):
        list(read_excerpts(mute, ExcerptOptions(sample_rate=RATE)))
    with pytest.raises(MediaError, match="no sound"):
        read_sound_at(mute, RATE)
    with pytest.raises(MediaError, match="no picture"):
        list(read_excerpts(tone, ExcerptOptions(frame_size=(8, 8))))


def test_what_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mvsearch.search.metrics.media.excerpts.MAX_SECONDS", 1.0)
    assert len(read_sound_at(make_tone(tmp_path / "a.wav", 440, 1), RATE)) == RATE
    with pytest.raises(MediaError, match="longer than"):
        read_sound_at(make_tone(tmp_path / "b.wav", 440, 3), RATE)


def test_half_a_file_is_no_whole_one(tmp_path):
    whole = make_pattern(tmp_path / "whole.mkv", 12, tone_hertz=440)
    half = cut_off(tmp_path / "half.mkv", whole, 0.5)
    with pytest.raises(MediaError, match="incomplete"):
        list(read_excerpts(half, ExcerptOptions(frame_size=(8, 8), frame_rate=1.0)))
    with pytest.raises(MediaError, match="incomplete"):
        read_sound_at(half, RATE)


def test_silence(tmp_path):
    silence = make_silence(tmp_path / "silence.wav", 1)
    assert is_silent(read_sound_at(silence, RATE))
    assert is_silent(np.zeros(0, np.float32))
    assert not is_silent(np.full(100, 0.01, np.float32))
    options = ExcerptOptions(sample_rate=RATE, interval_seconds=1, length_seconds=1)
    (section,) = read_excerpts(silence, options)
    assert isinstance(section, Excerpt)
    assert is_silent(section.samples)


def test_time_goes_on():
    with pytest.raises(ValueError, match="length and a distance"):
        ExcerptOptions(interval_seconds=0.0)
