"""Location and scale of the null distribution, updated as a library grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mvsearch.search.scoring.calibration import stretch
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.scoring.null_samples import Kind, Probes, ask_probes
from mvsearch.store.vectors.index import Integers, VectorIndex

# One in six unrelated pairs is above it: far enough out for a scale, and still the median of the
# tail where a tenth of the probes show the same song in another file.
UPPER_QUANTILE = 0.84
# A video's own level counts in full from so many probes on.
PRIOR_PROBES = 5
# What is taken as known before anything is measured, and how many pairs that is worth.
PRIOR_LOCATION, PRIOR_SCALE, PRIOR_PAIRS = 0.1, 0.1, 10
MIN_SCALE = 0.01
# Smaller libraries are measured anew whenever a video comes or leaves, so that the order of coming
# does not matter; larger ones when they have grown or shrunk by this share.
SMALL_LIBRARY = 1000
MAX_GROWTH = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """The stretched similarities of unrelated content in one space; see `calibration.stretch`.

    Attributes:
        n_pairs: pairs of a probe and a video that were measured.
        location: median over all pairs.
        scale: of a logistic distribution with the same median and upper quantile.
        levels: for each video of the index by id, the median of its own pairs, drawn towards
            `location` where they are few. A hub, which is near to everything, and a long video,
            which has something near to everything, have a high one.
    """

    n_pairs: int
    location: float
    scale: float
    levels: dict[str, float]

    def level_of(self, video_ids: Sequence[str]) -> FloatArray:
        """The levels of some videos: (videos,); those that are not known have the library's."""
        return np.array([self.levels.get(v, self.location) for v in video_ids], dtype=np.float64)


def summarise(similarities: FloatArray, video_ids: Sequence[str]) -> Background:
    """The background of measured pairs.

    Medians and an inner quantile, because some probes are related after all: two files of one song,
    or a chorus line in another's lyrics.

    Args:
        similarities: (probes, videos) cosines, NaN where a probe is of the video itself.
        video_ids: of the columns.
    """
    stretched = stretch(similarities)
    known = stretched[~np.isnan(stretched)]
    location, scale = _shrink(known)
    levels = find_levels(stretched, location)
    return Background(
        known.size, location, scale, dict(zip(video_ids, levels.tolist(), strict=True))
    )


def find_levels(stretched: FloatArray, location: float) -> FloatArray:
    """The (videos,) medians of (probes, videos), drawn towards a location where they are few."""
    n_known = np.count_nonzero(~np.isnan(stretched), axis=0)
    if not len(stretched):
        return np.full(stretched.shape[1], location)
    rising = np.sort(stretched, axis=0)  # NaN comes last
    columns = np.arange(stretched.shape[1])
    middle = np.maximum(n_known - 1, 0) // 2, np.minimum(n_known // 2, len(stretched) - 1)
    medians = (rising[middle[0], columns] + rising[middle[1], columns]) / 2
    weighted = np.where(n_known > 0, n_known * medians, 0.0)
    levels: FloatArray = (weighted + PRIOR_PROBES * location) / (n_known + PRIOR_PROBES)
    return levels


def _shrink(known: FloatArray) -> tuple[float, float]:
    """Location and scale of pairs, drawn towards the prior where these are few."""
    n = known.size
    if n == 0:
        return PRIOR_LOCATION, PRIOR_SCALE
    median, upper = np.quantile(known, [0.5, UPPER_QUANTILE])
    scale = float(upper - median) / np.log(UPPER_QUANTILE / (1 - UPPER_QUANTILE))
    total = n + PRIOR_PAIRS
    location = (n * float(median) + PRIOR_PAIRS * PRIOR_LOCATION) / total
    return location, max(MIN_SCALE, (n * scale + PRIOR_PAIRS * PRIOR_SCALE) / total)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A background with what is needed to measure more of it; of a video it holds but a handle.

    Attributes:
        n_videos: how many there were when location and scale were measured.
        n_pairs, location, scale: as in `Background`.
        handles: (v,) of the videos that have a level; see `VectorIndex.resolve`.
        levels: (v,).
        probes: that the levels were measured with.
    """

    n_videos: int
    n_pairs: int
    location: float
    scale: float
    handles: Integers
    levels: FloatArray
    probes: Probes

    @classmethod
    def take(cls, background: Background, probes: Probes, index: VectorIndex) -> Self:
        """What was measured just now."""
        ids = index.video_ids
        levels = background.level_of(ids)
        return cls(
            len(ids),
            background.n_pairs,
            background.location,
            background.scale,
            index.handles,
            levels,
            probes,
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self | None:
        """What `to_arrays` took apart; None where it is something else."""
        names = ("numbers", "handles", "levels", "probes", "segments", "words")
        if not set(names) <= set(arrays) or arrays["numbers"].shape != (4,):
            return None
        numbers, handles, levels, of_probes, segments, words = (arrays[name] for name in names)
        n_videos, n_pairs, location, scale = numbers.tolist()
        if handles.shape != levels.shape or segments.shape != (len(of_probes), 2):
            return None
        probes = Probes(of_probes, segments, words)
        return cls(int(n_videos), int(n_pairs), location, scale, handles, levels, probes)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays without Python objects."""
        return {
            "numbers": np.array([self.n_videos, self.n_pairs, self.location, self.scale]),
            "handles": self.handles,
            "levels": self.levels,
            "probes": self.probes.handles,
            "segments": self.probes.segments,
            "words": self.probes.words,
        }

    def read(self, index: VectorIndex) -> Background:
        """The background of the videos that are still there."""
        places = index.resolve(self.handles).tolist()
        levels = {
            index.video_ids[place]: level
            for place, level in zip(places, self.levels.tolist(), strict=True)
            if place >= 0
        }
        return Background(self.n_pairs, self.location, self.scale, levels)

    def fits(self, background: Background, index: VectorIndex) -> bool:
        """Whether it is of the videos that there are now, and of no others."""
        return len(self.handles) == len(background.levels) == len(index.video_ids)

    def may_grow(self, index: VectorIndex) -> bool:
        """Whether location and scale may stay: a large library, and not changed by much."""
        n_now = len(index.video_ids)
        if n_now < SMALL_LIBRARY or abs(n_now - self.n_videos) > MAX_GROWTH * self.n_videos:
            return False
        return 2 * len(self.probes.keep_living(index)) >= len(self.probes)

    def grow(self, kind: Kind, background: Background, index: VectorIndex) -> Self:
        """Measure the videos that came since, with the same probes, and forget those that left."""
        new = [video_id for video_id in index.video_ids if video_id not in background.levels]
        asked = ask_probes(index, kind, self.probes.keep_living(index), new)
        levels = find_levels(stretch(asked), self.location)
        known = background.levels | dict(zip(new, levels.tolist(), strict=True))
        return replace(
            self,
            n_pairs=self.n_pairs + int(np.count_nonzero(~np.isnan(asked))),
            handles=index.handles,
            levels=np.array([known[video_id] for video_id in index.video_ids]),
        )
