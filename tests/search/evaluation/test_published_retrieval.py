"""The metrics on ranks against every number of two published evaluations of video and music.

VM-NET (csehong/VM-NET @73c719b) and video-to-music-eval (seungheondoh @4270eb7); `test_metrics`
holds the most telling of these numbers itself, for where the reference data is not at hand.
"""

from collections.abc import Sequence

import numpy as np
import pytest

from mvsearch.search.evaluation.metrics import (
    average_precision,
    first_rank,
    recall_at_k,
    recall_share_at_k,
    reciprocal_rank,
)
from tests.search.metrics.oracles import read_case

SOURCE = "retrieval.json"


def rank_right(similarities: np.ndarray, right: np.ndarray) -> list[tuple[int, ...]]:
    """Ranks of the right columns of each row; of equal similarities the lower column is first."""
    order = np.argsort(-similarities, axis=1, kind="stable")
    places = np.take_along_axis(right, order, axis=1)
    return [tuple((np.flatnonzero(row) + 1).tolist()) for row in places]


def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (first, second)]
    return unit[0] @ unit[1].T


def mean_recall(ranks: Sequence[tuple[int, ...]], k: int) -> float:
    return float(np.mean([recall_at_k(each, len(each), k) for each in ranks]))


def test_vm_net_in_both_directions() -> None:
    case = read_case(SOURCE, "VM-NET recall, 1000 pairs")
    draw = np.random.RandomState(0)
    music = draw.randn(1000, 32)
    video = music + 2.5 * draw.randn(1000, 32)
    pairs, similar = np.eye(1000, dtype=bool), cosines(music, video)
    to_video, to_music = rank_right(similar, pairs), rank_right(similar.T, pairs)
    for name, expected in case["recall"].items():
        k = int(name.removeprefix("R@"))
        assert mean_recall(to_video, k) == pytest.approx(expected["xy_music_to_video"], rel=1e-6)
        assert mean_recall(to_music, k) == pytest.approx(expected["yx_video_to_music"], rel=1e-6)
    of_video = [first_rank(ranks, 1, 1000) for ranks in to_music]
    assert np.median(of_video) == case["median_rank_v2m"]
    assert np.mean(of_video) == pytest.approx(case["mean_rank_v2m"], rel=1e-6)
    assert np.median([first_rank(r, 1, 1000) for r in to_video]) == case["median_rank_m2v"]
    reciprocal = np.mean([reciprocal_rank(ranks, 1) for ranks in to_music])
    assert reciprocal == pytest.approx(case["mrr_v2m"], rel=1e-6)


def test_vm_net_with_several_right_answers() -> None:
    case = read_case(SOURCE, "multi-positive affinity")
    right = np.eye(6, dtype=bool)
    right[0, 1] = right[1, 0] = True
    draw = np.random.RandomState(4)
    similar = cosines(draw.randn(6, 3), draw.randn(6, 3))
    assert similar == pytest.approx(np.array(case["sim"]), rel=1e-6)
    for name, expected in case["recall"].items():
        k = int(name.removeprefix("R@"))
        found = mean_recall(rank_right(similar, right), k)
        assert found == pytest.approx(expected["xy_music_to_video"])
        found = mean_recall(rank_right(similar.T, right.T), k)
        assert found == pytest.approx(expected["yx_video_to_music"])


def test_lists_that_end_before_the_right_answer() -> None:
    """A miss counts in recall there as here; the median there leaves it out, here it does not."""
    case = read_case(SOURCE, "truncated lists")
    draw = np.random.RandomState(9)
    lists = [draw.permutation(30)[:15].tolist() for _ in range(20)]
    ranks = [(one.index(q) + 1,) if q in one else () for q, one in enumerate(lists)]
    assert [each[0] if each else None for each in ranks] == case["ranks"]
    for k in (1, 5, 10, 50):
        found = np.mean([recall_at_k(each, 1, k) for each in ranks])
        assert found == pytest.approx(case[f"recall@{k}"])
    assert np.median([each[0] for each in ranks if each]) == case["median_rank"] == 7
    assert np.median([first_rank(each, 1, 30) for each in ranks]) == 30


@pytest.mark.parametrize("k", [1, 3, 5, 10])
def test_one_ranking_with_three_right_answers_of_which_two_are_ranked(k: int) -> None:
    case = read_case(SOURCE, "compute_metrics")
    ranking, gold = "abcdefghij", {"c", "g", "z"}
    ranks = tuple(at for at, name in enumerate(ranking, start=1) if name in gold)
    within = tuple(rank for rank in ranks if rank <= k)
    assert recall_at_k(ranks, 3, k) == case[f"hit@{k}"]
    assert recall_share_at_k(ranks, 3, k) == pytest.approx(case[f"recall@{k}"])
    assert average_precision(within, 3) == pytest.approx(case[f"map@{k}"])
    assert reciprocal_rank(within, 3) == pytest.approx(case[f"mrr@{k}"])
