"""Bars of the report: as long as the scores, whichever fusion made them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvsearch.search.feedback.reason import Feedback
from mvsearch.search.output.html.score_bar import (
    count_rest,
    describe_score,
    find_longest,
    split_bar,
)
from mvsearch.search.results import Contribution, Result
from mvsearch.search.scoring.fusion import NEUTRAL, fuse, split_scores
from mvsearch.store.records import Video

WEIGHTS: dict[Any, float] = {"frames": 0.3, "lyrics": 0.4, "audio": 0.3}


def read_bar(result: Result, longest: float) -> dict[str, float]:
    """The width of each part of a bar in percent; parts have no gaps between them."""
    parts = split_bar(result, longest)
    for (_, x, width), (_, following, _) in pairwise(parts):
        assert following == pytest.approx(x + width)
    return {name: width for name, _, width in parts}


def rank(fusion: Any, similarities: Any, surprisals: Any) -> list[Result]:
    """Results as the engine makes them."""
    scores, shares = fuse(fusion, similarities, surprisals, WEIGHTS)
    points = split_scores(fusion, similarities, surprisals, shares)
    return [
        Result(
            at + 1,
            float(score),
            Video(str(at), Path(f"/{at}"), "t"),
            {
                m: Contribution(
                    similarities[m][at], share[at], surprisals[m][at], float(points[m][at])
                )
                for m, share in shares.items()
                if share[at] > 0
            },
        )
        for at, score in enumerate(scores)
    ]


@pytest.mark.parametrize("fusion", ["calibrated", "weighted", "rrf"])
def test_bars_are_the_scores_under_every_fusion(fusion: Any) -> None:
    rng = np.random.default_rng(4)
    similarities = {m: rng.uniform(0.05, 1.0, 40) for m in WEIGHTS}
    surprisals = {m: rng.exponential(2.0, 40) for m in WEIGHTS}
    for number, m in enumerate(WEIGHTS):
        lacking = np.arange(40) % 4 == number
        similarities[m][lacking] = surprisals[m][lacking] = np.nan
    results = rank(fusion, similarities, surprisals)
    longest = find_longest(results)
    for result in results:
        bar = read_bar(result, longest)
        assert sum(bar.values()) == pytest.approx(100 * result.score / longest)
        if fusion == "rrf":
            continue
        for m, part in result.contributions.items():
            value = part.calibrated if fusion == "calibrated" else part.similarity
            assert bar[m] == pytest.approx(100 * part.weight * value / longest)
        lacked = 1.0 - sum(part.weight for part in result.contributions.values())
        neutral = NEUTRAL * lacked if fusion == "calibrated" else 0.0
        assert bar.get("rest", 0.0) == pytest.approx(100 * neutral / longest)


def test_parts_by_ranks_are_the_published_sum() -> None:
    similarities = {"frames": np.array([0.9, 0.2]), "audio": np.array([0.1, 0.8])}
    first, second = rank("rrf", similarities, similarities)
    bar = read_bar(first, 1 / 61)
    assert bar["frames"] == pytest.approx(50.0)
    assert bar["audio"] == pytest.approx(50 * 61 / 62)
    assert first.score == pytest.approx(second.score)


def test_what_counts_against_a_video_shortens_its_bar() -> None:
    parts: Any = {
        "frames": Contribution(0.5, 0.6, 2.0, 0.3),
        "lyrics": Contribution(-0.25, 0.4, 0.1, -0.1),
    }
    video = Video("a", Path("/a"), "t")
    assert read_bar(Result(1, 0.2, video, parts), 0.4) == {"frames": pytest.approx(50.0)}
    against: Any = {"lyrics": Contribution(-0.25, 1.0, 0.1, -0.25)}
    assert read_bar(Result(1, -0.25, video, against), 0.4) == {}
    assert read_bar(Result(1, 0.0, video), 0.0) == {}


def test_feedback_is_no_part_that_was_not_compared() -> None:
    parts: Any = {"frames": Contribution(0.5, 1.0, 2.0, 2.0)}
    feedback = Feedback({"frames": 0.75})
    liked = Result(1, 2.75, Video("a", Path("/a"), "t"), parts, feedback=feedback)
    assert count_rest(liked) == 0.0
    assert describe_score(liked).startswith("2.75 = pictures 2 ")
    assert describe_score(liked).endswith("feedback 0.75")


def test_a_better_score_never_has_a_shorter_bar() -> None:
    """Two results of one query: a line that is sung, and pictures that are somewhat alike."""
    video = Video("a", Path("/a"), "t")
    sung: Any = {
        "frames": Contribution(0.12, 0.30, 0.3, 0.09),
        "lyrics": Contribution(1.0, 0.40, 42.4, 16.96),
        "audio": Contribution(0.68, 0.30, 2.9, 0.87),
    }
    alike: Any = {
        "frames": Contribution(0.41, 0.30, 2.6, 0.78),
        "lyrics": Contribution(0.30, 0.40, 0.5, 0.2),
        "audio": Contribution(0.40, 0.30, 0.4, 0.12),
    }
    first, second = Result(1, 17.92, video, sung), Result(2, 1.1, video, alike)
    assert sum(read_bar(first, 17.92).values()) == pytest.approx(100.0)
    assert sum(read_bar(second, 17.92).values()) == pytest.approx(100 * 1.1 / 17.92)
    assert "1.1 = pictures 0.78 (similarity 0.41, surprisal 2.6) + " in describe_score(second)
