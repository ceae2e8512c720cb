"""Reports over large libraries: who is listed, and that what is said of them is exact."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import mvsearch.search.all_pairs
import mvsearch.search.retrieval.prototypes
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.output.html.heatmap import build_heatmap, chain_by_likeness
from mvsearch.search.output.report import ReportOptions, write_report
from mvsearch.search.retrieval.candidates import count_operations
from mvsearch.search.retrieval.matrix import gather_scores
from mvsearch.search.retrieval.prototypes import (
    cluster_vectors,
    estimate_rows,
    find_axes,
    make_prototypes,
)
from mvsearch.search.retrieval.set_similarity import Match, match_sets

N_PROTOTYPES = 16
N_THEMES, N_OF_THEME = 6, 3
IDS = [f"{at:04x}" * 4 for at in range(1, N_THEMES * N_OF_THEME + 1)]


@pytest.fixture(scope="module")
def content(spaces: Any, conftest_spans: Any) -> dict[str, Any]:
    """Eighteen videos of six themes; some lack sound, some lyrics, and the last is short."""
    rng = np.random.default_rng(7)
    held: dict[str, Any] = {}
    themes = {space.key: rng.normal(size=(N_THEMES, space.dim)) for space in spaces.values()}
    for at, video_id in enumerate(IDS):
        made = {}
        for name, n in (("frames", 40), ("words", 40), ("audio", 30), ("lyrics", 12)):
            if (name == "audio" and at % 5 == 1) or (name == "lyrics" and at % 3 == 2):
                continue
            n = 3 if at == len(IDS) - 1 else n + at
            space = spaces[name]
            theme = themes[space.key][at % N_THEMES]
            made[space] = (theme + rng.normal(size=(n, space.dim)), conftest_spans(n))
        held[video_id] = made
    return held


@pytest.fixture(scope="module")
def library(plant: Any, content: Any) -> Any:
    return plant(content)


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as given:
        yield given


@pytest.fixture
def engine(library: Any, planted_encoders: Any) -> Engine:
    return Engine(library, planted_encoders())


def test_prototypes_are_spherical_k_means(library: Any, spaces: Any) -> None:
    """Sixteen tight bunches come out as sixteen directions, each the mean of its bunch."""
    rng = np.random.default_rng(0)
    middles = 10 * rng.normal(size=(N_PROTOTYPES, 24))
    owners = np.sort(np.tile(np.arange(N_PROTOTYPES), 9))
    vectors = (middles[owners] + 0.1 * rng.normal(size=(len(owners), 24))).astype(np.float32)
    centres, shares = cluster_vectors(vectors, N_PROTOTYPES)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-5)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    means = np.array([units[owners == one].mean(axis=0) for one in range(N_PROTOTYPES)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    cosines = centres @ means.T
    assert sorted(cosines.argmax(axis=1)) == list(range(N_PROTOTYPES))
    np.testing.assert_allclose(cosines.max(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(shares, 1 / N_PROTOTYPES, atol=1e-6)


def test_few_vectors_stand_for_themselves() -> None:
    vectors = np.eye(3, 8, dtype=np.float32)
    centres, shares = cluster_vectors(vectors, N_PROTOTYPES)
    assert shares.sum() == pytest.approx(1)
    assert sorted(shares[shares > 0]) == pytest.approx([1 / 3] * 3)
    assert {int(row.argmax()) for row in centres[shares > 0]} == {0, 1, 2}
    np.testing.assert_array_equal(centres[shares == 0], centres[[0] * (N_PROTOTYPES - 3)])


def test_axes_are_the_eigenvectors_that_numpy_finds_by_svd(
    library: Any, spaces: Any, pool: Executor
) -> None:
    index = library.index(spaces["frames"])
    axes = find_axes(index, IDS[-1:], pool)
    _, _, rows = np.linalg.svd(index.vectors(IDS[-1]).astype(np.float64), full_matrices=False)
    assert axes.shape == (16, 16)
    np.testing.assert_allclose(np.abs(rows @ axes[:, :3]), np.eye(3), atol=1e-3)


def test_estimates_are_the_two_way_mean_of_prototypes(
    library: Any, spaces: Any, pool: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        mvsearch.search.retrieval.prototypes, "MAX_PRODUCT", 4 * N_PROTOTYPES**2 * 7
    )
    prototypes = make_prototypes(library.index(spaces["audio"]), IDS, pool)
    found = estimate_rows(prototypes, 3, 7)
    for row, one in zip(found, range(3, 7), strict=True):
        for other in range(len(IDS)):
            if not (prototypes.has_vectors[one] and prototypes.has_vectors[other]):
                assert np.isnan(row[other])
                continue
            product = prototypes.vectors[:, one] @ prototypes.vectors[:, other].T
            forward = prototypes.shares[one] @ product.max(axis=1)
            backward = prototypes.shares[other] @ product.max(axis=0)
            assert row[other] == pytest.approx((forward + backward) / 2, abs=1e-5)
    assert np.isnan(found).any()


@pytest.mark.parametrize("fusion", ["calibrated", "weighted"])
def test_what_is_listed_is_as_exact_as_the_whole_report(
    engine: Any, fusion: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 18 videos 12 are listed for each; the two best, of its theme, are among them."""
    options = SearchOptions(top=2, fusion=fusion)
    monkeypatch.setattr(mvsearch.search.all_pairs, "choose_depth", lambda top: 12)
    told: list[tuple[int, int]] = []
    pairs = engine.all_pairs(options)
    listed = list(pairs.rank_likely(lambda n, of: told.append((n, of))))
    whole = list(pairs.rank(pairs.compute_matrix()))
    assert [video.id for video, _ in listed] == [video.id for video, _ in whole]
    assert told == [(n, 18) for n in range(1, 19)]
    for (_, quick), (_, exact) in zip(listed, whole, strict=True):
        assert [r.video for r in quick] == [r.video for r in exact]
        assert [r.score for r in quick] == pytest.approx([r.score for r in exact], abs=1e-4)
        assert [r.is_weak for r in quick] == [r.is_weak for r in exact]
        assert [r.contributions.keys() for r in quick] == [r.contributions.keys() for r in exact]
        for one, other in zip(quick, exact, strict=True):
            assert [(m.modality, m.start_seconds, m.end_seconds) for m in one.moments] == [
                (m.modality, m.start_seconds, m.end_seconds) for m in other.moments
            ]


