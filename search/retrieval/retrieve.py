"""Finds the videos nearest to a set of query vectors."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mvsearch.search.retrieval.blocks import iter_slices
from mvsearch.search.retrieval.bounds import bound_matches, choose_asked
from mvsearch.search.retrieval.video_table import Positions, VideoTable, make_table
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import VectorIndex

Fuse = Callable[[FloatArray, Positions], FloatArray]

# Neighbours of each query vector to search for, per wanted video: a shot has many frames.
NEIGHBOURS = 64
MIN_DOUBTFUL = 32
# Of a server's index as many as decide are scored, so many at once, and at most so many in all.
SETTLED_AT_ONCE, MAX_SETTLED = 256, 2048
# Neighbours and exact scores are summed in different orders, so cosines differ in the last bits.
ROUNDING = 1e-5


class Evidence(Protocol):
    """What speaks for a video beside the vectors; it never lowers a similarity."""

    def combine(self, similarities: Matrix) -> Matrix:
        """Raise cosines (q, n) of a query's q vectors with the video's n."""


@dataclass(frozen=True, slots=True, eq=False)
class IndexQuery:
    """Query vectors in the coordinates of an index.

    Attributes:
        vectors: (q, dim) float32, q >= 1.
        evidence: by video id, such as matching words or landmarks.
    """

    index: VectorIndex
    vectors: Matrix
    evidence: Mapping[str, Evidence] = field(default_factory=dict)

    def compare(self, video_id: str) -> Matrix:
        """The similarities (q, n) with the video's n vectors: cosines, raised by the evidence."""
        similarities = self.vectors @ self.index.vectors(video_id).T
        evidence = self.evidence.get(video_id)
        return similarities if evidence is None else evidence.combine(similarities)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Videos with their exact similarities.

    Attributes:
        video_ids: v of them, sorted.
        similarities: (queries, v) float64, NaN if a video has no vectors in the space of a query.
        positions: (v,) of the videos in the table.
    """

    video_ids: tuple[str, ...]
    similarities: FloatArray
    positions: Positions


def score_videos(query: IndexQuery, video_ids: Sequence[str]) -> FloatArray:
    """Mean over the query's vectors of the best match in each video, by comparing all vectors.

    Returns:
        (videos,) similarities; NaN for a video without vectors.
    """
    scores = query.index.score_sets(query.vectors, video_ids)
    for at, video_id in enumerate(video_ids):
        if video_id in query.evidence and not np.isnan(scores[at]):
            scores[at] = query.compare(video_id).max(axis=1).mean(dtype=np.float64)
    return scores


def find_candidates(
    queries: Sequence[IndexQuery],
    fuse: Fuse,
    n_wanted: int | None,
    left_out: Collection[str] = (),
    table: VideoTable | None = None,
    within: Collection[str] | None = None,
) -> Candidates:
    """Find candidates that include the `n_wanted` best videos of the library.

    Usually every vector is read once and compared with all query vectors: a neighbour search would
    cost as much for one query vector, and many times as much for a song. If an approximate search
    is cheaper (`VectorIndex.is_scoring_cheaper`), the k nearest segments of every query vector
    bound the score of each video, by its own segments or else by the k-th (threshold algorithm;
    Fagin, Lotem and Naor 2003). Of the undecided videos only three times `n_wanted`, and
    2 * `MIN_DOUBTFUL`, are scored: the result is as complete as the k neighbours. An index on a
    server (`VectorIndex.is_remote`) is asked on until no video is undecided or `MAX_SETTLED` were:
    if none is, the result is exact if its neighbours are and the query has at most
    `bounds.MAX_ASKED` vectors.

    Args:
        queries: at least one.
        fuse: converts (queries, videos) similarities, NaN where unknown, and the positions of these
            videos in the table to (videos,) scores; a video's score must not fall when one of its
            similarities rises, nor depend on the other videos.
        n_wanted: number of videos; None for all.
        left_out: ids of videos to leave out.
        table: of the indexes, if it exists already.
        within: ids of the videos to compare; None for all.
    """
    table = table or make_table([query.index for query in queries])
    search = _Search.begin(queries, fuse, table, left_out, within)
    n_wanted = len(search.open) if n_wanted is None else min(n_wanted, len(search.open))
    k = NEIGHBOURS * n_wanted
    for at, query in enumerate(queries):
        if n_wanted == len(search.open) or search.is_read_in_full(query, k):
            search.read(at)
    if not search.is_read.all():
        bounds = search.bound(k)
        search.score(search.find_doubtful(bounds, n_wanted)[: 2 * n_wanted])
        search.score(search.find_doubtful(bounds, n_wanted)[: n_wanted + 2 * MIN_DOUBTFUL])
        if table.is_remote:
            search.settle(bounds, n_wanted)
    return search.collect()


def compare_some(
    queries: Sequence[IndexQuery], table: VideoTable, positions: Positions
) -> Candidates:
    """Compare videos at positions of the table of the queries' indexes with all queries."""
    search = _Search.begin(queries, lambda similarities, _: similarities[0], table, (), None)
    search.score(positions)
    return search.collect()


