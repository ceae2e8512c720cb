"""Ranks the sound of videos by how well it fits the picture of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.store.records import Matrix


@dataclass(frozen=True, slots=True)
class OwnRank:
    """Where a video's own sound ranks among those of all sources.

    Attributes:
        video_id: whose picture is asked.
        source: of the video.
        rank: from 1; sources that fit as well share the middle of their places.
        n_ranked: number of sources.
    """

    video_id: str
    source: str
    rank: float
    n_ranked: int

    @property
    def share_behind(self) -> float:
        """The share of the other sources that fit less: 0.5 by chance."""
        return (self.n_ranked - self.rank) / max(1, self.n_ranked - 1)


def rank_own_sound(
    video_ids: Sequence[str], sources: Sequence[str], similarities: Matrix
) -> list[OwnRank]:
    """Rank, for each video, the sources by their best sound.

    Args:
        video_ids: of n videos.
        sources: of the same videos; those of one source are one answer.
        similarities: (n, n) of the pictures in rows and the sounds in columns.
    """
    names, numbers = np.unique(np.asarray(sources, dtype=object).astype(str), return_inverse=True)
    best = np.full((len(sources), len(names)), -np.inf)
    for column, number in enumerate(numbers):
        best[:, number] = np.maximum(best[:, number], similarities[:, column])
    own = best[np.arange(len(sources)), numbers][:, None]
    n_better, n_equal = (best > own).sum(axis=1), (best == own).sum(axis=1) - 1
    ranks = 1 + n_better + n_equal / 2
    return [
        OwnRank(video_id, source, float(rank), len(names))
        for video_id, source, rank in zip(video_ids, sources, ranks, strict=True)
    ]


def average_by_source(ranks: Sequence[OwnRank]) -> dict[str, float]:
    """The share of other sources behind the own one, of each source."""
    found: dict[str, list[float]] = {}
    for rank in ranks:
        found.setdefault(rank.source, []).append(rank.share_behind)
    return {source: float(np.mean(shares)) for source, shares in found.items()}
