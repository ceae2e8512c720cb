"""Calibrates similarities as −log10 of the chance that unrelated content reaches them."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from mvsearch.indexer.encoders import find_points
from mvsearch.search.results import Contribution
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Modality, Space

# Keeps the transform of a cosine of one finite; vectors stored as float16 are not exact.
MAX_COSINE = 0.995

# A result is weak if this many unrelated videos are expected to score as well. Of 468 clips cut
# from 34 videos, the right one is weak for 4 in 100; the best wrong one by pictures is not for 20
# in 100.
MAX_EXPECTED = 0.5
# Clips, pictures and sounds: the same for one query of another library, by modality. See decision
# 0057; one in twenty is the limit over all modalities.
MAX_UNRELATED = 0.01


def fisher_z(similarities: FloatArray) -> FloatArray:
    """Fisher's z-transform of cosines, artanh, with the same resolution near 1 as near 0.

    Without it, a video with a high level has little room up to 1, and its copies would score lower
    than copies of other videos (Fisher 1921, for correlations).
    """
    z_values: FloatArray = np.arctanh(MAX_COSINE * np.clip(similarities, -1.0, 1.0))
    return z_values


def invert_fisher_z(z_values: float) -> float:
    """The inverse of `fisher_z`."""
    return math.tanh(z_values) / MAX_COSINE


def compute_surprisal(similarities: FloatArray, levels: FloatArray, scale: float) -> FloatArray:
    """Surprisal of similarities: -log10 of the share of unrelated pairs that reach them.

    The upper tail is logistic: heavier than a normal tail, because a few dozen probes cannot show
    that high similarities are rare, and finite and increasing everywhere.

    Args:
        similarities: (videos,) cosines, NaN where unknown.
        levels: (videos,) z-transformed median of unrelated pairs of each video.
        scale: of the logistic distribution, above zero.

    Returns:
        (videos,) above zero; NaN where unknown.
    """
    far = (fisher_z(similarities) - levels) / scale
    surprisal: FloatArray = np.maximum(far, 0.0) + np.log1p(np.exp(-np.abs(far)))  # ln(1 + e^far)
    return surprisal / math.log(10)


# The same for lyric lines in the space of many languages; it was chosen on absent lines, see
# docs/decisions/0056-absent-lines.md.
MAX_EXPECTED_LINES = 0.04


def is_chance(surprisal: float, n_videos: int, max_expected: float = MAX_EXPECTED) -> bool:
    """Whether unrelated content is expected to reach this surprisal among so many videos.

    The expected number of unrelated videos that reach it is `n_videos` × 10^-surprisal, the E-value
    of sequence search (Karlin and Altschul 1990).
    """
    return surprisal < math.log10(max(1, n_videos) / max_expected)


@dataclass(frozen=True, slots=True)
class WeakMarks:
    """The thresholds below which a result is weak.

    Attributes:
        n_videos: number of videos searched.
        same: see `find_same_levels`.
        chance: by modality, the surprisal that a query without an answer in the library reaches
            with a probability of MAX_UNRELATED; a modality without one is judged by `is_chance`.
        is_exact: whether the query has nothing but pictures, clips and sounds, so that an answer is
            the same and not only similar.
    """

    n_videos: int
    same: Mapping[Modality, float]
    chance: Mapping[Modality, float] = field(default_factory=dict)
    is_exact: bool = False

    def is_weak(
        self, contributions: Mapping[Modality, Contribution], of_lines: float | None = None
    ) -> bool:
        """Whether a result is no better than chance in every modality, and not the same content.

        Args:
            contributions: of the result.
            of_lines: the surprisal of its lyrics in the space of many languages; None without one.
        """
        return not any(
            self.is_found(modality, one.similarity, one.calibrated, of_lines)
            for modality, one in contributions.items()
        )

    def is_found(
        self,
        modality: Modality,
        similarity: float,
        surprisal: float,
        of_lines: float | None = None,
    ) -> bool:
        """Whether a video is better than chance in one modality, or the same content."""
        is_same = similarity >= self.same.get(modality, math.inf)
        return is_same or not self._is_chance(modality, surprisal, of_lines)

    def _is_chance(self, modality: Modality, surprisal: float, of_lines: float | None) -> bool:
        if modality == "lyrics" and of_lines is not None:
            return is_chance(of_lines, self.n_videos, MAX_EXPECTED_LINES)
        by_pairs = is_chance(surprisal, self.n_videos)
        return by_pairs or surprisal < self.chance.get(modality, -math.inf)


def find_same_levels(
    spaces: Collection[Space], stills: Collection[Modality] = ()
) -> dict[Modality, float]:
    """The similarity of each modality above which a result is never weak.

    In a library of similar videos a right answer has a low surprisal, such as one tone among tones.
    It still reaches the encoder's operating point for "the same". There is none for text against
    pictures or sound, nor for an encoder without operating points.

    Args:
        spaces: of the comparison.
        stills: modalities of which one vector is compared, or several views: the best match
            reaches `same` by chance, so the level is `certain`.
    """
    by_words = {space.modality for space in spaces if space.view == "words"}
    points = {
        space.modality: find_points(space.encoder, space.view)
        for space in spaces
        if space.modality not in by_words
    }
    return {
        modality: found.certain if modality in stills else found.same
        for modality, found in points.items()
        if found is not None
    }
