import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mvsearch.indexer.encoders import ENCODERS
from mvsearch.indexer.encoders.toy import ToyFrames
from mvsearch.indexer.mood import toy
from mvsearch.search.metrics.emotion import (
    EmotionOptions,
    compute_distances,
    compute_similarities,
    measure_squared_error,
    normalise_emotions,
)
from mvsearch.search.metrics.media.emotion_sources import (
    SourceOptions,
    evaluate_emotion_match,
    read_emotions,
)
from mvsearch.store.errors import QueryError
from tests.media import make_picture, make_silence, make_tone
from tests.search.metrics.oracles import needs_oracles, read_oracle
from tests.search.metrics.tones import Tones

IMAGES = [[1.0, 2.0], [5.0, 4.0], [9.0, 3.0]]


def test_each_axis_goes_from_its_smallest_to_its_largest():
    assert_allclose(normalise_emotions(IMAGES, "images"), [[0, 0], [0.5, 1], [1, 0.5]])


def test_a_known_scale_needs_no_extremes():
    found = normalise_emotions([[1.0, 5.0]], "images", (1.0, 9.0))
    assert_allclose(found, [[0.0, 0.5]])


@pytest.mark.parametrize(
    ("points", "ends", "complaint"),
    [
        ([[1.0, 2.0], [3.0, 2.0]], None, "every arousal is the same"),
        ([[1.0, 2.0]], None, "every valence is the same"),
        ([[math.nan, 2.0], [1.0, 3.0]], None, "not finite"),
        ([[1.0, 2.0, 3.0]], None, "two numbers"),
        ([], None, "two numbers"),
        ([[1.0, 10.0]], (1.0, 9.0), "outside 1 to 9"),
        ([[1.0, 10.0]], (9.0, 1.0), "goes up"),
    ],
)
def test_what_has_no_scale_is_refused(points, ends, complaint):
    with pytest.raises(QueryError, match=f"images: .*{complaint}"):
        normalise_emotions(points, "images", ends)


def test_similarity_by_hand():
    distances = compute_distances(np.array([[0.0, 0.0], [0.0, 1.0]]), np.array([[0.6, 0.8]]))
    assert_allclose(distances, [[1.0], [math.sqrt(0.36 + 0.04)]])
    similarities, sigma = compute_similarities(distances)
    assert sigma == pytest.approx((1 + math.sqrt(0.4)) / 2)
    assert similarities[0, 0] == pytest.approx(math.exp(-1 / sigma))
    same, _ = compute_similarities(distances, sigma=1.0)
    assert same[0, 0] == pytest.approx(1 / math.e)


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, None])
def test_a_similarity_needs_a_distance(sigma):
    with pytest.raises(QueryError, match="σ is a positive number"):
        compute_similarities([[0.0, 0.0]], sigma)
    with pytest.raises(QueryError, match="finite"):
        compute_similarities([[math.nan, 1.0]])


@needs_oracles
def test_published_scores_are_of_this_form():
    """Scores lie between those of the two farthest points of the square and of one point."""
    (published,) = read_oracle("imemnet.json")["cases"]
    farthest, _ = compute_similarities([math.sqrt(2)], sigma=0.37)
    error = published["median_abs_error"]
    assert farthest[0] == pytest.approx(published["score_min"], abs=error)
    nearest, _ = compute_similarities([0.0], sigma=0.37)
    assert nearest[0] == pytest.approx(published["score_max"], abs=error)


def test_squared_error_by_hand():
    assert measure_squared_error([0.5, 1.0], [0.0, 1.0]) == pytest.approx(0.125)
    with pytest.raises(QueryError, match="2 predictions for 1 targets"):
        measure_squared_error([0.5, 1.0], [0.0])
    with pytest.raises(QueryError, match="0 predictions"):
        measure_squared_error([], [])
    with pytest.raises(QueryError, match="not finite"):
        measure_squared_error([math.nan], [0.0])


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "values.csv"
    rows = ("a.png,1,1", "b.png,9,5", "c.png,5,9", "x.wav,0,0", "y.wav,1,0.5", "z.wav,0.5,1")
    path.write_text("\n".join(["file,valence,arousal", *rows]), encoding="utf-8-sig")
    return path


@pytest.fixture
def files(tmp_path):
    return [tmp_path / f"{c}.png" for c in "abc"], [tmp_path / f"{c}.wav" for c in "xyz"]


def test_values_of_a_table_are_matched(table, files):
    found = evaluate_emotion_match(*files, SourceOptions(values=table))
    corners = np.array([[0, 0], [1, 0.5], [0.5, 1]])
    distances = np.linalg.norm(corners[:, None] - corners[None], axis=2)
    assert_allclose(found.image_points, corners)
    assert found.sigma == pytest.approx(distances.mean())
    assert_allclose(found.similarities, np.exp(-distances / distances.mean()))
    assert found.to_dict()["mean_squared_error"] is None
    assert found.to_table().rows[0][:2] == ("a.png", "1.0000")


