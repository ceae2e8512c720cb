"""Paths visit their stops in small steps, take as long as they should, and repeat nothing."""

from dataclasses import replace

import numpy as np
import pytest

from mvsearch.search.mixing.path import Course, Path, Songs, plan_path
from mvsearch.search.mixing.points import measure_distances, measure_limit

N = 400


def make_songs(seed: int = 1, n: int = N, n_artists: int = 10_000) -> Songs:
    """Songs all over a square, of two to four minutes."""
    rng = np.random.default_rng(seed)
    return Songs(
        rng.uniform(0, 1, (n, 2)).astype(np.float32),
        rng.uniform(120, 240, n),
        np.arange(n),
        rng.integers(0, n_artists, n),
        np.full(n, -1),
        None,
        np.ones(n),
    )


def find_steps(songs: Songs, path: Path) -> np.ndarray:
    return np.linalg.norm(np.diff(songs.places[list(path.chosen)], axis=0), axis=1)


def test_the_limit_is_the_percentile_of_distances_to_ten_neighbours() -> None:
    places = make_songs(n=300).places.astype(np.float64)
    far = np.linalg.norm(places[:, None] - places, axis=2)
    expected = np.percentile(np.sort(far, axis=1)[:, 1:11], 90)
    assert measure_limit(places.astype(np.float32)) == pytest.approx(expected, rel=1e-3)
    assert measure_limit(places[:1].astype(np.float32)) == 0
    two = np.array([[0, 0], [3, 4]], np.float32)
    assert measure_limit(two) == pytest.approx(5)
    assert measure_distances(two, two)[0] == pytest.approx([0, 5])


@pytest.mark.parametrize("minutes", [30, 90])
def test_a_path_leads_through_its_stops_in_small_steps(minutes: float) -> None:
    songs = make_songs()
    limit = measure_limit(songs.places)
    corners = np.array([[0.05, 0.05], [0.95, 0.05], [0.95, 0.95]], np.float32)
    stops = tuple(measure_distances(corners, songs.places).argmin(axis=1).tolist())
    path = plan_path(songs, Course(stops, 60 * minutes, limit))
    assert path.chosen[0] == stops[0]
    assert path.chosen[-1] == stops[-1]
    assert [one for one in path.chosen if one in stops] == list(stops)
    assert len(set(path.chosen)) == len(path.chosen)
    assert path.seconds == pytest.approx(songs.seconds[list(path.chosen)].sum())
    assert abs(path.seconds - 60 * minutes) <= 0.05 * 60 * minutes + 120
    artists = songs.artists[list(path.chosen)]
    assert len(set(artists)) == len(artists)
    drawn = np.linalg.norm(np.diff(songs.places[: len(path.chosen)], axis=0), axis=1)
    assert find_steps(songs, path).mean() < 0.6 * drawn.mean()
    if minutes == 90:  # there is time enough for small steps, but there are gaps between the songs
        far = find_steps(songs, path)[find_steps(songs, path) > limit]
        assert len(far) <= 2
        assert np.all(far < 1.25 * limit)


def test_from_one_stop_a_path_leads_away() -> None:
    songs = make_songs()
    limit = measure_limit(songs.places)
    path = plan_path(songs, Course((7,), 3600, limit))
    far = np.linalg.norm(songs.places[list(path.chosen)] - songs.places[7], axis=1)
    assert path.chosen[0] == 7
    assert find_steps(songs, path).max() <= limit
    assert far[-3:].mean() > 2 * far[1:4].mean()
    assert abs(path.seconds - 3600) <= 180


def test_what_is_avoided_comes_only_where_nothing_else_is_left() -> None:
    songs = make_songs(n=40, n_artists=4)
    path = plan_path(songs, Course((0,), 1800, measure_limit(songs.places)))
    artists = songs.artists[list(path.chosen)]
    assert set(artists[:4]) == {0, 1, 2, 3}
    assert np.all(artists[1:] != artists[:-1])
    same = replace(songs, songs=np.arange(40) % 5)
    assert len(plan_path(same, Course((0,), 36_000, 0.1)).chosen) == 5  # copies are one song
    apart = np.array([[0, 0], [0.1, 0], [5, 0], [5.1, 0]], np.float32)
    far = replace(songs, places=apart, seconds=np.full(4, 200.0), songs=np.arange(4),
                  artists=np.full(4, -1), kinds=np.full(4, -1), favour=np.ones(4))  # fmt: skip
    assert plan_path(far, Course((0,), 800, 0.2)).chosen == (0, 1, 2, 3)
    assert plan_path(far, Course((0, 2), 100, 0.2)).chosen == (0, 2)  # no time for more


def test_kinds_follow_each_other_while_they_suffice() -> None:
    songs = make_songs()
    kinds = np.arange(N) % 6
    follows = np.abs(np.arange(6)[:, None] - np.arange(6)) <= 1
    path = plan_path(
        replace(songs, kinds=kinds, follows=follows),
        Course((3,), 3600, measure_limit(songs.places)),
    )
    assert np.abs(np.diff(kinds[list(path.chosen)])).max() <= 1
    unknown = np.where(np.arange(N) == 3, 0, -1)
    path = plan_path(replace(songs, kinds=unknown, follows=follows), Course((3,), 900, 0.1))
    assert abs(path.seconds - 900) <= 45  # nothing is known to follow, so anything does
