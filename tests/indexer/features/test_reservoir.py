from collections import Counter
from itertools import combinations

import pytest
from scipy.stats import chi2, chisquare

from mvsearch.indexer.features.reservoir import Reservoir


def draw(n_items: int, size: int, seed: str) -> list[int]:
    """The places of a stream of `n_items` that stay in the end."""
    reservoir = Reservoir(size, seed)
    held: dict[int, int] = {}
    for place in range(n_items):
        slot = reservoir.offer()
        if slot is not None:
            held[slot] = place
    return sorted(held.values())


@pytest.mark.parametrize(("n_items", "n_drawn"), [(0, 0), (1, 1), (3, 3), (4, 3), (1000, 3)])
def test_as_many_are_drawn_as_there_are_up_to_its_size(n_items: int, n_drawn: int) -> None:
    drawn = draw(n_items, 3, "a")
    assert len(drawn) == len(set(drawn)) == n_drawn
    assert set(drawn) <= set(range(n_items))


def test_a_seed_always_draws_the_same_and_another_another() -> None:
    assert draw(100, 5, "song") == draw(100, 5, "song")
    assert len({tuple(draw(100, 5, str(seed))) for seed in range(50)}) == 50


def test_every_set_is_equally_likely() -> None:
    n_draws = 6000
    counts = Counter(tuple(draw(6, 3, str(seed))) for seed in range(n_draws))
    sets = list(combinations(range(6), 3))
    assert set(counts) <= set(sets)
    assert chisquare([counts[one] for one in sets]).pvalue > 0.01


def test_the_end_of_a_long_stream_is_as_likely_as_its_beginning() -> None:
    n_draws, n_items, size = 2000, 60, 10
    counts = Counter(place for seed in range(n_draws) for place in draw(n_items, size, str(seed)))
    share = size / n_items
    expected = n_draws * share
    # Places are drawn without replacement, so their counts vary less than those of independent
    # draws: by 1 - share, and the sum of all is fixed.
    variance = expected * (1 - share) * n_items / (n_items - 1)
    statistic = sum((counts[place] - expected) ** 2 / variance for place in range(n_items))
    assert 0.01 < chi2.sf(statistic, n_items - 1) < 0.99


def test_an_empty_reservoir_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Reservoir(0, "a")
