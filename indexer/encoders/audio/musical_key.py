"""Finds the key of music by the pitches of its spectral peaks, and by how loud each pitch is.

How often each of the twelve pitch classes occurs is compared with how often it does in music of
each key (C. Krumhansl, "Cognitive foundations of musical pitch", 1990), by the profiles of
D. Temperley, "Music and probability", 2007. Peaks tell the notes of melodies; of chords they lack
those that lie close to a louder one, which the loudness of pitches has.
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
HIGHEST_OCTAVE = 2.0
# Likewise of the loudness of pitches, from C3 on.
N_PITCH_OCTAVES = 3
# The weight of peaks beside the loudness of pitches.
PEAK_WEIGHT = 0.5
# Semitones from a pitch at which a peak counts 0.6 of one.
PITCH_WIDTH = 0.25
A4_HERTZ, A4_CLASS = 440.0, 9
FEWEST_PEAKS = 16
# Pitches of speech and noise lie anywhere between the notes: the Rayleigh statistic of n of them,
# on a circle of one semitone, is above this with a probability of exp(-9).
LEAST_RAYLEIGH = 3.0
# A key needs a triad: so many pitch classes, each with this share of the most frequent one.
FEWEST_CLASSES, LEAST_SHARE = 3, 0.1


def find_key(peaks: SoundPeaks, pitches: Floats | None = None) -> tuple[str, float] | None:
    """The key of music.

    Args:
        peaks: of the sound.
        pitches: (octaves × 12,) mean loudness of each pitch from C3 on; None if it is unknown.

    Returns:
        One of `KEYS`, and by how much its correlation is above that of the next key, from 0 to 2;
        None if there are too few peaks or notes, or they are no notes.
    """
    classes = count_classes(peaks)
    if classes is None or np.sum(classes >= LEAST_SHARE * classes.max()) < FEWEST_CLASSES:
        return None
    # The root, as a note that lasts has many peaks.
    seen = _standardise(np.sqrt(classes))
    if pitches is not None:
        octaves = pitches.reshape(-1, N_CLASSES)[:N_PITCH_OCTAVES]
        seen = PEAK_WEIGHT * seen + _standardise(octaves.sum(axis=0))
    profiles = [np.roll(one, n) for one in (MAJOR, MINOR) for n in range(N_CLASSES)]
    alike = np.array([seen @ _standardise(one) for one in profiles]) / N_CLASSES
    alike /= max(float(seen.std()), 1e-9)
    order = np.argsort(-alike)
    return KEYS[order[0]], float(alike[order[0]] - alike[order[1]])


def count_classes(peaks: SoundPeaks) -> Floats | None:
    """How often each pitch class from C occurs, (12,), whatever the music is tuned to.

    Returns:
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
    pitches = pitches - np.angle(mean) / (2 * np.pi)
    nearest = np.rint(pitches)
    weights = np.exp(-0.5 * ((pitches - nearest) / PITCH_WIDTH) ** 2)
    classes = nearest.astype(np.int64) % N_CLASSES
    return np.bincount(classes, weights, N_CLASSES).astype(np.float64)


def _standardise(values: Floats) -> Floats:
    """Values of mean 0 and deviation 1; zeros if all are equal."""
    standard: Floats = (values - values.mean()) / max(float(values.std()), 1e-9)
    return standard
