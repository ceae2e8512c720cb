"""The videos nearest to sets of vectors, exactly."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from search.fusion import FloatArray
from search.lexical import WordEvidence
from store.records import Matrix
from store.vectors import SpaceIndex

Offsets = npt.NDArray[np.int64]
Fuse = Callable[[FloatArray, Sequence[str]], FloatArray]

# Similarities held at once: 64 MB of float32.
MAX_PRODUCT = 1 << 24
BLOCK_ROWS = 4096
# Beyond so many neighbours a vector, comparing with every row is cheaper than sorting them.
MAX_NEIGHBOURS = 4096
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
    """

    video_ids: tuple[str, ...]
    similarities: FloatArray


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
) -> Candidates:
    """Find videos among which are, provably, the `n_wanted` best of the library.

    The threshold algorithm (Fagin, Lotem and Naor 2003): among the k nearest segments of every
    query vector, a video that does not appear scores at most the mean of the k-th similarities.
    k grows until the best exact scores reach that bound.

    Args:
        asks: at least one.
        fuse: (asks, videos) similarities, NaN where unknown, and the ids of these videos into
            (videos,) scores; a video's score must not fall when one of its similarities rises, nor
            depend on the other videos.
        n_wanted: None for all videos.
        left_out: ids of videos that are no answer.
    """
    hunt = _Hunt.begin(asks, left_out)
    exact = np.full(hunt.is_held.shape, np.nan)
    is_scored = np.zeros(len(hunt.video_ids), dtype=bool)
    k = 8 * (n_wanted or 1)
    while True:
        is_seen, bounds = hunt.look(k) if n_wanted and _is_small(asks, k) else hunt.see_all()
        is_seen |= is_scored
        new = np.flatnonzero(is_seen & ~is_scored)
        for row, ask in zip(exact, asks, strict=True):
            row[new] = score_videos(ask, [hunt.video_ids[at] for at in new])
        is_scored = is_seen
        reachable = np.where(hunt.is_held, bounds[:, None], np.nan)[:, ~is_scored]
        chosen, others = hunt.pick(is_scored), hunt.pick(~is_scored)
        scores = fuse(exact[:, is_scored], chosen)
        if _is_settled(scores, fuse(reachable, others), n_wanted or 1):
            return Candidates(chosen, exact[:, is_scored])
        k *= 4


def _is_small(asks: Sequence[Ask], k: int) -> bool:
    return k <= MAX_NEIGHBOURS and max(len(ask.vectors) for ask in asks) * k <= MAX_PRODUCT


def _is_settled(scores: FloatArray, reachable: FloatArray, n_wanted: int) -> bool:
    scores = np.sort(scores[~np.isnan(scores)])
    reachable = reachable[~np.isnan(reachable)]
    if not reachable.size:
        return True
    return len(scores) >= n_wanted and bool(scores[-n_wanted] >= reachable.max())


@dataclass(frozen=True, slots=True, eq=False)
class _Hunt:
    """The videos that may answer, and which of them each ask can be compared with.

    Attributes:
        video_ids: v of them, sorted.
        position: of each id in `video_ids`.
        is_held: (asks, v).
        is_open: whether no video is left out.
    """

    asks: Sequence[Ask]
    video_ids: tuple[str, ...]
    position: dict[str, int]
    is_held: npt.NDArray[np.bool_]
    is_open: bool

    @classmethod
    def begin(cls, asks: Sequence[Ask], left_out: Collection[str]) -> "_Hunt":
        held = [[v for v in ask.index.video_ids if v not in left_out] for ask in asks]
        video_ids = tuple(sorted(set().union(*held)))
        position = {video_id: at for at, video_id in enumerate(video_ids)}
        is_held = np.zeros((len(asks), len(video_ids)), dtype=bool)
        for row, ids in zip(is_held, held, strict=True):
            row[[position[video_id] for video_id in ids]] = True
        return cls(asks, video_ids, position, is_held, not left_out)

    def pick(self, is_wanted: npt.NDArray[np.bool_]) -> tuple[str, ...]:
        """The ids of some videos."""
        return tuple(self.video_ids[at] for at in np.flatnonzero(is_wanted))

    def look(self, k: int) -> tuple[npt.NDArray[np.bool_], FloatArray]:
        """Mark the videos of the k nearest segments; bound what the others reach in each ask."""
        is_seen = np.zeros(len(self.video_ids), dtype=bool)
        bounds = np.zeros(len(self.asks))
        for at, ask in enumerate(self.asks):
            ids = ask.index.video_ids
            allowed = None if self.is_open else [v for v in ids if v in self.position]
            similarities, rows = ask.index.search(ask.vectors, k, allowed)
            found = np.unique(ask.index.video_of(rows[rows >= 0]))
            is_seen[[self.position[ids[video]] for video in found]] = True
            is_seen[[self.position[v] for v in ask.evidence if v in self.position]] = True
            is_exhausted = bool((rows[:, -1] < 0).any())
            bounds[at] = -1.0 if is_exhausted else similarities[:, -1].mean() + ROUNDING
        return is_seen, bounds

    def see_all(self) -> tuple[npt.NDArray[np.bool_], FloatArray]:
        """Mark every video; nothing is left to bound."""
        return np.ones(len(self.video_ids), dtype=bool), np.zeros(len(self.asks))
