"""Location and scale of the null distribution, updated as a library grows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mvsearch.search.scoring.calibration import compute_surprisal, fisher_z
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.scoring.null_samples import Kind, Probes, compare_probes
from mvsearch.store.vectors.index import Integers, VectorIndex

# One in six unrelated pairs is above it: far enough for a scale, and robust if a tenth of the
# probes are the same song in another file.
UPPER_QUANTILE = 0.84
# Weight of the library's location in a video's own level, in probes.
PRIOR_PROBES = 5
# Prior of location and scale, and its weight in pairs.
PRIOR_LOCATION, PRIOR_SCALE, PRIOR_PAIRS = 0.1, 0.1, 10
MIN_SCALE = 0.01
# Prior weight of the best surprisals, in probes.
PRIOR_TOPS = 8
# Smaller libraries are measured again at every change, so that the order of indexing does not
# matter; larger ones when they have grown or shrunk by MAX_GROWTH.
SMALL_LIBRARY = 1000
MAX_GROWTH = 0.25


@dataclass(frozen=True, slots=True)
class BestOfNull:
    """The distribution of the best surprisal that a query without an answer reaches in a library.

    Videos look and sound more alike than independent draws, so that the best of n unrelated videos
    is not found from one: it is measured, by hiding the video of each probe.

    Attributes:
        n_videos: number of videos that were compared.
        location: median over the probes.
        scale: of a logistic distribution with the same median and upper quantile.
    """

    n_videos: int
    location: float
    scale: float

    def find_level(self, n_videos: int, probability: float) -> float:
        """The surprisal that an unrelated query reaches with a probability.

        Args:
            n_videos: number of videos searched; among k times as many, as in k libraries, the best
                is higher by the scale times ln k.
            probability: above 0 and below 1.
        """
        k = max(1, n_videos) / max(1, self.n_videos)
        return self.location + self.scale * math.log(k * (1 - probability) / probability)


@dataclass(frozen=True, slots=True, eq=False)
class NullDistribution:
    """The distribution of z-transformed similarities of unrelated content in one space.

    Attributes:
        n_pairs: number of measured pairs of a probe and a video.
        location: median over all pairs.
        scale: of a logistic distribution with the same median and upper quantile.
        levels: by video id, the median of the video's own pairs, shrunk towards `location` if they
            are few. A hub and a long video have high levels.
        best: of the best surprisal of each probe.
    """

    n_pairs: int
    location: float
    scale: float
    levels: dict[str, float]
    best: BestOfNull

    def level_of(self, video_ids: Sequence[str]) -> FloatArray:
        """The (videos,) levels; an unknown video has the location of the library."""
        return np.array([self.levels.get(v, self.location) for v in video_ids], dtype=np.float64)


def estimate_distribution(
    similarities: FloatArray, video_ids: Sequence[str], same: float = math.inf
) -> NullDistribution:
    """Estimate the null distribution from measured pairs.

    Uses medians and an inner quantile, because some probes are related after all: two files of one
    song, or a common chorus line.

    Args:
        similarities: (probes, videos) cosines, NaN if the probe is from the video itself.
        video_ids: of the columns.
        same: cosine from which on a pair is taken as copies, and not as unrelated.
    """
    z_values = fisher_z(similarities)
    known = z_values[~np.isnan(z_values)]
    location, scale = estimate_scale(known)
    levels = find_levels(z_values, location)
    unrelated = np.where(similarities < same, similarities, np.nan)
    best = _estimate_best(compute_surprisal(unrelated, levels, scale))
    of_videos = dict(zip(video_ids, levels.tolist(), strict=True))
    return NullDistribution(known.size, location, scale, of_videos, best)


def _estimate_best(surprisals: FloatArray) -> BestOfNull:
    """Median and scale of the best of each row, shrunk towards those of independent videos."""
    n_videos = surprisals.shape[1]
    # The best of n values with a survival of 10^-s has its median at log10(n / ln 2).
    location, scale = math.log10(max(1, n_videos) / math.log(2)), 1 / math.log(10)
    known = surprisals[~np.isnan(surprisals).all(axis=1)]
    if len(known):
        median, upper = np.quantile(np.nanmax(known, axis=1), [0.5, UPPER_QUANTILE])
        measured = float(upper - median) / math.log(UPPER_QUANTILE / (1 - UPPER_QUANTILE))
        total = len(known) + PRIOR_TOPS
        location = (len(known) * float(median) + PRIOR_TOPS * location) / total
        scale = (len(known) * measured + PRIOR_TOPS * scale) / total
    return BestOfNull(n_videos, location, scale)


def find_levels(z_values: FloatArray, location: float) -> FloatArray:
    """The (videos,) medians of (probes, videos), shrunk towards a location if they are few."""
    n_known = np.count_nonzero(~np.isnan(z_values), axis=0)
    if not len(z_values):
        return np.full(z_values.shape[1], location)
    rising = np.sort(z_values, axis=0)  # NaN comes last
    columns = np.arange(z_values.shape[1])
    middle = np.maximum(n_known - 1, 0) // 2, np.minimum(n_known // 2, len(z_values) - 1)
    medians = (rising[middle[0], columns] + rising[middle[1], columns]) / 2
    weighted = np.where(n_known > 0, n_known * medians, 0.0)
    levels: FloatArray = (weighted + PRIOR_PROBES * location) / (n_known + PRIOR_PROBES)
    return levels


def estimate_scale(known: FloatArray) -> tuple[float, float]:
    """Location and scale of pairs, shrunk towards the prior if they are few."""
    n = known.size
    if n == 0:
        return PRIOR_LOCATION, PRIOR_SCALE
    median, upper = np.quantile(known, [0.5, UPPER_QUANTILE])
    scale = float(upper - median) / np.log(UPPER_QUANTILE / (1 - UPPER_QUANTILE))
    total = n + PRIOR_PAIRS
    location = (n * float(median) + PRIOR_PAIRS * PRIOR_LOCATION) / total
    return location, max(MIN_SCALE, (n * scale + PRIOR_PAIRS * PRIOR_SCALE) / total)


@dataclass(frozen=True, slots=True, eq=False)
class StoredDistribution:
    """A null distribution in the form that is stored, with the probes to extend it.

    Attributes:
        n_videos: number of videos when location and scale were measured.
        n_pairs, location, scale, best: as in `NullDistribution`.
        handles: (v,) of the videos with a level; see `VectorIndex.resolve`.
        levels: (v,).
        probes: of the measurement.
    """

    n_videos: int
    n_pairs: int
    location: float
    scale: float
    best: BestOfNull
    handles: Integers
    levels: FloatArray
    probes: Probes

    @classmethod
    def take(cls, distribution: NullDistribution, probes: Probes, index: VectorIndex) -> Self:
        """Make the stored form of a new measurement."""
        ids = index.video_ids
        levels = distribution.level_of(ids)
        return cls(
            len(ids),
            distribution.n_pairs,
            distribution.location,
            distribution.scale,
            distribution.best,
            index.handles,
            levels,
            probes,
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self | None:
        """Restore from `to_arrays`; None if the arrays are not valid."""
        names = ("numbers", "handles", "levels", "probes", "segments", "words")
        if not set(names) <= set(arrays) or arrays["numbers"].shape != (7,):
            return None
        numbers, handles, levels, of_probes, segments, words = (arrays[name] for name in names)
        n_videos, n_pairs, location, scale, *best = numbers.tolist()
        if handles.shape != levels.shape or segments.shape != (len(of_probes), 2):
            return None
        probes = Probes(of_probes, segments, words)
        of_best = BestOfNull(int(best[0]), best[1], best[2])
        counts = int(n_videos), int(n_pairs)
        return cls(*counts, location, scale, of_best, handles, levels, probes)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Convert to arrays without Python objects."""
        return {
            "numbers": np.array(
                [self.n_videos, self.n_pairs, self.location, self.scale, *astuple(self.best)]
            ),
            "handles": self.handles,
            "levels": self.levels,
            "probes": self.probes.handles,
            "segments": self.probes.segments,
            "words": self.probes.words,
        }

    def read(self, index: VectorIndex) -> NullDistribution:
        """The null distribution of the videos that still exist."""
        places = index.resolve(self.handles).tolist()
        levels = {
            index.video_ids[place]: level
            for place, level in zip(places, self.levels.tolist(), strict=True)
            if place >= 0
        }
        return NullDistribution(self.n_pairs, self.location, self.scale, levels, self.best)

    def fits(self, distribution: NullDistribution, index: VectorIndex) -> bool:
        """Whether it covers exactly the current videos."""
        return len(self.handles) == len(distribution.levels) == len(index.video_ids)

    def may_grow(self, index: VectorIndex) -> bool:
        """Whether location and scale can be kept: a large library with few changes."""
        n_now = len(index.video_ids)
        if n_now < SMALL_LIBRARY or abs(n_now - self.n_videos) > MAX_GROWTH * self.n_videos:
            return False
        return 2 * len(self.probes.keep_living(index)) >= len(self.probes)

    def grow(self, kind: Kind, distribution: NullDistribution, index: VectorIndex) -> Self:
        """Measure new videos with the same probes, and drop removed ones."""
        new = [video_id for video_id in index.video_ids if video_id not in distribution.levels]
        measured = compare_probes(index, kind, self.probes.keep_living(index), new)
        levels = find_levels(fisher_z(measured), self.location)
        known = distribution.levels | dict(zip(new, levels.tolist(), strict=True))
        return replace(
            self,
            n_pairs=self.n_pairs + int(np.count_nonzero(~np.isnan(measured))),
            handles=index.handles,
            levels=np.array([known[video_id] for video_id in index.video_ids]),
        )
