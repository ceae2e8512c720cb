"""Measures how many of the nearest vectors a graph finds, while a collection is written."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Self

import numpy as np

from mvsearch.store.records import Matrix
from mvsearch.store.vectors.milvus.collection import MilvusCollection, PlacedVideo

# Queries, and neighbours of each.
N_PROBES, N_NEAREST = 50, 10
# Similarities of the server and of this measurement may differ by the rounding of float16.
TOLERANCE = 2e-3


class Probe:
    """Queries from the vectors themselves, and their exact nearest neighbours.

    Args:
        queries: (q, dim) float32, placed.
    """

    def __init__(self, queries: Matrix) -> None:
        self.queries = queries
        self._best = np.full((len(queries), N_NEAREST), -np.inf, dtype=np.float32)

    @staticmethod
    def choose(handles: Sequence[int]) -> list[int]:
        """Videos spread evenly over all."""
        places = np.linspace(0, len(handles) - 1, min(len(handles), N_PROBES)).astype(np.intp)
        return [handles[at] for at in places]

    @classmethod
    def draw(cls, videos: Iterable[PlacedVideo]) -> Self:
        """Take the vector in the middle of each of some videos."""
        return cls(np.stack([video.vectors[len(video.vectors) // 2] for video in videos]))

    def watch(self, videos: Iterable[PlacedVideo]) -> Iterator[PlacedVideo]:
        """Pass on videos, and note the similarities of their vectors to the queries."""
        for video in videos:
            some = np.concatenate([self._best, self.queries @ video.vectors.T], axis=1)
            self._best = -np.partition(-some, N_NEAREST - 1, axis=1)[:, :N_NEAREST]
            yield video

    def measure(self, collection: MilvusCollection) -> float:
        """The share of the nearest vectors that a search finds."""
        worst = self._best.min(axis=1) - TOLERANCE
        found = collection.search(self.queries, N_NEAREST)
        hits = [
            np.count_nonzero(one.similarities >= least)
            for one, least in zip(found, worst, strict=True)
        ]
        return float(np.mean(hits)) / N_NEAREST
