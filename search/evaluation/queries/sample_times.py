"""Chooses query times that avoid the library's frame times and black or silent parts."""

import math
import random
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mvsearch.store.library import Library
from mvsearch.store.records import Modality, Video
from mvsearch.store.vectors.index import VectorIndex

# Range between two frames of the library, so that no query frame equals a stored one.
OFF_GRID = (0.2, 0.8)
# Limit for libraries with few frames per video; this is the largest usual interval.
MAX_PERIOD_SECONDS = 2.0
MIN_PERIOD_SECONDS = 0.04
MARGIN_SECONDS = 0.5
MARGIN_SHARE = 0.04
# The share of a query that may be uniform or silent.
MAX_EMPTY_SHARE = 0.5
N_TRIES = 40


@dataclass(frozen=True, slots=True)
class SampleTimes:
    """The times of one video at which queries may be cut.

    Attributes:
        held: the modalities with vectors in the library.
        period_seconds: time between two frames of the library.
        uniform_seconds: times of uniform frames (one colour).
        sounding: intervals with sound, which may overlap; empty without audio vectors.
    """

    video: Video
    held: frozenset[Modality]
    period_seconds: float
    uniform_seconds: tuple[float, ...] = ()
    sounding: tuple[tuple[float, float], ...] = ()

    def room_seconds(self, seconds: float) -> float:
        """The range of start times of a clip in seconds; below 0 if the clip is too long."""
        return self.video.duration_seconds - 2 * self._margin() - seconds

    def draw(self, seconds: float, stratum: tuple[int, int], draw: random.Random) -> float | None:
        """Draw the start of a clip, or the time of a picture (`seconds` is 0).

        Args:
            seconds: length of the clip.
            stratum: (number, n): draws from part `number` of n equal parts of the range.
            draw: the generator.

        Returns:
            Seconds from the start of the video, rounded to a thousandth; None if none was found.
        """
        part = self.room_seconds(seconds) / stratum[1]
        first = self._margin() + stratum[0] * part
        for _ in range(N_TRIES if part > 0 else 0):
            at = math.floor(draw.uniform(first, first + part) / self.period_seconds)
            start = round((at + draw.uniform(*OFF_GRID)) * self.period_seconds, 3)
            end = start + seconds
            is_within = self._margin() <= start <= self._margin() + self.room_seconds(seconds)
            if is_within and not self.is_blank(start, end) and not self.is_silent(start, end):
                return start
        return None

    def is_blank(self, start_seconds: float, end_seconds: float) -> bool:
        """Whether more than half of the frames in the interval are uniform."""
        if "frames" not in self.held:
            return False
        first = start_seconds - self.period_seconds
        n_blank = sum(first < at <= end_seconds for at in self.uniform_seconds)
        n_shown = max(1.0, (end_seconds - start_seconds) / self.period_seconds)
        return n_blank > MAX_EMPTY_SHARE * n_shown

    def is_silent(self, start_seconds: float, end_seconds: float) -> bool:
        """Whether more than half of the interval is silent; False for a picture."""
        seconds = end_seconds - start_seconds
        if "audio" not in self.held or seconds <= 0:
            return False
        heard, reached = 0.0, start_seconds
        for start, end in self.sounding:
            heard += max(0.0, min(end, end_seconds) - max(start, reached))
            reached = max(reached, min(end, end_seconds))
        return heard < (1 - MAX_EMPTY_SHARE) * seconds

    def _margin(self) -> float:
        return min(MARGIN_SECONDS, MARGIN_SHARE * self.video.duration_seconds)


def read_sample_times(
    library: Library, video: Video, indexes: Mapping[Modality, VectorIndex]
) -> SampleTimes:
    """Read the frame times, uniform frames and sound intervals of a video.

    Args:
        library: of the video.
        video: that queries are cut from.
        indexes: of the modalities by which queries can be compared.
    """
    spans = {m: _list_spans(index, video) for m, index in indexes.items() if index.count(video.id)}
    starts = sorted({start for start, _ in spans.get("frames", ())})
    steps = [after - before for before, after in pairwise(starts)]
    period = statistics.median(steps) if steps else MAX_PERIOD_SECONDS
    return SampleTimes(
        video,
        frozenset(spans),
        min(max(period, MIN_PERIOD_SECONDS), MAX_PERIOD_SECONDS),
        library.catalog.uniform_seconds(video.id),
        spans.get("audio", ()),
    )


def _list_spans(index: VectorIndex, video: Video) -> tuple[tuple[float, float], ...]:
    """The start and end of each vector; 0.0 without a time."""
    spans = index.spans(video.id)
    starts, ends = (np.nan_to_num(times).tolist() for times in (spans.starts, spans.ends))
    return tuple(zip(starts, ends, strict=True))
