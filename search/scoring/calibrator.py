"""Calibrates the similarities of a query against the library's own null distribution."""

import threading
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.query.encode import EncodedPart
from mvsearch.search.retrieval.video_table import Positions
from mvsearch.search.scoring.calibration import find_surprise
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.scoring.null_distribution import measure_background
from mvsearch.search.scoring.null_samples import Kind
from mvsearch.search.scoring.null_statistics import Background
from mvsearch.store.library import Library
from mvsearch.store.vectors.index import VectorIndex

# Text that is typed is like nothing in the library; other queries are pieces of videos.
_KINDS: dict[str, Kind] = {"text": "words", "lyric": "words"}


class Backgrounds:
    """What similarities in a library are seen against, read once for many searches."""

    def __init__(self, library: Library, encoders: Encoders) -> None:
        self._library = library
        self._encoders = encoders
        # By the index itself: threads that see different states do not measure for each other.
        self._known: WeakKeyDictionary[VectorIndex, dict[Kind, Background]] = WeakKeyDictionary()
        self._levels: dict[tuple[str, Kind], tuple[Background, Sequence[str], FloatArray]] = {}
        self._lock = threading.Lock()

    def obtain(self, index: VectorIndex, kind: Kind) -> Background:
        """The background of a kind of query in the space of an index."""
        with self._lock:
            known = self._known.setdefault(index, {})
        if kind not in known:
            with self._library.working_on(f"{index.space.key} {kind}"):
                if kind not in known:  # another thread may have measured it
                    known[kind] = measure_background(self._library, index, kind, self._encoders)
        return known[kind]

    def obtain_for(self, part: EncodedPart, index: VectorIndex) -> Background:
        """The background of a part of a query."""
        return self.obtain(index, _KINDS.get(part.part.kind, "clip"))

    def calibrate_parts(
        self, asked: Sequence[tuple[EncodedPart, VectorIndex]], video_ids: Sequence[str]
    ) -> Callable[[FloatArray, Positions], FloatArray]:
        """Prepare to see the parts of a query against their backgrounds.

        Args:
            asked: each part, and the index that it is asked of.
            video_ids: all that may be found.

        Returns:
            A function of (parts, videos) cosines, NaN where there are none, and the places of these
            videos in `video_ids`, that gives their surprise.
        """
        kinds: list[Kind] = [_KINDS.get(part.part.kind, "clip") for part, _ in asked]
        founds = [self.obtain(index, kind) for (_, index), kind in zip(asked, kinds, strict=True)]
        levels = [
            self._level(index.space.key, kind, found, video_ids)
            for (_, index), kind, found in zip(asked, kinds, founds, strict=True)
        ]

        def calibrate(similarities: FloatArray, positions: Positions) -> FloatArray:
            surprises = np.full(similarities.shape, np.nan)
            for row, (found, level) in enumerate(zip(founds, levels, strict=True)):
                surprises[row] = find_surprise(similarities[row], level[positions], found.scale)
            return surprises

        return calibrate

    def calibrate_pairs(
        self,
        index: VectorIndex,
        similarities: FloatArray,
        video_ids: Sequence[str],
        other_ids: Sequence[str],
    ) -> FloatArray:
        """The surprise of (videos, others) cosines of whole videos, the same both ways.

        A pair's level is the mean of both videos' levels.
        """
        found = self.obtain(index, "video")
        levels = (found.level_of(video_ids)[:, None] + found.level_of(other_ids)) / 2
        return find_surprise(similarities, levels, found.scale)

    def _level(
        self, key: str, kind: Kind, found: Background, video_ids: Sequence[str]
    ) -> FloatArray:
        """The levels of the same many videos as last time are not looked up again."""
        known = self._levels.get((key, kind))
        if known is None or known[0] is not found or known[1] is not video_ids:
            known = (found, video_ids, found.level_of(video_ids))
            self._levels[key, kind] = known
        return known[2]