def bound_videos(query: IndexQuery, table: VideoTable, positions: Positions) -> FloatArray:
    """Upper bounds of the similarities with videos at positions of a table.

    They are the similarities, or those by the nearest segments of an index on a server; NaN for
    videos without vectors.
    """
    video_ids, k = table.pick(positions), 10 * NEIGHBOURS
    index = query.index
    if not index.is_remote or index.is_scoring_cheaper(len(query.vectors), k, video_ids):
        return score_videos(query, video_ids)
    search = _Search.begin([query], lambda similarities, _: similarities[0], table, (), None)
    search = replace(search, open=positions[search.is_held[0, positions]])
    bounds: FloatArray = search.bound(k)[0]
    bounds[search.is_scored] = search.similarities[0, search.is_scored]
    found: FloatArray = bounds[positions]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """The state of a search for candidates.

    Attributes:
        is_held: (queries, v) whether a video has vectors in the space of a query.
        open: positions of the videos that are searched, ascending.
        similarities: (queries, v) of scored videos, NaN otherwise.
        is_scored: (v,) whether a video is compared with all queries.
        is_read: (queries,) whether a query is compared with all searched videos.
    """

    queries: Sequence[IndexQuery]
    fuse: Fuse
    table: VideoTable
    is_held: npt.NDArray[np.bool_]
    open: Positions
    similarities: FloatArray
    is_scored: npt.NDArray[np.bool_]
    is_read: npt.NDArray[np.bool_]

    @classmethod
    def begin(
        cls,
        queries: Sequence[IndexQuery],
        fuse: Fuse,
        table: VideoTable,
        left_out: Collection[str],
        within: Collection[str] | None,
    ) -> "_Search":
        is_held = table.is_held[[table.row_of(query.index) for query in queries]]
        is_open: npt.NDArray[np.bool_] = np.any(is_held, axis=0)
        if within is not None:
            is_open &= table.mark(within)
        is_open &= ~table.mark(left_out)
        return cls(
            queries, fuse, table, is_held, np.flatnonzero(is_open),
            similarities=np.full(is_held.shape, np.nan),
            is_scored=np.zeros(len(table.video_ids), dtype=np.bool_),
            is_read=np.zeros(len(queries), dtype=np.bool_),
        )  # fmt: skip

    def is_read_in_full(self, query: IndexQuery, k: int) -> bool:
        """Whether to compare a query with all vectors, instead of searching its k nearest."""
        return query.index.is_scoring_cheaper(len(query.vectors), k, self.table.pick(self.open))

    def read(self, at: int) -> None:
        """Compare a query with all searched videos."""
        video_ids = self.table.pick(self.open)
        self.similarities[at, self.open] = score_videos(self.queries[at], video_ids)
        self.is_read[at] = True
        self.is_scored[self.open] = self.is_read.all()

    def score(self, positions: Positions) -> None:
        """Compare some videos with all queries."""
        new = np.sort(positions[~self.is_scored[positions]])
        video_ids = self.table.pick(new)
        for at in np.flatnonzero(~self.is_read).tolist():
            self.similarities[at, new] = score_videos(self.queries[at], video_ids)
        self.is_scored[new] = True

    def bound(self, k: int) -> FloatArray:
        """Compute upper bounds (queries, v) of the similarities, from the k nearest segments.

        Videos with matching words are scored exactly, because their similarities may be higher. A
        video with a segment among the k nearest of every query vector needs no more reading: the
        bound is its similarity, up to the rounding of float16.
        """
        bounds = self.similarities.copy()
        is_met = ~self.is_held
        is_met[self.is_read] = True
        for at in np.flatnonzero(~self.is_read).tolist():
            query = self.queries[at]
            places = self.table.places[self.table.row_of(query.index)]
            bounds[at, places], is_met[at, places] = self._bound_one(query, k)
            matched = [self.table.position[v] for v in query.evidence if v in self.table.position]
            self.score(self.open[np.isin(self.open, matched)])
        known = self.open[is_met[:, self.open].all(axis=0) & ~self.is_scored[self.open]]
        self.similarities[:, known] = bounds[:, known]
        self.is_scored[known] = True
        return bounds + ROUNDING

    def _bound_one(self, query: IndexQuery, k: int) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """`_bound` for one query, over blocks of its vectors that fit into memory."""
        n_videos = len(query.index.video_ids)
        total, is_met = np.zeros(n_videos), np.ones(n_videos, dtype=np.bool_)
        asked = choose_asked(query.index, query.vectors)
        for rows in iter_slices(len(asked), k):
            found = query.index.search(asked[rows], k, *self._restrict())
            bounds, met = bound_matches(found, n_videos)
            total += bounds * len(found.videos)
            is_met &= met
        is_met &= len(asked) == len(query.vectors)
        return total / len(asked), is_met

    def _restrict(self) -> tuple[Sequence[str] | None, Sequence[str]]:
        """The arguments `within` and `left_out` of a search: the shorter of the two lists."""
        if 2 * len(self.open) <= len(self.table.video_ids):
            return self.table.pick(self.open), ()
        is_closed = np.ones(len(self.table.video_ids), dtype=np.bool_)
        is_closed[self.open] = False
        return None, self.table.pick(np.flatnonzero(is_closed))

    def find_doubtful(self, bounds: FloatArray, n_wanted: int) -> Positions:
        """The unscored videos whose bounds reach the best, the highest bound first."""
        is_scored = self.is_scored[self.open]
        scored, others = self.open[is_scored], self.open[~is_scored]
        scores = self.fuse(self.similarities[:, scored], scored)
        scores = np.sort(scores[~np.isnan(scores)])
        least = scores[-n_wanted] if len(scores) >= n_wanted else -np.inf
        is_doubtful = (reach := self.fuse(bounds[:, others], others)) > least
        return others[is_doubtful][np.argsort(-reach[is_doubtful], kind="stable")]

    def settle(self, bounds: FloatArray, n_wanted: int) -> None:
        """Score doubtful videos until there are none, at most `MAX_SETTLED`."""
        for _ in range(0, MAX_SETTLED, SETTLED_AT_ONCE):
            doubtful = self.find_doubtful(bounds, n_wanted)
            if not len(doubtful):
                break
            self.score(doubtful[:SETTLED_AT_ONCE])

    def collect(self) -> Candidates:
        """The scored videos."""
        scored = np.flatnonzero(self.is_scored)
        return Candidates(self.table.pick(scored), self.similarities[:, scored], scored)
