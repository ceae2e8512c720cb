"""What every encoder of the table promises, one suite over all of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from mvsearch.indexer.encoders import (
    ENCODERS,
    PROFILES,
    Encoders,
    NamesThings,
    ReadsWords,
    find_points,
    load_encoder,
)
from mvsearch.indexer.encoders.networks.runtime import OnnxNetwork, TorchNetwork
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import MODALITIES, UNIT_TOLERANCE
from tests.indexer.encoders.small_checkpoints import make_inputs

Find = Callable[[str], Any]

# Text in pictures is compared by an encoder of its own, the same in each profile.
OF_PROFILES = [modality for modality in MODALITIES if modality != "ocr"]

EVERY = pytest.mark.parametrize("name", ENCODERS)
READERS = pytest.mark.parametrize(
    "name",
    [
        "efficientnet-lite0",
        "minilm",
        "bert",
        "multilingual",
        "use-multilingual",
        "e5",
        "clip",
        "siglip2",
        "clap",
        "signal-yamnet",
        "signal-musicnn",
        "toy-frames",
        "toy-lyrics",
    ],
)


def take(inputs: Any, places: list[int]) -> Any:
    return inputs[places] if isinstance(inputs, np.ndarray) else [inputs[place] for place in places]


@EVERY
def test_spaces_belong_to_the_encoder_and_differ(name: str, encoder: Find) -> None:
    spaces = encoder(name).spaces
    assert {space.encoder for space in spaces} == {name}
    assert len({space.modality for space in spaces}) == 1
    assert spaces[0].view == ""
    assert len({space.key for space in spaces}) == len(spaces)


@EVERY
def test_vectors_are_unit_float32_rows_of_each_space(name: str, encoder: Find) -> None:
    matrices = encoder(name).encode(make_inputs(encoder(name), 3))
    for space, matrix in zip(encoder(name).spaces, matrices, strict=True):
        assert matrix.shape == (3, space.dim)
        assert matrix.dtype == np.float32
        assert_allclose(np.linalg.norm(matrix, axis=1), 1, atol=UNIT_TOLERANCE / 10)


@EVERY
def test_nothing_in_gives_nothing_out(name: str, encoder: Find) -> None:
    nothing = take(make_inputs(encoder(name), 1), [])
    for space, matrix in zip(encoder(name).spaces, encoder(name).encode(nothing), strict=True):
        assert matrix.shape == (0, space.dim)
        assert matrix.dtype == np.float32


@EVERY
def test_one_input_gives_one_vector_every_time(name: str, encoder: Find) -> None:
    inputs = make_inputs(encoder(name), 3)
    for first, second in zip(
        encoder(name).encode(inputs), encoder(name).encode(inputs), strict=True
    ):
        assert_array_equal(first, second)


@EVERY
def test_a_batch_equals_one_at_a_time_in_any_order(name: str, encoder: Find) -> None:
    n = (
        3
        if hasattr(encoder(name), "sample_rate")
        else 40
        if not hasattr(encoder(name), "frame_size")
        else 9
    )
    inputs = make_inputs(encoder(name), n)
    together = encoder(name).encode(inputs)
    backwards = encoder(name).encode(take(inputs, list(range(n))[::-1]))
    last = encoder(name).encode(take(inputs, [n - 1]))
    for whole, turned, single in zip(together, backwards, last, strict=True):
        assert_allclose(whole, turned[::-1], atol=1e-4)
        assert_allclose(whole[-1:], single, atol=1e-4)


@EVERY
def test_different_inputs_give_different_vectors(name: str, encoder: Find) -> None:
    for matrix in encoder(name).encode(make_inputs(encoder(name), 3)):
        assert np.max(matrix @ matrix.T - np.eye(3)) < 1 - 1e-6


@READERS
def test_words_land_in_the_last_space(name: str, encoder: Find) -> None:
    assert isinstance(encoder(name), ReadsWords)
    words = encoder(name).encode_words(["home country", "", "dog", "\udcff broken " * 200])
    assert words.shape == (4, encoder(name).spaces[-1].dim)
    assert_allclose(np.linalg.norm(words, axis=1), 1, atol=UNIT_TOLERANCE / 10)
    assert_allclose(encoder(name).encode_words(["dog"]), words[2:3], atol=1e-4)
    assert encoder(name).encode_words([]).shape == (0, encoder(name).spaces[-1].dim)


@pytest.mark.parametrize(
    "name", ["efficientnet-lite0", "signal-yamnet", "signal-musicnn", "toy-frames"]
)
def test_what_names_things_also_encodes_them(name: str, encoder: Find) -> None:
    namer = encoder(name)
    assert isinstance(namer, NamesThings)
    frames = make_inputs(namer, 3)
    matrices, posterior = namer.encode_and_name(frames)
    for one, other in zip(matrices, namer.encode(frames), strict=True):
        assert_array_equal(one, other)
    assert posterior.shape == (3, len(namer.list_labels()))
    assert posterior.dtype == np.float32
    assert posterior.min() >= 0
    assert posterior.max() <= 1
    if hasattr(namer, "frame_size"):  # The classes of sound are likely each on its own.
        assert np.all(posterior.sum(axis=1) <= 1 + 1e-5)
    assert namer.encode_and_name(frames[:0])[1].shape == (0, len(namer.list_labels()))


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("efficientnet-lite0", "recipe"),
        ("minilm", "recipe"),
        pytest.param("bert", "recipe", marks=pytest.mark.slow),
        ("clip", "frame_recipe"),
        pytest.param("resnet50", "recipe", marks=pytest.mark.slow),
        pytest.param("multilingual", "recipe", marks=pytest.mark.slow),
        pytest.param("clip", "text_recipe", marks=pytest.mark.slow),
        pytest.param("siglip2", "frame_recipe", marks=pytest.mark.slow),
        pytest.param("siglip2", "text_recipe", marks=pytest.mark.slow),
        pytest.param("clap", "sound_recipe", marks=pytest.mark.slow),
        pytest.param("clap", "text_recipe", marks=pytest.mark.slow),
    ],
)
def test_torch_and_onnx_runtime_agree(name: str, attribute: str, encoder: Find) -> None:
    recipe = getattr(encoder(name), attribute)
    rng = np.random.default_rng(3)
    inputs = tuple(
        rng.integers(0, 256, (3, *example.shape[1:]), dtype=np.uint8)
        if example.dtype == np.uint8
        else rng.normal(0, 0.1, (3, *example.shape[1:])).astype(np.float32)
        if example.dtype == np.float32
        else np.ones((3, *example.shape[1:]), dtype=np.int64)
        for example in recipe.examples
    )
    ours = OnnxNetwork(recipe).run(*inputs)
    theirs = TorchNetwork(recipe, "cpu").run(*inputs)
    for one, other in zip(ours, theirs, strict=True):
        norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        assert np.all(np.sum(one * other, axis=1) > 0.9999 * norms)


def test_every_profile_names_encoders_of_the_table() -> None:
    for profile in PROFILES.values():
        names = [getattr(profile, modality) for modality in OF_PROFILES]
        assert {name for name in names if name} <= set(ENCODERS)


def test_a_profile_loads_what_it_names() -> None:
    encoders = Encoders("toy")
    assert encoders.get("frames").spaces[0].modality == "frames"
    assert encoders.get("lyrics").spaces[0].modality == "lyrics"
    assert encoders.get("audio").spaces[0].modality == "audio"
    assert Encoders("paper").audio is None


def test_what_is_released_is_loaded_again() -> None:
    encoders = Encoders("toy")
    before = {modality: encoders.get(modality) for modality in MODALITIES}
    assert encoders.frames is before["frames"]
    encoders.release()
    for modality, encoder in before.items():
        assert encoders.get(modality) is not encoder
        assert encoders.get(modality).spaces == encoder.spaces


def test_unknown_names_are_one_line() -> None:
    with pytest.raises(MvsearchError, match="no encoder is called 'x'"):
        load_encoder("x")
    with pytest.raises(MvsearchError, match="no profile is called 'x'"):
        Encoders("x")


def test_the_default_encoders_are_calibrated_and_no_other_goes_by_their_numbers() -> None:
    default, semantic = PROFILES["embedded"], PROFILES["semantic"]
    for modality in OF_PROFILES:
        points = find_points(getattr(default, modality))
        assert points is not None
        assert points.same < points.certain
        assert find_points(getattr(semantic, modality)) is None
    assert find_points("no such encoder") is None
