"""Packed peaks come back, and what was not packed is refused."""

import numpy as np
import pytest

from mvsearch.store.landmarks.packing import pack_peaks, unpack_peaks
from mvsearch.store.records.peaks import SoundPeaks


def draw_peaks(n_peaks: int, seconds: float, seed: int = 0) -> SoundPeaks:
    rng = np.random.default_rng(seed)
    return SoundPeaks(np.sort(rng.uniform(0, seconds, n_peaks)), rng.uniform(0, 4, n_peaks))


def test_peaks_come_back_within_a_step() -> None:
    peaks = draw_peaks(500, 30.0)
    packed = pack_peaks(peaks)
    found = unpack_peaks(packed)
    np.testing.assert_allclose(found.seconds, peaks.seconds, atol=0.008 + 1e-9)
    assert len(packed) == 4 + 30 + 2 * 500
    # Peaks of one step are put in the order of their frequency.
    for seconds in np.unique(found.seconds):
        theirs = np.sort(peaks.octaves[np.abs(peaks.seconds - seconds) <= 0.008])
        np.testing.assert_allclose(
            found.octaves[found.seconds == seconds], theirs, atol=0.5 / 256 + 1 / 256
        )
    assert pack_peaks(found) == packed


def test_no_peaks_are_four_bytes() -> None:
    nothing = SoundPeaks(np.zeros(0), np.zeros(0))
    assert pack_peaks(nothing) == bytes(4)
    assert len(unpack_peaks(bytes(4))) == 0


@pytest.mark.parametrize(
    "packed", [b"", b"\x01", b"\x02\0\0\0\x01", b"\x01\0\0\0\x02\0\0", b"\xff\xff\xff\xff"]
)
def test_other_bytes_are_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="peaks"):
        unpack_peaks(packed)


def test_peaks_are_in_order_and_range() -> None:
    for seconds, octaves in (
        ([1.0, 0.5], [1.0, 1.0]),
        ([-0.1], [1.0]),
        ([0.1], [4.5]),
        ([np.nan], [1.0]),
        ([0.1], [np.nan]),
    ):
        with pytest.raises(ValueError, match="peaks"):
            SoundPeaks(np.array(seconds), np.array(octaves))
