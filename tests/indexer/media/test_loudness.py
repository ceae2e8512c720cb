import math

import numpy as np
import pytest
from scipy.signal import lfilter, resample_poly

from mvsearch.indexer.media.loudness import measure_loudness, normalise_loudness
from mvsearch.store.records import Matrix

RATE = 48_000


def measure_by_hand(samples: Matrix) -> tuple[float, float]:
    """Loudness by the filters of ITU-R BS.1770-4 at 48 kHz, and the peak, 16 times upsampled."""
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    weighted = lfilter(shelf, [1.0, -1.69065929318241, 0.73248077421585], samples, axis=0)
    weighted = lfilter([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621], weighted, 0)
    n_block, n_step = round(0.4 * RATE), round(0.1 * RATE)
    starts = range(0, len(samples) - n_block + 1, n_step)
    power = np.array([np.square(weighted[s : s + n_block]).mean(axis=0).sum() for s in starts])
    level = -0.691 + 10 * np.log10(power)
    gate = -0.691 + 10 * np.log10(power[level > -70].mean()) - 10
    lufs = -0.691 + 10 * math.log10(power[(level > -70) & (level > gate)].mean())
    peak = np.abs(resample_poly(samples, 16, 1, axis=0)).max()
    return lufs, 20 * math.log10(peak)


def make_music(n_channels: int = 1) -> Matrix:
    """Loud and soft notes, then rest, with an incomplete step at the end."""
    rng = np.random.default_rng(1)
    times = np.arange(round(3.13 * RATE)) / RATE
    notes = sum(np.sin(2 * np.pi * pitch * times + pitch) for pitch in (110.0, 997.3, 4000.7))
    shape = np.where(times < 1, 1.0, np.where(times < 2, 0.1, 0.001))
    noise = rng.normal(0, 0.05, (n_channels, len(times)))
    return np.asarray((0.2 * notes * shape + shape * noise).T, dtype=np.float32)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_loudness_is_that_of_the_standard(n_channels: int) -> None:
    samples = make_music(n_channels)
    lufs, peak = measure_by_hand(samples)
    found = measure_loudness(samples, RATE)
    assert found.lufs == pytest.approx(lufs, abs=0.1)
    assert found.peak_dbtp == pytest.approx(peak, abs=0.1)
    soft = measure_loudness(samples * np.float32(0.001), RATE)
    assert soft.lufs == pytest.approx(found.lufs - 60 if found.lufs > -10 else -math.inf)


def test_music_is_brought_to_the_target() -> None:
    samples = make_music()
    made, found = normalise_loudness(samples, RATE)
    assert made.shape == samples.shape
    assert measure_by_hand(made)[0] == pytest.approx(-23, abs=0.1)
    assert found.lufs == pytest.approx(-23, abs=0.01)


def test_the_true_peak_stays_below_the_ceiling_between_samples() -> None:
    """Clicks are soft for their peaks; a sine at a quarter of the rate hides its peak."""
    clicks = np.zeros((2 * RATE, 1), np.float32)
    clicks[RATE // 4 :: RATE // 2] = 0.5
    hidden = clicks.copy()
    at = np.arange(20)
    hidden[RATE : RATE + 20, 0] = 0.9 * np.sin(np.pi / 2 * at + np.pi / 4)
    for samples in (clicks, hidden):
        made, found = normalise_loudness(samples, RATE)
        lufs, peak = measure_by_hand(made)
        assert -1.8 < peak <= -1
        assert lufs < -23
        assert found.lufs == pytest.approx(lufs, abs=0.2)


def test_silence_stays_silent() -> None:
    for level in (0.0, 1e-6):
        samples = np.full((RATE, 1), level, np.float32)
        made, found = normalise_loudness(samples, RATE)
        np.testing.assert_array_equal(made, samples)
        assert found.lufs == -math.inf
