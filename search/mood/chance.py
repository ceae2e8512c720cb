"""Says how surprising the similarity of two moods is among unrelated pictures and sounds."""

import numpy as np

from mvsearch.search.scoring.calibration import compute_surprisal
from mvsearch.search.scoring.fusion import FloatArray

# Of z-transformed similarities: the median, and the scale of a logistic distribution with the same
# upper quantile. Of all pairs of 620 pictures and 691 clips of music, each predicted by heads that
# were trained without it; see docs/decisions/0072-mood-search.md. A library's own pairs would say
# less: in one of calm songs alone, each fits a calm picture.
LOCATION, SCALE = 0.394, 0.185
# Half of the unrelated pairs reach it: less is no reason to take a song.
MIN_SURPRISAL = float(np.log10(2))
# Below it a mood says little. No measured value of a mood that is known lies below it.
MIN_CONFIDENCE = 0.2


def compute_mood_surprisal(similarities: FloatArray) -> FloatArray:
    """-log10 of the share of unrelated pairs that reach each of (n,) joint similarities."""
    return compute_surprisal(similarities, np.full(len(similarities), LOCATION), SCALE)


def is_weak_fit(surprisal: float, *confidences: float) -> bool:
    """Whether two moods are no nearer than chance, or one of them is hardly known."""
    return surprisal < MIN_SURPRISAL or min(confidences) < MIN_CONFIDENCE
