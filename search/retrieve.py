"""The videos nearest to sets of vectors."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from search.fusion import FloatArray
from search.lexical import WordEvidence
from search.pool import Pool, Positions, gather_pool
from store.records import Matrix
from store.vectors import SpaceIndex

Offsets = npt.NDArray[np.int64]
Fuse = Callable[[FloatArray, Positions], FloatArray]

# Similarities held at once: 16 MB of float32.
MAX_PRODUCT = 1 << 22
BLOCK_ROWS = 4096
# Neighbours of each query vector at first, for each video that is wanted: a shot has many frames,
# and to look again costs more than to look for more.
NEIGHBOURS = 32
APPROXIMATE_NEIGHBOURS = 64
# Beyond so many a vector, scoring whatever is in doubt is cheaper than sorting them.
MAX_NEIGHBOURS = 4096
# To score this share of all videos costs about as much as to find more neighbours.
MAX_DOUBTFUL_SHARE = 1 / 16
MIN_DOUBTFUL = 32
# Neighbours come from another summation order than exact scores; cosines differ in the last bits.
ROUNDING = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """A set of query vectors, placed by the index that they are asked of.

    Attributes:
        vectors: (q, dim) float32, q >= 1.
        evidence: by video id, what words say beside the vectors; it only ever raises a similarity.
    """

    index: SpaceIndex
    vectors: Matrix
    evidence: Mapping[str, WordEvidence] = field(default_factory=dict)

    def compare(self, video_id: str) -> Matrix:
        """The similarities (q, n) with the video's n vectors: cosines, raised by the evidence."""
        similarities = self.vectors @ self.index.vectors(video_id).T
        evidence = self.evidence.get(video_id)
        return similarities if evidence is None else evidence.lift(similarities)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Videos with their exact similarities.

    Attributes:
        video_ids: v of them, sorted.
        similarities: (asks, v) float64, NaN where a video has no vectors in an ask's space.
        positions: (v,) of the videos in the pool.
    """

    video_ids: tuple[str, ...]
    similarities: FloatArray
    positions: Positions


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The vectors of some videos under each other.

    Attributes:
        positions: (v,) places of the videos in the list they were taken from.
        vectors: (rows, dim) float32.
        starts: (v,) the first row of each video; every video has at least one.
    """

    positions: npt.NDArray[np.intp]
    vectors: Matrix
    starts: Offsets


def iter_blocks(
    index: SpaceIndex, video_ids: Sequence[str], max_rows: int = BLOCK_ROWS
) -> Iterator[Block]:
    """Read the vectors of these videos in blocks of whole videos.

    Videos without vectors are passed over; one longer than `max_rows` is a block of its own.
    """
    positions: list[int] = []
    sizes: list[int] = []
    for position, video_id in enumerate(video_ids):
        rows = index.rows(video_id)
        size = rows.stop - rows.start
        if positions and sum(sizes) + size > max_rows:
            yield _read_block(index, video_ids, positions, sizes)
            positions, sizes = [], []
        if size:
            positions.append(position)
            sizes.append(size)
    if positions:
        yield _read_block(index, video_ids, positions, sizes)


def _read_block(
    index: SpaceIndex, video_ids: Sequence[str], positions: list[int], sizes: list[int]
) -> Block:
    vectors = np.concatenate([index.vectors(video_ids[position]) for position in positions])
    starts = np.concatenate([[0], np.cumsum(sizes[:-1])]).astype(np.int64)
    return Block(np.array(positions, dtype=np.intp), vectors, starts)


def score_videos(ask: Ask, video_ids: Sequence[str]) -> FloatArray:
    """Mean over the query's vectors of the best match in each video.

    Returns:
        (videos,) similarities; NaN for a video without vectors.
    """
    scores = np.full(len(video_ids), np.nan)
    for block in iter_blocks(ask.index, video_ids):
        total = np.zeros(len(block.positions))
        for rows in _slices(len(ask.vectors), len(block.vectors)):
            similarities = ask.vectors[rows] @ block.vectors.T
            total += np.maximum.reduceat(similarities, block.starts, axis=1).sum(
                axis=0, dtype=np.float64
            )
        scores[block.positions] = total / len(ask.vectors)
    for at, video_id in enumerate(video_ids):
        if video_id in ask.evidence and not np.isnan(scores[at]):
            scores[at] = ask.compare(video_id).max(axis=1).mean(dtype=np.float64)
    return scores


