"""Gathers what all judgements of a session say about each video of a library."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mvsearch.search.feedback.means import VideoMeans
from mvsearch.search.feedback.reason import Feedback
from mvsearch.search.feedback.records import Judgement, Round
from mvsearch.search.feedback.update import find_attraction, share_among, weigh_choice
from mvsearch.search.query.weights import Weights
from mvsearch.search.retrieval.video_table import Positions
from mvsearch.search.scoring.fusion import FloatArray, Fusion
from mvsearch.store.records import Modality

Means = Mapping[Modality, VideoMeans]


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """What one judgement says in one modality.

    Attributes:
        points: (n,) of the videos with mean vectors of the modality.
    """

    judgement: Judgement
    modality: Modality
    points: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """The points of some videos.

    Attributes:
        terms: of the rows of `points`.
        points: (terms, videos).
    """

    terms: tuple[Term, ...]
    points: FloatArray
    titles: Mapping[str, str]

    def add_to(self, scores: FloatArray, fusion: Fusion) -> FloatArray:
        """Scores with the points of feedback, which are in the unit of calibrated scores.

        Scores of another fusion become surprisals: -log10 of the share of videos that reach them.
        """
        if fusion != "calibrated":
            scores = rank_scores(scores)
        total: FloatArray = scores + self.points.sum(axis=0)
        return total

    def explain(self, at: int) -> Feedback:
        """The points of one video, and who has the most of them."""
        column = self.points[:, at]
        points: dict[Modality, float] = {}
        of_judgements: dict[Judgement, float] = {}
        for term, one in zip(self.terms, column.tolist(), strict=True):
            points[term.modality] = points.get(term.modality, 0.0) + one
            of_judgements[term.judgement] = of_judgements.get(term.judgement, 0.0) + one
        most = max(of_judgements, key=lambda one: abs(of_judgements[one]), default=None)
        if most is None or not of_judgements[most]:
            return Feedback(points)
        title = self.titles.get(most.video_id, "")
        return Feedback(points, most.video_id, title, most.is_liked)


@dataclass(frozen=True, slots=True, eq=False)
class FeedbackEvidence:
    """What the judgements of a session say about each video.

    Attributes:
        titles: of the judged videos, by id.
    """

    means: Means
    terms: tuple[Term, ...]
    titles: Mapping[str, str]

    def weigh(self, video_ids: Sequence[str]) -> Weighed:
        """The points of some videos; none for one without vectors of the modality."""
        points = np.zeros((len(self.terms), len(video_ids)))
        places = {m: self._place(m, video_ids) for m in {term.modality for term in self.terms}}
        for row, term in zip(points, self.terms, strict=True):
            at = places[term.modality]
            row[:] = np.where(at >= 0, term.points[at], 0.0)
        return Weighed(self.terms, points, self.titles)

    def _place(self, modality: Modality, video_ids: Sequence[str]) -> Positions:
        position = self.means[modality].position
        return np.array([position.get(one, -1) for one in video_ids], dtype=np.intp)


def gather_evidence(
    rounds: Sequence[Round], means: Means, weights: Weights, titles: Mapping[str, str]
) -> FeedbackEvidence:
    """Gather what judgements say; those of videos that have left the library say nothing.

    Args:
        rounds: of a session.
        means: of the modalities in which videos are compared.
        weights: of the modalities, for judgements of several of them.
        titles: of the judged videos that are in the library, by id.
    """
    terms = [
        term
        for one in rounds
        for modality, table in means.items()
        for term in _weigh_round(one, modality, table)
    ]
    held: dict[Judgement, dict[Modality, None]] = {}
    for term in terms:
        held.setdefault(term.judgement, {})[term.modality] = None
    shares = {one: share_among(tuple(among), weights) for one, among in held.items()}
    weighted = (
        Term(term.judgement, term.modality, term.points * shares[term.judgement][term.modality])
        for term in terms
    )
    return FeedbackEvidence(means, tuple(weighted), titles)


def _weigh_round(shown: Round, modality: Modality, table: VideoMeans) -> Iterator[Term]:
    """What the judgements of one list say in one modality."""
    judged = [
        one for one in shown.judgements if one.is_about(modality) and one.video_id in table.position
    ]
    if not judged:
        return
    ids = [one for one in dict.fromkeys(shown.shown) if one in table.position]
    ids += [one.video_id for one in judged if one.video_id not in ids]
    attractions = find_attraction(table.compare(ids))
    for one in judged:
        own = attractions[:, ids.index(one.video_id)]
        if one.start_seconds is not None and one.end_seconds is not None:
            piece = table.compare_moment(one.video_id, one.start_seconds, one.end_seconds)
            if piece is None:
                continue
            own = find_attraction(piece)
        alike = {other.video_id for other in judged if other.is_liked == one.is_liked}
        is_other = np.array([video_id not in alike for video_id in ids])
        others, n_others = attractions @ is_other, int(is_other.sum())
        yield Term(one, modality, weigh_choice(own, others, n_others, is_liked=one.is_liked))


def rank_scores(scores: FloatArray) -> FloatArray:
    """-log10 of the share of scores that reach each; NaN stays NaN."""
    known = np.sort(scores[~np.isnan(scores)])
    n_reaching = known.size - np.searchsorted(known, scores, side="left")
    share = np.maximum(n_reaching, 1) / max(1, known.size)
    return np.where(np.isnan(scores), np.nan, -np.log10(share))
