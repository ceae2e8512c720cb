"""The table of networks, against the networks themselves."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mvsearch.indexer.composing import GENERATORS
from mvsearch.indexer.encoders import CLASSIFIERS, ENCODERS, PROFILES, import_class
from mvsearch.indexer.encoders.model_cards import CARDS
from mvsearch.indexer.encoders.networks.examples import (
    encode_example,
    is_near,
    make_picture,
    measure_signature,
)
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.weights import check_signature
from mvsearch.indexer.lyrics.whisper.engines.packages import PACKAGED
from mvsearch.indexer.ocr.rapid_reader import RapidReader
from mvsearch.store.errors import MvsearchError


def test_every_network_has_a_card() -> None:
    places = ENCODERS | CLASSIFIERS | GENERATORS
    own = {name for name in places if not name.startswith("toy-")}
    models = {f"whisper-{used.whisper_model}" for name, used in PROFILES.items() if name != "toy"}
    assert set(CARDS) == own | models | {RapidReader.name}
    weights = {name: getattr(import_class(places[name]), "weights", None) for name in own}
    weights |= {RapidReader.name: RapidReader.weights}
    weights |= {f"whisper-{model}": packaged for model, packaged in PACKAGED.items()}
    for name, card in CARDS.items():
        found = weights.get(name)
        if isinstance(found, PackagedWeights):
            assert found.licence in card.licence, name


@pytest.mark.parametrize("name", ["minilm", "signal", "use-multilingual", "efficientnet-lite0"])
def test_the_default_networks_are_those_of_their_cards(
    name: str, encoder: Callable[[str], Any]
) -> None:
    matrices = encode_example(encoder(name))
    assert tuple(matrix.shape[1] for matrix in matrices) == CARDS[name].dimensions
    assert is_near(measure_signature(matrices[0]), CARDS[name].signature)


def test_a_signature_tells_any_other_vector() -> None:
    vector = np.random.default_rng(0).normal(size=(1, 300)).astype(np.float32)
    unit = vector[0] / np.linalg.norm(vector)
    by_hand = [sum(x * np.cos(k * i) for i, x in enumerate(unit)) for k in (1, 2, 3, 4)]
    signature = measure_signature(vector)
    np.testing.assert_allclose(signature, by_hand, atol=1e-3)
    assert is_near(measure_signature(3 * vector + 1e-4), signature)
    assert not is_near(measure_signature(np.roll(vector, 1)), signature)
    with pytest.raises(MvsearchError, match="a known example gives"):
        check_signature(CARDS["minilm"], vector)
    check_signature(CARDS["bert"], vector)


def test_the_picture_grows_to_the_right_and_down() -> None:
    picture = make_picture(8, 4)
    assert (picture.shape, picture.dtype) == ((1, 4, 8, 3), np.uint8)
    assert (np.diff(picture[0, :, :, 0].astype(int), axis=1) > 0).all()
    assert (np.diff(picture[0, :, :, 1].astype(int), axis=0) > 0).all()
