"""Updates by Bayes' rule how probable each video is to be the wanted one, from one judged list.

As in SOMHunter (Kratochvíl, Veselý, Mejzlík and Lokoč 2020): who looks for a video likes what is
nearest to it, with a probability that falls with the distance from what was shown. There the
distance is of cosines; here it is of surprisals, so that all modalities have the same unit.
"""

import math
from collections.abc import Sequence

import numpy as np

from mvsearch.search.query.weights import Weights
from mvsearch.search.scoring.fusion import NEUTRAL, FloatArray
from mvsearch.store.records import Modality

# The surprisal that makes a choice ten times as probable; measured, see
# docs/decisions/0075-feedback.md.
SIGMA = 2.0
# One judgement makes no video a million times less probable: a user may err.
MIN_EVIDENCE = -6.0


def find_attraction(surprisals: FloatArray, sigma: float | None = None) -> FloatArray:
    """How much a shown result attracts who looks for a video: 10^(surprisal / sigma).

    Args:
        surprisals: of the similarities of videos with shown results, of any shape.
        sigma: the surprisal of a factor of ten; None for `SIGMA`.
    """
    attraction: FloatArray = np.exp(surprisals * (math.log(10) / (sigma or SIGMA)))
    return attraction


def weigh_choice(
    own: FloatArray,
    others: FloatArray,
    n_others: int,
    *,
    is_liked: bool,
    sigma: float | None = None,
) -> FloatArray:
    """The evidence of one judgement of one modality for each video.

    The judged result is chosen among the others that were shown and something unrelated, each with
    a probability in proportion to its attraction. What is disliked is not chosen.

    Args:
        own: (n,) attraction of the judged result, if each of n videos is the wanted one.
        others: (n,) sum of the attractions of the other results of the list.
        n_others: the number of these.
        is_liked: whether it is liked or disliked.
        sigma: of the attractions.

    Returns:
        (n,) log10 of the probability of the judgement, if the video is the wanted one, against
        that of an indifferent user.
    """
    rest = others + find_attraction(np.array(NEUTRAL), sigma)
    chosen, indifferent = (own, 1) if is_liked else (rest, n_others + 1)
    evidence: FloatArray = np.log10(chosen / (own + rest) * ((n_others + 2) / indifferent))
    return np.maximum(evidence, MIN_EVIDENCE)


def share_among(modalities: Sequence[Modality], weights: Weights) -> Weights:
    """Weights of some modalities with a sum of one; equal if all are zero."""
    total = sum(weights.get(m, 0.0) for m in modalities)
    if total <= 0:
        return {m: 1 / len(modalities) for m in modalities}
    return {m: weights.get(m, 0.0) / total for m in modalities}
