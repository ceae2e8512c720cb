"""Finds the key of music by the frequencies of its spectral peaks.

How often each of the twelve pitch classes occurs is compared with how often it does in music of
each key (C. Krumhansl, "Cognitive foundations of musical pitch", 1990), by the profiles of
D. Temperley, "Music and probability", 2007.
"""

import numpy as np
import numpy.typing as npt

from mvsearch.store.records.peaks import LOWEST_HERTZ, SoundPeaks
from mvsearch.store.records.tempo_and_key import KEYS, N_CLASSES

Floats = npt.NDArray[np.float64]

# How often music in a major and in a minor key has each pitch class from the tonic on.
MAJOR: Floats = np.array(
    [0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400]
)
MINOR: Floats = np.array(
    [0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330]
)
# Peaks above this are mostly overtones, which are other pitch classes than the notes.
HIGHEST_OCTAVE = 1.5
# Semitones from a pitch at which a peak counts 0.6 of one.
PITCH_WIDTH = 0.25
A4_HERTZ, A4_CLASS = 440.0, 9
FEWEST_PEAKS = 16
# Pitches of speech and noise lie anywhere between the notes: the Rayleigh statistic of n of them,
# on a circle of one semitone, is above this with a probability of exp(-9).
LEAST_RAYLEIGH = 3.0


def find_key(peaks: SoundPeaks) -> tuple[str, float] | None:
    """The key of music.

    Returns:
        One of `KEYS`, and by how much its correlation is above that of the next key, from 0 to 2;
        None if there are too few peaks, or they are no notes.
    """
    octaves = peaks.octaves[peaks.octaves < HIGHEST_OCTAVE]
    if len(octaves) < FEWEST_PEAKS:
        return None
    pitches = A4_CLASS + N_CLASSES * (np.log2(LOWEST_HERTZ / A4_HERTZ) + octaves)
    # How far all is out of tune is the mean direction on a circle of one semitone.
    mean = np.exp(2j * np.pi * pitches).mean()
    if abs(mean) * np.sqrt(len(pitches)) < LEAST_RAYLEIGH:
        return None
    classes = count_classes(pitches - np.angle(mean) / (2 * np.pi))
    if classes.std() <= 0:
        return None
    profiles = np.array([np.roll(one, n) for one in (MAJOR, MINOR) for n in range(N_CLASSES)])
    alike = np.corrcoef(classes, profiles)[0, 1:]
    order = np.argsort(-alike)
    return KEYS[order[0]], float(alike[order[0]] - alike[order[1]])


def count_classes(pitches: Floats) -> Floats:
    """How often each pitch class from C occurs, (12,), by pitches (n,) in semitones from a C."""
    nearest = np.rint(pitches)
    weights = np.exp(-0.5 * ((pitches - nearest) / PITCH_WIDTH) ** 2)
    classes = nearest.astype(np.int64) % N_CLASSES
    return np.bincount(classes, weights, N_CLASSES).astype(np.float64)
