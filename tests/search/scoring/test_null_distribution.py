"""Backgrounds against numpy, and hubs that they must take down."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import mvsearch.search.scoring.null_distribution
import mvsearch.search.scoring.null_statistics
from mvsearch.search.scoring.calibration import compute_surprisal, fisher_z
from mvsearch.search.scoring.null_distribution import (
    find_distribution,
    measure_distributions,
    obtain_distribution,
    read_medians,
)
from mvsearch.search.scoring.null_samples import compare_probes, draw_probes, draw_videos
from mvsearch.search.scoring.null_statistics import estimate_distribution
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import Embeddings, Location, Stage, Video

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
    found = estimate_distribution(rows, ids)
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
    clean = estimate_distribution(rows, [str(at) for at in range(20)])
    rows[::10] = 0.99
    mixed = estimate_distribution(rows, [str(at) for at in range(20)])
    assert mixed.location == pytest.approx(clean.location, abs=0.03)
    assert mixed.scale == pytest.approx(clean.scale, rel=0.5)


@pytest.mark.parametrize("n_searched", [40, 400])
def test_one_query_in_twenty_without_an_answer_reaches_its_level(n_searched: int) -> None:
    rng = np.random.default_rng(6)

    def draw(n_probes: int, n_videos: int) -> Any:
        # Probes are alike to more or fewer videos, as a tone is to tones.
        loud = rng.exponential(0.15, size=(n_probes, 1))
        return np.tanh(rng.logistic(0.1, 0.05, size=(n_probes, n_videos)) + loud)

    measured = draw(4000, 40)
    measured[::10, 0] = 0.98  # copies, which are left out
    ids = [str(at) for at in range(40)]
    found = estimate_distribution(measured, ids, same=0.97)
    best = compute_surprisal(
        draw(4000, n_searched).max(axis=1), np.full(4000, found.location), found.scale
    )
    share = (best > found.best.find_level(n_searched, 0.05)).mean()
    assert 0.02 < share < 0.09
    assert found.best.find_level(40, 0.01) > found.best.find_level(40, 0.05)


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (3, 1)])
def test_little_to_measure_still_gives_numbers(shape: tuple[int, int]) -> None:
    ids = [str(at) for at in range(shape[1])]
    found = estimate_distribution(np.full(shape, np.nan), ids)
    surprisal = compute_surprisal(np.full(len(ids), 0.5), found.level_of(ids), found.scale)
    assert np.isfinite(surprisal).all()
    assert found.best.find_level(10, 0.05) > np.log10(10 / 0.5), "few videos are not trusted"
    assert found.n_pairs == 0


def test_equal_vectors_everywhere_still_have_a_scale() -> None:
    assert (
        estimate_distribution(np.full((64, 40), 1.0), [str(at) for at in range(40)]).scale >= 0.01
    )


def test_the_median_is_that_of_all_pairs(
    library: Any, spaces: Any, planted_encoders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mvsearch.search.scoring.null_samples, "MAX_PROBES", N_VIDEOS)
    index = library.index(spaces["lyrics"])
    found = measure(index, "clip", planted_encoders())
    every = np.array(
        [
            [(index.vectors(a) @ index.vectors(b).T).max(axis=1).mean() for b in index.video_ids]
            for a in index.video_ids
        ]
    )
    np.fill_diagonal(every, np.nan)
    expected = estimate_distribution(every, index.video_ids)
    # Only of the long one is a piece asked, and not all of it.
    assert found.location == pytest.approx(expected.location, abs=5e-3)
    assert found.scale == pytest.approx(expected.scale, rel=0.05)
    highest = sorted(found.levels, key=found.levels.__getitem__)[-2:]
    assert set(highest) == {f"{NEAR_ALL}aa", f"{LONG}aa"}


@pytest.mark.parametrize("kind", ["clip", "video"])
def test_a_single_video_is_not_compared_with_itself(
    plant: Any,
    spaces: Any,
    conftest_spans: Any,
    planted_encoders: Any,
    kind: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its two hours would be multiplied by its two hours, for pairs that nobody counts."""
    lines = np.random.default_rng(2).normal(size=(9, spaces["lyrics"].dim))
    alone = plant({"01aa": {spaces["lyrics"]: (lines, conftest_spans(9))}})
    monkeypatch.setattr(
        mvsearch.search.scoring.null_samples,
        "iter_blocks",
        lambda *_: pytest.fail("vectors were read"),
    )
    monkeypatch.setattr(
        mvsearch.search.scoring.null_samples, "compare_some", lambda *_: pytest.fail("compared")
    )
    found = obtain_distribution(alone, spaces["lyrics"], kind, planted_encoders())
    assert (found.n_pairs, list(found.levels)) == (0, ["01aa"])


def count_neighbours(scores: np.ndarray, k: int = 10) -> np.ndarray:
    """How often each column is among the k best of a row."""
    best = np.argsort(-scores, axis=1)[:, :k]
    return np.bincount(best.ravel(), minlength=scores.shape[1])


