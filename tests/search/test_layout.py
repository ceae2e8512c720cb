"""Layouts against scikit-learn, and regions against shapes by hand."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

import mvsearch
from mvsearch.search.layout import Region, project, spread
from mvsearch.store.errors import QueryError
from tests.search import readers

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
# A bow tie: its corners cross, and nothing lies above or below the crossing.
TIE = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))


@pytest.mark.parametrize("shape", [(40, 12), (6, 30), (2, 5)])
def test_points_are_principal_components(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(7).normal(size=shape) * np.arange(1, shape[1] + 1)
    points, explained = project(rows)
    oracle = PCA(2).fit(rows)
    assert np.abs(points) == pytest.approx(np.abs(oracle.transform(rows)), abs=1e-6)
    assert explained == pytest.approx(oracle.explained_variance_ratio_.sum())


@pytest.mark.parametrize("rows", [np.ones((1, 4)), np.ones((3, 4)), np.eye(2, 1)])
def test_few_or_equal_videos_have_a_place(rows: np.ndarray) -> None:
    points = spread(project(rows)[0])
    assert points.shape == (len(rows), 2)
    assert ((points >= 0) & (points <= 1)).all()


def test_spreading_keeps_the_order() -> None:
    points = np.random.default_rng(1).standard_cauchy((200, 2))
    placed = spread(points)
    assert (placed.argsort(axis=0) == points.argsort(axis=0)).all()
    assert (placed.min(), placed.max()) == (0, 1)
    assert np.quantile(placed[:, 0], 0.75) - np.quantile(placed[:, 0], 0.25) > 0.2


@pytest.mark.parametrize(
    ("corners", "point", "is_in"),
    [
        (SQUARE, (0.5, 0.5), True),
        (SQUARE, (0.1, 0.5), False),
        (SQUARE, (0.5, 0.9), False),
        (TIE, (0.1, 0.5), True),
        (TIE, (0.9, 0.5), True),
        (TIE, (0.5, 0.9), False),
        (TIE, (0.5, 0.1), False),
    ],
)
def test_a_region_holds_what_it_surrounds(
    corners: tuple[tuple[float, float], ...], point: tuple[float, float], is_in: bool
) -> None:
    assert Region("frames", corners).holds(np.array([point])).tolist() == [is_in]


def test_the_map_of_a_library_becomes_a_filter(tmp_path: Path) -> None:
    with readers.make_library(tmp_path / "library", readers.SONGS):
        pass
    with readers.open_planted(tmp_path / "library") as library:
        found = library.layout("frames")
        assert found.video_ids == tuple(sorted(readers.SONGS))
        assert library.layout("frames") is found
        whole = ((-1.0, -1.0), (2.0, -1.0), (2.0, 2.0), (-1.0, 2.0))
        assert library.inside(Region("frames", whole)) == found.video_ids
        x = float(np.median(found.points[:, 0]))
        left = library.inside(Region("frames", ((-1.0, -1.0), (x, -1.0), (x, 2.0), (-1.0, 2.0))))
        assert len(left) == 3
        only = mvsearch.Filter(ids=left)
        assert {video.id for video in library.videos(only)} == set(left)
        assert {one.video.id for one in library.search("river", filter=only)} == set(left)
        assert library.videos(mvsearch.Filter(ids=())) == []
        assert str(only) == "one of 3 chosen videos"
        assert only
        with pytest.raises(QueryError, match="corners"):
            Region("frames", ((0.0, 0.0), (1.0, 1.0)))
