"""The evidence of a judgement is Bayes' rule over what was shown."""

import math

import numpy as np
import pytest

from mvsearch.search.feedback.update import (
    MIN_EVIDENCE,
    find_attraction,
    share_among,
    weigh_choice,
)
from mvsearch.search.scoring.fusion import NEUTRAL


def choose(surprisals: list[float], sigma: float = 1.0) -> list[float]:
    """The probability of each of some shown results, and of something unrelated, to be chosen."""
    weights = [10 ** (one / sigma) for one in (*surprisals, NEUTRAL)]
    return [one / sum(weights) for one in weights]


def weigh(
    near: np.ndarray, others: np.ndarray, *, is_liked: bool, sigma: float = 1.0
) -> np.ndarray:
    """The evidence for each video, from its surprisals with what was shown."""
    own, rest = find_attraction(near, sigma), find_attraction(others, sigma).sum(axis=1)
    return weigh_choice(own, rest, others.shape[1], is_liked=is_liked, sigma=sigma)


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_a_like_is_as_probable_as_the_choice_among_what_was_shown(sigma: float) -> None:
    near, others = np.array([2.0, 0.1]), np.array([[0.5, 0.3], [1.5, 0.3]])
    found = weigh(near, others, is_liked=True, sigma=sigma)
    for at in range(2):
        chosen = choose([near[at], *others[at]], sigma)[0]
        # An indifferent user chooses each of the four with the same probability.
        assert found[at] == pytest.approx(math.log10(chosen / (1 / 4)))
    assert found[0] > 0 > found[1]


def test_a_dislike_is_that_it_was_not_chosen() -> None:
    near, others = np.array([2.0, 0.1]), np.array([[0.5], [1.5]])
    found = weigh(near, others, is_liked=False, sigma=1.0)
    for at in range(2):
        chosen = choose([near[at], *others[at]])[0]
        assert found[at] == pytest.approx(math.log10((1 - chosen) / (2 / 3)))
    assert found[0] < 0 < found[1]


def test_a_single_result_is_judged_against_what_is_unrelated() -> None:
    near, nothing = np.array([3.0, NEUTRAL, 0.0]), np.empty((3, 0))
    liked, disliked = (weigh(near, nothing, is_liked=one) for one in (True, False))
    assert liked[1] == disliked[1] == pytest.approx(0)
    assert liked[0] > 0 > liked[2]
    assert disliked[0] < 0 < disliked[2]


def test_no_judgement_rules_a_video_out() -> None:
    found = weigh(np.array([0.0]), np.array([[6.0]]), is_liked=True, sigma=0.1)
    assert found[0] == MIN_EVIDENCE


def test_weights_are_shared_among_what_is_judged() -> None:
    assert share_among(["frames", "audio"], {"frames": 0.3, "audio": 0.1, "lyrics": 9.0}) == {
        "frames": pytest.approx(0.75), "audio": pytest.approx(0.25)
    }  # fmt: skip
    assert share_among(["frames", "audio"], {}) == {"frames": 0.5, "audio": 0.5}
