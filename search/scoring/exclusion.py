"""Weighs how much a video has of what a query excludes."""

import math
from dataclasses import dataclass

import numpy as np

from mvsearch.search.scoring.fusion import NEUTRAL, FloatArray, Measured
from mvsearch.store.records import Modality

# Beyond one in a million the tail of the distribution is an extrapolation.
MAX_COUNTED = 6.0
# A video that has more of what is excluded than 31 of 32 unrelated ones begins to lose: below that
# the order of the others would change by chance. See docs/decisions/0077-query-language.md.
RARE = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Excluded:
    """How much videos have of one excluded part.

    Attributes:
        part: its position in the query.
        modalities: m, of the comparison.
        similarities, surprisals: (m, videos), NaN where a video lacks the modality.
        points: (videos,) of their scores, zero or below; NaN for a video that is no result.
    """

    part: int
    modalities: tuple[Modality, ...]
    similarities: FloatArray
    surprisals: FloatArray
    points: FloatArray

    def find_best(self, at: int) -> int | None:
        """The position of the modality that the video at a position has most of; None for none."""
        found = self.surprisals[:, at]
        return None if np.isnan(found).all() else int(np.nanargmax(found))


def weigh_excluded(part: int, measured: Measured, *, is_side: bool) -> Excluded:
    """Weigh an excluded part.

    Args:
        part: its position in the query.
        measured: (videos,) similarities and surprisals of each modality.
        is_side: whether it is a side of a contrast, which counts in full; a video without it is
            then no result. Other parts count as far as they are rare, and a video that cannot be
            compared loses no more than the median of unrelated ones.
    """
    modalities = tuple(measured[1])
    similarities = np.stack([measured[0][m] for m in modalities])
    surprisals = np.stack([measured[1][m] for m in modalities])
    points = -(_weigh_side(surprisals) if is_side else weigh_rarity(surprisals))
    return Excluded(part, modalities, similarities, surprisals, points)


def _weigh_side(surprisals: FloatArray) -> FloatArray:
    counted: FloatArray = np.minimum(surprisals, MAX_COUNTED).max(axis=0)
    return counted


def weigh_rarity(surprisals: FloatArray) -> FloatArray:
    """What a video loses by the most that it has of something, from zero up to `MAX_COUNTED`.

    −log10 of the probability that it does not have it, if one video of 32 does: log10(1 +
    10^(s - 1.5)) of the highest surprisal s, lowered by log10 of the number of modalities among
    which it is the highest (Bonferroni).

    Args:
        surprisals: (modalities, videos), NaN where a video lacks the modality.

    Returns:
        (videos,).
    """
    n_known = (~np.isnan(surprisals)).sum(axis=0)
    highest = np.where(np.isnan(surprisals), -math.inf, surprisals).max(axis=0)
    highest = highest - np.log10(np.maximum(n_known, 1))
    counted = np.where(n_known > 0, np.clip(highest, 0.0, MAX_COUNTED + RARE), NEUTRAL)
    lost: FloatArray = np.log10(1.0 + 10.0 ** (counted - RARE))
    return lost
