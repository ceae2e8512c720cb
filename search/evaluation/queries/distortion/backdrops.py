"""Chooses the other videos of queries: those behind insets, and those that are heard in mixes."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from mvsearch.search.evaluation.queries.distortion.staging import Backdrop
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.sample_times import SampleTimes
from mvsearch.store.records import Video


@dataclass(frozen=True, slots=True)
class Backdrops:
    """Chooses other videos among those of a library.

    Attributes:
        times: of the videos.
        groups: videos that count as right answers for each other.
        seed: of the random generators.
    """

    times: Sequence[SampleTimes]
    groups: Groups
    seed: int

    def choose(
        self, source: Video, label: str, seconds: float
    ) -> tuple[Backdrop, frozenset[str]] | None:
        """Choose a video that has nothing to do with the source of a query.

        Args:
            source: of the query.
            label: of the query; the same label gives the same backdrop.
            seconds: length of the query.

        Returns:
            The backdrop, and the ids of the videos that show it: they are a right answer to what is
            around the inset, and are hidden. None where there is no such video.
        """
        related = self.groups.find_similar(source.id) | {source.id}
        others = [t for t in self.times if "frames" in t.held and t.video.id not in related]
        draw = random.Random(f"{self.seed}/backdrop/{label}")
        draw.shuffle(others)
        for other in others:
            length = min(seconds, max(0.0, other.room_seconds(0.0)) / 2)
            start = other.draw(length, (0, 1), draw)
            if start is not None:
                hidden = self.groups.find_similar(other.video.id) | {other.video.id}
                return Backdrop(other.video.path, start), hidden - related
        return None

    def choose_sound(
        self, source: Video, label: str, seconds: float
    ) -> tuple[Backdrop, Video] | None:
        """Choose a video that has nothing to do with the source, and a piece of its sound.

        The arguments are those of `choose`.

        Returns:
            The piece, and the video; None where there is none.
        """
        related = self.groups.find_similar(source.id) | {source.id}
        others = [t for t in self.times if "audio" in t.held and t.video.id not in related]
        draw = random.Random(f"{self.seed}/sound/{label}")
        draw.shuffle(others)
        for other in others:
            start = other.draw(seconds, (0, 1), draw)
            if start is not None:
                return Backdrop(other.video.path, start), other.video
        return None
