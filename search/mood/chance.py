"""Says how surprising the similarity of a picture and a sound is among unrelated ones."""

import math
from dataclasses import dataclass

import numpy as np

from mvsearch.search.scoring.calibration import compute_surprisal, fisher_z
from mvsearch.search.scoring.fusion import FloatArray

UPPER_QUANTILE = 0.84
MIN_SCALE = 0.01


@dataclass(frozen=True, slots=True)
class Chance:
    """The distribution of z-transformed similarities of unrelated pictures and sounds.

    Attributes:
        location: their median.
        scale: of a logistic distribution with the same median and upper quantile.
    """

    location: float
    scale: float

    def compute_surprisal(self, similarities: FloatArray) -> FloatArray:
        """-log10 of the share of unrelated pairs that reach each of (n,) similarities."""
        return compute_surprisal(
            similarities, np.full(len(similarities), self.location), self.scale
        )


# Of all pairs of 620 pictures and 691 clips of music, each placed by heads that were trained
# without it; see docs/decisions/0072-mood-search.md. The pairs of a library would say less: in one
# of calm songs alone, each of them fits a calm picture.
MOODS = Chance(0.149, 0.0336)
# One in ten unrelated pairs reaches it: the nearest song is nearer to most pictures.
MIN_SURPRISAL = 1.0
# Below it a mood is not known: of the labelled pictures and clips all have at least 0.27.
MIN_CONFIDENCE = 0.2


def is_weak_fit(surprisal: float, *confidences: float) -> bool:
    """Whether two moods are no nearer than chance, or one of them is hardly known."""
    return surprisal < MIN_SURPRISAL or min(confidences) < MIN_CONFIDENCE


def fit_chance(similarities: FloatArray, prior: Chance, n_prior: int) -> Chance:
    """The distribution of (n,) similarities of unrelated pairs.

    Args:
        similarities: below 1.
        prior: what is expected without any.
        n_prior: its weight in pairs.
    """
    z_values = fisher_z(similarities)
    n = len(z_values)
    if not n:
        return prior
    location = float(np.median(z_values))
    far = math.log(UPPER_QUANTILE / (1 - UPPER_QUANTILE))
    scale = (float(np.quantile(z_values, UPPER_QUANTILE)) - location) / far
    share = n / (n + n_prior)
    return Chance(
        share * location + (1 - share) * prior.location,
        max(share * scale + (1 - share) * prior.scale, MIN_SCALE),
    )
