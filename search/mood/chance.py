"""Measures how similar the moods of unrelated pictures and sounds are."""

import math
from dataclasses import dataclass

import numpy as np

from mvsearch.indexer.mood.joint import compare
from mvsearch.search.scoring.calibration import compute_surprisal, fisher_z
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.catalog.reading.moods import MoodTable

# Videos of the side that asks, and of the other side; each with each they make the pairs.
MAX_PROBES = 64
MAX_ASKED = 1000
UPPER_QUANTILE = 0.84
# The weight of `PRIOR`.
PRIOR_PAIRS = 100
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


# Of the pairs of pictures and clips that the heads were trained on, predicted by other folds; see
# docs/decisions/0072-mood-search.md.
PRIOR = Chance(0.5, 0.2)


def measure_chance(asking: MoodTable, asked: MoodTable) -> Chance:
    """Compare videos of one side with all of the other, each video with itself left out.

    Args:
        asking: the side of the query; some of its videos are taken.
        asked: the side of the results.
    """
    probes, others = _draw(asking, MAX_PROBES), _draw(asked, MAX_ASKED)
    similarities = compare(asking.joint[probes], asked.joint[others])
    own = np.array(asking.video_ids[probes])[:, None] == np.array(asked.video_ids[others])
    return fit_chance(similarities.astype(np.float64)[~own], PRIOR, PRIOR_PAIRS)


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


def _draw(table: MoodTable, n: int) -> slice:
    """At most n videos from all parts of a table."""
    return slice(0, None, max(1, -(-len(table.video_ids) // n)))
