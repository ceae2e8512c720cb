"""The space of moods by the toy heads, whose moods of colours and tones are planted."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mvsearch.indexer.encoders import load_encoder
from mvsearch.search.metrics.imsm import ImsmOptions, evaluate_imsm
from mvsearch.search.metrics.media.joint import JointOptions, open_both
from mvsearch.search.metrics.moods.spaces import (
    ANCHORS,
    PictureMoods,
    SoundMoods,
    to_directions,
)
from mvsearch.store.errors import QueryError
from tests.media import make_picture, make_tone


def test_a_mood_is_a_direction() -> None:
    found = to_directions(np.array([[0.5, 0.5], [1.0, 0.0]]))
    assert_allclose(found, [[0, 0, 1], np.array([1, -1, 1]) / np.sqrt(3)], atol=1e-6)


def test_green_is_calm_and_so_is_a_tone_of_its_band() -> None:
    pictures, sounds = (
        PictureMoods(load_encoder("toy-frames")),
        SoundMoods(load_encoder("toy-audio")),
    )
    width, height = pictures.frame_size
    frames = np.zeros((2, height, width, 3), np.uint8)
    frames[0, :, :, 1] = frames[1, :, :, 0] = 255
    assert_allclose(pictures.predict_emotion(frames), [[1, 0], [0, 1]], atol=1e-6)
    times = np.arange(3 * sounds.sample_rate) / sounds.sample_rate
    tones = np.sin(2 * np.pi * np.array([[1500.0], [2500.0]]) * times).astype(np.float32)
    assert_allclose(sounds.predict_emotion(tones), [[1, 0], [0, 1]], atol=0.01)
    assert_allclose(
        (pictures.encode(frames)[0] @ sounds.encode(tones)[0].T).diagonal(), 1, atol=0.01
    )


def test_words_lie_where_they_were_put() -> None:
    moods = PictureMoods(load_encoder("toy-frames"))
    anchors = to_directions(np.array(list(ANCHORS.values())))
    found = moods.encode_words([*ANCHORS, "a sad, lonely song", "furious and violent"])
    assert (found[: len(ANCHORS)] @ anchors.T).argmax(axis=1).tolist() == list(range(len(ANCHORS)))
    names = list(ANCHORS)
    assert [names[at] for at in (found[len(ANCHORS) :] @ anchors.T).argmax(axis=1)] == [
        "sad and melancholic",
        "angry and aggressive",
    ]


def test_imsm_of_encoders_without_words_is_by_mood(tmp_path: Path) -> None:
    pictures = [make_picture(tmp_path / f"{c}.png", f"color={c}") for c in ("0x00ff00", "red")]
    sounds = [make_tone(tmp_path / f"{hertz}.wav", hertz, 2) for hertz in (1500, 2500)]
    texts = ["calm and peaceful", "dark and tense"]
    options = ImsmOptions(JointOptions("toy"))
    found = evaluate_imsm(pictures, texts, sounds, options)
    assert found.matches.diagonal().min() > 0.9
    assert found.matches[~np.eye(2, dtype=bool)].max() < 0.1
    told = found.to_dict()
    assert told["image_encoder"]["encoder"] == "mood-toy-frames"
    assert told["audio_encoder"]["revision"] == "toy-audio-1"
    assert any("not CLAP" in note for note in found.to_table().notes)


def test_without_clip_the_embedded_heads_are_taken_and_named() -> None:
    pictures, sounds = open_both()
    assert pictures.describe().startswith("pictures by mood-efficientnet-lite0 picture-")
    assert "not CLIP" in pictures.describe()
    assert sounds.name.startswith("mood-signal sound-")


def test_a_profile_without_a_head_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mvsearch.indexer.mood.toy.HEADS", {})
    with pytest.raises(QueryError, match="no head of mood is there for the encoder of frames, toy"):
        open_both(JointOptions("toy"))
