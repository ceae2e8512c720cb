"""Computes log-mel spectra as VGGish and YAMNet were trained on."""

from functools import lru_cache

import numpy as np

from mvsearch.store.records import Matrix

SAMPLE_RATE = 16_000
WINDOW_SAMPLES, HOP_SAMPLES, FFT_SAMPLES = 400, 160, 512
N_BANDS, LOWEST_HERTZ, HIGHEST_HERTZ = 64, 125.0, 7500.0
# Added to the magnitudes before the logarithm.
LOG_OFFSET = 0.001


def count_samples(n_spectra: int) -> int:
    """How many samples give so many spectra."""
    return (n_spectra - 1) * HOP_SAMPLES + WINDOW_SAMPLES


def compute_log_mel(windows: Matrix) -> Matrix:
    """Compute the log-mel spectra of 25 ms each, one each 10 ms.

    The parameters are those of Hershey et al. 2017 (CNN architectures for large-scale audio
    classification) in Google's published code: magnitudes, a periodic Hann window, 64 bands of the
    HTK mel scale from 125 to 7,500 Hz.

    Args:
        windows: (n, samples) float32 mono at 16 kHz, at least 400 samples.

    Returns:
        (n, spectra, 64) float32 natural logarithms.
    """
    parts = np.lib.stride_tricks.sliding_window_view(windows, WINDOW_SAMPLES, axis=1)
    parts = parts[:, ::HOP_SAMPLES]
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)).astype(
        np.float32
    )
    magnitudes = np.abs(np.fft.rfft(parts * hann, FFT_SAMPLES)).astype(np.float32)
    logarithms: Matrix = np.log(magnitudes @ _make_bands() + np.float32(LOG_OFFSET))
    return logarithms


@lru_cache(maxsize=1)
def _make_bands() -> Matrix:
    """The (257, 64) triangles of the bands, linear in mel; the constant part is in none."""
    mels = _to_mel(np.fft.rfftfreq(FFT_SAMPLES, 1 / SAMPLE_RATE))
    edges = np.linspace(_to_mel(LOWEST_HERTZ), _to_mel(HIGHEST_HERTZ), N_BANDS + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (mels[:, None] - lower) / (centre - lower)
    falling = (upper - mels[:, None]) / (upper - centre)
    bands = np.maximum(0.0, np.minimum(rising, falling))
    bands[0] = 0.0
    narrow: Matrix = bands.astype(np.float32)
    return narrow


def _to_mel(hertz: np.ndarray | float) -> np.ndarray:
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz) / 700.0))
