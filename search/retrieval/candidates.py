"""Chooses, for each video of a large library, the candidates to compare exactly."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future

import numpy as np
import numpy.typing as npt

from mvsearch.search.retrieval.prototypes import VideoPrototypes, estimate_rows, make_prototypes
from mvsearch.search.retrieval.set_similarity import match_sets
from mvsearch.search.retrieval.video_table import Positions
from mvsearch.search.scoring.fusion import FloatArray, Similarities
from mvsearch.store.records import Modality
from mvsearch.store.vectors.index import VectorIndex

# (some, others) similarities of each modality, and the positions of these, into as many scores.
Score = Callable[[Similarities, Sequence[int], Sequence[int]], FloatArray]

# Maximum multiply-adds for comparing all pairs, half a minute of one core.
MAX_OPERATIONS = 2e12
# Videos per block of estimates; 16 MB of products for 1,000 videos.
ROWS = 16
# Number of videos, and of likely and other videos for each, that calibrate the estimates.
N_CHECKED, N_CHECKED_WITH = 24, 6


def choose_depth(top: int) -> int:
    """The number of candidates to compare exactly for `top` results."""
    return top + 15


def count_operations(indexes: Mapping[Modality, VectorIndex]) -> float:
    """The multiply-adds of comparing all videos with all others."""
    return sum(float(index.n) ** 2 * index.space.dim / 2 for index in indexes.values())


class CandidateFinder:
    """Finds the most similar videos of each video by estimates from prototypes.

    Estimates take n × n / 2 operations, each a thousandth of comparing 200 pictures with 200; the
    rest is linear.

    Args:
        indexes: of the modalities to compare.
        video_ids: n of them; positions refer to this list.
        score: fuses similarities; must be monotonic, symmetric, and depend only on the similarities
            of its pair.
        pool: runs the work.
    """

    def __init__(
        self,
        indexes: Mapping[Modality, VectorIndex],
        video_ids: Sequence[str],
        score: Score,
        pool: Executor,
    ) -> None:
        self._score = score
        self._pool = pool
        self._n = len(video_ids)
        self._prototypes = {
            m: make_prototypes(index, video_ids, pool) for m, index in indexes.items()
        }
        self._lines = {
            m: fit_line(index, prototypes, video_ids, pool)
            for (m, index), prototypes in zip(
                indexes.items(), self._prototypes.values(), strict=True
            )
        }

    def iter_best(self, depth: int) -> Iterator[Positions]:
        """For each video in turn, the positions of the most similar ones by the estimates.

        Each block of videos is compared with itself and those after it; the comparisons with those
        before are known from their blocks.

        Args:
            depth: maximum number; videos without a common modality are left out.
        """
        best = TopCandidates(self._n, depth)
        blocks = [(first, min(self._n, first + ROWS)) for first in range(0, self._n, ROWS)]
        coming: deque[Future[FloatArray]] = deque()
        for at, (first, last) in enumerate(blocks):
            # The next block is estimated while the caller works on this one.
            for begun in blocks[at + len(coming) : at + 2]:
                coming.append(self._pool.submit(self._estimate, *begun, begun[0]))
            best.update(first, coming.popleft().result())
            for position in range(first, last):
                yield best.list(position)

    def find_best(self, at: int, depth: int) -> Positions:
        """The result of `iter_best` for one video."""
        return _pick_best(self._estimate(at, at + 1, 0)[0], depth)

    def _estimate(self, first: int, last: int, begin: int) -> FloatArray:
        """(last - first, n - begin) scores with the videos from `begin`; NaN with itself."""
        estimates: dict[Modality, FloatArray] = {}
        for modality, prototypes in self._prototypes.items():
            slope, offset = self._lines[modality]
            estimates[modality] = slope * estimate_rows(prototypes, first, last, begin) + offset
        scores = self._score(estimates, range(first, last), range(begin, self._n))
        scores[np.arange(last - first), np.arange(first - begin, last - begin)] = np.nan
        return scores


class TopCandidates:
    """The highest scores of each video so far, with the positions of the other videos.

    Args:
        n: number of videos.
        depth: number of kept scores per video.
    """

    def __init__(self, n: int, depth: int) -> None:
        self._n_kept = min(n, depth)
        self._scores = np.full((n, self._n_kept), -np.inf)
        self._positions = np.zeros((n, self._n_kept), dtype=np.intp)

    def update(self, first: int, scores: FloatArray) -> None:
        """Add the scores of some videos with themselves and those after them.

        Args:
            first: the position of the first of them, and of the first column.
            scores: (some, n - first); NaN for no common modality.
        """
        known = np.where(np.isnan(scores), -np.inf, scores)
        # Both directions: the later videos with these, and these with all.
        self._merge(slice(first + len(known), None), first, known[:, len(known) :].T)
        self._merge(slice(first, first + len(known)), first, known)

    def list(self, at: int) -> Positions:
        """The positions of the best of one video, the best first."""
        order = np.lexsort((self._positions[at], -self._scores[at]))
        ranked: Positions = self._positions[at, order[self._scores[at, order] > -np.inf]]
        return ranked

    def _merge(self, some: slice, first: int, scores: FloatArray) -> None:
        """Merge (some, others) scores with others from a position on into the best of some."""
        positions = np.broadcast_to(np.arange(first, first + scores.shape[1]), scores.shape)
        scores = np.concatenate([self._scores[some], scores], axis=1)
        positions = np.concatenate([self._positions[some], positions], axis=1)
        order = np.argpartition(-scores, self._n_kept - 1, axis=1)[:, : self._n_kept]
        self._scores[some] = np.take_along_axis(scores, order, axis=1)
        self._positions[some] = np.take_along_axis(positions, order, axis=1)


def fit_line(
    index: VectorIndex, prototypes: VideoPrototypes, video_ids: Sequence[str], pool: Executor
) -> npt.NDArray[np.float64]:
    """Fit similarities to estimates: the least-squares line over some pairs.

    Prototypes are cluster means, so estimates are too high for vectors near the means, and
    surprisal needs similarities.

    Returns:
        (2,) slope and offset; 1 and 0 if there are too few pairs.
    """
    held = np.flatnonzero(prototypes.has_vectors)
    chosen = held[np.linspace(0, len(held) - 1, min(len(held), N_CHECKED)).astype(np.intp)]

    def check(at: int) -> list[tuple[float, float]]:
        """Estimate and similarity of a video with some others."""
        row = estimate_rows(prototypes, at, at + 1)[0]
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
