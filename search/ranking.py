"""Ranks compared videos by their fused scores, without duplicates where they are collapsed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mvsearch.search.feedback.evidence import FeedbackEvidence
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.contents import (
    read_videos,
)
from mvsearch.search.query.weights import Weights
from mvsearch.search.results import Contribution, Moment, Result
from mvsearch.search.scoring.calibration import WeakMarks, find_same_levels
from mvsearch.search.scoring.fusion import (
    FloatArray,
    Measured,
    Similarities,
    fuse,
    order_best_first,
    split_scores,
)
from mvsearch.search.scoring.two_sources import find_two_sources, put_first
from mvsearch.search.temporal.found import FoundPart
from mvsearch.search.versions.dedupe import IsCopy, KnownCopies, collapse_ranking, open_copy_test
from mvsearch.store.library import Library
from mvsearch.store.records import Modality, Video
from mvsearch.store.vectors.index import VectorIndex

FindMoments = Callable[[Video], tuple[Moment, ...]]


@dataclass(frozen=True, slots=True)
class Ranker:
    """Ranks videos, all of one search by the same rules.

    Attributes:
        library: that the videos are from.
        options: of the search.
        weights: of the modalities.
        is_copy: None if near-duplicates are not collapsed.
        marks: decide which results are weak.
        evidence: what is liked and disliked; None in a search that was not refined.
    """

    library: Library
    options: SearchOptions
    weights: Weights
    is_copy: IsCopy | None
    marks: WeakMarks
    evidence: FeedbackEvidence | None = None

    def score(self, similarities: Similarities, surprisals: Similarities) -> FloatArray:
        """The fused scores (videos,), NaN if a video has no modality of the search."""
        return self._fuse((similarities, surprisals))[0]

    def rank(
        self,
        video_ids: Sequence[str],
        measured: Measured,
        find_moments: FindMoments,
        known: Mapping[str, Video] | None = None,
        of_lines: FloatArray | None = None,
    ) -> list[Result]:
        """Rank videos, best first; where picture and sound are from two videos, these come first.

        Args:
            video_ids: v of them.
            measured: (v,) similarities and surprisals of each modality, NaN where there are none.
            find_moments: called with each video that becomes a result.
            known: the videos by id; None to read them from the library.
            of_lines: (v,) surprisals of lyrics in the space of many languages, NaN without lyrics.
                They decide which lyrics are weak; None without such a space.
        """
        options = self.options
        scores, shares, points = self._fuse(measured)
        weighed = None if self.evidence is None else self.evidence.weigh(video_ids)
        scores = scores if weighed is None else weighed.add_to(scores, options.fusion)
        sources = self._find_sources(measured) if weighed is None else {}
        order = put_first(order_best_first(scores, video_ids), sources)
        source_of = {at: modality for modality, at in sources.items()}
        ranking = self._read([video_ids[at] for at in order], known)
        results: list[Result] = []
        for chosen in collapse_ranking(ranking, options.top, self.is_copy, options.per_artist):
            at, video = order[chosen.position], chosen.video
            contributions = _list_contributions(measured, shares, points, at)
            line = None if of_lines is None else float(of_lines[at])
            parts = self._find_parts(at, video)
            is_weak = self._is_weak(contributions, line, parts)
            told = None if weighed is None else weighed.explain(at)
            results.append(
                Result(
                    len(results) + 1,
                    float(scores[at]),
                    video,
                    contributions,
                    find_moments(video),
                    is_weak and (told is None or told.total <= 0),
                    chosen.copies,
                    source_of.get(at),
                    parts=parts,
                    feedback=told,
                )
            )
        return results

    def _fuse(self, measured: Measured) -> tuple[FloatArray, Similarities, Similarities]:
        """The scores (videos,), and for each modality its weights and its parts of the scores."""
        scores, shares = fuse(self.options.fusion, *measured, self.weights)
        return scores, shares, split_scores(self.options.fusion, *measured, shares)

    def _find_sources(self, measured: Measured) -> dict[Modality, int]:
        """The positions of the two videos that picture and sound of a query are from, if any."""
        return find_two_sources(measured, self.marks)

    def _find_parts(self, at: int, video: Video) -> tuple[FoundPart, ...]:
        """What the video at a position has of the parts that count by themselves."""
        return ()

    def _is_weak(
        self,
        contributions: Mapping[Modality, Contribution],
        line: float | None,
        parts: Sequence[FoundPart],
    ) -> bool:
        """Whether a result is no better than chance."""
        return self.marks.is_weak(contributions, line)

    def _read(self, video_ids: Sequence[str], known: Mapping[str, Video] | None) -> Iterable[Video]:
        if known is None:
            return read_videos(self.library, video_ids, self.options.top)
        return map(known.__getitem__, video_ids)


def make_ranker(
    library: Library,
    options: SearchOptions,
    weights: Weights,
    marks: WeakMarks,
    indexes: Mapping[Modality, VectorIndex],
    known: KnownCopies | None = None,
) -> Ranker:
    """Make the ranker of a search.

    Args:
        library: that the videos are from.
        options: of the search.
        weights: of the modalities.
        marks: decide which results are weak.
        indexes: in which near-duplicates are compared, if the options collapse them.
        known: near-duplicates of earlier searches; None for none.

    Raises:
        QueryError: near-duplicates cannot be detected, because an encoder is not calibrated.
    """
    is_copy = open_copy_test(indexes, known) if options.has_collapse else None
    return Ranker(library, options, weights, is_copy, marks)


def mark_similar(n_videos: int, indexes: Mapping[Modality, VectorIndex]) -> WeakMarks:
    """The thresholds for videos that are compared with each other, among so many."""
    return WeakMarks(n_videos, find_same_levels([index.space for index in indexes.values()]))


def _list_contributions(
    measured: Measured, shares: Similarities, points: Similarities, at: int
) -> dict[Modality, Contribution]:
    """The contribution of each modality to the score of the video at a position."""
    similarities, surprisals = measured
    return {
        modality: Contribution(
            float(similarities[modality][at]),
            float(share[at]),
            float(surprisals[modality][at]),
            float(points[modality][at]),
        )
        for modality, share in shares.items()
        if share[at] != 0
    }
