"""Holds video-to-video similarities: of all pairs, or of the most similar ones only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.search.results import Result
from mvsearch.search.scoring.fusion import FloatArray, Measured
from mvsearch.store.records import Modality, Video


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityMatrix:
    """The similarities of all pairs of videos.

    Attributes:
        videos: n of them, in the catalogue's order.
        scores: (n, n) fused; NaN for pairs without a common modality, and on the diagonal.
        similarities: for each modality (n, n) cosines; NaN if one of the two lacks it.
        surprisals: of the similarities, see `calibration.compute_surprisal`.
    """

    videos: tuple[Video, ...]
    scores: FloatArray
    similarities: dict[Modality, FloatArray]
    surprisals: dict[Modality, FloatArray]

    def row(self, at: int) -> Measured:
        """Similarities and surprisals of a video with the others; NaN with itself."""
        similarities = {m: _without(rows[at], at) for m, rows in self.similarities.items()}
        return similarities, {m: _without(rows[at], at) for m, rows in self.surprisals.items()}


@dataclass(frozen=True, slots=True, eq=False)
class NearestScores:
    """The scores of each video with the most similar ones.

    Attributes:
        videos: n of them, in the catalogue's order.
        scores: by the positions of the two videos.
    """

    videos: tuple[Video, ...]
    scores: Mapping[tuple[int, int], float]


ScoreMap = SimilarityMatrix | NearestScores


def gather_scores(similar: Iterable[tuple[Video, Sequence[Result]]]) -> NearestScores:
    """Collect the scores of the results of all videos, in the order of these videos."""
    ranked = list(similar)
    position = {video.id: at for at, (video, _) in enumerate(ranked)}
    scores = {
        (at, position[result.video.id]): result.score
        for at, (_, results) in enumerate(ranked)
        for result in results
    }
    return NearestScores(tuple(video for video, _ in ranked), scores)


def _without(row: FloatArray, at: int) -> FloatArray:
    row = row.copy()
    row[at] = np.nan
    return row
