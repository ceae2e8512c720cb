"""Ranks the videos that answer a query by all of its parts, and tells where in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.search.contrast import exclude, list_indexes
from mvsearch.search.localization.moments import find_moments
from mvsearch.search.query.query import Query
from mvsearch.search.query.words.languages import find_hidden
from mvsearch.search.ranking import Ranker
from mvsearch.search.results import Result
from mvsearch.search.retrieval.blocks import read_ahead
from mvsearch.search.retrieval.retrieve import Candidates, compare_some, find_candidates
from mvsearch.search.retrieval.video_table import Positions
from mvsearch.search.scoring.calibrator import Calibrator
from mvsearch.search.scoring.fusion import FloatArray, Measured
from mvsearch.search.temporal.preparing import Placed, Scope

# Where results are left out, a server is asked for more candidates: so many times the results.
DEPTHS = (4, 16, 64)
# Of each part, the candidates of a server that have ranks for reciprocal rank fusion.
N_RANKED = 256
# Scores are summed in different orders.
ROUNDING = 1e-6


def rank_parts(
    calibrator: Calibrator, query: Query, ranker: Ranker, parts: Placed, scope: Scope
) -> list[Result]:
    """Retrieve candidates, rank them by calibrated and fused scores, and locate the query.

    Args:
        calibrator: of the library.
        query: with the parts.
        ranker: of what speaks for a video.
        parts: encoded, in their indexes; the negative ones last.
        scope: the videos that are searched.
    """
    alike = [pair for pair in parts if not pair[0].part.is_negative]
    asked, ids = list_indexes(alike), scope.table.video_ids
    other_language = find_hidden(ranker.library.catalog, [part for part, _ in alike], ids)
    measure = calibrator.calibrate_parts(asked, ids, other_language)
    search = _RankedSearch(calibrator, query, ranker, parts, scope, len(alike), measure)
    # Ranks (rrf) and exclusions need all videos; skipped ones are replaced from further down.
    is_whole = ranker.options.fusion == "rrf" or ranker.options.is_picky or query.has_negative
    if not is_whole and ranker.evidence is None:
        return search.rank(search.find(ranker.options.top))
    if not scope.table.is_remote:
        return search.rank(search.find(None))
    return search.rank_few()


@dataclass(frozen=True, slots=True, eq=False)
class _RankedSearch:
    """A query that is compared with candidates.

    Attributes:
        n_alike: number of the parts that speak for a video, the first ones.
        measure: of the cosines of these parts; see `Calibrator.calibrate_parts`.
    """

    calibrator: Calibrator
    query: Query
    ranker: Ranker
    parts: Placed
    scope: Scope
    n_alike: int
    measure: Callable[[FloatArray, Positions], Measured]

    def score(self, similarities: FloatArray, positions: Positions) -> FloatArray:
        """What speaks for videos at positions of the table, by the cosines of all parts."""
        scores = self.ranker.score(*self.measure(similarities[: self.n_alike], positions))
        evidence = self.ranker.evidence
        if evidence is None or self.ranker.options.fusion != "calibrated":
            return scores
        weighed = evidence.weigh(self.scope.table.pick(positions))
        return weighed.add_to(scores, "calibrated")

    def find(self, n_wanted: int | None) -> Candidates:
        """Candidates that include the best videos."""
        scope, queries = self.scope, [placed for _, placed in self.parts]
        return find_candidates(
            queries, self.score, n_wanted, scope.left_out, scope.table, scope.within
        )

    def rank(self, found: Candidates) -> list[Result]:
        """The results among candidates."""
        alike, unlike = self.parts[: self.n_alike], self.parts[self.n_alike :]
        ranker, table, asked = self.ranker, self.scope.table, list_indexes(alike)
        if unlike:
            ranker = exclude(ranker, self.query, unlike, found, table, self.calibrator)
        rows, at = found.similarities[: len(asked)], found.positions
        self._read_best(found)
        return ranker.rank(
            found.video_ids,
            self.measure(rows, at),
            lambda video: find_moments(ranker.library, video, alike, ranker.options.n_moments),
            of_lines=self.calibrator.judge_lines(asked, table.video_ids, rows, at),
        )

    def _read_best(self, found: Candidates) -> None:
        """Ask a server once for the vectors of the likely results, whose moments are looked for."""
        if self.scope.table.is_remote:
            scores = np.nan_to_num(self.score(found.similarities, found.positions), nan=-np.inf)
            best = np.argsort(-scores, kind="stable")[: self.ranker.options.top]
            ids = [found.video_ids[at] for at in best.tolist()]
            read_ahead(self.scope.table.indexes, ids)

    def rank_few(self) -> list[Result]:
        """The results without comparing all videos: of more and more candidates.

        They are those of all videos, unless the last of `DEPTHS` leaves a doubt, as judgements do
        by another fusion than the calibrated one. Reciprocal rank fusion gives exact ranks to the
        best `N_RANKED` of each part alone.
        """
        if self.ranker.options.fusion == "rrf":
            return self.rank(self._find_of_each())
        results: list[Result] = []
        for depth in DEPTHS:
            n_wanted = depth * self.ranker.options.top
            found = self.find(n_wanted)
            results = self.rank(found)
            if len(found.positions) < n_wanted or self._is_settled(results, found, n_wanted):
                break
        return results

    def _is_settled(self, results: Sequence[Result], found: Candidates, n_wanted: int) -> bool:
        """Whether no video that is no candidate can be among the results."""
        options = self.ranker.options
        # Judgements are added to ranks of scores, of which candidates have no bound.
        is_unbound = self.ranker.evidence is not None and options.fusion != "calibrated"
        if is_unbound or len(results) < options.top:
            return False
        scores = self.score(found.similarities, found.positions)
        others = np.sort(scores[~np.isnan(scores)])[::-1][n_wanted - 1 :]
        return not len(others) or results[-1].score >= others[0] - ROUNDING

    def _find_of_each(self) -> Candidates:
        """The videos that are among the best by one of the parts."""
        scope, queries = self.scope, [placed for _, placed in self.parts]
        best: list[Positions] = []
        for placed in queries[: self.n_alike]:
            found = find_candidates(
                [placed], lambda similarities, _: similarities[0], N_RANKED,
                scope.left_out, scope.table, scope.within,
            )  # fmt: skip
            best.append(found.positions[np.argsort(-found.similarities[0])[:N_RANKED]])
        return compare_some(queries, scope.table, np.unique(np.concatenate(best)))