def test_a_planted_hub_is_taken_down(library: Any, spaces: Any, planted_encoders: Any) -> None:
    """The skewness of how often a video is among the ten best (Radovanović et al. 2010)."""
    index = library.index(spaces["lyrics"])
    distribution = obtain_distribution(library, spaces["lyrics"], "clip", planted_encoders())
    rng = np.random.default_rng(5)
    mean = unit(np.mean([index.vectors(v)[0] for v in index.video_ids], axis=0))
    queries = unit(rng.normal(size=(300, index.space.dim)) + 1.2 * 12**0.5 * mean)
    similarities = np.array(
        [[(index.vectors(v) @ q).max() for v in index.video_ids] for q in queries]
    )
    levels = distribution.level_of(index.video_ids)
    surprisals = np.array(
        [compute_surprisal(row, levels, distribution.scale) for row in similarities]
    )
    before, after = count_neighbours(similarities), count_neighbours(surprisals)
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
    assert find_distribution(library, spaces["lyrics"], "words") is None
    measure_distributions(library, planted_encoders())
    made = find_distribution(library, spaces["lyrics"], "words")
    assert made is not None
    medians = read_medians(library)
    assert set(medians[spaces["frames"].key]) == {"clip", "image", "video"}
    assert set(medians[spaces["words"].key]) == {"words"}
    assert set(medians[spaces["lyrics"].key]) == {"clip", "video", "words"}
    assert float(fisher_z(np.array([medians[spaces["lyrics"].key]["words"]]))[0]) == pytest.approx(
        made.location
    )

    def refuse(*_: object) -> None:
        raise MvsearchError("measured anew")

    monkeypatch.setattr(mvsearch.search.scoring.null_distribution, "draw_probes", refuse)
    with Library.open(library.folder) as again:
        read = obtain_distribution(again, spaces["lyrics"], "words", planted_encoders())
    assert read == made or (read.levels, read.location) == (made.levels, made.location)
    with library.writing():
        library.catalog.drop_locations([library.catalog.video("2a").path])
    with pytest.raises(MvsearchError, match="measured anew"):
        obtain_distribution(library, spaces["lyrics"], "words", planted_encoders())


def measure(index: Any, kind: Any, encoders: Any) -> Any:
    """From the beginning, and keeping nothing."""
    probes = draw_probes(index, kind, encoders)
    sample = draw_videos(index, kind, len(probes))
    return estimate_distribution(compare_probes(index, kind, probes, sample), sample)


