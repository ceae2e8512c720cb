"""The Inception Score against reference code, closed forms and hand arithmetic."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import entropy

from mvsearch.search.metrics.inception import (
    InceptionOptions,
    evaluate_inception_score,
    score_inception,
)
from mvsearch.search.metrics.media.classes import ClassOptions
from mvsearch.store.errors import QueryError
from tests.media import make_colours, make_pattern, make_tone
from tests.search.metrics.oracles import read_case

TOY = ClassOptions("toy-frames", frames_per_second=2)


@pytest.mark.parametrize("n_splits", [1, 10])
def test_is_what_reference_code_gives(n_splits: int) -> None:
    posteriors = softmax(np.random.RandomState(1).randn(100, 20) * 3, axis=1)
    score = score_inception(posteriors, n_splits)
    case = read_case("inception_score_kid.json", f"splits={n_splits}, eps")
    assert score.mean == pytest.approx(case["mean"], rel=1e-12)
    assert score.deviation == pytest.approx(case["std"], rel=1e-12)
    case = read_case("inception_score_kid.json", f"calculate_isc splits={n_splits} ")
    assert score.mean == pytest.approx(case["inception_score_mean"], rel=1e-12)
    assert score.deviation == pytest.approx(case["inception_score_std"], rel=1e-12)


def test_one_sample_of_each_class_scores_their_number_as_in_reference_code() -> None:
    case = read_case("inception_score_kid.json", "one-hot balanced")
    found = score_inception(softmax(np.eye(101) * 50, axis=1)).mean
    assert found == pytest.approx(case["mean"], rel=1e-12)


def test_by_hand() -> None:
    # The mean is (1/2, 1/2); each row has KL = log 2 - H with H of (1/4, 3/4).
    rows = np.array([[0.25, 0.75], [0.75, 0.25]])
    divergence = 0.25 * np.log(0.25 / 0.5) + 0.75 * np.log(0.75 / 0.5)
    assert score_inception(rows).mean == pytest.approx(np.exp(divergence))
    assert score_inception(np.eye(4)).mean == pytest.approx(4)
    assert score_inception(np.tile([0.1, 0.9], (5, 1))).mean == pytest.approx(1)


def test_is_what_scipy_makes_of_it_with_parts_that_are_not_even() -> None:
    rows = np.random.default_rng(3).dirichlet(np.ones(6), size=11)
    parts = [rows[0:3], rows[3:7], rows[7:11]]
    expected = [np.exp(np.mean([entropy(p, part.mean(0)) for p in part])) for part in parts]
    score = score_inception(rows, 3)
    np.testing.assert_allclose(score.splits, expected, rtol=1e-12)
    assert score.mean == pytest.approx(np.mean(expected))
    assert score.deviation == pytest.approx(np.std(expected))
    turned = score_inception(rows, 3, np.arange(11)[::-1])
    assert turned.splits != score.splits
    assert score_inception(rows, 1, np.arange(11)[::-1]).mean == pytest.approx(
        score_inception(rows).mean
    )


@pytest.mark.parametrize(
    ("rows", "n_splits", "why"),
    [
        (np.eye(3)[:1], 1, "1 split needs 2 samples or more, not 1"),
        (np.eye(3), 2, "2 splits needs 4 samples or more, not 3"),
        (np.full((4, 2), np.nan), 1, "not finite"),
        (np.full((4, 2), 0.7), 1, "sum to 1"),
        (np.array([[1.5, -0.5], [0.5, 0.5]]), 1, "sum to 1"),
        (np.zeros((0, 2)), 1, "no posteriors"),
    ],
)
def test_what_has_no_score_is_refused(rows: np.ndarray, n_splits: int, why: str) -> None:
    with pytest.raises(QueryError, match=why):
        score_inception(rows, n_splits)


def test_no_split_at_all_is_refused() -> None:
    with pytest.raises(QueryError, match="one split at least"):
        InceptionOptions(n_splits=0)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Patterns of 3 s and of 2 s."""
    folder = tmp_path_factory.mktemp("inception")
    make_pattern(folder / "a.mp4", 3, size=(96, 64))
    make_pattern(folder / "b.mp4", 2, size=(64, 96))
    return folder


def test_frames_or_videos_are_samples(videos: Path) -> None:
    by_frame = evaluate_inception_score(videos, InceptionOptions(classes=TOY))
    found = json.loads(json.dumps(by_frame.to_dict(), allow_nan=False))
    assert (found["sample"], found["samples"]) == ("frame", 10)
    assert found["classifier"]["name"] == "toy-frames@1"
    assert found["classifier"]["dimensions"] == 10
    assert found["classifier"]["rate"] == "2 frames a second"
    assert [(row["file"], row["rows"]) for row in found["videos"]["files"]] == [
        ("a.mp4", 6),
        ("b.mp4", 4),
    ]
    rows = np.concatenate([file.posteriors for file in by_frame.videos.files])
    assert found["mean"] > 1.01
    assert found["mean"] == pytest.approx(score_inception(rows).mean)
    by_video = evaluate_inception_score(videos, InceptionOptions(sample="video", classes=TOY))
    means = np.stack([file.posteriors.mean(0) for file in by_video.videos.files])
    assert by_video.n_samples == 2
    assert by_video.score.mean == pytest.approx(score_inception(means).mean)
    assert "N = 10, a sample is a frame" in by_frame.to_table().notes[1]


def test_a_seed_draws_the_order_of_splits(videos: Path) -> None:
    options = InceptionOptions(n_splits=5, seed=1, classes=TOY)
    result = evaluate_inception_score(videos, options)
    rows = np.concatenate([file.posteriors for file in result.videos.files])
    order = np.random.default_rng(1).permutation(10)
    assert result.score == score_inception(rows[order], 5)
    assert result.score != score_inception(rows, 5)
    assert result.to_table().notes[2] == "splits 5, drawn by seed 1"


def test_a_sound_or_a_colour_is_no_video(videos: Path, tmp_path: Path) -> None:
    (tmp_path / "sound").mkdir()
    make_tone(tmp_path / "sound" / "s.wav", 440, 1)
    (tmp_path / "black").mkdir()
    make_colours(tmp_path / "black" / "b.mp4", [("black", 1)])
    for name, why in {"sound": r"cannot use 's\.wav'", "black": "of one colour"}.items():
        with pytest.raises(QueryError, match=why) as caught:
            evaluate_inception_score(tmp_path / name, InceptionOptions(classes=TOY))
        assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_default_classifier_is_named_and_knows_imagenet(videos: Path) -> None:
    result = evaluate_inception_score(videos, InceptionOptions())
    assert result.videos.classifier.key.startswith("efficientnet-lite0@")
    assert result.videos.classifier.dim == 1000
    assert 1 < result.score.mean < 10
    assert any("neither C3D nor PANNs" in note for note in result.to_table().notes)