def _slices(n_rows: int, n_columns: int) -> Iterator[slice]:
    step = max(1, MAX_PRODUCT // max(1, n_columns))
    return (slice(start, start + step) for start in range(0, n_rows, step))


def find_candidates(
    asks: Sequence[Ask],
    fuse: Fuse,
    n_wanted: int | None,
    left_out: Collection[str] = (),
    pool: Pool | None = None,
) -> Candidates:
    """Find videos among which are the `n_wanted` best of the library.

    The threshold algorithm (Fagin, Lotem and Naor 2003): the k nearest segments of every query
    vector bound what each video can reach, by those of its own or else by the k-th. Videos are
    scored by all their vectors, those that can reach most first, until the best of them are better
    than all others can be. Where too many stay in doubt, k grows.

    With exact indexes the best are found for certain. Where an index is approximate, k stays, and
    of the videos that these neighbours leave in doubt only three times as many as are wanted, and
    2 * `MIN_DOUBTFUL`, are scored: what is found is as complete as the k neighbours are.

    Args:
        asks: at least one.
        fuse: (asks, videos) similarities, NaN where unknown, and the positions of these videos in
            the pool into (videos,) scores; a video's score must not fall when one of its
            similarities rises, nor depend on the other videos.
        n_wanted: None for all videos.
        left_out: ids of videos that are no answer.
        pool: of the indexes that are asked, where it is at hand.
    """
    pool = pool or gather_pool([ask.index for ask in asks])
    hunt = _Hunt.begin(asks, fuse, pool, left_out)
    if n_wanted is None or n_wanted >= np.count_nonzero(hunt.is_open):
        hunt.score(np.flatnonzero(hunt.is_open))
        return hunt.collect()
    n_few = max(MIN_DOUBTFUL, int(MAX_DOUBTFUL_SHARE * len(pool.video_ids)))
    k = (NEIGHBOURS if pool.is_exact else APPROXIMATE_NEIGHBOURS) * n_wanted
    while True:
        hunt.score(hunt.find_doubtful(bounds := hunt.look(k), n_wanted)[: 2 * n_wanted])
        doubtful = hunt.find_doubtful(bounds, n_wanted)
        if not pool.is_exact:
            hunt.score(doubtful[: n_wanted + 2 * MIN_DOUBTFUL])
            return hunt.collect()
        if len(doubtful) <= n_few or not _is_small(asks, 4 * k):
            hunt.settle(bounds, n_wanted)
            return hunt.collect()
        k *= 4


def _is_small(asks: Sequence[Ask], k: int) -> bool:
    return k <= MAX_NEIGHBOURS and max(len(ask.vectors) for ask in asks) * k <= MAX_PRODUCT


@dataclass(frozen=True, slots=True, eq=False)
class _Hunt:
    """What is known so far of the videos that may answer.

    Attributes:
        is_held: (asks, v) which video of the pool each ask can be compared with.
        is_open: (v,) which may answer.
        similarities: (asks, v) of those scored, NaN otherwise.
        is_scored: (v,).
    """

    asks: Sequence[Ask]
    fuse: Fuse
    pool: Pool
    left_out: Collection[str]
    is_held: npt.NDArray[np.bool_]
    is_open: npt.NDArray[np.bool_]
    similarities: FloatArray
    is_scored: npt.NDArray[np.bool_]

    @classmethod
    def begin(
        cls, asks: Sequence[Ask], fuse: Fuse, pool: Pool, left_out: Collection[str]
    ) -> "_Hunt":
        is_held = pool.is_held[[pool.row_of(ask.index) for ask in asks]]
        is_open: npt.NDArray[np.bool_] = np.any(is_held, axis=0)
        known = [pool.position[video_id] for video_id in left_out if video_id in pool.position]
        is_open[known] = False
        return cls(
            asks, fuse, pool, left_out, is_held, is_open,
            similarities=np.full(is_held.shape, np.nan),
            is_scored=np.zeros(len(pool.video_ids), dtype=np.bool_),
        )  # fmt: skip

    def score(self, positions: Positions) -> None:
        """Compare some videos with all that is asked."""
        new = np.sort(positions[~self.is_scored[positions]])
        video_ids = self.pool.pick(new)
        for row, ask in zip(self.similarities, self.asks, strict=True):
            row[new] = score_videos(ask, video_ids)
        self.is_scored[new] = True

    def look(self, k: int) -> FloatArray:
        """Bound (asks, v) what each video can reach, by the k nearest segments.

        Videos that words speak for are scored: they may reach more. With an approximate index, a
        video with a segment among those of every query vector is scored by these: to read all of
        its own would take as long as the search, for the rounding of float16.
        """
        bounds = np.full(self.is_held.shape, np.nan)
        is_met = ~self.is_held
        position = self.pool.position
        for row, met, ask in zip(bounds, is_met, self.asks, strict=True):
            similarities, rows = ask.index.search(ask.vectors, k, *self._restrict(ask.index))
            places = self.pool.places[self.pool.row_of(ask.index)]
            row[places], met[places] = _bound(similarities, ask.index.video_of(rows), len(places))
            spoken = [position[v] for v in ask.evidence if v in position]
            self.score(np.array([at for at in spoken if self.is_open[at]], dtype=np.intp))
        if not self.pool.is_exact:
            known = np.flatnonzero(is_met.all(axis=0) & self.is_open & ~self.is_scored)
            self.similarities[:, known] = bounds[:, known]
            self.is_scored[known] = True
        return bounds + ROUNDING

    def _restrict(self, index: SpaceIndex) -> tuple[list[str] | None, Collection[str]]:
        """The videos that may be found, or those that may not, whichever are fewer."""
        if 2 * len(self.left_out) <= len(index.video_ids):
            return None, self.left_out
        places = self.pool.places[self.pool.row_of(index)]
        return [v for v, at in zip(index.video_ids, places, strict=True) if self.is_open[at]], ()

    def find_doubtful(self, bounds: FloatArray, n_wanted: int) -> Positions:
        """The videos that could be among the best and are not scored, the likeliest first."""
        scored = np.flatnonzero(self.is_scored)
        scores = self.fuse(self.similarities[:, scored], scored)
        scores = np.sort(scores[~np.isnan(scores)])
        others = np.flatnonzero(self.is_open & ~self.is_scored)
        reach = self.fuse(bounds[:, others], others)
        least = scores[-n_wanted] if len(scores) >= n_wanted else -np.inf
        is_doubtful = reach > least
        return others[is_doubtful][np.argsort(-reach[is_doubtful], kind="stable")]

    def settle(self, bounds: FloatArray, n_wanted: int) -> None:
        """Score the doubtful, until what is found is better than what the rest could be."""
        n_at_once = MIN_DOUBTFUL
        while len(doubtful := self.find_doubtful(bounds, n_wanted)):
            self.score(doubtful[:n_at_once])
            n_at_once *= 2

    def collect(self) -> Candidates:
        """All videos scored."""
        scored = np.flatnonzero(self.is_scored)
        return Candidates(self.pool.pick(scored), self.similarities[:, scored], scored)


def _bound(
    similarities: Matrix, videos: Offsets, n_videos: int
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """The most that each of an index's videos can have as its mean of best matches.

    Args:
        similarities: (q, k) of the nearest segments of each query vector, best first; minus
            infinity where there are fewer.
        videos: (q, k) whose each is, -1 for none.
        n_videos: of the index.

    Returns:
        (n_videos,): of a query vector counts the best match, or, where none of the video's segments
        is among the nearest, the last of these; and (n_videos,) whether it is what the video has,
        as the best match with each query vector is among the nearest.
    """
    last = np.maximum(similarities[:, -1], -1.0).astype(np.float64)
    found = videos >= 0
    at, _ = np.nonzero(found)
    # The first of a video is its best, as each row falls.
    pairs, firsts = np.unique(at * n_videos + videos[found], return_index=True)
    gains = similarities[found][firsts] - last[at[firsts]]
    total = np.bincount(pairs % n_videos, weights=gains, minlength=n_videos)
    n_met = np.bincount(pairs % n_videos, minlength=n_videos)
    bounds: FloatArray = (total + last.sum()) / len(similarities)
    return bounds, n_met == len(similarities)
