import io
import math
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("matplotlib")

from PIL import Image

from mvsearch.search.metrics.output.plots import (
    Heatmap,
    Scatter,
    check_plot,
    draw_heatmap,
    draw_scatter,
    project,
)
from mvsearch.store.errors import MvsearchError, QueryError

NASTY = ("a$b$", "日本の歌", "x" * 300, "two\nlines\x1b[31m", "\\frac{", "_", "$\\foo$")


def test_components_are_those_of_scikit_learn():
    from sklearn.decomposition import PCA

    points = np.random.default_rng(3).normal(size=(30, 6)) * [5, 4, 3, 2, 1, 1]
    found, shares = project(points)
    theirs = PCA(2).fit(points)
    assert_allclose(np.abs(found), np.abs(theirs.transform(points)), atol=1e-9)
    assert_allclose(shares, theirs.explained_variance_ratio_, atol=1e-9)
    assert all(column[np.abs(column).argmax()] > 0 for column in found.T)


@pytest.mark.parametrize("shape", [(5, 1), (1, 4), (2, 3)])
def test_few_or_narrow_points_have_components_too(shape):
    found, shares = project(np.arange(math.prod(shape), dtype=float).reshape(shape))
    assert found.shape == (shape[0], 2)
    assert np.isfinite(found).all()
    assert 0 <= shares[1] <= shares[0] <= 1 + 1e-12


def read_png(content):
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=int)


def test_a_heat_map_shows_its_values():
    grid = np.zeros((7, 7))
    same = read_png(draw_heatmap(Heatmap("M", NASTY, NASTY, grid)))
    other = read_png(draw_heatmap(Heatmap("M", NASTY, NASTY, grid + np.eye(7))))
    yellow = np.array([253, 231, 37])  # the top of viridis
    n_yellow = (np.abs(other - yellow).max(axis=2) < 3).sum()
    n_plain = (np.abs(same - yellow).max(axis=2) < 3).sum()
    assert n_yellow > n_plain + 5000


def test_a_large_table_is_drawn_without_numbers():
    names = tuple(f"song {at}" for at in range(70))
    content = draw_heatmap(Heatmap("M", names, names, np.eye(70)))
    assert max(read_png(content).shape) <= 20 * 120


def test_sets_are_drawn_apart():
    rng = np.random.default_rng(1)
    sets = {NASTY[0]: rng.normal(size=(20, 5)), NASTY[1]: rng.normal(size=(9, 5)) + 9}
    picture = read_png(draw_scatter(Scatter("A$_x$", sets)))
    # One set is left of the middle, the other right of it, in the two first colours.
    blue, orange = (np.array(rgb) for rgb in ((31, 119, 180), (255, 127, 14)))
    places = [
        np.median(np.nonzero(np.abs(picture - colour).max(axis=2) < 70)[1])
        for colour in (blue, orange)
    ]
    assert abs(places[0] - places[1]) > picture.shape[1] / 4


def test_what_is_no_table_is_no_plot():
    with pytest.raises(ValueError, match="names"):
        Heatmap("M", ("a",), ("b",), np.zeros((2, 1)))
    with pytest.raises(ValueError, match="finite"):
        Heatmap("M", ("a",), ("b",), np.array([[np.nan]]))
    with pytest.raises(ValueError, match="one space"):
        Scatter("A", {"a": np.zeros((2, 3)), "b": np.zeros((2, 4))})


def test_a_plot_that_cannot_be_written_is_refused_first(tmp_path):
    check_plot(None)
    check_plot(tmp_path / "a.PNG")
    with pytest.raises(QueryError, match=r"call it a.png"):
        check_plot(tmp_path / "a.jpg")
    with pytest.raises(MvsearchError, match="is not a folder"):
        check_plot(tmp_path / "absent" / "a.png")
    (tmp_path / "b.png").touch()
    with pytest.raises(MvsearchError, match="--force"):
        check_plot(tmp_path / "b.png")
    check_plot(tmp_path / "b.png", has_force=True)


def test_a_missing_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "matplotlib.figure", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(QueryError, match=r"not installed; type: pip install '.*\[metrics\]'"):
        check_plot(tmp_path / "a.png")
