"""Finds the tempo of music by the times of its spectral peaks.

Peaks are local maxima of the spectrogram, so notes and beats make many of them at once. How many
there are at a time, in each of some bands of frequency, is compared with itself at later times:
autocorrelation, as of the onset strength of D. Ellis, "Beat tracking by dynamic programming", JNMR
2007. A beat repeats at all its multiples, which tells it from its parts (a comb: A. Klapuri,
A. Eronen and J. Astola, "Analysis of the meter of acoustic musical signals", IEEE TASLP 2006).
Between a beat and its double a log-normal prior decides, as in Ellis.
"""

import numpy as np
import numpy.typing as npt

from mvsearch.store.landmarks.packing import STEP_SECONDS
from mvsearch.store.records.peaks import OCTAVES, SoundPeaks

Floats = npt.NDArray[np.float64]

LEAST_BPM, MOST_BPM = 50.0, 220.0
# Steps of a quarter of a percent.
TEMPOS: Floats = np.geomspace(LEAST_BPM, MOST_BPM, 600)
# The middle of the prior, and its width in octaves (that of Ellis). Clicks of 65 to 180 a minute
# are taken as they are.
USUAL_BPM = 130.0
PRIOR_OCTAVES = 0.9
N_MULTIPLES = 8
# Of four octaves.
N_BANDS = 10
# The tempo may change from window to window.
WINDOW_SECONDS = 12.0
MAX_LAG_SECONDS = 8.5
# What changes more slowly than this is no beat.
TREND_SECONDS = 2.0
SHORTEST_SECONDS = 4.0
# What is longer takes memory and tells no more: eleven days, which a library may claim, took 20 GB.
LONGEST_SECONDS = 7200.0


def find_tempo(peaks: SoundPeaks) -> tuple[float, float] | None:
    """The tempo of music.

    Returns:
        Beats a minute, and how alike the music is to itself at multiples of a beat, from 0 to 1;
        None if it is too short or nothing repeats.
    """
    if not len(peaks):
        return None
    begin = float(peaks.seconds[0])
    early = peaks.within(begin, begin + LONGEST_SECONDS).since(begin)
    if early.seconds[-1] < SHORTEST_SECONDS:
        return None
    repetition = correlate(count_onsets(early))
    multiples = np.arange(1, N_MULTIPLES + 1)[:, None] * (60 / TEMPOS / STEP_SECONDS)
    lags = np.arange(len(repetition))
    alike = np.interp(multiples, lags, repetition, right=np.nan)
    comb = np.nanmean(alike[:, ~np.isnan(alike[0])], axis=0)
    tempos = TEMPOS[~np.isnan(alike[0])]
    prior = np.exp(-0.5 * (np.log2(tempos / USUAL_BPM) / PRIOR_OCTAVES) ** 2)
    best = int(np.argmax(comb * prior))
    if comb[best] <= 0:
        return None
    return float(tempos[best]), float(min(comb[best], 1.0))


def count_onsets(peaks: SoundPeaks) -> Floats:
    """How many peaks there are in each step and band, (steps, `N_BANDS`), without slow changes."""
    from scipy.ndimage import gaussian_filter1d, uniform_filter1d

    steps = np.rint(peaks.seconds / STEP_SECONDS).astype(np.int64)
    # A peak counts in the two bands whose middles it lies between: at an edge, chance decides none.
    places = np.clip(peaks.octaves * (N_BANDS / OCTAVES) - 0.5, 0, N_BANDS - 1)
    lower = np.minimum(places.astype(np.int64), N_BANDS - 2)
    cells = steps * N_BANDS + lower
    n_cells = N_BANDS * (int(steps[-1]) + 1)
    counts = np.bincount(cells, 1 - (places - lower), n_cells).astype(np.float64)
    counts += np.bincount(cells + 1, places - lower, n_cells)
    smooth = gaussian_filter1d(counts.reshape(-1, N_BANDS), 1.0, axis=0)
    trend = uniform_filter1d(smooth, round(TREND_SECONDS / STEP_SECONDS), axis=0)
    onsets: Floats = smooth - trend
    return onsets


def correlate(onsets: Floats) -> Floats:
    """The autocorrelation of (steps, bands), summed over bands, mean over windows; 1 at lag 0."""
    n_window = min(round(WINDOW_SECONDS / STEP_SECONDS), len(onsets))
    n_lags = min(round(MAX_LAG_SECONDS / STEP_SECONDS), 3 * n_window // 4) + 1
    windows = np.lib.stride_tricks.sliding_window_view(onsets, n_window, axis=0)
    sums, weights = np.zeros(n_lags), 0.0
    for window in windows[:: n_window // 2]:
        centred = window - window.mean(axis=1, keepdims=True)
        spectra = np.fft.rfft(centred, 2 * n_window)
        products = np.fft.irfft((spectra.real**2 + spectra.imag**2).sum(axis=0), 2 * n_window)
        if products[0] <= 0:
            continue
        # A window with more in it counts more, but not in proportion.
        weight = float(np.sqrt(products[0]))
        sums += weight * products[:n_lags] / products[0]
        weights += weight
    overlaps = 1 - np.arange(n_lags) / n_window
    repetition: Floats = sums / max(weights, 1e-9) / overlaps
    return repetition
