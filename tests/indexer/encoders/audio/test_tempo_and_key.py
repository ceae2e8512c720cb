"""Tempo and key of made sounds: clicks, drums, chords in all keys, and what is no music."""

import numpy as np
import numpy.typing as npt
import pytest

from mvsearch.indexer.encoders.audio import tempo
from mvsearch.indexer.encoders.audio.landmarks import find_peaks
from mvsearch.indexer.encoders.audio.signal import Signal
from mvsearch.indexer.encoders.audio.tempo import find_tempo
from mvsearch.indexer.encoders.audio.tempo_and_key import REVISION, measure_tempo_and_key
from mvsearch.store.records import KEYS, Embeddings, Segment, SoundPeaks, Space, TempoAndKey

RATE = 16_000
Samples = npt.NDArray[np.float64]


def make_clicks(bpm: float, seconds: float = 20.0) -> Samples:
    samples = np.zeros(int(seconds * RATE))
    time = np.arange(400) / RATE
    click = np.sin(2 * np.pi * 1000 * time) * np.exp(-80 * time)
    for at in (np.arange(0, seconds - 0.1, 60 / bpm) * RATE).astype(int):
        samples[at : at + 400] += click
    return samples / 2


def make_tones(tonic: int, is_minor: bool, tuning: float = 0.0, is_broken: bool = False) -> Samples:
    """The chords of tonic, fourth, fifth and tonic, four times, at once or note by note."""
    third = 3 if is_minor else 4
    triads = ((0, third, 7), (5, 5 + third, 12), (7, 11, 14), (0, third, 7)) * 4
    time = np.arange(int(0.4 * RATE)) / RATE
    parts = []
    for triad in triads:
        hertz = 440 * 2 ** ((np.array(triad) + tonic - 9 + tuning) / 12)
        tones = [
            sum(np.sin(2 * np.pi * h * one * time) / h for h in (1, 2, 3)) * np.exp(-3 * time)
            for one in hertz
        ]
        parts += [one[: len(one) // 2] for one in tones] if is_broken else [np.sum(tones, axis=0)]
    return np.concatenate(parts) / 10


def measure(samples: Samples, *, has_vectors: bool = False) -> TempoAndKey:
    """Measure sound by its peaks, as of an encoder whose vectors tell no pitch, or by both."""
    peaks = find_peaks(samples.astype(np.float32), RATE)
    space, vectors = Space("audio", "other", "1", 2), np.array([[1, 0]], np.float32)
    if has_vectors:
        encoder = Signal()
        (space,), (vectors,) = encoder.spaces, encoder.encode(samples[None, : 5 * RATE])
    return measure_tempo_and_key([Embeddings(space, (Segment(0.0, 5.0),), vectors, peaks)])


@pytest.mark.parametrize("bpm", [65, 76.5, 90, 100, 120, 133.3, 150, 174, 180])
def test_clicks_have_their_tempo(bpm: float) -> None:
    found = measure(make_clicks(bpm))
    assert found.bpm == pytest.approx(bpm, rel=0.01)
    assert found.bpm_confidence > 0.9
    assert found.key is None


def test_a_beat_is_found_below_noise() -> None:
    noise = np.random.default_rng(3).normal(size=20 * RATE) / 20
    assert measure(make_clicks(120) + noise).bpm == pytest.approx(120, rel=0.01)


@pytest.mark.parametrize("key", KEYS)
def test_chords_have_their_key(key: str) -> None:
    at = KEYS.index(key)
    found = measure(make_tones(at % 12, at >= 12), has_vectors=True)
    assert found.key == key
    assert 0.5 < found.key_confidence < 1


@pytest.mark.parametrize("key", KEYS)
def test_notes_have_their_key_however_they_are_tuned(key: str) -> None:
    at = KEYS.index(key)
    for tuning in (0.0, 0.3):
        assert measure(make_tones(at % 12, at >= 12, tuning, is_broken=True)).key == key


def test_what_is_no_music_has_neither() -> None:
    noise = np.random.default_rng(4).normal(size=30 * RATE) / 10
    found = measure(noise)
    assert (found.bpm, found.key) == (None, None)
    assert found.bpm_confidence < 0.7
    nothing = TempoAndKey(REVISION)
    assert measure_tempo_and_key([]) == nothing
    assert measure(np.zeros(10 * RATE)) == nothing
    short = find_peaks(make_clicks(120, 3.0).astype(np.float32), RATE)
    assert find_tempo(short) is None  # too short to tell
    assert find_tempo(SoundPeaks(np.zeros(100), np.ones(100))) is None


def test_of_long_sound_the_beginning_tells_the_tempo(monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = find_peaks(make_clicks(100, 10.0).astype(np.float32), RATE)
    days = SoundPeaks(np.append(peaks.seconds, 1e6), np.append(peaks.octaves, 1.0))
    counted = []
    count = tempo.count_onsets
    monkeypatch.setattr(tempo, "count_onsets", lambda one: counted.append(one) or count(peaks))
    assert find_tempo(days) == find_tempo(peaks)
    assert len(counted[0]) == len(peaks)
    short = peaks.within(0.0, 2.0)
    late = SoundPeaks(np.append(short.seconds, 1e6), np.append(short.octaves, 1.0))
    assert find_tempo(late) is None
