"""Calibrates the similarities of a query against the library's own null distribution."""

import math
import threading
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.query.encode import EncodedPart
from mvsearch.search.query.words.languages import Hidden, find_own_lines
from mvsearch.search.retrieval.video_table import Positions
from mvsearch.search.scoring.calibration import (
    MAX_UNRELATED,
    WeakMarks,
    compute_surprisal,
    find_same_levels,
)
from mvsearch.search.scoring.fusion import FloatArray, Measured, merge_parts
from mvsearch.search.scoring.null_distribution import recall_distribution
from mvsearch.search.scoring.null_samples import Kind
from mvsearch.search.scoring.null_statistics import NullDistribution
from mvsearch.store.library import Library
from mvsearch.store.records import Modality
from mvsearch.store.vectors.index import VectorIndex

# Typed text has its own null distribution; other queries are pieces of videos.
_KINDS: dict[str, Kind] = {"text": "words", "lyric": "words", "ocr": "words", "image": "image"}
# Of these an answer is the same picture or sound, and not only a similar one.
_EXACT_KINDS = ("image", "clip", "audio")


class Calibrator:
    """Calibrates similarities with the null distributions of a library, kept for many searches."""

    def __init__(self, library: Library, encoders: Encoders) -> None:
        self.library = library
        self._encoders = encoders
        # By index, because threads may see different states of the library.
        self._known: WeakKeyDictionary[VectorIndex, dict[Kind, NullDistribution]] = (
            WeakKeyDictionary()
        )
        self._latest: dict[tuple[str, Kind], tuple[int, NullDistribution]] = {}
        self._levels: dict[
            tuple[str, Kind], tuple[NullDistribution, Sequence[str], FloatArray]
        ] = {}
        self._lock = threading.Lock()

    def obtain(self, index: VectorIndex, kind: Kind) -> NullDistribution:
        """The null distribution of a kind of query in the space of an index."""
        with self._lock:
            known = self._known.setdefault(index, {})
        if kind not in known:
            with self.library.working_on(f"{index.space.key} {kind}"):
                if kind not in known:  # another thread may have measured it
                    known[kind] = self._recall(index, kind)
        return known[kind]

    def _recall(self, index: VectorIndex, kind: Kind) -> NullDistribution:
        """The distribution of a new state of a space, which is mostly that of the state before."""
        placement, before = self._latest.get((index.space.key, kind), (None, None))
        if placement != index.placement:
            before = None
        found = recall_distribution(self.library, index, kind, self._encoders, before)
        self._latest[index.space.key, kind] = (index.placement, found)
        return found

    def obtain_for(self, part: EncodedPart, index: VectorIndex) -> NullDistribution:
        """The null distribution of a part of a query."""
        return self.obtain(index, _KINDS.get(part.part.kind, "clip"))

    def calibrate_parts(
        self,
        parts: Sequence[tuple[EncodedPart, VectorIndex]],
        video_ids: Sequence[str],
        hidden: Hidden,
    ) -> Callable[[FloatArray, Positions], Measured]:
        """Prepare the calibration of the parts of a query.

        Args:
            parts: each part with its index.
            video_ids: all videos of the search.
            hidden: (parts, videos), which cosines do not count where another part of the same
                modality has one.

        Returns:
            A function from (parts, videos) cosines, NaN if there are none, and the positions of
            these videos in `video_ids`, to the mean cosine and the mean surprisal of the parts of
            each modality.
        """
        modalities = [part.modality for part, _ in parts]
        kinds: list[Kind] = [_KINDS.get(part.part.kind, "clip") for part, _ in parts]
        founds = [self.obtain(index, kind) for (_, index), kind in zip(parts, kinds, strict=True)]
        levels = [
            self._level(index.space.key, kind, found, video_ids)
            for (_, index), kind, found in zip(parts, kinds, founds, strict=True)
        ]

        costs = [math.log10(part.n_tried) for part, _ in parts]

        def calibrate(similarities: FloatArray, positions: Positions) -> Measured:
            if hidden.any():
                similarities = _hide(similarities, hidden[:, positions], modalities)
            surprisals = np.full(similarities.shape, np.nan)
            for row, (found, level) in enumerate(zip(founds, levels, strict=True)):
                surprisals[row] = compute_surprisal(
                    similarities[row], level[positions], found.scale
                )
                surprisals[row] = np.maximum(surprisals[row] - costs[row], 0.0)
            return merge_parts(similarities, modalities), merge_parts(surprisals, modalities)

        return calibrate

    def judge_lines(
        self,
        parts: Sequence[tuple[EncodedPart, VectorIndex]],
        video_ids: Sequence[str],
        similarities: FloatArray,
        positions: Positions,
    ) -> FloatArray | None:
        """The surprisals of lyrics in the space of many languages; None without one.

        Args:
            parts: each part with its index.
            video_ids: all videos of the search.
            similarities: (parts, videos) cosines of some of them.
            positions: of these in `video_ids`.
        """
        own = find_own_lines([part for part, _ in parts], len(video_ids))
        if not own.any():
            return None
        return self.calibrate_parts(parts, video_ids, own)(similarities, positions)[1]["lyrics"]

    def find_marks(
        self, parts: Sequence[tuple[EncodedPart, VectorIndex]], n_videos: int
    ) -> WeakMarks:
        """The thresholds below which a result of a query is weak.

        Args:
            parts: of the query, each with its index.
            n_videos: number of videos that are searched.
        """
        chance: dict[Modality, float] = {}
        for part, index in parts:
            if part.part.kind in _EXACT_KINDS:
                best = self.obtain_for(part, index).best
                level = best.find_level(n_videos, MAX_UNRELATED)
                chance[part.modality] = max(chance.get(part.modality, 0.0), level)
        stills = {p.modality for p, _ in parts if p.part.kind == "image" or p.n_tried > 1}
        spaces = [index.space for _, index in parts]
        is_exact = all(part.part.kind in _EXACT_KINDS for part, _ in parts)
        return WeakMarks(n_videos, find_same_levels(spaces, stills), chance, is_exact)

    def calibrate_pairs(
        self,
        index: VectorIndex,
        similarities: FloatArray,
        video_ids: Sequence[str],
        other_ids: Sequence[str],
    ) -> FloatArray:
        """The surprisal of (videos, others) cosines of whole videos, which is symmetric.

        A pair's level is the mean of both videos' levels.
        """
        found = self.obtain(index, "video")
        levels = (found.level_of(video_ids)[:, None] + found.level_of(other_ids)) / 2
        return compute_surprisal(similarities, levels, found.scale)

    def calibrate_one(
        self,
        index: VectorIndex,
        similarities: FloatArray,
        video_id: str,
        video_ids: Sequence[str],
        positions: Positions,
    ) -> FloatArray:
        """The surprisal of (videos,) cosines of one video with those at positions of a list."""
        found = self.obtain(index, "video")
        levels = self._level(index.space.key, "video", found, video_ids)[positions]
        own = found.level_of([video_id])[0]
        return compute_surprisal(similarities, (levels + own) / 2, found.scale)

    def _level(
        self, key: str, kind: Kind, found: NullDistribution, video_ids: Sequence[str]
    ) -> FloatArray:
        """The levels of videos, cached for the last list of videos."""
        known = self._levels.get((key, kind))
        if known is None or known[0] is not found or known[1] is not video_ids:
            known = (found, video_ids, found.level_of(video_ids))
            self._levels[key, kind] = known
        return known[2]


def _hide(similarities: FloatArray, hidden: Hidden, modalities: Sequence[Modality]) -> FloatArray:
    """Leave out hidden cosines of videos that another part of the modality has one of."""
    counts = ~np.isnan(similarities) & ~hidden
    has_another = [
        counts[[other == modality for other in modalities]].any(axis=0) for modality in modalities
    ]
    return np.where(hidden & np.array(has_another), np.nan, similarities)
