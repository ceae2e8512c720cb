import itertools
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from mvsearch.indexer.media.decoding.audio import (
    WindowBatch,
    Windower,
    WindowOptions,
    cut_windows,
    read_sound,
)
from mvsearch.indexer.media.decoding.types import DecodeOptions, SoundBlock
from mvsearch.indexer.media.probe import probe_file
from mvsearch.store.errors import MediaError
from tests.media import make_colours, make_silence, make_tone, run_ffmpeg

Samples = npt.NDArray[np.float32]


def peak_hertz(samples: Samples, sample_rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / sample_rate)[spectrum.argmax()])


def in_blocks(samples: Samples, sizes: list[int], rate: int, start: float) -> list[SoundBlock]:
    blocks, at = [], 0
    while at < len(samples):
        size = sizes[len(blocks) % len(sizes)]
        blocks.append(SoundBlock(start + at / rate, samples[at : at + size]))
        at += size
    return blocks


def cut_by_hand(
    samples: Samples, rate: int, window: int, hop: int, start: float
) -> list[tuple[float, float, Samples]]:
    """The rule, written down once more over the whole sound."""
    rows, at = [], 0
    while at < len(samples):
        piece = samples[at : at + window]
        is_kept = len(piece) == window or at == 0 or len(piece) >= window / 2
        if is_kept and np.sqrt(np.mean(piece.astype(float) ** 2)) >= 1e-3:
            padded = np.pad(piece, (0, window - len(piece)))
            rows.append((start + at / rate, start + (at + len(piece)) / rate, padded))
        if len(piece) < window:
            break
        at += hop
    return rows


def test_windows_are_those_of_a_cut_over_the_whole() -> None:
    lengths = (0, 1, 4, 5, 9, 10, 14, 15, 16, 24, 25, 26, 97)
    for n_samples, hop in itertools.product(lengths, (5, 10, 3)):
        for sizes in ([1], [7], [100], [3, 20, 1]):
            check_windows(n_samples, hop, sizes)


def check_windows(n_samples: int, hop: int, sizes: list[int]) -> None:
    samples = np.random.default_rng(n_samples).uniform(-1, 1, n_samples).astype(np.float32)
    blocks = in_blocks(samples, sizes, 100, 2.0)
    batches = list(cut_windows(blocks, 100, 0.1, hop / 100, batch=4))
    expected = cut_by_hand(samples, 100, 10, hop, 2.0)
    found = [
        row
        for batch in batches
        for row in zip(batch.start_seconds, batch.end_seconds, batch.windows, strict=True)
    ]
    assert len(found) == len(expected)
    for (start, end, window), (start_then, end_then, window_then) in zip(
        found, expected, strict=True
    ):
        assert (start, end) == pytest.approx((start_then, end_then))
        np.testing.assert_array_equal(window, window_then)
    assert all(len(batch.windows) == 4 for batch in batches[:-1])


def test_a_sound_shorter_than_a_window_is_one_padded_window() -> None:
    (batch,) = cut_windows([SoundBlock(0.0, np.full(30, 0.5, np.float32))], 100, 1.0, 0.5)
    assert isinstance(batch, WindowBatch)
    assert batch.windows.shape == (1, 100)
    assert batch.windows[0].tolist() == [0.5] * 30 + [0.0] * 70
    assert (batch.start_seconds.tolist(), batch.end_seconds.tolist()) == ([0.0], [0.3])


@pytest.mark.parametrize(("decibels", "n_windows"), [(-61.0, 0), (-59.0, 1), (-np.inf, 0)])
def test_digital_silence_is_left_out(decibels: float, n_windows: int) -> None:
    samples = np.full(100, 10 ** (decibels / 20), np.float32)
    assert len(list(cut_windows([SoundBlock(0.0, samples)], 100, 1.0, 1.0))) == n_windows


def test_silence_in_the_middle_leaves_the_times_of_the_rest(tmp_path: Path) -> None:
    samples = np.concatenate([np.full(200, 0.5), np.zeros(300), np.full(200, 0.5)])
    blocks = [SoundBlock(0.0, samples.astype(np.float32))]
    (batch,) = cut_windows(blocks, 100, 1.0, 1.0)
    assert batch.start_seconds.tolist() == [0.0, 1.0, 5.0, 6.0]


