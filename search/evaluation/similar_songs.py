"""Evaluates the similar-songs report against groups and counts hubs."""

from collections.abc import Sequence

from mvsearch.indexer.progress import Progress, count_steps
from mvsearch.search.engine import Engine
from mvsearch.search.evaluation.evaluation import Hubness
from mvsearch.search.evaluation.metrics import k_occurrence
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.systems import System
from mvsearch.search.retrieval.matrix import SimilarityMatrix
from mvsearch.search.scoring.fusion import FloatArray, Fusion, order_best_first
from mvsearch.store.records import Video

HUB_K = 10


def rank_similar(
    engine: Engine,
    systems: Sequence[System],
    groups: Groups,
    fusion: Fusion,
    progress: Progress,
) -> tuple[list[Outcome], Hubness | None]:
    """Rank, by every system, all videos by similarity to each one that shares a group.

    Args:
        engine: of a library with two videos or more.
        systems: to rank by.
        groups: videos that share any group are right answers, for every system.
        fusion: the system whose hubs are counted.
        progress: of the stage "similar".
    """
    count = count_steps(progress, "similar")
    outcomes: list[Outcome] = []
    hubness: Hubness | None = None
    matrix: SimilarityMatrix | None = None
    for n_done, each in enumerate(systems, start=1):
        single = [m for m in each.modalities if each.name == m]
        if matrix is None or not single:
            matrix = engine.all_pairs(each.options).compute_matrix()
        scores = matrix.similarities[single[0]] if single else matrix.scores
        rankings = rank_rows(scores, matrix.videos)
        outcomes += _judge(matrix.videos, rankings, each, groups)
        if each.name == fusion:
            hubness = count_hubs(matrix.videos, rankings)
        count(n_done, len(systems))
    return outcomes, hubness


def rank_rows(scores: FloatArray, videos: Sequence[Video]) -> list[list[int]]:
    """The columns of each row of an (n, n) matrix, best first; without the diagonal and NaN."""
    ids = [video.id for video in videos]
    return [
        [int(at) for at in order_best_first(row, ids) if at != own]
        for own, row in enumerate(scores)
    ]


def count_hubs(videos: Sequence[Video], rankings: Sequence[Sequence[int]]) -> Hubness:
    """Count how often each video is among the first ten, or all others if there are fewer.

    A video without a comparable other one has no ranking.
    """
    k = min(HUB_K, len(videos) - 1)
    counts = k_occurrence(rankings, k, len(videos))
    names = tuple(f"{v.artist} - {v.title}" if v.artist else v.title for v in videos)
    n_rankings = sum(1 for ranking in rankings if ranking)
    return Hubness(k, names, tuple(int(count) for count in counts), n_rankings)


def _judge(
    videos: Sequence[Video], rankings: Sequence[Sequence[int]], system: System, groups: Groups
) -> list[Outcome]:
    outcomes = []
    for video, ranking in zip(videos, rankings, strict=True):
        found = [videos[at].id for at in ranking]
        answers = groups.find_similar(video.id)
        right = answers & set(found)
        if not right:
            continue
        ranks = [rank for rank, video_id in enumerate(found, start=1) if video_id in right]
        outcomes.append(
            Outcome(
                source=video.id,
                query=video.id,
                kind="similar",
                distortion="none",
                seconds=None,
                system=system.name,
                n_videos=len(found),
                n_relevant=len(right),
                relevant_ranks=tuple(ranks),
            )
        )
    return outcomes
