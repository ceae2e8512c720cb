"""A stand-in for an index on a server: it counts what is read, and refuses to give much of it.

As a plug-in (`pytest -p tests.on_server …`) it stands in for every index of the tests.
"""

from collections.abc import Collection, Sequence
from typing import Any

import pytest

from mvsearch.store.catalog.reading.vectors import VectorReader
from mvsearch.store.records import Matrix, Space
from mvsearch.store.vectors.cache import IndexCache
from mvsearch.store.vectors.exact.row_index import RowIndex
from mvsearch.store.vectors.index import Neighbours, Scores


class TooMuchError(AssertionError):
    """More videos were read than a server gives for one call."""


class Budget:
    """What one call may read.

    Attributes:
        max_videos: number of different videos whose vectors may be read or compared; None for all.
        whole_rows: the vectors of so few videos are compared as a whole.
        seen: ids of the videos that were read.
        n_statements: number of questions to the server.
    """

    def __init__(self, max_videos: int | None = None, whole_rows: int = 20_000) -> None:
        self.max_videos = max_videos
        self.whole_rows = whole_rows
        self.seen: set[str] = set()
        self.n_statements = 0

    def begin(self) -> None:
        """A new call."""
        self.seen, self.n_statements = set(), 0

    def take(self, video_ids: Collection[str]) -> None:
        """Count what is read."""
        self.n_statements += 1
        self.seen.update(video_ids)
        if self.max_videos is not None and len(self.seen) > self.max_videos:
            raise TooMuchError(f"{len(self.seen)} videos were read, {self.max_videos} are allowed")


class ServerIndex:
    """A `VectorIndex` that gives what another one has, within a budget."""

    is_remote = True

    def __init__(self, index: RowIndex, budget: Budget) -> None:
        self._index = index
        self._budget = budget

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def search(
        self,
        queries: Matrix,
        k: int,
        within: Collection[str] | None = None,
        left_out: Collection[str] = (),
    ) -> Neighbours:
        self._budget.n_statements += 1
        return self._index.search(queries, k, within, left_out)

    def score_sets(self, queries: Matrix, video_ids: Sequence[str]) -> Scores:
        self._budget.take(video_ids)
        return self._index.score_sets(queries, video_ids)

    def is_scoring_cheaper(self, n_queries: int, k: int, video_ids: Sequence[str]) -> bool:
        return sum(map(self._index.count, video_ids)) <= self._budget.whole_rows

    def vectors(self, video_id: str) -> Matrix:
        self._budget.take([video_id])
        return self._index.vectors(video_id)

    def read(self, video_ids: Sequence[str]) -> list[Matrix]:
        self._budget.take(video_ids)
        return self._index.read(video_ids)


def serve(patch: pytest.MonkeyPatch, budget: Budget) -> None:
    """Let every index that a library opens be on a server."""
    real = IndexCache.obtain

    def obtain(self: IndexCache, space: Space, reader: VectorReader) -> Any:
        return ServerIndex(real(self, space, reader), budget)

    patch.setattr(IndexCache, "obtain", obtain)


@pytest.fixture(autouse=True, scope="session")
def on_server() -> Any:
    """Of the plug-in: nothing is compared as a whole, and all may be read."""
    with pytest.MonkeyPatch.context() as patch:
        serve(patch, Budget(whole_rows=0))
        yield