def test_a_pair_is_compared_once(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all are listed for all, each of the 18 × 17 / 2 pairs of pictures is compared once."""
    pairs: list[tuple[bytes, bytes]] = []

    def match(first: np.ndarray, second: np.ndarray) -> Match:
        if first.shape[-1] == 16:
            pairs.append((first.tobytes(), second.tobytes()))
        return match_sets(first, second)

    monkeypatch.setattr("mvsearch.search.retrieval.rerank.match_sets", match)
    assert len(list(engine.all_pairs(SearchOptions(top=40)).rank_likely())) == 18
    assert len(pairs) == len({frozenset(pair) for pair in pairs}) == 153


def test_few_of_an_artist_are_looked_for_as_far_as_needed(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two are listed and three of the one artist wanted; of two artists' there are none."""
    monkeypatch.setattr(mvsearch.search.all_pairs, "choose_depth", lambda top: 2)
    pairs = engine.all_pairs(SearchOptions(top=4, per_artist=3))
    results = [found for _, found in pairs.rank_likely()]
    assert {len(found) for found in results} == {3}


def test_a_library_is_large_by_what_it_would_cost(
    engine: Any, library: Any, spaces: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = library.index(spaces["frames"])
    n = sum(40 + at for at in range(17)) + 3
    assert count_operations({"frames": frames}) == n * n * 16 / 2
    assert not engine.all_pairs().is_large
    monkeypatch.setattr(mvsearch.search.all_pairs, "MAX_OPERATIONS", 1e3)
    assert engine.all_pairs().is_large
    assert not engine.all_pairs(SearchOptions(fusion="rrf")).is_large


def test_the_report_of_a_large_library_reads_like_that_of_a_small_one(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, form = SearchOptions(top=2), ReportOptions("txt")
    small = write_report(engine, None, options, form)
    monkeypatch.setattr(mvsearch.search.all_pairs, "MAX_OPERATIONS", 1e3)
    assert write_report(engine, None, options, form) == small
    page = write_report(engine, None, options, ReportOptions("html"))
    assert page.count('<article class="song"') == 18
    assert page.count('class="cell"') == 36


def test_chains_put_what_is_alike_side_by_side() -> None:
    """A path of eight, its links given in disorder: whatever the joints, it is laid end to end."""
    rng = np.random.default_rng(3)
    path = rng.permutation(8).tolist()
    scores = {
        (one, other): float(score)
        for one, other, score in zip(path[:-1], path[1:], rng.uniform(1, 2, 7), strict=True)
    }
    assert chain_by_likeness(8, scores).tolist() in (path, path[::-1])
    assert sorted(chain_by_likeness(10, scores).tolist()) == list(range(10))


def test_the_map_of_many_songs_shows_what_is_known(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvsearch.search.output.html.heatmap.MAX_PAINTED", 7)
    painted: list[np.ndarray] = []
    monkeypatch.setattr(
        "mvsearch.search.output.html.heatmap.encode_png",
        lambda pixels: painted.append(pixels) or "",
    )
    similar = list(engine.all_pairs(SearchOptions(top=2)).rank_likely())
    scores = gather_scores(similar)
    assert len(scores.scores) == 36
    assert scores.scores[0, IDS.index(similar[0][1][0].video.id)] == similar[0][1][0].score
    build_heatmap(scores, scores.scores)
    opacity = painted[0][..., 3]
    assert opacity.shape == (7, 7)
    assert opacity.max() == 255
    assert 7 <= (opacity > 0).sum() < 49
