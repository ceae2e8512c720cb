"""Each video of a large library compared in full with the likely ones alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from search.calibration import find_surprise
from search.fusion import FloatArray, Similarities
from search.pairs import match_sets
from search.shortlist import Shortlist
from store.records import Matrix, Modality, Video
from store.vectors import SpaceIndex

Fuse = Callable[[Similarities, Similarities], FloatArray]

# Videos whose vectors stay as float32, a space: making these of float16 is half of a comparison.
N_KEPT = 256


@dataclass(frozen=True, slots=True, eq=False)
class PairScale:
    """What the similarities of whole videos are seen against in one space.

    Attributes:
        levels: (n,) of each video, stretched.
        scale: of all pairs.
    """

    levels: FloatArray
    scale: float

    def calibrate(
        self, similarities: FloatArray, some: Sequence[int], others: Sequence[int]
    ) -> FloatArray:
        """The surprise of (some, others) cosines, each given by places; see `calibrate_pairs`."""
        levels = (self.levels[np.asarray(some), None] + self.levels[np.asarray(others)]) / 2
        return find_surprise(similarities, levels, self.scale)


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A video and those listed for it.

    Attributes:
        videos: c of them, the likeliest first.
        similarities, surprises: for each modality (c,), exact; NaN where one of the two lacks it.
        best: for each modality and listed video (n,), for each of its n vectors the best match.
        is_all: whether there is none but these to compare with.
    """

    videos: Mapping[str, Video]
    similarities: Similarities
    surprises: Similarities
    best: Mapping[Modality, Mapping[str, Matrix]]
    is_all: bool


class Neighbours:
    """Finds, for every video of a library, those most like it.

    Args:
        indexes: of the modalities to compare in.
        scales: of the same, over these videos.
        fuse: similarities and surprises into scores; a score depends on nothing but its own.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        indexes: Mapping[Modality, SpaceIndex],
        scales: Mapping[Modality, PairScale],
        fuse: Fuse,
    ) -> None:
        self._videos = videos
        self._indexes = indexes
        self._scales = scales
        self._read = {m: lru_cache(N_KEPT)(index.vectors) for m, index in indexes.items()}

        def score(estimates: Similarities, some: Sequence[int]) -> FloatArray:
            every = range(len(videos))
            return fuse(estimates, self._calibrate(estimates, some, every))

        self._shortlist = Shortlist(indexes, [video.id for video in videos], score)

    def iter_compared(self, depth: int) -> Iterator[Compared]:
        """Compare each video in turn with at most `depth` others."""
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
            own = read(self._videos[at].id)
            matches = [match_sets(own, read(other)) for other in others]
            similarities[modality] = np.array([match.similarity for match in matches])
            best[modality] = {o: match.best for o, match in zip(others, matches, strict=True)}
        rows = {m: row[None] for m, row in similarities.items()}
        surprises = {m: row[0] for m, row in self._calibrate(rows, [at], listed).items()}
        return Compared(others, similarities, surprises, best, len(listed) < depth)

    def _calibrate(
        self, similarities: Similarities, some: Sequence[int], others: Sequence[int]
    ) -> Similarities:
        return {m: self._scales[m].calibrate(s, some, others) for m, s in similarities.items()}
