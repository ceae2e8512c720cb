"""Describes key, mode and register of sound by the vectors of its windows."""

from functools import cache

import numpy as np

from mvsearch.indexer.encoders.audio.signal import recover_measures
from mvsearch.indexer.encoders.audio.spectral import GROUPS, N_OCTAVES, N_PITCHES
from mvsearch.store.records import Matrix

# How well each pitch class fits a major and a minor key, from its root on (Krumhansl and Kessler
# 1982).
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
# Fit of the best major key, of the best minor key, their difference, the lead of the best key and
# its fit; the pitch classes from its root on; the loudness of each octave.
N_MODES, N_CLASSES = 5, 12
N_KEY_NUMBERS = N_MODES + N_CLASSES + N_OCTAVES
TINY = 1e-6


def describe_keys(vectors: Matrix) -> Matrix:
    """Describe each window by the key that fits it best (Krumhansl's algorithm, 1990).

    Args:
        vectors: (n, d) of `Signal`.

    Returns:
        (n, N_KEY_NUMBERS) float32.
    """
    names = list(GROUPS)
    first = sum(GROUPS[name] for name in names[: names.index("pitch")])
    loudness = recover_measures(vectors)[:, first : first + N_PITCHES]
    octaves = loudness.reshape(-1, N_OCTAVES, 12)
    classes = _standardise(octaves.sum(axis=1))
    fits = classes @ _templates().T
    major, minor, ranked = fits[:, :12].max(axis=1), fits[:, 12:].max(axis=1), np.sort(fits, axis=1)
    lead = ranked[:, -1] - ranked[:, -2]
    modes = np.stack([major, minor, major - minor, lead, ranked[:, -1]], axis=1)
    roots = fits.argmax(axis=1)[:, np.newaxis] % 12
    from_root = np.take_along_axis(classes, (np.arange(12) + roots) % 12, axis=1)
    return np.concatenate([modes, from_root, octaves.mean(axis=2)], axis=1, dtype=np.float32)


@cache
def _templates() -> Matrix:
    """The profiles of the 12 major and then the 12 minor keys, (24, 12)."""
    profiles = _standardise(np.array([MAJOR, MINOR], np.float32)) / 12
    return np.concatenate([[np.roll(one, root) for root in range(12)] for one in profiles])


def _standardise(rows: Matrix) -> Matrix:
    """Give each row the mean 0 and the deviation 1."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    standard: Matrix = centred / (rows.std(axis=1, keepdims=True) + TINY)
    return standard
