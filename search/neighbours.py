"""Each video of a large library compared in full with the likely ones alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from indexer.encoders.device import count_threads
from search.calibration import find_surprise
from search.fusion import FloatArray, Similarities
from search.levels import Background
from search.moments import find_alike, read_texts
from search.pairs import Match, match_sets
from search.shortlist import Shortlist
from store.library import Library
from store.records import Matrix, Modality, Moment, Video
from store.vectors import SpaceIndex

Read = Callable[[str], Matrix]
Fuse = Callable[[Similarities, Similarities], FloatArray]

# Videos whose vectors stay as float32, a space: making these of float16 is half of a comparison.
N_KEPT = 256
N_TEXTS = 4096
# Comparisons that wait for the other video's turn: 2 KB each for 200 vectors. Most videos that are
# alike are by one artist and near each other in the catalogue's order.
N_WAITING = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A video and those listed for it.

    Attributes:
        videos: c of them, the likeliest first.
        similarities, surprises: for each modality (c,), exact; NaN where one of the two lacks it.
        is_all: whether there is none but these to compare with.
        find_moments: in each modality, the stretch of a listed video most like any of this one.
    """

    videos: Mapping[str, Video]
    similarities: Similarities
    surprises: Similarities
    is_all: bool
    find_moments: Callable[[Video], tuple[Moment, ...]]


class Neighbours:
    """Finds, for every video of a library, those most like it.

    Args:
        library: where lyric lines are read.
        videos: all of it.
        indexes: of the modalities to compare in.
        backgrounds: of whole videos, of the same modalities.
        fuse: similarities and surprises into scores; a score depends on nothing but its own.
    """

    def __init__(
        self,
        library: Library,
        videos: Sequence[Video],
        indexes: Mapping[Modality, SpaceIndex],
        backgrounds: Mapping[Modality, Background],
        fuse: Fuse,
    ) -> None:
        ids = [video.id for video in videos]
        self._library = library
        self._videos = videos
        self._indexes = indexes
        self._scales = {m: found.scale for m, found in backgrounds.items()}
        self._levels = {m: found.level_of(ids) for m, found in backgrounds.items()}
        self._read = {m: lru_cache(N_KEPT)(index.vectors) for m, index in indexes.items()}
        self._waiting: dict[tuple[Modality, int, int], Match] = {}
        self._read_texts = lru_cache(N_TEXTS)(partial(read_texts, library))
        self._pool = ThreadPoolExecutor(count_threads(), thread_name_prefix="mvsearch-match")

        def score(estimates: Similarities, some: Sequence[int]) -> FloatArray:
            every = range(len(videos))
            return fuse(estimates, self._calibrate(estimates, some, every))

        self._shortlist = Shortlist(indexes, ids, score)

    def iter_compared(self, depth: int) -> Iterator[Compared]:
        """Compare each video in turn with at most `depth` others."""
        from threadpoolctl import threadpool_limits

        # Each core has comparisons of its own, too small for several to share one.
        with threadpool_limits(1, user_api="blas"):
            for at, listed in enumerate(self._shortlist.iter_best(depth)):
                yield self._compare(at, listed.tolist(), depth)

    def compare(self, at: int, depth: int) -> Compared:
        """Compare the video at a place with at most `depth` others."""
        return self._compare(at, self._shortlist.find_best(at, depth).tolist(), depth)

    def _compare(self, at: int, listed: Sequence[int], depth: int) -> Compared:
        others = {self._videos[other].id: self._videos[other] for other in listed}
        similarities: dict[Modality, FloatArray] = {}
        best: dict[Modality, dict[str, Matrix]] = {}
        for modality, read in self._read.items():
            matches = self._match(modality, read, at, listed)
            similarities[modality] = np.array([match.similarity for match in matches])
            best[modality] = {o: match.best for o, match in zip(others, matches, strict=True)}
        rows = {m: row[None] for m, row in similarities.items()}
        surprises = {m: row[0] for m, row in self._calibrate(rows, [at], listed).items()}
        is_all = len(listed) < depth
        return Compared(others, similarities, surprises, is_all, partial(self._find_moments, best))

    def _match(self, modality: Modality, read: Read, at: int, listed: Sequence[int]) -> list[Match]:
        """Compare a video with others, or take what was kept when it was the other's turn."""
        known = {other: self._waiting.pop((modality, other, at), None) for other in listed}
        new = [other for other, match in known.items() if match is None]
        own = read(self._videos[at].id)
        made = self._pool.map(lambda other: match_sets(own, read(self._videos[other].id)), new)
        fresh = dict(zip(new, made, strict=True))
        for other, match in fresh.items():
            if other > at:
                self._waiting[modality, at, other] = match
        while len(self._waiting) > N_WAITING:
            del self._waiting[next(iter(self._waiting))]
        return [fresh[o] if match is None else match.turn() for o, match in known.items()]

    def _calibrate(
        self, similarities: Similarities, some: Sequence[int], others: Sequence[int]
    ) -> Similarities:
        """As `Backgrounds.calibrate_pairs`, by places, with levels that were looked up before."""
        return {
            m: find_surprise(
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
            moments += find_alike(self._library, other, index, rows, 1, read=self._read_texts)
        return tuple(moments)
