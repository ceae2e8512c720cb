"""Encodes audio by signal features alone, without model weights."""

from functools import cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.audio.spectral import GROUPS, N_FFT, N_HOP, SAMPLE_RATE, describe
from mvsearch.indexer.encoders.audio.spectral_scale import LOCATIONS, SCALES
from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.store.records import Matrix, Space

# Relative share of each group in the squared length of a typical vector. Chosen with
# benchmarks/sound/audio_robustness.py; halving or doubling one changes its figures by < 0.01.
WEIGHTS = {
    "mel": 0.5,
    "cepstrum": 0.5,
    "covariance": 2.0,
    "chroma": 0.5,
    "pitch": 1.5,
    "rhythm": 0.5,
    "modulation": 6.0,
}

# Measures saturate at so many scales, so that one outlier does not dominate the cosine.
SATURATION = 3.0

# Of a vector before it is scaled to length one: with all measures at their scale, 3.4.
TYPICAL_LENGTH = 2.9
# No measure is recovered as more, in scales: near saturation an error of rounding is large.
HIGHEST = 8.0

# The encoders whose main vectors are those of `Signal`.
SIGNAL_ENCODERS = ("signal", "signal-yamnet", "signal-musicnn")

# Windows a batch. More are slower: their spectra do not fit the processor cache.
BATCH_WINDOWS = 2
SHORTEST_SAMPLES = SAMPLE_RATE


class Signal:
    """Encodes windows by log-mel and cepstral statistics, chroma, pitch, rhythm and modulation.

    The scale of each measure is a constant and not computed from a library, so that a library can
    grow and vectors of two libraries can be compared. The measures are in `audio.spectral`.
    """

    sample_rate = SAMPLE_RATE
    window_seconds = 5.0
    # Clips located more than a second wrong: one in a hundred; with twice the hop, one in four.
    hop_seconds = 1.25
    # Over 34 videos: copies have 0.92 and more, other videos 0.73 and less, as all music has much
    # in common. Clips have 0.88 and more with their video, 0.65 and less with others.
    points: ClassVar[OperatingPoints] = OperatingPoints(
        same=0.8, certain=0.95, alone=0.96, trusted=0.75, reach=0.1
    )

    def __init__(self) -> None:
        self.spaces = (Space("audio", "signal", "1", sum(GROUPS.values())),)

    def encode(self, windows: Matrix) -> tuple[Matrix, ...]:
        """Encode (n, samples) float32 mono at `sample_rate` as one (n, dim) float32 unit matrix.

        Zeros at the end of a window are taken as padding and left out. Samples that are not finite
        are taken as zero. The vector of a silent window has no meaning.
        """
        padded = windows.astype(np.float32, copy=False)
        if not np.isfinite(padded).all():
            padded = np.nan_to_num(padded, posinf=0.0, neginf=0.0)
        if padded.shape[1] < SHORTEST_SAMPLES:
            padded = np.pad(padded, ((0, 0), (0, SHORTEST_SAMPLES - padded.shape[1])))
        lengths = _measure_lengths(padded)
        vectors = np.zeros((len(padded), sum(GROUPS.values())), np.float32)
        for length in np.unique(lengths):
            (rows,) = np.nonzero(lengths == length)
            for first in range(0, len(rows), BATCH_WINDOWS):
                batch = rows[first : first + BATCH_WINDOWS]
                vectors[batch] = _scale(describe(padded[batch, :length]))
        return (to_unit_rows(vectors),)


def _measure_lengths(windows: Matrix) -> npt.NDArray[np.int64]:
    """Return the length of each window without zeros at its end, in whole frames, (n,)."""
    n_samples = windows.shape[1]
    n_trailing = np.zeros(len(windows), np.int64)
    for row in np.flatnonzero(windows[:, -1] == 0):
        (sounding,) = np.nonzero(windows[row])
        n_trailing[row] = n_samples - 1 - sounding[-1] if len(sounding) else n_samples
    n_hops = -(-(n_samples - n_trailing - N_FFT) // N_HOP)
    lengths: npt.NDArray[np.int64] = np.clip(N_FFT + N_HOP * n_hops, SHORTEST_SAMPLES, n_samples)
    return lengths


def _scale(groups: dict[str, Matrix]) -> Matrix:
    """Standardise, saturate and weight the measures of all groups, (n, dim)."""
    measures = np.concatenate([groups[name] for name in GROUPS], axis=1)
    location, scale, weight = _constants()
    standard = (measures - location) / scale
    scaled: Matrix = SATURATION * np.tanh(standard / SATURATION) * weight
    return scaled


def recover_measures(vectors: Matrix) -> Matrix:
    """Recover the measures of `spectral.describe` from vectors, (n, dim) float32, about.

    The length that a vector had is lost: that of a typical one is taken.
    """
    location, scale, weight = _constants()
    saturated = vectors * TYPICAL_LENGTH / (weight * SATURATION)
    highest = np.float32(np.tanh(HIGHEST / SATURATION))
    standard = SATURATION * np.arctanh(np.clip(saturated, -highest, highest))
    measures: Matrix = (standard * scale + location).astype(np.float32)
    return measures


def recover_group(vectors: Matrix, group: str) -> Matrix:
    """The measures of one of `GROUPS`, as `recover_measures` has them: (n, size) float32."""
    sizes = list(GROUPS.values())
    at = list(GROUPS).index(group)
    first = sum(sizes[:at])
    return recover_measures(vectors)[:, first : first + sizes[at]]


@cache
def _constants() -> tuple[Matrix, Matrix, Matrix]:
    """Return location, scale and weight of every measure, (dim,) each."""
    location = np.array(" ".join(LOCATIONS[name] for name in GROUPS).split(), np.float32)
    scale = np.array(" ".join(SCALES[name] for name in GROUPS).split(), np.float32)
    weights = [np.full(size, np.sqrt(WEIGHTS[name] / size)) for name, size in GROUPS.items()]
    return location, scale, np.concatenate(weights).astype(np.float32)
