"""Computes the evidence of one encoded part over the time of videos."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.search.localization.landmark_evidence import LandmarkEvidence
from mvsearch.search.query.encode import EncodedPart
from mvsearch.search.retrieval.retrieve import IndexQuery, bound_videos, score_videos
from mvsearch.search.retrieval.video_table import VideoTable
from mvsearch.search.scoring.calibration import compute_surprisal
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.temporal.grid import Cells, Grid, find_extents, slide_max, spread_max

# The vectors of a clip lie where its times say, within it.
CLIP_SECONDS = 1.0
# Several vectors without times lie together within so long for each, and at least so long in all.
EACH_SECONDS, TOGETHER_SECONDS = 5.0, 10.0
# What is somewhere in the video speaks for each of its moments by this share.
UNTIMED_SHARE = 0.5
# Of a query vector where a video has nothing.
NOTHING = -1.0


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Evidence over time, as in `scoring.Curve`, but zero where there is none.

    Attributes:
        is_held: (v,) whether a video has something to compare.
    """

    during: FloatArray
    begins: FloatArray
    lengths: Cells
    is_held: npt.NDArray[np.bool_]

    @classmethod
    def make_empty(cls, n_videos: int, grid: Grid) -> "Track":
        """The track of what is nowhere."""
        shape = n_videos, grid.n_cells
        return cls(
            np.zeros(shape),
            np.zeros(shape),
            np.zeros(shape, dtype=np.int64),
            np.zeros(n_videos, dtype=np.bool_),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An encoded part with what its similarities mean.

    Attributes:
        query: its vectors in the index.
        levels: (table,) of the videos of the table; see `compute_surprisal`.
        scale: likewise.
        is_hidden: (table,) whether another part of the modality serves a video better.
    """

    part: EncodedPart
    query: IndexQuery
    levels: FloatArray
    scale: float
    is_hidden: npt.NDArray[np.bool_]

    @property
    def is_still(self) -> bool:
        """Whether it is compared with each segment by itself."""
        return len(self.part.vectors) == 1 and self.part.duration_seconds is None

    @property
    def duration_seconds(self) -> float:
        """The time that the part takes in a video, if it is not still."""
        if self.part.duration_seconds is not None:
            return self.part.duration_seconds
        section = self.part.part.section
        if section is not None and section.end_seconds is not None:
            return section.end_seconds - (section.start_seconds or 0.0)
        return max(TOGETHER_SECONDS, EACH_SECONDS * len(self.part.lines))

    def bound(self, table: VideoTable, positions: Cells) -> FloatArray:
        """The surprisals (v,) of the best matches anywhere in videos, which no moment exceeds."""
        return self._calibrate(bound_videos(self.query, table, positions), positions)

    def track(self, video_ids: Sequence[str], positions: Cells, grid: Grid) -> Track:
        """The evidence over the time of v videos at positions of the table."""
        track = Track.make_empty(len(video_ids), grid)
        for row, video_id in enumerate(video_ids):
            if self.query.index.count(video_id) and not self.is_hidden[positions[row]]:
                track.is_held[row] = True
                self._fill(track, row, video_id, int(positions[row]), grid)
        return track

    def find_segment(self, video_id: str, cell: int, grid: Grid) -> tuple[int, float]:
        """The segment with the best match of those in a cell, else of the video; its similarity.

        Not for parts of several vectors.
        """
        similarities = self.query.compare(video_id)[0].astype(np.float64)
        first, n = self._find_cells(video_id, grid)
        is_here = (first <= cell) & (cell < first + n)
        at = int(np.where(is_here, similarities, -np.inf).argmax() if is_here.any()
                 else similarities.argmax())  # fmt: skip
        return at, float(similarities[at])

    def find_pattern(
        self, video_id: str, cell: int, grid: Grid
    ) -> tuple[float | None, float | None, float]:
        """Start and end, in seconds, and similarity of a part of several vectors at a cell."""
        spans = self.query.index.spans(video_id)
        if not np.isfinite(spans.starts).any():
            return None, None, float(score_videos(self.query, [video_id])[0])
        found = self._compare_pattern(video_id, grid)
        first = max(0, cell - self._count_cells(grid) + 1)
        at = first + int(found[first : cell + 1].argmax())
        start = at * grid.step_seconds
        end = max(start, min(start + self.duration_seconds, float(np.nanmax(spans.ends))))
        return start, end, float(found[at])

    def _fill(self, track: Track, row: int, video_id: str, position: int, grid: Grid) -> None:
        is_timed = np.isfinite(self.query.index.spans(video_id).starts)
        if not is_timed.any():
            best = self._calibrate(score_videos(self.query, [video_id]), np.array([position]))
            track.during[row] = track.begins[row] = UNTIMED_SHARE * best[0]
        elif self.is_still:
            values = self._calibrate(
                self.query.compare(video_id)[0].astype(np.float64), np.array([position])
            )
            first, n = self._find_cells(video_id, grid)
            spread_max(values[is_timed], first[is_timed], n[is_timed], track.during[row])
            rising = np.flatnonzero(is_timed)[np.argsort(values[is_timed], kind="stable")]
            track.begins[row, first[rising]] = values[rising]
            track.lengths[row, first[rising]] = n[rising]
        else:
            found = self._calibrate(self._compare_pattern(video_id, grid), np.array([position]))
            track.begins[row] = found
            track.lengths[row] = self._count_cells(grid)
            track.during[row] = slide_max(found, self._count_cells(grid) - 1, 0)

    def _count_cells(self, grid: Grid) -> int:
        """The length of a part of several vectors."""
        return max(1, grid.count(self.duration_seconds))

    def _calibrate(self, similarities: FloatArray, positions: Cells) -> FloatArray:
        surprisals = compute_surprisal(similarities, self.levels[positions], self.scale)
        return np.maximum(surprisals - math.log10(self.part.n_tried), 0.0)

    def _find_cells(self, video_id: str, grid: Grid) -> tuple[Cells, Cells]:
        """The first cell of each segment and its number of cells; zeros without a time."""
        spans = self.query.index.spans(video_id)
        is_timed = np.isfinite(spans.starts) & np.isfinite(spans.ends)
        starts, ends = find_extents(self.part.modality, spans.starts, spans.ends)
        first = grid.place(np.where(is_timed, starts, 0.0))
        last = grid.place(np.where(is_timed, ends, 0.0))
        first = np.minimum(first, grid.n_cells - 1)
        return first, np.where(is_timed, np.maximum(last - first, 1), 0)

    def _compare_pattern(self, video_id: str, grid: Grid) -> FloatArray:
        """The similarity (cells,) of a part of several vectors that begins in each cell.

        The mean over the vectors of the best match near the time where each must lie.
        """
        evidence = self.query.evidence.get(video_id)
        if isinstance(evidence, LandmarkEvidence):
            similarities = self.query.vectors @ self.query.index.vectors(video_id).T
        else:
            similarities = self.query.compare(video_id)
        table = self._spread_rows(similarities, video_id, grid)
        total = np.zeros(grid.n_cells)
        for values, shift, reach in zip(table, *self._list_shifts(grid), strict=True):
            near = slide_max(values, reach, reach)[shift:]
            total += np.concatenate([near, np.full(min(shift, grid.n_cells), NOTHING)])
        found: FloatArray = total / len(table)
        if isinstance(evidence, LandmarkEvidence):
            at = grid.count(max(0.0, evidence.match.agreement.start_seconds))
            n = grid.count(CLIP_SECONDS)
            near_it = slice(max(0, at - n), at + n + 1)
            found[near_it] = evidence.combine(found[None, near_it].astype(np.float32))[0]
        return found

    def _list_shifts(self, grid: Grid) -> tuple[list[int], list[int]]:
        """Where each vector lies after the begin of the part, and how far from there; in cells."""
        times = self.part.times
        half = grid.count(self.duration_seconds / 2)
        shifts = [half if np.isnan(t) else grid.count(max(0.0, float(t))) for t in times]
        near = grid.count(CLIP_SECONDS)
        return shifts, [half if np.isnan(t) else near for t in times]

    def _spread_rows(
        self, similarities: npt.NDArray[np.float32], video_id: str, grid: Grid
    ) -> FloatArray:
        """The best similarity (q, cells) of each query vector in each cell."""
        first, n = self._find_cells(video_id, grid)
        segments = np.repeat(np.arange(len(n)), n)
        cells = np.arange(len(segments)) - np.repeat(np.cumsum(n) - n, n) + first[segments]
        order = np.argsort(cells, kind="stable")
        found, begins = np.unique(cells[order], return_index=True)
        table = np.full((len(similarities), grid.n_cells), NOTHING)
        is_inside = found < grid.n_cells
        best = np.maximum.reduceat(similarities[:, segments[order]], begins, axis=1)
        table[:, found[is_inside]] = best[:, is_inside]
        return table
