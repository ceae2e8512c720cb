"""Updates by Bayes' rule how probable each video is to be the wanted one, from one judged list.

As in SOMHunter (Kratochvíl, Veselý, Mejzlík and Lokoč 2020): who looks for a video likes
what is nearest to it, with a probability that falls with the distance from what was shown. There
the distance is of cosines; here it is of surprisals, so that all modalities have the same unit.
"""

from collections.abc import Sequence

import numpy as np

from mvsearch.search.query.weights import Weights
from mvsearch.search.scoring.fusion import NEUTRAL, FloatArray
from mvsearch.store.records import Modality

# The surprisal that makes a choice ten times as probable; measured, see
# docs/decisions/0075-feedback.md.
SIGMA = 0.5
# One judgement makes no video a million times less probable: a user may err.
MIN_EVIDENCE = -6.0


def weigh_choice(
    near: FloatArray, others: FloatArray, *, is_liked: bool, sigma: float = SIGMA
) -> FloatArray:
    """The evidence of one judgement of one modality for each video.

    The judged result is chosen among the others that were shown and something unrelated, each with
    a probability in proportion to 10^(surprisal / sigma). What is disliked is not chosen.

    Args:
        near: (n,) surprisals of the videos with the judged result; NaN for a video that cannot be
            compared.
        others: (n, k) surprisals with the other results of the list, k may be 0.
        is_liked: whether it is liked or disliked.
        sigma: the surprisal of a factor of ten.

    Returns:
        (n,) log10 of the probability of the judgement, if the video is the wanted one, against
        that of an indifferent user; 0 for a video that cannot be compared.
    """
    unrelated = np.full((len(near), 1), NEUTRAL)
    rows = np.concatenate([near[:, None], others, unrelated], axis=1) / sigma
    is_known = ~np.isnan(rows)
    highest = np.where(is_known, rows, -np.inf).max(axis=1, keepdims=True)
    weights = np.where(is_known, 10.0 ** (np.where(is_known, rows, highest) - highest), 0.0)
    n_known = is_known.sum(axis=1)
    chosen = weights[:, 0] if is_liked else weights[:, 1:].sum(axis=1)
    indifferent = 1 / n_known if is_liked else (n_known - 1) / n_known
    with np.errstate(divide="ignore"):
        evidence: FloatArray = np.log10(chosen / weights.sum(axis=1) / indifferent)
    return np.where(is_known[:, 0], np.maximum(evidence, MIN_EVIDENCE), 0.0)


def share_among(modalities: Sequence[Modality], weights: Weights) -> Weights:
    """Weights of some modalities with a sum of one; equal if all are zero."""
    total = sum(weights.get(m, 0.0) for m in modalities)
    if total <= 0:
        return {m: 1 / len(modalities) for m in modalities}
    return {m: weights.get(m, 0.0) / total for m in modalities}
