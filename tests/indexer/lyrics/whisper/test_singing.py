"""Probabilities of a voice from planted logits of YAMNet's classes."""

from typing import Any

import numpy as np
import pytest

from mvsearch.indexer.lyrics.whisper import singing
from mvsearch.indexer.lyrics.whisper.singing import measure_singing
from mvsearch.indexer.lyrics.whisper.voice import (
    CHUNK_SAMPLES,
    CHUNK_SECONDS,
    VOICE_SAMPLE_RATE,
    detect_voice,
)

LABELS = ("Guitar", "Singing", "Speech", "Music")
PATCH_SAMPLES, HOP_SAMPLES = 15_600, 7_680


class PlantedYamnet:
    """Hears singing where the sound is loud, and a guitar all the time."""

    def list_labels(self) -> tuple[str, ...]:
        return LABELS

    def compute_logits(self, windows: np.ndarray) -> np.ndarray:
        assert windows.shape[1] <= 10 * VOICE_SAMPLE_RATE
        starts = range(0, windows.shape[1] - PATCH_SAMPLES + 1, HOP_SAMPLES)
        patches = np.stack([windows[:, at : at + PATCH_SAMPLES] for at in starts], axis=1)
        logits = np.full((*patches.shape[:2], len(LABELS)), -9.0, np.float32)
        logits[..., 0] = 9.0
        # By its middle, so that the time of a patch is known to a hop.
        middle = np.abs(patches[..., PATCH_SAMPLES // 2 - 200 : PATCH_SAMPLES // 2 + 200])
        logits[..., 1] = np.where(middle.mean(axis=2) > 0.1, 1.0, -9.0)
        return logits


def sing(seconds: float, *sung: tuple[float, float]) -> np.ndarray:
    samples = np.zeros(round(seconds * VOICE_SAMPLE_RATE), np.float32)
    for start, end in sung:
        samples[round(start * VOICE_SAMPLE_RATE) : round(end * VOICE_SAMPLE_RATE)] = 0.5
    return samples


def test_each_chunk_has_the_probability_of_the_likeliest_voice() -> None:
    """The track is longer than what is classified at once."""
    sung = [(3.0, 8.0), (70.0, 77.0), (100.0, 101.5)]
    planted: Any = PlantedYamnet()
    found = measure_singing(planted, sing(102, *sung), CHUNK_SAMPLES)
    seconds = (np.arange(len(found)) + 0.5) * CHUNK_SECONDS
    assert len(found) == int(np.ceil(102 / CHUNK_SECONDS))
    for start, end in sung:
        assert (found[(seconds > start + 0.3) & (seconds < end - 0.3)] > 0.9).all()
    is_near = np.any([(seconds > a - 0.3) & (seconds < b + 0.3) for a, b in sung], axis=0)
    assert (found[~is_near] < 0.01).all()


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.5])
def test_a_short_sound_has_chunks_too(seconds: float) -> None:
    planted: Any = PlantedYamnet()
    found = measure_singing(planted, sing(seconds), CHUNK_SAMPLES)
    assert len(found) == int(np.ceil(seconds / CHUNK_SECONDS))


def test_yamnet_is_taken_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(singing, "find_yamnet", PlantedYamnet)
    activity = detect_voice(sing(20, (4, 9)))
    ((start, end),) = activity.intervals
    # A patch counts for the hop around its middle, and 0.4 s are added at both ends.
    assert (start, end) == pytest.approx((3.6, 9.4), abs=0.5)
    assert activity.detector == "YAMNet"