def test_a_large_index_gets_fewer_probes(
    library: Any, spaces: Any, planted_encoders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = library.index(spaces["lyrics"])
    monkeypatch.setattr(
        mvsearch.search.scoring.null_samples, "MAX_OPERATIONS", 8 * index.n * 12 * 9
    )
    assert measure(index, "clip", planted_encoders()).n_pairs == 9 * (N_VIDEOS - 1)


def test_a_huge_index_is_measured_on_some_of_its_videos(
    library: Any, spaces: Any, planted_encoders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = library.index(spaces["lyrics"])
    whole = measure(index, "clip", planted_encoders())
    monkeypatch.setattr(
        mvsearch.search.scoring.null_samples, "MAX_OPERATIONS", 8 * index.n * 12 * 4
    )
    found = measure(index, "clip", planted_encoders())
    assert len(found.levels) == N_VIDEOS // 2
    assert 8 * (N_VIDEOS // 2 - 1) <= found.n_pairs <= 8 * N_VIDEOS // 2
    assert found.location == pytest.approx(whole.location, abs=0.05)
    assert found.level_of(["of none"]) == pytest.approx([found.location])
    assert list(found.levels) == sorted(found.levels)


@pytest.fixture
def growing(plant: Any, spaces: Any, conftest_spans: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A library that counts as large, and a function that adds a video of some lines to it."""
    rng = np.random.default_rng(21)
    lyrics, n_first = spaces["lyrics"], 40

    def make_lines(seed: int) -> np.ndarray:
        return unit(np.random.default_rng(seed).normal(size=(12, lyrics.dim)) + 0.4)

    library = plant(
        {
            f"{at:02d}cc": {lyrics: (make_lines(at), conftest_spans(12))}
            for at in rng.permutation(n_first).tolist()
        }
    )
    monkeypatch.setattr(mvsearch.search.scoring.null_statistics, "SMALL_LIBRARY", 20)

    def add(video_id: str, seed: int) -> None:
        path = library.folder / f"{video_id}.mp4"
        video = Video(video_id, path, video_id, None, 60.0, True)
        library.catalog.add_video(video, Location(path, video_id, path.parent, 1, 1))
        made = Embeddings(lyrics, tuple(conftest_spans(12)), make_lines(seed).astype(np.float32))
        library.catalog.store_stage(Stage(video_id, "lyrics", "planted", "done"), [made])

    return library, add


@pytest.mark.parametrize("kind", ["clip", "video", "words"])
def test_only_new_videos_are_measured_and_exactly(
    growing: Any, spaces: Any, planted_encoders: Any, monkeypatch: Any, kind: Any
) -> None:
    library, add = growing
    before = obtain_distribution(library, spaces["lyrics"], kind, planted_encoders())
    probes = draw_probes(library.index(spaces["lyrics"]), kind, planted_encoders())
    asked = np.concatenate(
        [
            probes.words if kind == "words" else library.index(spaces["lyrics"]).vectors(v)[rows]
            for v, rows in list_pieces(library.index(spaces["lyrics"]), probes)
        ]
    )
    with library.writing():
        add("99cc", seed=99)
        library.catalog.drop_locations([library.catalog.video("05cc").path])
    measured: list[list[str]] = []
    real = mvsearch.search.scoring.null_statistics.compare_probes
    monkeypatch.setattr(
        mvsearch.search.scoring.null_statistics,
        "compare_probes",
        lambda *args: measured.append(list(args[3])) or real(*args),
    )
    monkeypatch.setattr(mvsearch.search.scoring.null_distribution, "draw_probes", None)
    with Library.open(library.folder) as again:
        after = obtain_distribution(again, spaces["lyrics"], kind, planted_encoders())
        index = again.index(spaces["lyrics"])
        obtain_distribution(again, spaces["lyrics"], kind, planted_encoders())
    assert measured == [["99cc"]]
    assert (after.location, after.scale) == (before.location, before.scale)
    assert "05cc" not in after.levels
    stored = set(before.levels) - {"05cc"}
    assert {v: after.levels[v] for v in stored} == {v: before.levels[v] for v in stored}
    expected = find_level(asked, probes, index, kind, before.location)
    # The probe of the video that left is no more.
    assert after.levels["99cc"] == pytest.approx(expected, abs=0.02)


def list_pieces(index: Any, probes: Any) -> list[tuple[str, slice]]:
    """Which vectors of which video each probe is; one piece stands for all phrases."""
    if len(probes.words):
        return [("", slice(None))]
    owners = [index.video_ids[at] for at in probes.find_owners(index)]
    return [
        (v, slice(first, end))
        for v, (first, end) in zip(owners, probes.segments.tolist(), strict=True)
    ]


def find_level(asked: Any, probes: Any, index: Any, kind: str, location: float) -> float:
    """The level of the new video by numpy, from the vectors of all probes."""
    sizes = [1] * len(asked) if kind == "words" else np.diff(probes.segments)[:, 0].tolist()
    own, values, at = index.vectors("99cc"), [], 0
    for size in sizes:
        product = asked[at : at + size] @ own.T
        at += size
        both = (product.max(axis=1).mean(), product.max(axis=0).mean())
        values.append(np.mean(both) if kind == "video" else both[0])
    n = len(values)
    median = float(np.median(np.arctanh(0.995 * np.array(values))))
    return (n * median + 5 * location) / (n + 5)


def test_a_library_that_has_grown_by_a_quarter_is_measured_anew(
    growing: Any, spaces: Any, planted_encoders: Any
) -> None:
    library, add = growing
    obtain_distribution(library, spaces["lyrics"], "clip", planted_encoders())
    for at in range(50, 61):
        add(f"{at}cc", at)
    found = obtain_distribution(library, spaces["lyrics"], "clip", planted_encoders())
    fresh = measure(library.index(spaces["lyrics"]), "clip", planted_encoders())
    assert (found.location, found.levels) == (fresh.location, fresh.levels)


def test_a_small_library_is_as_if_its_videos_had_come_at_once(
    growing: Any, spaces: Any, planted_encoders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, add = growing
    monkeypatch.setattr(mvsearch.search.scoring.null_statistics, "SMALL_LIBRARY", 100)
    obtain_distribution(library, spaces["lyrics"], "video", planted_encoders())
    add("00aa", 77)
    found = obtain_distribution(library, spaces["lyrics"], "video", planted_encoders())
    fresh = measure(library.index(spaces["lyrics"]), "video", planted_encoders())
    assert (found.location, found.levels) == (fresh.location, fresh.levels)


def test_what_is_kept_damaged_is_measured_anew(
    growing: Any, spaces: Any, planted_encoders: Any
) -> None:
    library, _ = growing
    lyrics = spaces["lyrics"]
    made = obtain_distribution(library, lyrics, "clip", planted_encoders())
    name = mvsearch.search.scoring.null_distribution._name("clip")
    arrays = dict(library.measured(library.index(lyrics), name))
    for broken in ({**arrays, "levels": arrays["levels"][:-1]}, {"numbers": arrays["numbers"]}):
        library.keep_measured(library.index(lyrics), name, broken)
        assert find_distribution(library, lyrics, "clip") is None
    again = obtain_distribution(library, lyrics, "clip", planted_encoders())
    assert again.levels == made.levels
