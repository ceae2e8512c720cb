"""Chance is measured by pairs of unrelated videos, whichever side asks."""

import numpy as np
import pytest

from mvsearch.search.joint.other_side import MAX_PROBES, AskedSide, measure_chance
from mvsearch.search.joint.places import Places
from mvsearch.search.joint.tables import compare_directions
from mvsearch.search.mood.chance import Chance
from mvsearch.store.records import Side

PRIOR = Chance(0.0, 0.3)


@pytest.mark.parametrize("side", ["picture", "sound"])
def test_chance_is_that_of_unrelated_pairs(side: Side) -> None:
    n = 2 * MAX_PROBES
    ids = tuple(f"{at:03}" for at in range(n))
    # Sounds are as like their own pictures as can be, and as unlike all others: at an angle of 60°.
    own = np.concatenate([np.full((n, 1), 0.5**0.5), np.eye(n) * 0.5**0.5], axis=1)
    places = Places(ids, own.astype(np.float32))
    asked = AskedSide(side, places.vectors[0], compare_directions)
    assert asked.measure(places.vectors)[:3].tolist() == pytest.approx([1, 0.5, 0.5])
    # All unrelated pairs are equally alike: their median, drawn towards the 0 that is expected.
    n_pairs = MAX_PROBES * (n - 1)
    expected = np.arctanh(0.995 * 0.5) * n_pairs / (n_pairs + 100)
    assert measure_chance(asked, places, places, PRIOR).location == pytest.approx(
        expected, rel=1e-5
    )


def test_one_video_says_nothing_of_chance() -> None:
    one, none = (
        Places(("a",), np.ones((1, 2), np.float32)),
        Places((), np.zeros((0, 0), np.float32)),
    )
    asked = AskedSide("picture", one.vectors[0], compare_directions)
    # Its own sound is its only pair.
    assert measure_chance(asked, one, one, PRIOR) == PRIOR
    assert measure_chance(asked, none, one, PRIOR) == PRIOR
