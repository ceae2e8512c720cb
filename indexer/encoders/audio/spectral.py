"""Computes timbre, harmony, pitch and rhythm features of audio windows.

The windows of a query start at other times than those of the library. So every measure is a
statistic over the window that changes little when the window starts a second earlier or later.
Windows are normalised to unit power. Levels below the mean spectral density of the window, which
noise and codecs dominate, are compressed.
"""

from functools import cache

import numpy as np

from mvsearch.store.records import Matrix

SAMPLE_RATE = 16_000
N_FFT = 2048  # 128 ms, which resolves semitones down to the lowest pitch
N_HOP = 512
FRAMES_PER_SECOND = SAMPLE_RATE / N_HOP
N_BINS = N_FFT // 2 + 1

N_MELS = 32
N_MFCC = 12
MEL_HERTZ = (30.0, 7600.0)

# Pitches C3 to B7 in steps of a semitone.
LOWEST_PITCH_HERTZ = 440 * 2 ** (-21 / 12)
N_OCTAVES = 5
N_PITCHES = 12 * N_OCTAVES
# Includes bins above the highest pitch, for the neighbourhood of its peaks.
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

# Added before a logarithm, in units of the mean spectral density.
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
    """Compute the measures of each group of `GROUPS`, one (n, size) float32 matrix each.

    Args:
        windows: (n, samples) float32 mono at `SAMPLE_RATE`, samples >= N_FFT.
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
    """Compute the power spectrogram (n, frames, N_BINS) of windows, normalised to unit power.

    The mean of a window is subtracted first. White noise then has density 1 in every bin.
    """
    from scipy.fft import rfft

    centred = windows - windows.mean(axis=1, keepdims=True)
    rms = np.sqrt(np.mean(np.square(centred), axis=1, keepdims=True))
    taper = np.hanning(N_FFT + 1)[:-1]
    taper = (taper / np.sqrt(np.sum(taper**2))).astype(np.float32)
    scaled = centred / np.maximum(rms, TINY)
    frames = np.lib.stride_tricks.sliding_window_view(scaled, N_FFT, axis=1)[:, ::N_HOP]
    parts = rfft(frames * taper).view(np.float32)
    np.square(parts, out=parts)
    power: Matrix = parts[..., ::2] + parts[..., 1::2]
    return power


@cache
def mel_filterbank() -> Matrix:
    """Return triangular filters (N_BINS, N_MELS), spaced by 2595 log10(1 + f/700), of sum one."""
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
    """Return the orthonormal DCT-II as (n, n_kept), without coefficient 0, the loudness."""
    order = np.arange(1, n_kept + 1)
    angles = np.pi / n * (np.arange(n)[:, None] + 0.5) * order
    matrix: Matrix = (np.sqrt(2 / n) * np.cos(angles)).astype(np.float32)
    return matrix


@cache
def pitch_filterbank() -> Matrix:
    """Return triangular filters (N_PITCH_BINS, N_PITCHES), a semitone to each side of a pitch."""
    hertz = np.maximum(np.arange(N_PITCH_BINS), 1) * SAMPLE_RATE / N_FFT
    semitones = 12 * np.log2(hertz / LOWEST_PITCH_HERTZ)
    distances = np.abs(semitones[:, None] - np.arange(N_PITCHES))
    bank: Matrix = np.maximum(0, 1 - distances).astype(np.float32)
    return bank


def pitch_loudness(power: Matrix) -> Matrix:
    """Compute the salience of each pitch, (n, frames, N_PITCHES) in [0, 1].

    Only spectral peaks above the mean of a neighbourhood of about 630 Hz count. Noise has a flat
    spectrum there and changes them little (compare Wang, ISMIR 2003).

    Args:
        power: (n, frames, N_BINS), from `power_spectra`.
    """
    from scipy.ndimage import uniform_filter1d

    padded = np.pad(power[:, :, :N_PITCH_BINS], ((0, 0), (1, 1), (0, 0)), mode="edge")
    amplitude: Matrix = np.sqrt((padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / np.float32(3))
    means = uniform_filter1d(amplitude, PEAK_NEIGHBOURHOOD_BINS, axis=2, mode="nearest")
    means *= PEAK_HEIGHT
    peaks = np.subtract(amplitude, means, out=amplitude)
    pitches = np.maximum(peaks, 0, out=peaks) @ pitch_filterbank()
    typical = np.median(pitches.sum(axis=2, keepdims=True), axis=1, keepdims=True)
    shares = pitches / (typical + TINY)
    loudness: Matrix = np.power(np.minimum(shares, 1), LOUDNESS_POWER).astype(np.float32)
    return loudness


def describe_covariance(cepstrum: Matrix) -> Matrix:
    """Return log standard deviations and correlations (upper triangle) of (n, frames, N_MFCC)."""
    n_coefficients = cepstrum.shape[2]
    centred = cepstrum - cepstrum.mean(axis=1, keepdims=True)
    covariance = centred.transpose(0, 2, 1) @ centred / cepstrum.shape[1]
    deviation = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)) + 1e-3
    correlation = covariance / deviation[:, :, None] / deviation[:, None, :]
    rows, columns = np.triu_indices(n_coefficients, 1)
    return np.concatenate([np.log(deviation), correlation[:, rows, columns]], axis=1)


def describe_chroma(loudness: Matrix) -> Matrix:
    """Return mean and standard deviation (n, 24) over time of the twelve pitch classes from C."""
    classes = loudness.reshape(*loudness.shape[:2], N_OCTAVES, 12).sum(axis=2)
    total = classes.sum(axis=2, keepdims=True)
    shares = classes / (total + 0.1 * total.mean(axis=1, keepdims=True) + TINY)
    return np.concatenate([shares.mean(axis=1), shares.std(axis=1)], axis=1)


def describe_rhythm(bands: Matrix) -> Matrix:
    """Return the autocorrelation (n, N_BEATS) of the onset strength at lags of `BEAT_SECONDS`.

    1 is an exact repetition. Onset strength is the mean rise of the log-mel bands (Ellis, JNMR
    2007).
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
    """Compute pooled log magnitudes of the 2-D Fourier transform over time and pitch.

    The magnitudes do not depend on shifts in time and in pitch, that is transposition
    (Bertin-Mahieux and Ellis, ISMIR 2012, on chroma). Rows (time) are pooled to about three an
    octave, columns (pitch) in pairs. Rising and falling modulations are averaged.

    Args:
        loudness: (n, frames, N_PITCHES), from `pitch_loudness`.
    """
    centred = loudness - loudness.mean(axis=2, keepdims=True)
    centred = centred[:, :MODULATION_FRAMES]
    spectra = np.fft.rfft(centred, MODULATION_PITCHES, axis=2)[:, :, :N_MODULATION_COLUMNS]
    magnitude = np.abs(np.fft.fft(spectra, MODULATION_FRAMES, axis=1))
    # Row -r of a rising modulation corresponds to row r of a falling one.
    folded = magnitude[:, : MODULATION_FRAMES // 2].copy()
    folded[:, 1:] = (folded[:, 1:] + magnitude[:, : -MODULATION_FRAMES // 2 : -1]) / 2
    rows = np.stack([folded[:, a:b].mean(axis=1) for a, b in MODULATION_ROWS], axis=1)
    cells = rows.reshape(len(rows), len(MODULATION_ROWS), -1, 2).mean(axis=3)
    flat = cells.reshape(len(cells), -1)
    shares = 20 * flat / (flat.mean(axis=1, keepdims=True) + TINY)
    modulation: Matrix = np.log(1 + shares).astype(np.float32)
    return modulation
