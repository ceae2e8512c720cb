"""Which videos are worth comparing in full with each one of a large library."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor

import numpy as np
import numpy.typing as npt

from search.fusion import FloatArray, Similarities
from search.pairs import match_sets
from search.sketches import Sketches, estimate_rows, sketch_videos
from store.records import Modality
from store.vectors import SpaceIndex

# (some, n) similarities of each modality and the positions of these some, into (some, n) scores.
Score = Callable[[Similarities, Sequence[int]], FloatArray]
Positions = npt.NDArray[np.intp]

# Beyond so many multiply-adds, half a minute of one core or more, not all pairs are compared.
MAX_OPERATIONS = 2e12
# So many videos are estimated at once; 16 MB of products for 1,000 videos.
ROWS = 16
# Of so many videos, this many likely and as many other ones are compared, to learn how far the
# estimates are off.
N_CHECKED, N_CHECKED_WITH = 24, 6


def choose_depth(top: int) -> int:
    """How many videos to compare in full where so many are wanted."""
    return top + 15


def count_operations(indexes: Mapping[Modality, SpaceIndex]) -> float:
    """The multiply-adds of comparing all videos with all others."""
    return sum(float(index.n) ** 2 * index.space.dim / 2 for index in indexes.values())


class Shortlist:
    """Estimates of how alike all videos are, from a few stand-ins for each.

    Estimates cost n × n as well, but a thousandth of comparing 200 pictures with 200; what is left
    is linear.

    Args:
        indexes: of the modalities to compare in.
        video_ids: n of them; positions are places in this list.
        score: a score must not fall when one of the similarities rises, nor depend on the others.
        pool: what the work is given to.
    """

    def __init__(
        self,
        indexes: Mapping[Modality, SpaceIndex],
        video_ids: Sequence[str],
        score: Score,
        pool: Executor,
    ) -> None:
        self._score = score
        self._pool = pool
        self._n = len(video_ids)
        self._sketches = {m: sketch_videos(index, video_ids, pool) for m, index in indexes.items()}
        self._lines = {
            m: fit_line(index, sketches, video_ids, pool)
            for (m, index), sketches in zip(indexes.items(), self._sketches.values(), strict=True)
        }

    def iter_best(self, depth: int) -> Iterator[Positions]:
        """For each video in turn the positions of those most like it by the estimates.

        Args:
            depth: at most so many; none that shares no modality.
        """
        blocks = [(first, min(self._n, first + ROWS)) for first in range(0, self._n, ROWS)]
        if not blocks:
            return
        coming = self._pool.submit(self._find, *blocks[0], depth)
        for block in blocks[1:]:
            # The next block is estimated while the caller is busy with this one.
            found, coming = coming, self._pool.submit(self._find, *block, depth)
            yield from found.result()
        yield from coming.result()

    def find_best(self, at: int, depth: int) -> Positions:
        """What `iter_best` gives for one video."""
        return self._find(at, at + 1, depth)[0]

    def _find(self, first: int, last: int, depth: int) -> list[Positions]:
        estimates: dict[Modality, FloatArray] = {}
        for modality, sketches in self._sketches.items():
            slope, offset = self._lines[modality]
            estimates[modality] = slope * estimate_rows(sketches, first, last) + offset
        scores = self._score(estimates, range(first, last))
        scores[np.arange(last - first), np.arange(first, last)] = np.nan
        return [_pick_best(row, depth) for row in scores]


def fit_line(
    index: SpaceIndex, sketches: Sketches, video_ids: Sequence[str], pool: Executor
) -> npt.NDArray[np.float64]:
    """How similarities follow from estimates: the least squares line over some pairs.

    Stand-ins lie in the middle of what they stand for, so estimates are too high for what is like
    the middle, and surprise is measured on similarities.

    Returns:
        (2,) slope and offset; the estimate itself where there are too few pairs to tell.
    """
    held = np.flatnonzero(sketches.is_held)
    chosen = held[np.linspace(0, len(held) - 1, min(len(held), N_CHECKED)).astype(np.intp)]

    def check(at: int) -> list[tuple[float, float]]:
        """Estimate and similarity of a video with some others."""
        row = estimate_rows(sketches, at, at + 1)[0]
        row[at] = np.nan
        ranked = _pick_best(row, len(row))
        others = np.union1d(ranked[:N_CHECKED_WITH], ranked[:: max(1, len(held) // N_CHECKED_WITH)])
        vectors = index.vectors(video_ids[at])
        return [
            (row[o], match_sets(vectors, index.vectors(video_ids[o])).similarity) for o in others
        ]

    pairs = [pair for found in pool.map(check, chosen.tolist()) for pair in found]
    estimates, similarities = np.array(pairs).reshape(-1, 2).T
    if len(pairs) < 3 or np.ptp(estimates) < 1e-6:
        return np.array([1.0, 0.0])
    return np.asarray(np.polyfit(estimates, similarities, 1), dtype=np.float64)


def _pick_best(scores: FloatArray, depth: int) -> Positions:
    """The positions of the highest scores, best first, without NaN."""
    known = np.flatnonzero(~np.isnan(scores))
    if len(known) > depth:
        known = known[np.argpartition(-scores[known], depth)[:depth]]
    best: Positions = known[np.argsort(-scores[known], kind="stable")]
    return best
