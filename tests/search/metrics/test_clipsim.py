import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mvsearch.search.metrics.clipsim import (
    ClipsimOptions,
    compute_clipsim,
    compute_relative,
    evaluate_clipsim,
)
from mvsearch.search.metrics.media.joint import JointOptions
from mvsearch.store.errors import QueryError
from tests.media import make_colours, make_slides, make_tone, probe_times
from tests.search.metrics.oracles import needs_oracles, read_case, unit

TOY = ClipsimOptions(JointOptions("toy"))


@needs_oracles
def test_all_conventions_are_those_of_the_reference():
    expected = read_case("clipsim.json", "CLIPSIM variants")
    random = np.random.RandomState(12)
    frames = unit(random.randn(16, 32) + 0.5)
    text = unit(np.ones(32) + 0.2 * random.randn(32))
    found = compute_clipsim(frames, text)
    assert found.n_frames == 16
    assert found.mean_cosine == pytest.approx(expected["mean_cosine"], rel=1e-6)
    assert 100 * found.mean_cosine == pytest.approx(
        expected["torchmetrics_CLIPScore_100x"], rel=1e-6
    )
    assert found.clip_score == pytest.approx(expected["clipscore_w2p5"], rel=1e-6)
    assert found.pooled_cosine == pytest.approx(expected["mean_of_pooled_embedding"], rel=1e-6)


def test_figures_by_hand():
    # Cosines 1, 0, -1 and 0.6; the mean unit vector is (0.15, 0.45).
    frames = np.array([[2.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.6, 0.8]])
    found = compute_clipsim(frames, np.array([5.0, 0.0]))
    assert found.mean_cosine == pytest.approx(0.15)
    assert found.deviation == pytest.approx(math.sqrt((1 + 0 + 1 + 0.36) / 4 - 0.15**2))
    assert found.clip_score == pytest.approx(2.5 * 1.6 / 4)
    assert found.pooled_cosine == pytest.approx(0.15 / math.hypot(0.15, 0.45))


def test_the_relative_form_needs_a_positive_reference():
    assert compute_relative(0.3, 0.2) == pytest.approx(1.5)
    for reference in (0.0, -0.1, math.nan):
        with pytest.raises(QueryError, match="undefined"):
            compute_relative(0.3, reference)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    half = make_colours(folder / "half.mp4", [("red", 1), ("blue", 1)], frame_rate="10")
    return half, make_colours(folder / "red.mp4", [("red", 1)], frame_rate="10")


def test_every_frame_counts(videos):
    half, red = videos
    found = evaluate_clipsim([half, red], ["red"], options=TOY)
    one, whole = (row.similarity for row in found.rows)
    assert one.n_frames == len(probe_times(half)) == 20
    assert one.mean_cosine == pytest.approx(0.5, abs=0.02)
    assert whole.mean_cosine == pytest.approx(1.0, abs=0.02)
    assert found.mean == pytest.approx((one.mean_cosine + whole.mean_cosine) / 2)
    assert found.to_dict()["mean_relative"] is None


def test_a_rate_takes_fewer(videos):
    options = ClipsimOptions(JointOptions("toy"), frame_rate=2.0)
    found = evaluate_clipsim([videos[0]], ["red"], options=options)
    assert found.rows[0].similarity.n_frames == 4
    assert found.to_dict()["frame_rate"] == 2.0


def test_a_video_is_compared_with_its_reference(videos):
    half, red = videos
    found = evaluate_clipsim([half], ["red"], [red], TOY)
    assert found.mean_relative == pytest.approx(0.5, abs=0.02)
    assert found.to_dict()["videos"][0]["reference"]["n_frames"] == 10
    assert found.to_table().columns[-1] == "relative"
    assert_allclose(float(found.to_table().rows[0][-1]), found.mean_relative, atol=1e-4)


@pytest.mark.parametrize(
    ("n_videos", "n_texts", "n_references"), [(0, 1, 0), (2, 3, 0), (2, 2, 1), (2, 0, 0)]
)
def test_numbers_must_fit(videos, n_videos, n_texts, n_references):
    half = videos[0]
    with pytest.raises(QueryError, match=r"videos|at least one video"):
        evaluate_clipsim([half] * n_videos, ["red"] * n_texts, [half] * n_references, TOY)


def test_what_is_no_video_is_said(tmp_path):
    still = make_slides(tmp_path / "still.mkv", [("red", 0)])
    with pytest.raises(QueryError, match=r"'still.mkv' has a single frame"):
        evaluate_clipsim([still], ["red"], options=TOY)
    tone = make_tone(tmp_path / "tone.wav", 440, 1)
    with pytest.raises(QueryError, match="no picture"):
        evaluate_clipsim([tone], ["red"], options=TOY)
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(QueryError, match=r"'empty.mp4'"):
        evaluate_clipsim([tmp_path / "empty.mp4"], ["red"], options=TOY)


def test_frames_that_are_no_numbers_are_refused():
    with pytest.raises(QueryError, match="not finite"):
        compute_clipsim(np.array([[1.0, math.nan], [1.0, 0.0]]), np.array([1.0, 0.0]))
    with pytest.raises(QueryError, match="at least two frames"):
        compute_clipsim(np.array([[1.0, 0.0]]), np.array([1.0, 0.0]))
    for rate in (0.0, -1.0, math.nan):
        with pytest.raises(QueryError, match="frame rate"):
            ClipsimOptions(frame_rate=rate)
