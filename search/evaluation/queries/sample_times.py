"""Chooses query times that avoid the library's frame times and black or silent parts."""

import math
import random
import statistics
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from mvsearch.search.query.encode import own_spaces
from mvsearch.store.library import Library
from mvsearch.store.records import Modality, Segment, Video

# Between two frames of the library, so that no query frame is one that is stored.
OFF_GRID = (0.2, 0.8)
# A library that takes few frames has no grid to keep off; this is the widest of the usual ones.
MAX_PERIOD_SECONDS = 2.0
MIN_PERIOD_SECONDS = 0.04
MARGIN_SECONDS = 0.5
MARGIN_SHARE = 0.04
# Of what is asked with, so much may be of one colour, or silent.
MAX_EMPTY_SHARE = 0.5
N_TRIES = 40


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of the times of one video.

    Attributes:
        held: the modalities that the library holds vectors of.
        period_seconds: from one frame of the library to the next.
        uniform_seconds: when frames of one colour are shown.
        sounding: stretches with sound, which may overlap; empty where none is held.
    """

    video: Video
    held: frozenset[Modality]
    period_seconds: float
    uniform_seconds: tuple[float, ...] = ()
    sounding: tuple[tuple[float, float], ...] = ()

    def room(self, seconds: float) -> float:
        """How many seconds there are to begin a clip in; below 0 where it is too long."""
        return self.video.duration_seconds - 2 * self._margin() - seconds

    def draw(self, seconds: float, stratum: tuple[int, int], draw: random.Random) -> float | None:
        """Draw where a clip begins, or a picture is taken where it has no length.

        Args:
            seconds: how long it is.
            stratum: (number, n): the room is cut into n parts, and the number says which.
            draw: the generator.

        Returns:
            Seconds from the start of the video, to a thousandth; None where chance finds none.
        """
        part = self.room(seconds) / stratum[1]
        first = self._margin() + stratum[0] * part
        for _ in range(N_TRIES if part > 0 else 0):
            at = math.floor(draw.uniform(first, first + part) / self.period_seconds)
            start = round((at + draw.uniform(*OFF_GRID)) * self.period_seconds, 3)
            end = start + seconds
            is_within = self._margin() <= start <= self._margin() + self.room(seconds)
            if is_within and not self.is_blank(start, end) and not self.is_silent(start, end):
                return start
        return None

    def is_blank(self, start_seconds: float, end_seconds: float) -> bool:
        """Whether more than half of the frames shown there have one colour."""
        if "frames" not in self.held:
            return False
        first = start_seconds - self.period_seconds
        n_blank = sum(first < at <= end_seconds for at in self.uniform_seconds)
        n_shown = max(1.0, (end_seconds - start_seconds) / self.period_seconds)
        return n_blank > MAX_EMPTY_SHARE * n_shown

    def is_silent(self, start_seconds: float, end_seconds: float) -> bool:
        """Whether more than half of it is in no stretch with sound; pictures have none to have."""
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


def read_places(library: Library, video: Video, modalities: Collection[Modality]) -> Places:
    """Look up what the library knows of the times of a video."""
    segments: dict[Modality, tuple[Segment, ...]] = {}
    for modality, space in own_spaces(library).items():
        embeddings = library.catalog.embeddings(video.id, space.key)
        if modality in modalities and embeddings is not None and embeddings.segments:
            segments[modality] = embeddings.segments
    starts = sorted({s.start_seconds or 0.0 for s in segments.get("frames", ())})
    steps = [after - before for before, after in pairwise(starts)]
    period = statistics.median(steps) if steps else MAX_PERIOD_SECONDS
    return Places(
        video,
        frozenset(segments),
        min(max(period, MIN_PERIOD_SECONDS), MAX_PERIOD_SECONDS),
        library.catalog.uniform_seconds(video.id),
        tuple((s.start_seconds or 0.0, s.end_seconds or 0.0) for s in segments.get("audio", ())),
    )
