"""Compares each video of a large library exactly with its candidates."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from mvsearch.indexer.encoders.networks.device import count_threads
from mvsearch.indexer.features.parallel import limit_algebra
from mvsearch.search.localization.moments import find_similar_ranges, read_texts
from mvsearch.search.results import Moment
from mvsearch.search.retrieval.candidates import CandidateFinder
from mvsearch.search.retrieval.set_similarity import Match, match_sets
from mvsearch.search.scoring.calibration import compute_surprisal
from mvsearch.search.scoring.fusion import FloatArray, Similarities
from mvsearch.search.scoring.null_statistics import NullDistribution
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix, Modality, Video
from mvsearch.store.vectors.index import VectorIndex

Read = Callable[[str], Matrix]
Fuse = Callable[[Similarities, Similarities], FloatArray]

# Videos per space whose vectors are cached as float32: the conversion is half of a comparison.
N_KEPT = 256
N_TEXTS = 4096
# Pairs that are cached until the other video is compared: 4 KB each for 200 vectors. Most similar
# videos are by one artist, and so near each other in the catalogue's order.
N_WAITING = 20_000
# Videos that are compared ahead while the caller ranks one.
N_AHEAD = 2

Pair = Mapping[Modality, Match]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A video compared with its candidates.

    Attributes:
        videos: c candidates, the most likely first.
        similarities, surprisals: for each modality (c,), exact; NaN if one of the two lacks it.
        is_all: whether there are no other videos to compare.
        find_moments: in each modality, the time range of a candidate that is most similar.
    """

    videos: Mapping[str, Video]
    similarities: Similarities
    surprisals: Similarities
    is_all: bool
    find_moments: Callable[[Video], tuple[Moment, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Comparing:
    """A video whose comparisons with its candidates are running."""

    at: int
    pairs: Mapping[int, "Future[Pair] | Pair"]


class Reranker:
    """Compares each video of a library with its candidates; must be closed.

    Args:
        library: source of the lyric lines.
        videos: all videos of the library.
        indexes: of the modalities to compare.
        distributions: null distributions of whole videos in these modalities.
        fuse: similarities and surprisals to scores; a score depends only on its own pair.
    """

    def __init__(
        self,
        library: Library,
        videos: Sequence[Video],
        indexes: Mapping[Modality, VectorIndex],
        distributions: Mapping[Modality, NullDistribution],
        fuse: Fuse,
    ) -> None:
        ids = [video.id for video in videos]
        self._library = library
        self._videos = videos
        self._indexes = indexes
        self._scales = {m: found.scale for m, found in distributions.items()}
        self._levels = {m: found.level_of(ids) for m, found in distributions.items()}
        self._read = {m: lru_cache(N_KEPT)(index.vectors) for m, index in indexes.items()}
        self._waiting: dict[tuple[int, int], Future[Pair]] = {}
        self._read_texts = lru_cache(N_TEXTS)(partial(read_texts, library))
        self._pool = ThreadPoolExecutor(count_threads(), thread_name_prefix="mvsearch-match")
        # Each core has its own tasks, which are too small to share among cores.
        self._limit = ExitStack()
        self._limit.enter_context(limit_algebra())

        def score(
            estimates: Similarities, some: Sequence[int], others: Sequence[int]
        ) -> FloatArray:
            return fuse(estimates, self._calibrate(estimates, some, others))

        try:
            self._candidates = CandidateFinder(indexes, ids, score, self._pool)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the threads without waiting for running work."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._limit.close()

    def iter_compared(self, depth: int) -> Iterator[Compared]:
        """Compare each video in turn with at most `depth` candidates, some videos ahead."""
        under_way: deque[Comparing] = deque()
        for at, listed in enumerate(self._candidates.iter_best(depth)):
            under_way.append(self._begin(at, listed.tolist()))
            if len(under_way) > N_AHEAD:
                yield self._finish(under_way.popleft(), depth)
        while under_way:
            yield self._finish(under_way.popleft(), depth)

    def compare(self, at: int, depth: int) -> Compared:
        """Compare the video at a position with at most `depth` candidates."""
        listed = self._candidates.find_best(at, depth).tolist()
        return self._finish(self._begin(at, listed), depth)

    def _begin(self, at: int, listed: Sequence[int]) -> Comparing:
        """Start the comparisons of a video, except those that are already running."""
        pairs: dict[int, Future[Pair] | Pair] = {}
        for other in listed:
            known = self._waiting.pop((other, at), None)
            if known is not None:
                pairs[other] = {m: match.swap() for m, match in known.result().items()}
                continue
            begun = self._pool.submit(self._match, at, other)
            pairs[other] = begun
            if other > at:
                self._waiting[at, other] = begun
        while len(self._waiting) > N_WAITING:
            del self._waiting[next(iter(self._waiting))]
        return Comparing(at, pairs)

    def _match(self, at: int, other: int) -> Pair:
        """Compare two videos in every modality."""
        first, second = self._videos[at].id, self._videos[other].id
        return {m: match_sets(read(first), read(second)) for m, read in self._read.items()}

    def _finish(self, comparing: Comparing, depth: int) -> Compared:
        """Wait for the comparisons of a video."""
        at, listed = comparing.at, list(comparing.pairs)
        pairs = [
            pair.result() if isinstance(pair, Future) else pair for pair in comparing.pairs.values()
        ]
        others = {self._videos[other].id: self._videos[other] for other in listed}
        best = {m: {o: p[m].best for o, p in zip(others, pairs, strict=True)} for m in self._read}
        similarities = {m: np.array([pair[m].similarity for pair in pairs]) for m in self._read}
        rows = {m: row[None] for m, row in similarities.items()}
        surprisals = {m: row[0] for m, row in self._calibrate(rows, [at], listed).items()}
        is_all = len(listed) < depth
        return Compared(others, similarities, surprisals, is_all, partial(self._find_moments, best))

    def _calibrate(
        self, similarities: Similarities, some: Sequence[int], others: Sequence[int]
    ) -> Similarities:
        """Like `Calibrator.calibrate_pairs`, by position, with cached levels."""
        return {
            m: compute_surprisal(
                rows,
                (self._levels[m][list(some), None] + self._levels[m][list(others)]) / 2,
                self._scales[m],
            )
            for m, rows in similarities.items()
        }

    def _find_moments(
        self, best: Mapping[Modality, Mapping[str, Matrix]], other: Video
    ) -> tuple[Moment, ...]:
        moments: list[Moment] = []
        for modality, index in self._indexes.items():
            rows = best[modality][other.id][None]
            moments += find_similar_ranges(
                self._library, other, index, rows, 1, read=self._read_texts
            )
        return tuple(moments)