def test_scores_judge_the_similarities(table, files, tmp_path):
    scores = tmp_path / "scores.csv"
    scores.write_text("image,audio,score\na.png,x.wav,0.5\nb.png,y.wav,1\nq.png,x.wav,1\n", "utf-8")
    options = SourceOptions(values=table, scores=scores, emotion=EmotionOptions(sigma=0.37))
    found = evaluate_emotion_match(*files, options)
    assert (found.n_scores, found.sigma) == (2, 0.37)
    assert found.squared_error == pytest.approx((0.5**2 + 0) / 2)
    scores.write_text("image,audio,score\nq.png,x.wav,1\n", "utf-8")
    with pytest.raises(QueryError, match="scores none of these"):
        evaluate_emotion_match(*files, options)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("file,valence\na.png,1", "lacks the column 'arousal'"),
        ("file,valence,arousal\na.png,much,1", "'much' is not a number"),
        ("file,valence,arousal\na.png,1,1\na.png,2,1", "two values"),
        ("file,valence,arousal\na.png,1", "'' is not a number"),
    ],
)
def test_a_bad_table_is_refused(text, complaint, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(QueryError, match=complaint):
        read_emotions(path)


def test_what_a_table_lacks_is_named(table, files, tmp_path):
    with pytest.raises(QueryError, match=r"no valence and arousal of 'q.png'"):
        evaluate_emotion_match([tmp_path / "q.png"], files[1], SourceOptions(values=table))
    with pytest.raises(QueryError, match="cannot be read as CSV"):
        evaluate_emotion_match(*files, SourceOptions(values=tmp_path / "absent.csv"))
    with pytest.raises(QueryError, match="one image and one audio"):
        evaluate_emotion_match([], files[1], SourceOptions(values=table))


def test_encoders_without_a_head_are_said_to_have_none(files, monkeypatch):
    monkeypatch.setattr(toy, "HEADS", {})
    with pytest.raises(QueryError, match="do not predict valence and arousal: give them as"):
        evaluate_emotion_match(*files, SourceOptions(profile="toy"))


def test_without_such_encoders_the_embedded_heads_predict(tmp_path):
    """Of the toy encoders, green is calm and red is tense; so are 1.5 and 2.5 kHz."""
    pictures = [make_picture(tmp_path / f"{c}.png", f"color={c}") for c in ("0x00ff00", "red")]
    sounds = [make_tone(tmp_path / f"{hertz}.wav", hertz, 2) for hertz in (1500, 2500)]
    options = SourceOptions(profile="toy", emotion=EmotionOptions(sigma=0.5))
    found = evaluate_emotion_match(pictures, sounds, options)
    # The scale of the heads is known: neither side is brought to its own extremes.
    assert_allclose(found.image_points, [[1, 0], [0, 1]], atol=0.02)
    assert_allclose(found.music_points, [[1, 0], [0, 1]], atol=0.02)
    apart = math.exp(-math.sqrt(2) / 0.5)
    assert_allclose(found.similarities, [[1, apart], [apart, 1]], atol=0.06)
    assert "embedded heads of toy-frames (toy-frames-1) and toy-audio (toy-audio-1)" in found.source
    alone = evaluate_emotion_match(pictures[:1], sounds[:1], options)
    assert_allclose(alone.similarities, found.similarities[:1, :1])


class FeelingFrames(ToyFrames):
    """Red is pleasant, blue is exciting."""

    def predict_emotion(self, inputs):
        return inputs.mean(axis=(1, 2))[:, [0, 2]] / 255


class FeelingTones(Tones):
    """Loud is pleasant; all below the middle is calm."""

    def predict_emotion(self, inputs):
        loud = np.abs(inputs).max(axis=1)
        peak = np.abs(np.fft.rfft(inputs)).argmax(axis=1) / inputs.shape[1] * self.sample_rate
        return np.stack([loud, peak / 4000], axis=1)


def test_any_encoder_with_a_head_predicts(tmp_path, monkeypatch):
    monkeypatch.setitem(ENCODERS, "toy-frames", f"{__name__}:FeelingFrames")
    monkeypatch.setitem(ENCODERS, "toy-audio", f"{__name__}:FeelingTones")
    pictures = [make_picture(tmp_path / f"{c}.png", f"color={c}") for c in ("red", "blue")]
    sounds = [
        make_tone(tmp_path / "loud.wav", 300, 2.0, volume=4.0),
        make_tone(tmp_path / "high.wav", 3300, 1.0),
    ]
    found = evaluate_emotion_match(pictures, sounds, SourceOptions(profile="toy"))
    # Red and the loud low tone are (1, 0), blue and the soft high tone (0, 1).
    assert_allclose(found.image_points, [[1, 0], [0, 1]], atol=1e-6)
    assert_allclose(found.music_points, [[1, 0], [0, 1]], atol=1e-6)
    assert found.sigma == pytest.approx(math.sqrt(2) / 2)
    assert_allclose(found.similarities, [[1, math.exp(-2)], [math.exp(-2), 1]], atol=1e-6)
    assert "toy-frames and toy-audio" in found.source
    silence = make_silence(tmp_path / "silence.wav", 1)
    with pytest.raises(QueryError, match="is silent"):
        evaluate_emotion_match(pictures, [silence], SourceOptions(profile="toy"))
