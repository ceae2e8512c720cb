"""Calibrates similarities as −log10 of the chance that unrelated content reaches them."""

import math
from collections.abc import Collection

import numpy as np

from mvsearch.indexer.encoders import find_points
from mvsearch.search.results import Contribution
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Modality, Space

# A cosine of one is far out and not infinitely far, as vectors kept as float16 are never exact.
MAX_COSINE = 0.995

# A find is weak where so many unrelated videos are expected to be as good. Of 468 clips cut from 34
# videos, the right one is weak for 4 in 100; the best wrong one by pictures is not for 20 in 100.
MAX_EXPECTED = 0.5


def stretch(similarities: FloatArray) -> FloatArray:
    """Cosines on Fisher's scale, artanh, where one step means the same near 1 as near 0.

    Without it what a video of a high level may gain on top ends at 1, and copies of such a video
    would count less than copies of others (Fisher 1921, for correlations).
    """
    stretched: FloatArray = np.arctanh(MAX_COSINE * np.clip(similarities, -1.0, 1.0))
    return stretched


def unstretch(stretched: float) -> float:
    """The cosine that `stretch` made this of."""
    return math.tanh(stretched) / MAX_COSINE


def find_surprise(similarities: FloatArray, levels: FloatArray, scale: float) -> FloatArray:
    """How unlikely similarities are: -log10 of the share of unrelated pairs that reach them.

    The upper tail is logistic: heavier than the normal one, so that one measured scale does not
    claim what a few dozen probes cannot show, and finite and rising however far out.

    Args:
        similarities: (videos,) cosines, NaN where unknown.
        levels: (videos,) the stretched median of unrelated pairs of each video.
        scale: of the logistic distribution, above zero.

    Returns:
        (videos,) above zero; NaN where unknown.
    """
    far = (stretch(similarities) - levels) / scale
    surprise: FloatArray = np.maximum(far, 0.0) + np.log1p(np.exp(-np.abs(far)))  # ln(1 + e^far)
    return surprise / math.log(10)


def is_chance(surprise: float, n_videos: int) -> bool:
    """Whether unrelated content may well be as surprising as this, among so many videos.

    The expected number of unrelated videos that reach it is `n_videos` × 10^-surprise, the E-value
    of sequence search (Karlin and Altschul 1990).
    """
    return surprise < math.log10(max(1, n_videos) / MAX_EXPECTED)


def find_same_levels(spaces: Collection[Space]) -> dict[Modality, float]:
    """The similarity of each modality from which on a find is no chance, whatever else there is.

    In a library of much alike, a right answer is not surprising: among tones, a tone of the same
    pitch. It is still what the encoder's operating points call the same. There is none where words
    are compared with pictures or sounds, nor for an encoder that was not calibrated.

    Args:
        spaces: that are compared in.
    """
    by_words = {space.modality for space in spaces if space.view == "words"}
    points = {s.modality: find_points(s.encoder) for s in spaces if s.modality not in by_words}
    return {modality: found.same for modality, found in points.items() if found is not None}


def is_weak(
    contributions: dict[Modality, Contribution], n_videos: int, same: dict[Modality, float]
) -> bool:
    """Whether nothing that a result rests on is more than chance, or the same as what is asked.

    Args:
        contributions: of the result.
        n_videos: in the library.
        same: see `find_same_levels`.
    """
    return all(
        is_chance(one.calibrated, n_videos) and one.similarity < same.get(modality, math.inf)
        for modality, one in contributions.items()
    )
