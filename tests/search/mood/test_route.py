"""Routes follow their line, take as long as they should, and repeat nothing."""

from itertools import permutations

import numpy as np
import pytest

from mvsearch.search.mood.route import STEP_WEIGHT, Line, Places, plan_route


def make_places(n: int, seed: int = 1, n_artists: int = 1000) -> Places:
    rng = np.random.default_rng(seed)
    points, seconds = rng.uniform(0.1, 0.9, (n, 2)), rng.uniform(120, 300, n)
    return Places(points, seconds, np.arange(n), rng.integers(0, n_artists, n))


@pytest.mark.parametrize("minutes", [10, 60, 180])
def test_a_route_follows_its_line_from_end_to_end(minutes: float) -> None:
    places = make_places(2000, n_artists=2000)
    line = Line((0.3, 0.2), (0.7, 0.8), 60 * minutes)
    route = plan_route(places, line)
    chosen = list(route.chosen)
    assert len(set(chosen)) == len(set(places.artists[chosen])) == len(chosen)
    assert route.seconds == pytest.approx(places.seconds[chosen].sum())
    assert abs(route.seconds - line.seconds) <= 0.05 * line.seconds
    middles = (np.cumsum(places.seconds[chosen]) - places.seconds[chosen] / 2) / line.seconds
    targets = np.array([0.3, 0.2]) + middles[:, None] * np.array([0.4, 0.6])
    away = np.linalg.norm(places.points[chosen] - targets, axis=1)
    drawn = np.linalg.norm(places.points[: len(chosen)] - targets, axis=1)
    assert away.mean() < 0.05 < 0.3 < drawn.mean()
    steps = np.linalg.norm(np.diff(places.points[chosen], axis=0), axis=1)
    assert steps.max() < 0.72 / len(chosen) + 0.12  # the line itself is 0.72 long


def test_of_few_songs_the_best_order_is_found() -> None:
    places = make_places(6)
    line = Line((0.2, 0.2), (0.8, 0.8), float(places.seconds.sum()))

    def cost(order: tuple[int, ...]) -> float:
        total, begun, before = 0.0, 0.0, None
        for at in order:
            share = (begun + places.seconds[at] / 2) / line.seconds
            away = places.points[at] - (0.2 + 0.6 * share)
            step = 0.0 if before is None else STEP_WEIGHT * float(((away - before) ** 2).sum())
            total += places.seconds[at] * (float((away**2).sum()) + step)
            begun, before = begun + places.seconds[at], away
        return total

    route = plan_route(places, line)
    assert set(route.chosen) == set(range(6))
    costs = {order: cost(order) for order in permutations(range(6))}
    assert cost(route.chosen) <= sorted(costs.values())[7]  # among the best of 720 orders


def test_songs_and_artists_are_not_repeated_while_others_are_left() -> None:
    places = make_places(12, n_artists=1)
    few = Places(places.points, places.seconds, np.arange(12) % 6, np.arange(12) % 3)
    line = Line((0.1, 0.1), (0.9, 0.9), 1200)
    route = plan_route(few, line)
    songs, artists = few.songs[list(route.chosen)], few.artists[list(route.chosen)]
    assert len(set(songs)) == len(songs)
    assert np.all(artists[1:] != artists[:-1])  # three artists do not suffice
    assert abs(route.seconds - 1200) <= 60
    unknown = Places(places.points, places.seconds, np.arange(12), np.full(12, -1))
    assert abs(plan_route(unknown, line).seconds - 1200) <= 60


def test_where_songs_do_not_suffice_the_route_is_shorter_and_arrives() -> None:
    places = make_places(8)
    route = plan_route(places, Line((0.1, 0.1), (0.9, 0.9), 36_000))
    assert set(route.chosen) == set(range(8))
    along = places.points[list(route.chosen)].sum(axis=1)
    assert along[:4].mean() < along[4:].mean()
    nothing = Places(np.zeros((0, 2)), np.zeros(0), np.zeros(0, int), np.zeros(0, int))
    assert plan_route(nothing, Line((0.1, 0.1), (0.9, 0.9), 60)).chosen == ()
