"""Computes timbre, harmony, pitch and rhythm features of audio windows.

Every measure is a statistic over the window that hardly moves when the window begins a second
earlier or later, because a query's windows never fall on those of the library. Loudness is taken
out first; what lies below the window's own mean spectral density, where noise and codecs rule, is
held flat.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix

SAMPLE_RATE = 16_000
N_FFT = 2048  # 128 ms: semitones are told apart down to the lowest pitch below
N_HOP = 512
FRAMES_PER_SECOND = SAMPLE_RATE / N_HOP
# scipy transforms several float32 frames in one instruction, in a third of numpy's time, and takes
# 0.3 s to import: a query has fewer windows. The two differ by 1e-6 of the greatest value.
MANY_WINDOWS = 8
N_BINS = N_FFT // 2 + 1

N_MELS = 32
N_MFCC = 12
MEL_HERTZ = (30.0, 7600.0)

# Pitches C3 to B7 in steps of a semitone.
LOWEST_PITCH_HERTZ = 440 * 2 ** (-21 / 12)
N_OCTAVES = 5
N_PITCHES = 12 * N_OCTAVES
# Bins beyond the highest pitch only serve the neighbourhood that a peak is compared with.
N_PITCH_BINS = int(4500 / SAMPLE_RATE * N_FFT)
PEAK_NEIGHBOURHOOD_BINS = 81
PEAK_HEIGHT = 1.3
LOUDNESS_POWER = 0.75

# Times between beats, six to the octave: 0.19 s (312 beats a minute) to 1.7 s (35).
N_BEATS = 20
BEAT_SECONDS = 6 / FRAMES_PER_SECOND * 2 ** (np.arange(N_BEATS) / 6)

# Rows and columns of the 2-D transform: 6 s and 64 semitones with their padding.
MODULATION_FRAMES = 192
MODULATION_PITCHES = 64
MODULATION_ROWS = ((0, 1), (1, 2), (2, 3), (3, 5), (5, 8), (8, 12), (12, 18), (18, 27), (27, 40))
N_MODULATION_COLUMNS = 24

# The mean spectral density is 1: measures of timbre are flat below it, onsets a tenth of it.
TIMBRE_FLOOR = 1.0
ONSET_FLOOR = 0.1
TINY = 1e-6

GROUPS = {
    "mel": N_MELS,
    "cepstrum": N_MFCC,
    "covariance": N_MFCC * (N_MFCC + 1) // 2,
    "chroma": 24,
    "pitch": 2 * N_PITCHES,
    "rhythm": N_BEATS,
    "modulation": len(MODULATION_ROWS) * N_MODULATION_COLUMNS // 2,
}


def describe(windows: Matrix) -> dict[str, Matrix]:
    """Measure every group of `GROUPS`, one (n, size) float32 matrix each.

    Args:
        windows: (n, samples) mono at `SAMPLE_RATE`, samples >= N_FFT.
    """
    power = power_spectra(windows)
    mel = power @ mel_filterbank()
    bands = np.log(mel + TIMBRE_FLOOR)
    cepstrum = bands @ dct_matrix(N_MELS, N_MFCC)
    loudness = pitch_loudness(power)
    return {
        "mel": bands.std(axis=1),
        "cepstrum": cepstrum.mean(axis=1),
        "covariance": describe_covariance(cepstrum),
        "chroma": describe_chroma(loudness),
        "pitch": np.concatenate([loudness.mean(axis=1), loudness.std(axis=1)], axis=1),
        "rhythm": describe_rhythm(np.log(mel + ONSET_FLOOR)),
        "modulation": describe_modulation(loudness),
    }


def power_spectra(windows: Matrix) -> Matrix:
    """Short-time power (n, frames, N_BINS), each window brought to zero mean and unit power.

    White noise then has density 1 in every bin, whatever its gain was.
    """
    centred = windows - windows.mean(axis=1, keepdims=True)
    rms = np.sqrt(np.mean(np.square(centred), axis=1, keepdims=True))
    taper = np.hanning(N_FFT + 1)[:-1]
    taper = (taper / np.sqrt(np.sum(taper**2))).astype(np.float32)
    scaled = centred / np.maximum(rms, TINY)
    frames = np.lib.stride_tricks.sliding_window_view(scaled, N_FFT, axis=1)[:, ::N_HOP]
    parts = _transform(frames * taper).view(np.float32)
    np.square(parts, out=parts)
    power: Matrix = parts[..., ::2] + parts[..., 1::2]
    return power


def _transform(frames: Matrix) -> npt.NDArray[np.complex64]:
    """The spectra (n, frames, N_BINS) of (n, frames, N_FFT)."""
    if len(frames) < MANY_WINDOWS:
        return np.fft.rfft(frames).astype(np.complex64, copy=False)
    from scipy.fft import rfft

    spectra: npt.NDArray[np.complex64] = rfft(frames)
    return spectra


@cache
def mel_filterbank() -> Matrix:
    """Triangles (N_BINS, N_MELS) evenly spaced in mel (2595 log10(1 + f/700)), each of sum one."""
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in MEL_HERTZ)
    edges = 700 * (10 ** (np.linspace(lowest, highest, N_MELS + 2) / 2595) - 1)
    hertz = np.arange(N_BINS)[:, None] * SAMPLE_RATE / N_FFT
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0, np.minimum(rising, falling))
    bank: Matrix = (triangles / triangles.sum(axis=0)).astype(np.float32)
    return bank


@cache
def dct_matrix(n: int, n_kept: int) -> Matrix:
    """The orthonormal DCT-II as (n, n_kept); its first coefficient, the loudness, is left out."""
    order = np.arange(1, n_kept + 1)
    angles = np.pi / n * (np.arange(n)[:, None] + 0.5) * order
    matrix: Matrix = (np.sqrt(2 / n) * np.cos(angles)).astype(np.float32)
    return matrix


@cache
def pitch_filterbank() -> Matrix:
    """Triangles (N_PITCH_BINS, N_PITCHES) a semitone to each side of a pitch."""
    hertz = np.maximum(np.arange(N_PITCH_BINS), 1) * SAMPLE_RATE / N_FFT
    semitones = 12 * np.log2(hertz / LOWEST_PITCH_HERTZ)
    distances = np.abs(semitones[:, None] - np.arange(N_PITCHES))
    bank: Matrix = np.maximum(0, 1 - distances).astype(np.float32)
    return bank


def pitch_loudness(power: Matrix) -> Matrix:
    """How strongly each pitch stands out, (n, frames, N_PITCHES) in [0, 1].

    Only spectral peaks count: what rises over its neighbourhood of about 630 Hz. Noise is flat
    there, so that it takes away little and adds little (compare Wang, ISMIR 2003).
    """
    padded = np.pad(power[:, :, :N_PITCH_BINS], ((0, 0), (1, 1), (0, 0)), mode="edge")
    amplitude: Matrix = np.sqrt((padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / np.float32(3))
    peaks = np.maximum(amplitude - PEAK_HEIGHT * _mean_around(amplitude), 0)
    pitches = peaks @ pitch_filterbank()
    typical = np.median(pitches.sum(axis=2, keepdims=True), axis=1, keepdims=True)
    shares = pitches / (typical + TINY)
    loudness: Matrix = np.power(np.minimum(shares, 1), LOUDNESS_POWER).astype(np.float32)
    return loudness


def _mean_around(amplitude: Matrix) -> Matrix:
    """Mean over PEAK_NEIGHBOURHOOD_BINS around each bin of the last axis, edges repeated."""
    half = PEAK_NEIGHBOURHOOD_BINS // 2
    n_bins = amplitude.shape[2]
    sums = np.empty((*amplitude.shape[:2], n_bins + PEAK_NEIGHBOURHOOD_BINS))
    sums[:, :, : half + 1] = amplitude[:, :, :1]
    sums[:, :, half + 1 : half + 1 + n_bins] = amplitude
    sums[:, :, half + 1 + n_bins :] = amplitude[:, :, -1:]
    np.cumsum(sums, axis=2, out=sums)
    totals = sums[:, :, PEAK_NEIGHBOURHOOD_BINS:] - sums[:, :, :-PEAK_NEIGHBOURHOOD_BINS]
    means: Matrix = (totals / PEAK_NEIGHBOURHOOD_BINS).astype(np.float32)
    return means


def describe_covariance(cepstrum: Matrix) -> Matrix:
    """Log standard deviations, then correlations above the diagonal, of (n, frames, N_MFCC)."""
    n_coefficients = cepstrum.shape[2]
    centred = cepstrum - cepstrum.mean(axis=1, keepdims=True)
    covariance = centred.transpose(0, 2, 1) @ centred / cepstrum.shape[1]
    deviation = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)) + 1e-3
    correlation = covariance / deviation[:, :, None] / deviation[:, None, :]
    rows, columns = np.triu_indices(n_coefficients, 1)
    return np.concatenate([np.log(deviation), correlation[:, rows, columns]], axis=1)


def describe_chroma(loudness: Matrix) -> Matrix:
    """Mean and standard deviation (n, 24) over time of the twelve pitch classes, C first."""
    classes = loudness.reshape(*loudness.shape[:2], N_OCTAVES, 12).sum(axis=2)
    total = classes.sum(axis=2, keepdims=True)
    shares = classes / (total + 0.1 * total.mean(axis=1, keepdims=True) + TINY)
    return np.concatenate([shares.mean(axis=1), shares.std(axis=1)], axis=1)


def describe_rhythm(bands: Matrix) -> Matrix:
    """Autocorrelation (n, N_BEATS) of the onset strength at `BEAT_SECONDS`; 1 repeats exactly.

    Onset strength is the mean rise of the log-mel bands, as in Ellis, JNMR 2007.
    """
    onsets = np.maximum(np.diff(bands, axis=1), 0).mean(axis=2)
    onsets -= onsets.mean(axis=1, keepdims=True)
    n_frames = onsets.shape[1]
    spectra = np.fft.rfft(onsets, 2 * n_frames)
    products = np.fft.irfft(spectra.real**2 + spectra.imag**2, 2 * n_frames)
    lags = np.arange(2, min(64, n_frames))
    distances = np.abs(6 * np.log2(lags[:, None] / (BEAT_SECONDS * FRAMES_PER_SECOND)))
    weights = np.maximum(0, 1 - distances)
    weights /= np.maximum(weights.sum(axis=0), TINY)
    rhythm: Matrix = (products[:, lags] / (products[:, :1] + TINY) @ weights).astype(np.float32)
    return rhythm


def describe_modulation(loudness: Matrix) -> Matrix:
    """How pitches move: log magnitudes of a 2-D Fourier transform over time and pitch, pooled.

    A magnitude stays when the music begins earlier or later (rows, in time) and when it is
    transposed (columns, in pitch): Bertin-Mahieux and Ellis, ISMIR 2012, on chroma. Rows are
    pooled to about three an octave, columns in pairs; rising and falling movements are averaged.
    """
    centred = loudness - loudness.mean(axis=2, keepdims=True)
    centred = centred[:, :MODULATION_FRAMES]
    spectra = np.fft.rfft(centred, MODULATION_PITCHES, axis=2)[:, :, :N_MODULATION_COLUMNS]
    magnitude = np.abs(np.fft.fft(spectra, MODULATION_FRAMES, axis=1))
    # Row -r of a rising movement holds what row r holds of a falling one.
    folded = magnitude[:, : MODULATION_FRAMES // 2].copy()
    folded[:, 1:] = (folded[:, 1:] + magnitude[:, : -MODULATION_FRAMES // 2 : -1]) / 2
    rows = np.stack([folded[:, a:b].mean(axis=1) for a, b in MODULATION_ROWS], axis=1)
    cells = rows.reshape(len(rows), len(MODULATION_ROWS), -1, 2).mean(axis=3)
    flat = cells.reshape(len(cells), -1)
    shares = 20 * flat / (flat.mean(axis=1, keepdims=True) + TINY)
    modulation: Matrix = np.log(1 + shares).astype(np.float32)
    return modulation
