"""Answers a query in time: scores all videos, and tells where each part is in the best."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from mvsearch.search.feedback.evidence import FeedbackEvidence, Weighed
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.contents import open_copy_indexes
from mvsearch.search.query.query import Query
from mvsearch.search.results import Result
from mvsearch.search.retrieval.blocks import read_ahead
from mvsearch.search.retrieval.video_table import VideoTable
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.search.temporal.best import iter_best
from mvsearch.search.temporal.grid import Cells, Grid, make_grid
from mvsearch.search.temporal.leaves import ComparedLeaf
from mvsearch.search.temporal.plan import Plan
from mvsearch.search.temporal.reasons import Reasons
from mvsearch.search.temporal.scoring import Curve, score_plan
from mvsearch.search.versions.dedupe import KnownCopies, collapse_ranking, open_copy_test
from mvsearch.store.library import Library
from mvsearch.store.records import Video

# Cells of all curves of a part that are held at once: 8 MB.
MAX_CELLS_AT_ONCE = 1_000_000
# Of a library on a server, the videos whose curves are computed; the order is exact if it is
# decided by then.
MAX_DRAWN = 1024


@dataclass(frozen=True, slots=True, eq=False)
class TemporalSearch:
    """A query in time that is ready to be scored, in one state of a library.

    Attributes:
        leaves: of the query, in order.
        table: of the indexes.
        open: positions in the table of the videos that are searched.
        n_videos: that are searched, with what they are compared by or without.
        evidence: what is liked and disliked; None in a search that was not refined.
    """

    library: Library
    plan: Plan
    leaves: Sequence[ComparedLeaf]
    table: VideoTable
    open: Cells
    n_videos: int
    evidence: FeedbackEvidence | None = None

    def search(self, query: Query, options: SearchOptions, known: KnownCopies) -> list[Result]:
        """The best videos, exactly as if all were scored; on a server, see `MAX_DRAWN`.

        Args:
            query: with the expression of the plan.
            options: the number of results and of moments, and which are left out.
            known: near-duplicates of earlier searches.

        Raises:
            QueryError: near-duplicates cannot be detected, because an encoder is not calibrated.
        """
        is_copy = None
        if options.has_collapse:
            is_copy = open_copy_test(open_copy_indexes(self.library), known)
        ranked: list[tuple[str, float]] = []
        videos = self._read(self._iter_best(), ranked, options.top)
        reasons = Reasons(self.library, query.parts, self.plan, self.leaves, self.n_videos)
        results: list[Result] = []
        for chosen in collapse_ranking(videos, options.top, is_copy, options.per_artist):
            video_id, score = ranked[chosen.position]
            position = np.array([self.table.position[video_id]])
            grid, curves = self._draw([video_id], position)
            told = reasons.tell(chosen.video, position, grid, curves, options.n_moments)
            judged = self._weigh([video_id])
            feedback = None if judged is None else judged.explain(0)
            results.append(
                Result(
                    len(results) + 1,
                    score,
                    chosen.video,
                    told.contributions,
                    told.moments,
                    told.is_weak and (feedback is None or feedback.total <= 0),
                    chosen.copies,
                    parts=told.parts,
                    feedback=feedback,
                )
            )
        return results

    def score(self, positions: Cells) -> FloatArray:
        """The scores of videos at positions of the table: mean evidence of what is wanted."""
        scores = np.empty(len(positions))
        ids = self.table.pick(positions)
        read_ahead(self.table.indexes, ids)
        ends = np.array([self._find_end(video_id) for video_id in ids])
        order = np.argsort(ends, kind="stable")
        begin = 0
        while begin < len(order):
            some = self._take_alike(ends, order[begin:])
            grid, curves = self._draw([ids[at] for at in some], positions[some])
            scores[some] = score_plan(self.plan, curves, grid) / self.plan.total_weight
            begin += len(some)
        return scores

    def bound(self) -> FloatArray:
        """Upper bounds of the scores of all searched videos: each part at its best moment."""
        total = np.zeros(len(self.open))
        for number, leaf in enumerate(self.leaves):
            if number not in self.plan.unwanted:
                total += leaf.bound(self.table, self.open)
        return total / self.plan.total_weight

    def _iter_best(self) -> Iterator[tuple[str, float]]:
        ids = self.table.pick(self.open)
        judged = self._weigh(ids)
        more = np.zeros(len(ids)) if judged is None else judged.points.sum(axis=0)
        found = iter_best(
            self.bound() + more,
            ids,
            lambda some: self.score(self.open[some]) + more[some],
            MAX_DRAWN if self.table.is_remote else None,
        )
        return ((ids[at], score) for at, score in found)

    def _weigh(self, video_ids: Sequence[str]) -> Weighed | None:
        return None if self.evidence is None else self.evidence.weigh(video_ids)

    def _read(
        self, found: Iterator[tuple[str, float]], ranked: list[tuple[str, float]], n_at_once: int
    ) -> Iterator[Video]:
        """The videos in order, as many as are asked for; what was read is added to `ranked`."""
        while some := list(islice(found, n_at_once)):
            ranked += some
            videos = self.library.catalog.some_videos([video_id for video_id, _ in some])
            yield from (videos[video_id] for video_id, _ in some)

    def _take_alike(self, ends: FloatArray, order: Cells) -> Cells:
        """The first videos, of rising lengths, that have the same cells and fit into memory."""
        n = 1
        step = make_grid(float(ends[order[0]])).step_seconds
        while n < len(order):
            grid = make_grid(float(ends[order[n]]))
            if grid.step_seconds != step or grid.n_cells * (n + 1) > MAX_CELLS_AT_ONCE:
                break
            n += 1
        return order[:n]

    def _draw(self, video_ids: Sequence[str], positions: Cells) -> tuple[Grid, list[Curve]]:
        ends = np.array([self._find_end(video_id) for video_id in video_ids])
        grid = make_grid(float(ends.max()))
        n_cells = (ends / grid.step_seconds).astype(np.int64) + 2
        is_behind: npt.NDArray[np.bool_] = np.arange(grid.n_cells) >= n_cells[:, None]
        curves = [leaf.draw(video_ids, positions, grid, is_behind) for leaf in self.leaves]
        return grid, curves

    def _find_end(self, video_id: str) -> float:
        """The end of the last segment of a video; zero without times."""
        end = 0.0
        for index in self.table.indexes:
            if index.count(video_id):
                ends = index.spans(video_id).ends
                end = max(end, float(np.max(ends, initial=0.0, where=np.isfinite(ends))))
        return end
