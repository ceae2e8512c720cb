import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mvsearch.search.metrics.clip_score import softmax_rows
from mvsearch.search.metrics.imsm import (
    MOODS,
    ImsmOptions,
    compute_matches,
    evaluate_imsm,
    evaluate_video_imsm,
    find_cap,
    normalise_matches,
)
from mvsearch.search.metrics.media.joint import JointOptions
from mvsearch.search.metrics.media.moments import MomentOptions
from mvsearch.store.errors import QueryError
from tests.media import make_colours, make_picture, make_tone, run_ffmpeg
from tests.search.metrics.oracles import needs_oracles, read_case, unit

TOY = ImsmOptions(JointOptions("toy-joint"), MomentOptions(1.0, 1.0))


def make_logits():
    """By the formulas beside the reference: random triples, then such as belong together."""
    random = np.random.RandomState(0)
    ie, te, ae, ue = (unit(random.randn(4, 16)) for _ in range(4))
    near, heard = unit(te + 0.5 * ie), unit(ue + 0.5 * ae)
    return {
        "random pairs": (100 * ie @ te.T, 20 * ae @ ue.T),
        "aligned pairs": (100 * near @ te.T, 20 * heard @ ue.T),
        "perfect N=10": (50 * np.eye(10), 50 * np.eye(10)),
        "uninformative": (np.zeros((4, 4)), np.zeros((4, 4))),
    }


@needs_oracles
@pytest.mark.parametrize("name", ["random pairs", "aligned pairs", "perfect N=10", "uninformative"])
def test_matches_are_those_of_the_published_code(name):
    expected = read_case("imsm.json", name)
    clip, clap = make_logits()[name]
    matches = compute_matches(softmax_rows(clip), softmax_rows(clap))
    normalised = normalise_matches(matches)
    assert_allclose(softmax_rows(clip), expected["probs_clip"], rtol=1e-6, atol=1e-12)
    assert_allclose(softmax_rows(clap), expected["probs_clap"], rtol=1e-6, atol=1e-12)
    assert_allclose(matches, expected["probs_metric"], rtol=1e-6, atol=1e-12)
    assert_allclose(normalised, expected["imsm"], rtol=1e-6)
    assert np.diag(matches).mean() == pytest.approx(expected["diag_mean_probs_metric"], rel=1e-6)
    assert np.diag(normalised).mean() == pytest.approx(expected["diag_mean_imsm"], rel=1e-6)


@pytest.mark.parametrize(
    ("clip", "clap", "expected"),
    [
        (
            [[1.0000, 0.0000], [0.0000, 1.0000]],
            [[0.0910, 0.9090], [0.5605, 0.4395]],
            [[0.3847, 0.6153], [0.6153, 0.3847]],
        ),
        (
            [[0.9981, 0.0019], [0.0010, 0.9990]],
            [[0.9748, 0.0252], [0.0081, 0.9919]],
            [[0.7237, 0.2763], [0.2759, 0.7241]],
        ),
    ],
)
def test_published_worked_cases(clip, clap, expected):
    assert_allclose(normalise_matches(compute_matches(clip, clap)), expected, atol=5e-5)


def test_matches_by_hand():
    # Two pictures, three sounds, two texts: each cell is the sum over the texts.
    found = compute_matches([[0.9, 0.1], [0.5, 0.5]], [[1.0, 0.0], [0.2, 0.8], [0.0, 1.0]])
    assert_allclose(found, [[0.9, 0.26, 0.1], [0.5, 0.5, 0.5]], atol=1e-12)
    assert_allclose(normalise_matches(found)[1], [1 / 3] * 3, atol=1e-12)


@pytest.mark.parametrize(("n", "cap"), [(2, 0.7311), (4, 0.4754), (10, 0.2320)])
def test_the_softmax_of_a_perfect_diagonal_is_the_cap(n, cap):
    assert find_cap(n) == pytest.approx(cap, abs=5e-5)
    assert_allclose(np.diag(normalise_matches(np.eye(n))), find_cap(n), rtol=1e-12)


@pytest.mark.parametrize(
    ("pictures", "sounds", "complaint"),
    [
        ([[0.5, 0.5]], [[0.2, 0.3, 0.5]], "pictures have 2 texts, sounds 3"),
        ([[1.0]], [[1.0]], "with one text"),
        ([[0.5, math.nan]], [[0.5, 0.5]], "finite"),
        ([[0.5, 0.6]], [[0.5, 0.5]], "sum to 1"),
        ([[1.5, -0.5]], [[0.5, 0.5]], "not negative"),
        ([], [[0.5, 0.5]], "table"),
    ],
)
def test_what_are_no_shares_is_refused(pictures, sounds, complaint):
    with pytest.raises(QueryError, match=complaint):
        compute_matches(pictures, sounds)


