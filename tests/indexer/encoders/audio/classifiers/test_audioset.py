"""The classifier of sound against what transformers itself makes of the same checkpoint."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mvsearch.indexer.encoders import (
    CLASSIFIERS,
    ENCODERS,
    FrameClassifier,
    SoundClassifier,
    load_classifier,
)
from mvsearch.indexer.encoders.audio.classifiers.audioset import AudioSetClassifier
from mvsearch.indexer.encoders.networks.files.weights import check_models, list_models
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.indexer.encoders.networks.runtime import OnnxNetwork, TorchNetwork
from mvsearch.store.errors import MvsearchError, WeightsMissingError

Folder = Callable[[str], Path]


def make_sounds(seconds: float) -> np.ndarray:
    """A tone, a higher one and noise."""
    at = np.arange(int(seconds * 16_000)) / 16_000
    noise = np.random.default_rng(0).normal(0, 0.1, len(at))
    tones = [0.3 * np.sin(2 * np.pi * hertz * at) for hertz in (220, 3000)]
    return np.stack([*tones, noise]).astype(np.float32)


@pytest.fixture
def classifier(checkpoint: Folder) -> AudioSetClassifier:
    made = AudioSetClassifier(checkpoint("ast"))
    vars(made)["_network"] = TorchNetwork(made.recipe, "cpu")
    return made


@pytest.mark.parametrize("seconds", [10.0, 1.5])
def test_sound_is_classified_as_transformers_does(
    seconds: float, classifier: AudioSetClassifier, checkpoint: Folder
) -> None:
    sounds = make_sounds(seconds)
    given = classifier._extractor(list(sounds), sampling_rate=16_000, return_tensors="pt")
    with torch.inference_mode():
        logits = load_pretrained("ASTForAudioClassification", checkpoint("ast"))(**given).logits
    ours = classifier.classify(sounds)
    np.testing.assert_allclose(ours, logits.softmax(1).numpy(), atol=1e-5)
    np.testing.assert_allclose(ours.sum(1), 1, atol=1e-5)
    assert np.ptp(ours, axis=0).max() > 0.01
    assert classifier.list_labels() == ["Music", "Speech", "Dog", "Rain", "Silence"]


def test_a_sound_does_not_depend_on_its_batch(classifier: AudioSetClassifier) -> None:
    sounds = make_sounds(1.0)
    one_by_one = np.concatenate([classifier.classify(sound[None]) for sound in sounds])
    np.testing.assert_allclose(classifier.classify(sounds), one_by_one, atol=1e-6)
    assert classifier.classify(sounds[:0]).shape == (0, 5)


@pytest.mark.parametrize("n_samples", [399, 164_081])
def test_sound_that_it_cannot_hear_whole_is_refused(
    n_samples: int, classifier: AudioSetClassifier
) -> None:
    with pytest.raises(ValueError, match="400 to 164080 samples"):
        classifier.classify(np.zeros((1, n_samples), np.float32))


def test_missing_weights_name_the_file_and_its_place(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError) as caught:
        AudioSetClassifier(tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert f"no model.safetensors in {tmp_path}" in message
    assert "mvsearch models fetch ast" in message


def test_other_weights_are_another_key(checkpoint: Folder, tmp_path: Path) -> None:
    copy = shutil.copytree(checkpoint("ast"), tmp_path / "ast")
    before = AudioSetClassifier(copy).key
    assert before == AudioSetClassifier(checkpoint("ast")).key
    with (copy / "config.json").open("a") as file:
        file.write("\n")
    assert AudioSetClassifier(copy).key != before


def test_a_checkpoint_of_something_else_is_one_line(checkpoint: Folder, tmp_path: Path) -> None:
    copy = shutil.copytree(checkpoint("ast"), tmp_path / "ast")
    shutil.copy(checkpoint("bert") / "model.safetensors", copy)
    with pytest.raises(MvsearchError, match="has no usable ASTForAudioClassification") as caught:
        TorchNetwork(AudioSetClassifier(copy).recipe, "cpu")
    assert "\n" not in str(caught.value)


def test_the_list_of_models_says_how_to_get_it_and_the_check_tries_it(
    checkpoint: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path))
    status = next(status for status in list_models() if status.name == "ast")
    assert not status.is_present
    assert status.folder == tmp_path / "ast"
    assert "models fetch ast" in status.problem
    shutil.copytree(checkpoint("ast"), tmp_path / "ast")
    monkeypatch.setattr(
        "mvsearch.indexer.encoders.audio.classifiers.audioset.open_network",
        lambda recipe: TorchNetwork(recipe, "cpu"),
    )
    (status,) = check_models(["ast"])
    assert status.is_present
    assert status.problem == ""
    monkeypatch.setattr(AudioSetClassifier, "list_labels", lambda _: ["one class"])
    with pytest.raises(ValueError, match="could not broadcast"):
        check_models(["ast"])


def test_classifiers_are_what_they_are_said_to_be(classifier: AudioSetClassifier) -> None:
    assert isinstance(classifier, SoundClassifier)
    for name in CLASSIFIERS.keys() & ENCODERS.keys():
        assert CLASSIFIERS[name] == ENCODERS[name]
    with pytest.raises(MvsearchError, match="no classifier is called 'clip'"):
        load_classifier("clip")


@pytest.mark.parametrize("name", ["efficientnet-lite0", "toy-frames"])
def test_pictures_have_whole_posteriors(name: str, encoder: Callable[[str], Any]) -> None:
    classifier = encoder(name)
    assert isinstance(classifier, FrameClassifier)
    width, height = classifier.frame_size
    frames = np.random.default_rng(0).integers(0, 256, (3, height, width, 3), dtype=np.uint8)
    rows = classifier.classify(frames)
    assert rows.shape == (3, len(classifier.list_labels()))
    np.testing.assert_allclose(rows.sum(1), 1, atol=1e-5)
    # What tags are made of is the same, but for classes that do not stand out.
    named = classifier.encode_and_name(frames)[1]
    np.testing.assert_allclose(rows[named > 0], named[named > 0], atol=1e-6)


@pytest.mark.slow
def test_the_export_gives_the_same(classifier: AudioSetClassifier) -> None:
    sounds = make_sounds(10.0)
    before = classifier.classify(sounds)
    vars(classifier)["_network"] = OnnxNetwork(classifier.recipe)
    np.testing.assert_allclose(classifier.classify(sounds), before, atol=1e-4)
