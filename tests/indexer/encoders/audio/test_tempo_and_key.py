"""Tempo and key of made sounds: clicks, drums, chords in all keys, and what is no music."""

import numpy as np
import numpy.typing as npt
import pytest

from mvsearch.indexer.encoders.audio.landmarks import find_peaks
from mvsearch.indexer.encoders.audio.tempo import find_tempo
from mvsearch.indexer.encoders.audio.tempo_and_key import REVISION, measure_peaks
from mvsearch.store.records import KEYS, SoundPeaks, TempoAndKey

RATE = 8000
Samples = npt.NDArray[np.float64]


def make_clicks(bpm: float, seconds: float = 20.0) -> Samples:
    samples = np.zeros(int(seconds * RATE))
    time = np.arange(400) / RATE
    click = np.sin(2 * np.pi * 1000 * time) * np.exp(-80 * time)
    for at in (np.arange(0, seconds - 0.1, 60 / bpm) * RATE).astype(int):
        samples[at : at + 400] += click
    return samples / 2


def make_chords(tonic: int, is_minor: bool, tuning: float = 0.0) -> Samples:
    """Tonic, fourth, fifth and tonic, half a second each, six times."""
    third = 3 if is_minor else 4
    triads = ((0, third, 7), (5, 5 + third, 12), (7, 11, 14), (0, third, 7))
    time = np.arange(RATE // 2) / RATE
    chords = []
    for triad in triads:
        hertz = 440 * 2 ** ((np.array(triad) + tonic - 9 + tuning) / 12)
        tones = [np.sin(2 * np.pi * h * one * time) / h for one in hertz for h in (1, 2, 3)]
        chords.append(np.sum(tones, axis=0) * np.exp(-2 * time))
    return np.tile(np.concatenate(chords), 6) / 10


def find(samples: Samples) -> SoundPeaks:
    return find_peaks(samples.astype(np.float32), RATE)


@pytest.mark.parametrize("bpm", [65, 76.5, 90, 100, 120, 133.3, 150, 174, 180])
def test_clicks_have_their_tempo(bpm: float) -> None:
    found = measure_peaks(find(make_clicks(bpm)))
    assert found.bpm == pytest.approx(bpm, rel=0.01)
    assert found.bpm_confidence > 0.9
    assert found.key is None


def test_a_beat_is_found_below_noise() -> None:
    noise = np.random.default_rng(3).normal(size=20 * RATE) / 20
    assert measure_peaks(find(make_clicks(120) + noise)).bpm == pytest.approx(120, rel=0.01)


@pytest.mark.parametrize("key", KEYS)
def test_chords_have_their_key_however_they_are_tuned(key: str) -> None:
    at = KEYS.index(key)
    for tuning in (0.0, 0.3):
        found = measure_peaks(find(make_chords(at % 12, at >= 12, tuning)))
        assert found.key == key
        assert 0.5 < found.key_confidence < 1


def test_what_is_no_music_has_neither() -> None:
    noise = np.random.default_rng(4).normal(size=30 * RATE) / 10
    found = measure_peaks(find(noise))
    assert (found.bpm, found.key) == (None, None)
    assert found.bpm_confidence < 0.7
    nothing = TempoAndKey(REVISION)
    assert measure_peaks(None) == nothing
    assert measure_peaks(find(np.zeros(10 * RATE))) == nothing
    assert find_tempo(find(make_clicks(120, 3.0))) is None  # too short to tell
    same = SoundPeaks(np.zeros(100), np.ones(100))
    assert measure_peaks(same).bpm is None