def test_one_sound_is_refused():
    with pytest.raises(QueryError, match="one sound is 1"):
        normalise_matches([[0.3], [0.7]])


@pytest.mark.usefixtures("joint_profile")
def test_triples_that_belong_together_have_the_diagonal(tmp_path):
    pictures = [make_picture(tmp_path / f"{c}.png", f"color={c}") for c in ("red", "blue")]
    sounds = [make_tone(tmp_path / f"{h}.wav", h, 1.0) for h in (300, 3300)]
    found = evaluate_imsm(pictures, ["red low", "blue high"], sounds, TOY)
    # Pictures: cosines 1 and 0 at a scale of 1; sounds: 1 and about 0 at the learned 7.
    p, q = 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(-7))
    same = p * q + (1 - p) * (1 - q)
    assert_allclose(found.matches, [[same, 1 - same], [1 - same, same]], atol=0.01)
    told = found.to_dict()
    assert told["normalised_cap"] == pytest.approx(math.e / (math.e + 1))
    assert told["mean_diagonal_match"] == pytest.approx(np.trace(found.matches) / 2)
    assert told["image_encoder"]["logit_scale"] == 1.0
    assert told["audio_encoder"] == {
        "encoder": "toy-audio", "revision": "1", "logit_scale": 7.0, "is_scale_learned": True,
    }  # fmt: skip
    assert "0.7311 at most" in " ".join(found.to_table().notes)


@pytest.mark.parametrize(("n_images", "n_texts", "n_audios"), [(2, 2, 3), (2, 3, 2), (1, 1, 1)])
def test_triples_are_equally_many_and_not_one(n_images, n_texts, n_audios, tmp_path):
    with pytest.raises(QueryError, match=r"not equally many|give two or more"):
        evaluate_imsm([tmp_path] * n_images, ["red"] * n_texts, [tmp_path] * n_audios, TOY)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Red with a low tone, then blue with a high one, 2 s each, then 1 s of silence."""
    folder = tmp_path_factory.mktemp("video")
    picture = make_colours(folder / "picture.mp4", [("red", 2), ("blue", 3)], frame_rate="10")
    graph = "sine=f=300:d=2[a];sine=f=3300:d=2[b];anullsrc=d=1[c];[a][b][c]concat=n=3:v=0:a=1[s]"
    sound = ("-filter_complex", graph, "-map", "0:v", "-map", "[s]", "-c:v", "copy")
    run_ffmpeg("-i", picture, *sound, "-c:a", "flac", folder / "video.mkv")
    return folder / "video.mkv"


@pytest.mark.usefixtures("joint_profile")
def test_frames_fit_the_sound_that_begins_with_them(video):
    found = evaluate_video_imsm(video, ["red low", "blue high"], TOY)
    assert found.images == found.audios == ("0 s", "1 s", "2 s", "3 s")
    p, q = 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(-7))
    same = p * q + (1 - p) * (1 - q)
    block = np.kron(np.eye(2), np.ones((2, 2)))
    assert_allclose(found.matches, np.where(block, same, 1 - same), atol=0.02)
    assert found.notes == ("left out, as silent: 4 s",)
    assert found.to_plot().values.shape == (4, 4)


@pytest.mark.usefixtures("joint_profile")
def test_a_video_alone_is_asked_for_moods(video):
    found = evaluate_video_imsm(video, None, TOY)
    assert found.texts == MOODS
    assert len(set(MOODS)) == len(MOODS) >= 2


@pytest.mark.usefixtures("joint_profile")
@pytest.mark.parametrize(
    ("moments", "texts", "complaint"),
    [
        (MomentOptions(5.0, 2.0), None, "has 1 stretches"),
        (MomentOptions(1.0, 30.0), None, "shorter than 30 s"),
        (MomentOptions(1.0, 1.0), ["red"], "with one text"),
    ],
)
def test_too_little_to_compare_is_said(video, moments, texts, complaint):
    with pytest.raises(QueryError, match=complaint):
        evaluate_video_imsm(video, texts, ImsmOptions(TOY.joint, moments))


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
def test_times_go_on(seconds):
    with pytest.raises(QueryError, match="positive number of seconds"):
        MomentOptions(interval_seconds=seconds)
    with pytest.raises(QueryError, match="positive number of seconds"):
        MomentOptions(audio_length_seconds=seconds)
