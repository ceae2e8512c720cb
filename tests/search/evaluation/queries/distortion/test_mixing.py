"""What is mixed into clips is as loud as it is said to be, and the same each time."""

import numpy as np
import pytest

from mvsearch.search.evaluation.queries.distortion.distortions import SAMPLE_RATE, Mixed
from mvsearch.search.evaluation.queries.distortion.mixing import make_other, mix

KINDS: tuple[Mixed, ...] = ("noise", "music", "talk")


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides(kind: Mixed) -> None:
    once, again, other = (make_other(kind, 50_000, seed) for seed in (1, 1, 2))
    assert once.shape == (50_000,)
    assert once.dtype == np.float32
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)


@pytest.mark.parametrize("decibels", [10.0, 0.0])
def test_the_ratio_is_that_of_the_powers(decibels: float) -> None:
    tone = 0.1 * np.sin(np.arange(100_000, dtype=np.float32))
    talk = make_other("talk", len(tone), 3)
    added = mix(tone, talk, decibels).astype(np.float64) - tone
    ratio = 10 * np.log10(np.mean(tone.astype(np.float64) ** 2) / np.mean(added**2))
    assert ratio == pytest.approx(decibels, abs=0.01)


def test_silence_stays_silence_and_nothing_clips() -> None:
    noise = make_other("noise", 1000, 1)
    assert not mix(np.zeros(1000, np.float32), noise, 0.0).any()
    assert np.abs(mix(np.ones(1000, np.float32), noise, 0.0)).max() <= 1.0
    assert mix(np.zeros(0, np.float32), np.zeros(0, np.float32), 0.0).shape == (0,)


def test_music_has_beats_and_talk_has_pauses() -> None:
    def measure(kind: Mixed) -> np.ndarray:
        sound = make_other(kind, 10 * SAMPLE_RATE, 4)
        return np.sqrt(np.mean(sound.reshape(-1, SAMPLE_RATE // 20) ** 2, axis=1))

    music, talk = measure("music"), measure("talk")
    beats = np.abs(np.fft.rfft(music - music.mean()))
    assert np.argmax(beats) / 10 == pytest.approx(2.0, abs=0.11)  # one in half a second
    assert music.min() > 0.02 * music.max()
    assert 0.05 < np.mean(talk < 1e-6) < 0.4