@pytest.mark.parametrize("change", [{"hop_seconds": 0.0}, {"hop_seconds": 2.0}, {"batch": 0}])
def test_windows_that_make_no_sense_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a hop is at least a sample"):
        WindowOptions(**{"sample_rate": 100, "window_seconds": 1.0, "hop_seconds": 0.5, **change})


def test_a_windower_holds_little_more_than_a_window() -> None:
    windower = Windower(WindowOptions(100, 1.0, 0.5))
    block = np.ones(1000, np.float32)
    for number in range(50):
        list(windower.push(SoundBlock(number * 10.0, block)))
        assert len(windower._samples) < 100


@pytest.mark.parametrize("ending", ["mp3", "m4a", "flac", "ogg", "opus", "wav"])
def test_a_tone_keeps_its_pitch_and_length(tmp_path: Path, ending: str) -> None:
    sample_rate = 16000
    path = make_tone(tmp_path / f"a.{ending}", 880, 2.0)
    samples = read_sound(path, probe_file(path), sample_rate)
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(2.0 * sample_rate, abs=0.06 * sample_rate)
    assert peak_hertz(samples, sample_rate) == pytest.approx(880, abs=1)
    loudness = np.sqrt(np.mean(samples[2000:-4000] ** 2))
    assert loudness == pytest.approx(1 / 8 / np.sqrt(2), rel=0.08)  # MP3 encoders turn down by 5 %


@pytest.mark.parametrize("sample_rate", [8000, 22050, 48000])
def test_sound_comes_at_the_rate_asked_for(tmp_path: Path, sample_rate: int) -> None:
    path = make_tone(tmp_path / "a.flac", 440, 1.5)
    samples = read_sound(path, probe_file(path), sample_rate)
    assert len(samples) == pytest.approx(1.5 * sample_rate, abs=32)
    assert peak_hertz(samples, sample_rate) == pytest.approx(440, abs=1)


def test_samples_are_those_of_the_file_and_channels_are_averaged(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(-20000, 20000, (16000, 2)).astype("<i2")
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(values.tobytes())
    expected = values.astype(np.float64).mean(axis=1) / 32768
    np.testing.assert_allclose(read_sound(path, probe_file(path), 16000), expected, atol=1e-4)


def test_a_section_of_the_sound_is_exact(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(-20000, 20000, 16000 * 6).astype("<i2")
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(values.tobytes())
    section = DecodeOptions(start_seconds=2.5, end_seconds=4.0)
    samples = read_sound(path, probe_file(path), 16000, section)
    np.testing.assert_allclose(samples, values[40000:64000] / 32768, atol=1e-4)


def test_sound_that_starts_late_keeps_its_time(tmp_path: Path) -> None:
    picture = make_colours(tmp_path / "v.mp4", [("red", 4.0)])
    sound = make_tone(tmp_path / "a.flac", 440, 2)
    path = tmp_path / "late.mkv"
    run_ffmpeg("-i", picture, "-itsoffset", "1.5", "-i", sound, "-c", "copy", path)
    samples = read_sound(path, probe_file(path), 16000)
    assert np.abs(samples[:23900]).max() < 1e-3
    assert np.abs(samples[24100:25000]).max() > 0.1
    assert len(samples) == pytest.approx(3.5 * 16000, abs=200)


def test_what_is_no_number_becomes_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "pcm_f32le", path)
    content = bytearray(path.read_bytes())
    start = content.index(b"data") + 8
    content[start + 4000 : start + 4400] = np.full(100, np.nan, "<f4").tobytes()
    content[start + 8000 : start + 8400] = np.full(100, 1e9, "<f4").tobytes()
    path.write_bytes(content)
    samples = read_sound(path, probe_file(path), 44100)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1.0


def test_a_silent_file_has_samples_and_no_windows(tmp_path: Path) -> None:
    path = make_silence(tmp_path / "a.m4a", 2)
    samples = read_sound(path, probe_file(path), 16000)
    assert len(samples) > 30000
    assert list(cut_windows([SoundBlock(0.0, samples)], 16000, 1.0, 0.5)) == []


def test_a_video_without_sound_says_so(tmp_path: Path) -> None:
    path = make_colours(tmp_path / "a.mp4", [("red", 0.5)])
    with pytest.raises(MediaError) as caught:
        read_sound(path, probe_file(path), 16000)
    assert caught.value.code == "no_media"
