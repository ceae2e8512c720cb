"""The Fréchet distance against reference code, scipy, closed forms and hand arithmetic."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg

from mvsearch.search.metrics.distances.gaussians import (
    ExtrapolationOptions,
    extrapolate_frechet,
    measure_frechet,
)
from mvsearch.search.metrics.frechet import FrechetOptions, evaluate_fad, evaluate_fvd
from mvsearch.search.metrics.media.folders import EmbeddingOptions
from mvsearch.store.errors import QueryError
from tests.media import make_pattern, make_silence, make_tone
from tests.search.metrics.oracles import read_case

TOY = FrechetOptions(EmbeddingOptions("toy"))

Pair = tuple[np.ndarray, np.ndarray]


def draw_full() -> Pair:
    rng = np.random.RandomState(0)
    return rng.randn(200, 16), rng.randn(150, 16) * 1.5 + 0.3


def draw_correlated() -> Pair:
    a, b = draw_full()
    return a, b @ np.random.RandomState(3).randn(16, 16)


def draw_few() -> Pair:
    rng = np.random.RandomState(5)
    return rng.randn(8, 16), rng.randn(9, 16) + 1


def draw_dead() -> Pair:
    a, b = draw_full()
    a[:, 3] = b[:, 3] = 0
    return a, b


SCIPY = ("gudgud96", "fadtk", "melfusion_audioldm_eval", "fvd_styleganv", "tgan2_fid")


@pytest.mark.parametrize(
    ("described", "draw", "sources"),
    [
        ("full rank", draw_full, SCIPY),
        ("correlated", draw_correlated, SCIPY),
        ("rank deficient", draw_few, SCIPY),
        ("dead dimension", draw_dead, SCIPY),
        ("1-d", lambda: tuple(x[:, :1] for x in draw_full()), ("closed_form_eigh",)),
    ],
)
def test_is_what_reference_code_gives(
    described: str, draw: Callable[[], Pair], sources: tuple[str, ...]
) -> None:
    case = read_case("frechet.json", described)
    distance = measure_frechet(*draw()).value
    # Where a covariance is singular, the root of a matrix is unsure: these differ by 7e-9 there.
    tolerance = 1e-8 if described == "rank deficient" else 1e-12
    for source in sources:
        assert distance == pytest.approx(case[source], rel=tolerance)
    if described != "1-d":  # this code takes singular values too, and is as sure
        assert distance == pytest.approx(case["fvd_videogpt_float64"], rel=1e-12)
        assert distance == pytest.approx(case["fvd_videogpt_float32"], rel=1e-4)


def test_one_set_twice_is_as_near_to_zero_as_in_reference_code() -> None:
    case = read_case("frechet.json", "identical")
    a, _ = draw_full()
    for source in ("gudgud96", "fadtk", "fvd_videogpt_float64", "fvd_styleganv"):
        assert measure_frechet(a, a).value == pytest.approx(case[source], abs=1e-12)


def test_extrapolation_is_that_of_reference_code() -> None:
    case = read_case("fadtk_inf.json", "FAD-inf")
    rng = np.random.RandomState(7)
    base, others = rng.randn(3000, 8), rng.randn(2000, 8) * 1.1 + 0.1
    line = extrapolate_frechet(
        base, others, ExtrapolationOptions(n_sizes=25, least_samples=500), np.random.RandomState(0)
    )
    assert [n for n, _ in line.points] == [n for n, _ in case["points"]]
    np.testing.assert_allclose(
        [distance for _, distance in line.points],
        [distance for _, distance in case["points"]],
        rtol=1e-10,
    )
    assert line.value == pytest.approx(case["score"], rel=1e-10)
    assert line.slope == pytest.approx(case["slope"], rel=1e-9)
    assert line.r_squared == pytest.approx(case["r2"], rel=1e-9)
    whole = read_case("fadtk_inf.json", "full FAD")
    assert measure_frechet(base, others).value == pytest.approx(whole["value"], rel=1e-12)


def test_by_hand_in_one_dimension() -> None:
    # Means 2 and 5, variances 1 and 4: 3² + (2 - 1)².
    a, b = np.array([[1.0], [2.0], [3.0]]), np.array([[3.0], [5.0], [7.0]])
    found = measure_frechet(a, b)
    assert found.means == pytest.approx(9)
    assert found.covariances == pytest.approx(1)
    assert found.value == pytest.approx(10)


def test_axes_that_do_not_mix_add_up() -> None:
    # A cross has the covariance diag(2, 2) / 3; doubled along the first axis, diag(8, 2) / 3.
    cross = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    away = cross * [2, 1] + [0, 3]
    expected = 9 + (np.sqrt(8 / 3) - np.sqrt(2 / 3)) ** 2
    assert measure_frechet(cross, away).value == pytest.approx(expected)


@given(st.integers(0, 2**31), st.integers(2, 12), st.integers(2, 12), st.integers(1, 6))
def test_is_the_root_of_a_matrix_where_that_is_well_defined(
    seed: int, n_a: int, n_b: int, dim: int
) -> None:
    rng = np.random.default_rng(seed)
    a, b = (
        rng.normal(size=(n_a + dim, dim)),
        rng.normal(size=(n_b + dim, dim)) @ np.diag(rng.uniform(0.5, 2, dim)),
    )
    s_a, s_b = (np.cov(x, rowvar=False).reshape(dim, dim) for x in (a, b))
    root = np.atleast_2d(linalg.sqrtm(s_a @ s_b))
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(s_a + s_b - 2 * root.real)
    assert measure_frechet(a, b).value == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("shape", [(200, 16), (3, 16), (2, 1)])
def test_a_set_has_no_distance_to_itself_nor_does_order_count(shape: tuple[int, int]) -> None:
    a = np.random.default_rng(0).normal(size=shape) * 100
    same = measure_frechet(a, a[::-1]).value
    assert 0 <= same <= 1e-9 * np.sum(np.var(a, axis=0))
    b = a[:2] + 1
    assert measure_frechet(a, b).value == pytest.approx(measure_frechet(b, a).value)


def test_few_samples_of_one_distribution_lie_too_far_apart_and_extrapolation_takes_that_back() -> (
    None
):
    rng = np.random.default_rng(2)
    base, others = rng.normal(size=(20_000, 8)), rng.normal(size=(800, 8))
    line = extrapolate_frechet(base, others, ExtrapolationOptions(40, 20, seed=1))
    assert line.points[0][1] > 5 * line.points[-1][1]
    assert abs(line.value) < line.points[-1][1]
    again = extrapolate_frechet(base, others, ExtrapolationOptions(40, 20, seed=1))
    other = extrapolate_frechet(base, others, ExtrapolationOptions(40, 20, seed=2))
    assert line == again != other


@pytest.mark.parametrize(
    ("reference", "candidate", "why"),
    [
        (np.zeros((1, 3)), np.zeros((5, 3)), "two samples or more: the reference has 1"),
        (np.zeros((5, 3)), np.zeros((0, 3)), "the candidate has 0"),
        (np.zeros((5, 3)), np.zeros((5, 4)), "of 3 and of 4 numbers"),
        (np.full((5, 3), np.nan), np.zeros((5, 3)), "not finite"),
        (np.zeros((5, 3)), np.full((5, 3), np.inf), "not finite"),
        (np.zeros(5), np.zeros((5, 3)), r"its shape is \(5,\)"),
    ],
)
def test_what_has_no_distance_is_refused(reference: Any, candidate: Any, why: str) -> None:
    with pytest.raises(QueryError, match=why):
        measure_frechet(reference, candidate)


def test_too_few_samples_are_not_extrapolated() -> None:
    a = np.random.default_rng(0).normal(size=(500, 2))
    with pytest.raises(QueryError, match="more than 500 samples, not 500"):
        extrapolate_frechet(a, a, ExtrapolationOptions())
    with pytest.raises(QueryError, match="three sizes"):
        ExtrapolationOptions(n_sizes=2)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("frechet")
    for name, low in (("low", 300), ("high", 1500)):
        (root / name / "deeper").mkdir(parents=True)
        make_pattern(root / name / "deeper" / "a.mp4", 3, size=(96, 64), tone_hertz=low)
        make_tone(root / name / "b.wav", low * 1.2, 2)
    (root / "low" / "words.txt").write_text("no media")
    return root


def test_fad_of_folders_names_what_it_was_made_of(folders: Path) -> None:
    options = FrechetOptions(EmbeddingOptions("toy"), ExtrapolationOptions(3, 2))
    result = evaluate_fad(folders / "low", folders / "high", options)
    found = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert found["metric"] == "fad"
    assert found["embedding"] == {
        "name": "toy-audio@1",
        "dimensions": 32,
        "rate": "windows of 1 s every 1 s",
    }
    assert found["reference"]["files"] == [
        {"file": "b.wav", "samples": 2},
        {"file": "deeper/a.mp4", "samples": 3},
    ]
    assert found["value"] == pytest.approx(found["means_part"] + found["covariances_part"])
    assert [point["samples"] for point in found["extrapolated"]["points"]] == [2, 3, 5]
    same = evaluate_fad(folders / "low", folders / "low", TOY)
    assert same.distance.value < 1e-9 < 0.1 < result.distance.value
    assert same.to_dict()["extrapolated"] is None
    table = result.to_table()
    assert ("FAD", f"{found['value']:.6g}") in table.rows
    assert "toy-audio@1, 32 numbers, windows of 1 s every 1 s" in table.notes[0]
    assert "N = 5 of 2 files" in table.notes[1]
    assert table.notes[3] == "not VGGish: published figures are of another embedding"
    assert "N is at most the 32 dimensions: too large" in table.notes[-1]


def test_the_default_embedding_is_our_own_and_says_so(folders: Path) -> None:
    sounds = [folders / name for name in ("low", "high")]
    result = evaluate_fad(*sounds, FrechetOptions())
    found = result.to_dict()["embedding"]
    assert found == {"name": "signal@1", "dimensions": 394, "rate": "windows of 5 s every 1.25 s"}
    # Of unit vectors, the largest distance is that of two points opposite to each other.
    assert 0.05 < result.distance.value < 4


def test_fvd_of_a_folder_with_sound_alone_names_the_file(folders: Path) -> None:
    with pytest.raises(QueryError, match=r"cannot use 'b\.wav': the file has no picture"):
        evaluate_fvd(folders / "low", folders / "high", TOY)


def test_fvd_takes_frames_at_the_rate_asked_for(folders: Path) -> None:
    deeper = [folders / name / "deeper" for name in ("low", "high")]
    options = FrechetOptions(EmbeddingOptions("toy", frames_per_second=4))
    result = evaluate_fvd(*deeper, options)
    assert result.reference.counts == (12,)
    assert result.reference.embedding.rate == "4 frames a second"
    # The two films show the same.
    assert result.distance.value < 1e-6
    assert any("not I3D, and frame by frame" in note for note in result.to_table().notes)


def test_folders_that_cannot_be_used_are_one_line(folders: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "silent").mkdir()
    (tmp_path / "damaged").mkdir()
    make_silence(tmp_path / "silent" / "s.wav", 2)
    (tmp_path / "damaged" / "d.mp3").write_bytes(b"nothing of the kind" * 100)
    for name, why in {
        "empty": "holds no media file",
        "nowhere": "is not a folder",
        "silent": r"cannot use 's\.wav': the sound is silent",
        "damaged": r"cannot use 'd\.mp3'",
    }.items():
        with pytest.raises(QueryError, match=why) as caught:
            evaluate_fad(tmp_path / name, folders / "low", TOY)
        assert "\n" not in str(caught.value)
