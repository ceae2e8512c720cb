"""Backgrounds against numpy, and hubs that they must take down."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import search.backgrounds
from search.backgrounds import (
    find_background,
    measure_backgrounds,
    obtain_background,
    read_medians,
    summarise,
)
from search.calibration import find_surprise, stretch
from store.errors import MvsearchError
from store.library import Library

N_VIDEOS = 60
NEAR_ALL, LONG = 17, 31


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def library(plant: Any, spaces: dict[str, Any], conftest_spans: Any) -> Any:
    """Videos of two lines each, and two hubs.

    One lies near the mean of all lines (lyrics, because their index subtracts no mean), the other
    has a line for every occasion.
    """
    rng = np.random.default_rng(11)
    dim = spaces["lyrics"].dim
    common = 1.2 * unit(rng.normal(size=dim)) * dim**0.5
    lines = [rng.normal(size=(2, dim)) + common for _ in range(N_VIDEOS)]
    lines[NEAR_ALL] = common + 0.05 * rng.normal(size=(2, dim))
    lines[LONG] = rng.normal(size=(60, dim)) + common
    return plant(
        {
            f"{at:02d}aa": {spaces["lyrics"]: (video, conftest_spans(len(video)))}
            for at, video in enumerate(lines)
        }
    )


def test_the_summary_is_the_quantiles_of_what_is_measured() -> None:
    rng = np.random.default_rng(3)
    rows = np.tanh(rng.logistic(0.2, 0.1, size=(400, 30))) / 0.995
    rows[rng.random(rows.shape) < 0.1] = np.nan
    ids = [f"v{at}" for at in range(30)]
    found = summarise(rows, ids)
    known = np.arctanh(0.995 * rows[~np.isnan(rows)])
    assert found.n_pairs == known.size
    assert found.location == pytest.approx(np.median(known), abs=1e-3)
    assert found.scale == pytest.approx(0.1, rel=0.05)
    own = np.arctanh(0.995 * rows[~np.isnan(rows[:, 4]), 4])
    expected = (own.size * np.median(own) + 5 * found.location) / (own.size + 5)
    assert found.levels["v4"] == pytest.approx(expected)
    assert found.level_of(["v4", "unknown"]) == pytest.approx([expected, found.location])


def test_one_probe_in_ten_may_be_related_after_all() -> None:
    rng = np.random.default_rng(4)
    rows = np.tanh(rng.logistic(0.1, 0.1, size=(200, 20)))
    clean = summarise(rows, [str(at) for at in range(20)])
    rows[::10] = 0.99
    mixed = summarise(rows, [str(at) for at in range(20)])
    assert mixed.location == pytest.approx(clean.location, abs=0.03)
    assert mixed.scale == pytest.approx(clean.scale, rel=0.5)


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (3, 1)])
def test_little_to_measure_still_gives_numbers(shape: tuple[int, int]) -> None:
    ids = [str(at) for at in range(shape[1])]
    found = summarise(np.full(shape, np.nan), ids)
    surprise = find_surprise(np.full(len(ids), 0.5), found.level_of(ids), found.scale)
    assert np.isfinite(surprise).all()
    assert found.n_pairs == 0


def test_equal_vectors_everywhere_still_have_a_scale() -> None:
    assert summarise(np.full((64, 40), 1.0), [str(at) for at in range(40)]).scale >= 0.01


def test_the_median_is_that_of_all_pairs(
    library: Any, spaces: Any, planted_encoders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search.backgrounds, "MAX_PROBES", N_VIDEOS)
    index = library.index(spaces["lyrics"])
    found = search.backgrounds.measure_clips(index, planted_encoders())
    every = np.array(
        [
            [(index.vectors(a) @ index.vectors(b).T).max(axis=1).mean() for b in index.video_ids]
            for a in index.video_ids
        ]
    )
    np.fill_diagonal(every, np.nan)
    expected = summarise(every, index.video_ids)
    # Only of the long one is a piece asked, and not all of it.
    assert found.location == pytest.approx(expected.location, abs=5e-3)
    assert found.scale == pytest.approx(expected.scale, rel=0.05)
    highest = sorted(found.levels, key=found.levels.__getitem__)[-2:]
    assert set(highest) == {f"{NEAR_ALL}aa", f"{LONG}aa"}


def count_neighbours(scores: np.ndarray, k: int = 10) -> np.ndarray:
    """How often each column is among the k best of a row."""
    best = np.argsort(-scores, axis=1)[:, :k]
    return np.bincount(best.ravel(), minlength=scores.shape[1])


def test_a_planted_hub_is_taken_down(library: Any, spaces: Any, planted_encoders: Any) -> None:
    """The skewness of how often a video is among the ten best (Radovanović et al. 2010)."""
    index = library.index(spaces["lyrics"])
    background = obtain_background(library, spaces["lyrics"], "clip", planted_encoders())
    rng = np.random.default_rng(5)
    mean = unit(np.mean([index.vectors(v)[0] for v in index.video_ids], axis=0))
    queries = unit(rng.normal(size=(300, index.space.dim)) + 1.2 * 12**0.5 * mean)
    similarities = np.array(
        [[(index.vectors(v) @ q).max() for v in index.video_ids] for q in queries]
    )
    levels = background.level_of(index.video_ids)
    surprises = np.array([find_surprise(row, levels, background.scale) for row in similarities])
    before, after = count_neighbours(similarities), count_neighbours(surprises)
    assert min(before[[NEAR_ALL, LONG]]) > 0.4 * len(queries)
    assert after.max() < 0.3 * len(queries)
    assert stats.skew(before) > 3 > 0.5 > stats.skew(after)


def test_a_background_is_kept_until_the_index_changes(
    plant: Any, spaces: Any, conftest_spans: Any, planted_encoders: Any, monkeypatch: Any
) -> None:
    rng = np.random.default_rng(2)
    content = {
        f"{at}a": {
            spaces["frames"]: (rng.normal(size=(9, 16)), conftest_spans(9)),
            spaces["words"]: (rng.normal(size=(9, 12)), conftest_spans(9)),
            spaces["lyrics"]: (rng.normal(size=(4, 12)), conftest_spans(4)),
        }
        for at in range(5)
    }
    library = plant(content)
    assert read_medians(library) == {}
    assert find_background(library, spaces["lyrics"], "words") is None
    measure_backgrounds(library, planted_encoders())
    made = find_background(library, spaces["lyrics"], "words")
    assert made is not None
    medians = read_medians(library)
    assert set(medians[spaces["frames"].key]) == {"clip", "video"}
    assert set(medians[spaces["words"].key]) == {"words"}
    assert set(medians[spaces["lyrics"].key]) == {"clip", "video", "words"}
    assert float(stretch(np.array([medians[spaces["lyrics"].key]["words"]]))[0]) == pytest.approx(
        made.location
    )

    def refuse(*_: object) -> None:
        raise MvsearchError("measured anew")

    monkeypatch.setitem(search.backgrounds._MEASURES, "words", refuse)
    with Library.open(library.folder) as again:
        read = obtain_background(again, spaces["lyrics"], "words", planted_encoders())
    assert read == made or (read.levels, read.location) == (made.levels, made.location)
    with library.writing():
        library.catalog.drop_locations([library.catalog.video("2a").path])
    with pytest.raises(MvsearchError, match="measured anew"):
        obtain_background(library, spaces["lyrics"], "words", planted_encoders())


def test_a_large_index_gets_fewer_probes(
    library: Any, spaces: Any, planted_encoders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = library.index(spaces["lyrics"])
    monkeypatch.setattr(search.backgrounds, "MAX_OPERATIONS", 8 * index.n * 12 * 5)
    found = search.backgrounds.measure_clips(index, planted_encoders())
    assert found.n_pairs == 5 * (N_VIDEOS - 1)
