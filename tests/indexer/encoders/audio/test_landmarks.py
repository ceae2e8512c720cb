"""Peaks against signals whose spectrum is known."""

import itertools

import numpy as np
import pytest
import scipy.ndimage
from numpy.testing import assert_array_equal

from mvsearch.indexer.encoders.audio.landmarks import (
    VIDEO_PEAKS,
    PeakFinder,
    find_highest,
    find_peaks,
)
from mvsearch.store.records import Matrix
from mvsearch.store.records.peaks import LOWEST_HERTZ

RATE = 16_000


def beep(hertz: float, centre_seconds: float, n_samples: int, rate: int = RATE) -> Matrix:
    """A tone under a Gaussian of 40 ms: a peak at one time and one frequency."""
    seconds = np.arange(n_samples) / rate - centre_seconds
    tone = np.sin(2 * np.pi * hertz * seconds) * np.exp(-0.5 * (seconds / 0.04) ** 2)
    return (0.5 * tone).astype(np.float32)


BEEPS = ((440.0, 0.5), (1234.5, 0.9), (3300.0, 1.7), (261.6, 2.4))


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
def test_known_tones_give_known_peaks(rate: int) -> None:
    samples = sum(beep(hertz, seconds, 3 * rate, rate) for hertz, seconds in BEEPS)
    peaks = find_peaks(np.asarray(samples), rate)
    hertz = LOWEST_HERTZ * 2**peaks.octaves
    for wanted, at in BEEPS:
        near = np.abs(peaks.seconds - at) < 0.02
        assert np.any(np.abs(hertz[near] - wanted) < max(2.0, 0.004 * wanted))


def test_silence_has_no_peaks_and_neither_has_nothing() -> None:
    assert len(find_peaks(np.zeros(2 * RATE, np.float32), RATE)) == 0
    assert len(find_peaks(np.zeros(0, np.float32), RATE)) == 0


def test_pieces_give_the_same_peaks_and_no_second_more_than_allowed() -> None:
    rng = np.random.default_rng(1)
    samples = rng.standard_normal(45 * RATE).astype(np.float32)
    whole = find_peaks(samples, RATE)
    finder = PeakFinder(RATE)
    cuts = [0, 1, 700, 5 * RATE + 3, 5 * RATE + 9, 33 * RATE, len(samples)]
    for first, end in itertools.pairwise(cuts):
        finder.take(samples[first:end])
    pieces = finder.finish()
    assert_array_equal(pieces.seconds, whole.seconds)
    assert_array_equal(pieces.octaves, whole.octaves)
    blocks = np.floor((whole.seconds + 0.008) / 1.024)
    # A peak at the edge of a block may be a fraction of a step on the other side.
    assert np.bincount(blocks.astype(int)).max() <= VIDEO_PEAKS + 3
    assert len(whole) > 40 * 0.9 * VIDEO_PEAKS


@pytest.mark.parametrize("reach", [1, 2, 3, 6, 9])
def test_the_highest_around_is_scipys(reach: int) -> None:
    rows = np.random.default_rng(reach).standard_normal((25, 4)).astype(np.float32)
    expected = scipy.ndimage.maximum_filter1d(rows, 2 * reach + 1, axis=0)
    assert_array_equal(find_highest(rows, reach), expected)


def test_loudness_does_not_matter() -> None:
    samples = np.random.default_rng(2).standard_normal(4 * RATE).astype(np.float32)
    loud, soft = find_peaks(samples, RATE), find_peaks(samples / 64, RATE)
    assert_array_equal(np.round(loud.octaves, 3), np.round(soft.octaves, 3))


def test_a_rate_too_low_is_refused() -> None:
    with pytest.raises(ValueError, match="2000"):
        PeakFinder(1000)
