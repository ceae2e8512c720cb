"""Views of frames, against Pillow's crops and screens drawn at known corners."""

import numpy as np
import pytest
from PIL import Image

from mvsearch.search.query.views import CORNERS, ZOOM, View, find_screens, list_views

SIZE = 96


def make_noise(height, width, low=0, high=256, seed=1):
    rng = np.random.default_rng(seed)
    small = rng.integers(low, high, (8, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def film(corners, seed=1):
    """Noise as a screen at corners (shares) of a dim wall that is not quite even."""
    data = (np.array([corners[at] for at in (0, 2, 3, 1)]) * 2 * SIZE).ravel()
    rng = np.random.default_rng(seed)
    wall = rng.normal(30, 2, (2 * SIZE, 2 * SIZE, 3)).clip(0, 255).astype(np.uint8)
    grid_y, grid_x = np.mgrid[: 2 * SIZE, : 2 * SIZE] + 0.5
    polygon = data.reshape(4, 2)
    inside = np.ones((2 * SIZE, 2 * SIZE), bool)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        inside &= (x1 - x0) * (grid_y - y0) - (y1 - y0) * (grid_x - x0) <= 0
    screen = make_noise(2 * SIZE, 2 * SIZE, 90, 250, seed)
    return np.where(inside[..., None], screen, wall)


def test_a_view_is_the_part_that_it_is_said_to_be():
    frame = make_noise(192, 192)
    for name, box in CORNERS:
        view = next(view for view in list_views(frame[None]) if view.name == name)
        (seen,) = view.apply(frame[None], (48, 48)).astype(float)
        image = Image.fromarray(frame).resize((48, 48), box=tuple(192 * side for side in box))
        assert np.abs(seen - np.asarray(image, float)).mean() < 3
        assert np.abs(seen[:, ::-1] - np.asarray(image, float)).mean() > 20


@pytest.mark.parametrize(
    "corners",
    [
        ((0.15, 0.12), (0.9, 0.2), (0.1, 0.85), (0.88, 0.9)),
        ((0.2, 0.25), (0.8, 0.1), (0.22, 0.8), (0.85, 0.95)),
    ],
)
def test_a_screen_is_found_at_its_corners(corners):
    filmed = film(corners)
    found = list(find_screens(filmed[None]))
    assert np.abs(found[0] - corners).max() < 0.04
    (seen,) = View("screen", found[0]).apply(filmed[None], (SIZE, SIZE))
    assert seen[3:-3, 3:-3].min(axis=2).mean() > 60, "no wall is left"


def test_an_even_picture_has_no_screen():
    assert list(find_screens(np.full((2, 96, 96, 3), 20, np.uint8))) == []
    assert [view.name for view in list_views(np.full((1, 96, 96, 3), 20, np.uint8))] == [
        "upper left", "upper right", "lower left", "lower right", "middle"
    ]  # fmt: skip


def test_smoothing_removes_stripes_and_keeps_the_picture():
    frame = make_noise(2 * SIZE, 2 * SIZE, 60, 200).astype(float)
    stripes = 40.0 * np.sign(np.sin(np.arange(2 * SIZE) * 1.7))[None, :, None]
    striped = (frame + stripes).clip(0, 255).astype(np.uint8)[None]
    whole = np.array([(0, 0), (1, 0), (0, 1), (1, 1)], float)
    expected = View("whole", whole).apply(frame.astype(np.uint8)[None], (SIZE, SIZE)).astype(float)
    away = [
        np.abs(View("whole", whole, is_smoothed=smoothed).apply(striped, (SIZE, SIZE)) - expected)
        for smoothed in (True, False)
    ]
    assert 3 * away[0].mean() < away[1].mean()
    assert ZOOM * SIZE == 2 * SIZE
