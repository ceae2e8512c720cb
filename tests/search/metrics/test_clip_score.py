import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mvsearch.search.metrics.clip_score import (
    compute_cosines,
    evaluate_clap_score,
    evaluate_clip_score,
    softmax_rows,
    weigh_cosines,
)
from mvsearch.search.metrics.media.joint import JointOptions
from mvsearch.store.errors import MvsearchError, QueryError, WeightsMissingError
from tests.media import make_picture, make_silence, make_tone

TOY = JointOptions("toy")


def test_cosines_do_not_depend_on_lengths():
    found = compute_cosines([[3.0, 4.0], [0.0, -2.0]], [[10.0, 0.0], [1.0, 1.0]])
    half = math.sqrt(0.5)
    assert_allclose(found, [[0.6, 1.4 * half], [0.0, -half]], atol=1e-12)


def test_softmax_is_of_each_row_and_survives_large_logits():
    found = softmax_rows([[0.0, math.log(3)], [5000.0, 5000.0]])
    assert_allclose(found, [[0.25, 0.75], [0.5, 0.5]], atol=1e-12)


def test_clip_score_counts_no_negative_cosine():
    assert weigh_cosines(np.array([0.4, -0.4])) == pytest.approx(2.5 * 0.4 / 2)


@pytest.mark.parametrize("bad", [[[math.nan, 1.0]], [[0.0, 0.0]], [[math.inf, 1.0]], [], [1.0]])
def test_what_has_no_direction_has_no_cosine(bad):
    with pytest.raises(QueryError):
        compute_cosines(bad, [[1.0, 0.0]])


def test_embeddings_of_two_spaces_have_no_cosine():
    with pytest.raises(QueryError, match="2 and 3 numbers"):
        compute_cosines([[1.0, 0.0]], [[1.0, 0.0, 0.0]])


def test_pictures_are_nearest_to_their_colours(tmp_path):
    colours = ("red", "blue")
    pictures = [make_picture(tmp_path / f"{c}.png", f"color={c}") for c in colours]
    found = evaluate_clip_score(pictures, ["a blue thing", "a red thing"], TOY)
    # A pure colour and its name are the same corner of the colour cube: cosine 1; red and blue
    # differ in two of four coordinates of ±1: cosine 0.
    assert_allclose(found.cosines, [[0, 1], [1, 0]], atol=0.02)
    share = math.e / (math.e + 1)
    assert_allclose(found.probabilities, [[1 - share, share], [share, 1 - share]], atol=0.005)
    assert (found.space.scale, found.space.is_learned) == (1.0, False)
    told = found.to_dict()
    assert told["files"] == [str(path) for path in pictures]
    assert told["encoder"]["encoder"] == "toy-frames"
    assert found.to_table().rows[0][0] == "red.png"
    assert "not CLIP" in found.to_table().notes[-1]


def test_a_given_scale_sharpens_the_shares(tmp_path):
    picture = make_picture(tmp_path / "red.png", "color=red")
    options = JointOptions("toy", scale=4.0)
    found = evaluate_clip_score([picture], ["red", "blue"], options)
    logits = 4.0 * found.cosines[0]
    assert_allclose(found.probabilities[0], np.exp(logits) / np.exp(logits).sum(), atol=1e-9)


def test_one_text_has_no_shares(tmp_path):
    picture = make_picture(tmp_path / "red.png", "color=red")
    found = evaluate_clip_score([picture], ["red"], TOY)
    assert found.probabilities is None
    assert "%" not in "".join(found.to_table().rows[0])


@pytest.mark.usefixtures("joint_profile")
def test_sounds_are_nearest_to_their_tones(tmp_path):
    tones = [make_tone(tmp_path / "low.wav", 300, 2.5), make_tone(tmp_path / "hi.wav", 3300, 1)]
    options = JointOptions("toy-joint")
    found = evaluate_clap_score(tones, ["low", "high"], options)
    assert_allclose(found.cosines, np.eye(2), atol=0.05)
    logits = 7.0 * found.cosines
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert_allclose(found.probabilities, shares, atol=1e-9)
    assert (found.space.scale, found.space.is_learned) == (7.0, True)


@pytest.mark.usefixtures("joint_profile")
def test_silence_is_refused(tmp_path):
    silence = make_silence(tmp_path / "silence.wav", 2)
    with pytest.raises(QueryError, match=r"silence.wav' is silent"):
        evaluate_clap_score([silence], ["low"], JointOptions("toy-joint"))


@pytest.mark.parametrize(
    ("texts", "options", "complaint"),
    [
        ([" "], TOY, "a text is empty"),
        ([], TOY, "at least one text"),
        (["red"], JointOptions("toy"), "no file is called"),
    ],
)
def test_what_cannot_be_scored_is_said(texts, options, complaint, tmp_path):
    with pytest.raises(QueryError, match=complaint):
        evaluate_clip_score([tmp_path / "absent.png"], texts, options)


def test_a_profile_that_there_is_not_is_said(tmp_path):
    options = JointOptions("nobody")
    with pytest.raises(MvsearchError, match="no profile is called 'nobody'"):
        evaluate_clip_score([tmp_path / "absent.png"], ["red"], options)


def test_sound_of_the_default_profile_cannot_be_compared_with_words(tmp_path):
    with pytest.raises(QueryError, match="cannot compare sound with words"):
        evaluate_clap_score([tmp_path / "a.wav"], ["low"], JointOptions("toy"))
    with pytest.raises(QueryError, match="'paper' has no encoder of sound"):
        evaluate_clap_score([tmp_path / "a.wav"], ["low"], JointOptions("paper"))


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
def test_a_scale_is_positive(scale):
    with pytest.raises(QueryError, match="positive"):
        JointOptions(scale=scale)


@pytest.mark.parametrize(
    ("evaluate", "name"), [(evaluate_clip_score, "clip"), (evaluate_clap_score, "clap")]
)
def test_missing_weights_are_named_with_their_place(evaluate, name, tmp_path):
    with pytest.raises(WeightsMissingError, match=rf"{name} has no model.safetensors in .*{name}"):
        evaluate([tmp_path / "any"], ["red"])
