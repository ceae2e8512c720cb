"""The sounds that lines are written in, and how alike two of them are.

A sound is one ASCII letter; diphthongs are two. Consonants are described by place, manner and
voice, vowels by height and backness, as the chart of the International Phonetic Association has
them. Sung vowels differ more from spoken ones than consonants do, so they count less.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

# Place from the lips to the throat, manner from stops to glides, voice, and whether it hisses.
_CONSONANTS: Mapping[str, tuple[float, float, float, float]] = {
    "p": (0, 0, 0, 0),
    "b": (0, 0, 1, 0),
    "m": (0, 3, 1, 0),
    "w": (0.5, 4, 1, 0),
    "f": (0.5, 1.5, 0, 0),
    "v": (0.5, 1.5, 1, 0),
    "T": (1, 1.5, 0, 0),
    "D": (1, 1.2, 1, 0),
    "t": (1.5, 0, 0, 0),
    "d": (1.5, 0, 1, 0),
    "n": (1.5, 3, 1, 0),
    "l": (1.5, 4, 1, 0),
    "r": (2, 4, 1, 0),
    "s": (1.5, 1.5, 0, 1),
    "z": (1.5, 1.5, 1, 1),
    "S": (2.2, 1.5, 0, 1),
    "Z": (2.2, 1.5, 1, 1),
    "C": (2.2, 0.8, 0, 1),
    "J": (2.2, 0.8, 1, 1),
    "y": (2.8, 4, 1, 0),
    "k": (3.3, 0, 0, 0),
    "g": (3.3, 0, 1, 0),
    "N": (3.3, 3, 1, 0),
    "h": (4.3, 1.5, 0, 0),
}
# Height and backness.
_VOWELS: Mapping[str, tuple[float, float]] = {
    "i": (3, 0),
    "I": (2.5, 0.3),
    "e": (2.2, 0.2),
    "E": (1.4, 0.4),
    "A": (0.6, 0.5),
    "a": (0, 1.4),
    "O": (0.8, 2),
    "o": (1.8, 2),
    "U": (2.5, 1.8),
    "u": (3, 2),
    "@": (1.2, 1.1),
}
VOWELS = "".join(_VOWELS)
SOUNDS = "".join(_CONSONANTS) + VOWELS
# How often each is sung, per thousand, in the order of SOUNDS: of 136 lines in English.
_SHARES = (
    *(20, 17, 31, 21, 16, 16, 5, 35, 53, 42, 63, 45, 73, 39, 29, 6, 1, 4, 2, 9, 29, 8, 14, 19),
    *(28, 85, 16, 24, 23, 57, 21, 18, 10, 17, 105),
)
_WEIGHTS = (0.6, 0.8, 0.7, 0.5)
_VOWEL_WEIGHT = 0.5
_GLIDES = {frozenset("yi"): 0.6, frozenset("yI"): 0.7, frozenset("wu"): 0.6, frozenset("wU"): 0.7,
           frozenset("wo"): 1.0, frozenset("r@"): 1.0}  # fmt: skip
_APART = 4.0
# The distance that makes a mishearing less probable by a factor of e. Chosen with the costs below.
_SPREAD = 0.55
# Nats that a sound costs which one side lacks.
_LOSS = {**dict.fromkeys(VOWELS, 1.6), **dict.fromkeys("hyw@rI", 1.2), **dict.fromkeys("td", 1.8)}
_LOSS_OF_OTHERS = 2.6

Scores = npt.NDArray[np.float32]


def measure_distance(one: str, other: str) -> float:
    """How unlike two sounds are: 0 for the same, 4 for a vowel and a consonant."""
    if one == other:
        return 0.0
    glide = _GLIDES.get(frozenset((one, other)))
    if glide is not None:
        return glide
    if one in _VOWELS and other in _VOWELS:
        pairs = zip(_VOWELS[one], _VOWELS[other], strict=True)
        return _VOWEL_WEIGHT * sum(abs(a - b) for a, b in pairs)
    if one in _CONSONANTS and other in _CONSONANTS:
        sides = zip(_WEIGHTS, _CONSONANTS[one], _CONSONANTS[other], strict=True)
        return sum(weight * abs(a - b) for weight, a, b in sides)
    return _APART


def score_pairs() -> Scores:
    """The evidence that one sound was heard for another, in nats.

    It is the logarithm of how much more often both stand for each other than by chance, as in
    matrices of amino acids (Dayhoff 1978): above zero for like sounds, below for others.

    Returns:
        (sounds, sounds) float32, symmetric, in the order of SOUNDS.
    """
    distances = np.array([[measure_distance(a, b) for b in SOUNDS] for a in SOUNDS])
    alike = np.exp(-distances / _SPREAD)
    shares = np.array(_SHARES, dtype=np.float64) / sum(_SHARES)
    norms = np.log(alike @ shares)
    scores: Scores = (-distances / _SPREAD - (norms[:, None] + norms) / 2).astype(np.float32)
    return scores


def count_losses() -> Scores:
    """The nats that a sound costs where the other side has none, in the order of SOUNDS."""
    return np.array([_LOSS.get(sound, _LOSS_OF_OTHERS) for sound in SOUNDS], dtype=np.float32)
