"""Makes noise, music and talk, and mixes them into clips.

Music and talk are made by rule, so that an evaluation needs no other media: a tune over chords with
drums, and voices that glide and pause as speech does. Neither is in any library.
"""

import numpy as np

from mvsearch.search.evaluation.queries.distortion.distortions import SAMPLE_RATE, Mixed
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix

# Scale degrees of chords, in semitones over a root.
CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (9, 12, 16))
BEAT_SECONDS = 0.5
SYLLABLE_SECONDS = 0.22
# First and second formants of vowels in hertz (Peterson and Barney 1952, rounded).
VOWELS = ((730, 1090), (270, 2290), (300, 870), (530, 1840), (570, 840))
FORMANT_WIDTH_HERTZ = 120.0
VOICED_HARMONICS = 30
# A syllable of speech is left out as often as this, for pauses.
PAUSE_SHARE = 0.2


def make_other(kind: Mixed, n_samples: int, seed: int) -> Matrix:
    """(n_samples,) of white Gaussian noise, music or talk, the same for the same seed."""
    rng = np.random.default_rng(seed)
    if kind == "noise":
        return rng.standard_normal(n_samples).astype(np.float32)
    seconds = BEAT_SECONDS if kind == "music" else SYLLABLE_SECONDS
    play = _play_beat if kind == "music" else _say_syllable
    n_each = round(seconds * SAMPLE_RATE)
    root = float(rng.uniform(110, 220))
    pieces = [play(rng, n_each, root, at) for at in range(n_samples // n_each + 1)]
    return np.concatenate(pieces)[:n_samples].astype(np.float32)


def mix(samples: Matrix, other: Matrix, decibels: float) -> Matrix:
    """Add other sound at a signal-to-noise ratio.

    Args:
        samples: (n,) float32.
        other: (n,) float32, not silent.
        decibels: the ratio of the power of both.

    Returns:
        (n,) float32, scaled down if it would clip; silence stays silence.
    """
    if not len(samples):
        return samples
    powers = [float(np.mean(np.square(each, dtype=np.float64))) for each in (samples, other)]
    mixed = samples + other * np.sqrt(powers[0] / powers[1]) * 10 ** (-decibels / 20)
    peak = float(np.abs(mixed).max(initial=0.0))
    return np.asarray(mixed / max(1.0, peak), np.float32)


def _play_beat(rng: np.random.Generator, n_samples: int, root: float, at: int) -> Matrix:
    """A chord that changes every four beats, a note of a tune, and a drum."""
    seconds = np.arange(n_samples) / SAMPLE_RATE
    chord = CHORDS[at // 4 % len(CHORDS)]
    note = chord[int(rng.integers(len(chord)))] + 12 * int(rng.integers(1, 3))
    played = [0.3 * _pluck(root * 2 ** (degree / 12), seconds) for degree in chord]
    played.append(0.6 * _pluck(root * 2 ** (note / 12), seconds))
    drum = rng.standard_normal(n_samples) * np.exp(-40 * seconds)
    return np.asarray(np.exp(-4 * seconds) * np.sum(played, axis=0) + 0.5 * drum, np.float32)


def _pluck(hertz: float, seconds: FloatArray) -> FloatArray:
    """A tone of six harmonics."""
    harmonics = np.arange(1, 7)[:, None]
    tones: FloatArray = np.sin(2 * np.pi * hertz * harmonics * seconds) / harmonics
    return np.asarray(tones.sum(axis=0))


def _say_syllable(rng: np.random.Generator, n_samples: int, root: float, at: int) -> Matrix:
    """A hiss and a vowel whose pitch glides, or a pause."""
    if rng.random() < PAUSE_SHARE and at % 5:
        return np.zeros(n_samples, np.float32)
    seconds = np.arange(n_samples) / SAMPLE_RATE
    shape = np.sin(np.pi * seconds / seconds[-1]) ** 0.5
    first, last = root * rng.uniform(0.8, 1.3, 2)
    glide = first * seconds + (last - first) * seconds**2 / (2 * seconds[-1])
    formants = VOWELS[int(rng.integers(len(VOWELS)))]
    voice = np.zeros(n_samples)
    for number in range(1, VOICED_HARMONICS + 1):
        far = np.array([(number * first - one) / FORMANT_WIDTH_HERTZ for one in formants])
        loudness = float((1 / (1 + far**2)).sum()) + 0.02
        voice += loudness * np.sin(2 * np.pi * number * glide)
    hiss = rng.standard_normal(n_samples) * np.exp(-60 * seconds)
    return np.asarray(shape * voice + 0.7 * hiss, np.float32)
