import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.image.concepts import name_classes, to_posterior
from tests.indexer.encoders.small_checkpoints import make_inputs

MEDIA = Path(
    os.environ.get("MVSEARCH_TEST_MEDIA", Path(__file__).parents[5] / "shared" / "media")
).resolve()

# Words that somebody would look for, and the photograph that shows it.
PHOTOGRAPHS = {
    "wolf": "oasis-cl__OASIS_wolf2_va99.jpg",
    "an insect on a flower": "oasis-cl__OASIS_bee1_va51.jpg",
    "beach": "oasis-cl__OASIS_yoga3_va100.jpg",
    "gun": "oasis-cl__OASIS_war1_va50.jpg",
    "hound": "oasis-cl__OASIS_dog12_va52.jpg",
}


def read_photograph(name: str) -> np.ndarray:
    from PIL import Image

    path = MEDIA / "emotion" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return np.asarray(Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BICUBIC))


def test_features_and_verdict_are_those_of_the_package(encoder: Callable[[str], Any]) -> None:
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    ours = encoder("efficientnet-lite0")
    path = ours.weights.locate() / ours.weights.files[0]
    theirs = EfficientNet.from_name("efficientnet-lite0").eval()
    theirs.load_state_dict(torch.load(path, weights_only=True))
    frames = make_inputs(ours, 2)
    pixels = (torch.tensor(frames).permute(0, 3, 1, 2).float() - 127.5) / 127.5
    with torch.inference_mode():
        features = theirs.extract_features(pixels).mean((2, 3)).numpy()
        logits = theirs(pixels).numpy()
    vectors, _, words = ours.encode(frames)
    np.testing.assert_allclose(
        vectors, features / np.linalg.norm(features, axis=1, keepdims=True), atol=1e-4
    )
    np.testing.assert_allclose(words, ours._concepts.blend(logits), atol=1e-3)


def test_class_names_are_those_of_the_weights_of_torchvision(
    encoder: Callable[[str], Any],
) -> None:
    from torchvision.models import ResNet50_Weights

    names = encoder("efficientnet-lite0").list_labels()
    assert list(names) == ResNet50_Weights.IMAGENET1K_V2.meta["categories"]


def test_words_find_the_photograph_that_shows_them(encoder: Callable[[str], Any]) -> None:
    lite = encoder("efficientnet-lite0")
    *_, pictures = lite.encode(np.stack([read_photograph(name) for name in PHOTOGRAPHS.values()]))
    similarities = lite.encode_words(list(PHOTOGRAPHS)) @ pictures.T
    assert np.argmax(similarities, axis=1).tolist() == list(range(len(PHOTOGRAPHS)))


def test_a_photograph_is_named_by_what_it_shows(encoder: Callable[[str], Any]) -> None:
    lite = encoder("efficientnet-lite0")
    wanted = {"an insect on a flower": "bee", "beach": "sandbar", "wolf": "timber wolf"}
    frames = np.stack([read_photograph(PHOTOGRAPHS[words]) for words in wanted])
    _, posterior = lite.encode_and_name(frames)
    labels = lite.list_labels()
    assert [labels[place] for place in posterior.argmax(axis=1)] == list(wanted.values())


def test_the_posterior_is_the_softmax_of_what_stands_out() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(3, 200)).astype(np.float32)
    logits[0, 7], logits[1, 5] = 30.0, 5.0
    posterior = name_classes(logits)
    assert posterior.dtype == np.float32
    np.testing.assert_array_equal(np.argwhere(posterior), [[0, 7]])
    np.testing.assert_allclose(posterior[0, 7], scipy.special.softmax(logits[0])[7], rtol=1e-5)
    np.testing.assert_allclose(
        to_posterior(logits, 2.0), scipy.special.softmax(logits / 2, axis=1), rtol=1e-4
    )


def test_networks_that_are_let_go_leave_memory() -> None:
    """A run measures backgrounds at its end, when a hundred MB of networks are of no use."""
    encoders = Encoders("embedded")
    encoders.frames.encode(np.zeros((1, 224, 224, 3), np.uint8))
    kept = weakref.ref(encoders.frames)
    encoders.release()
    assert kept() is None
