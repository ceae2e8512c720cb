from typing import Any

import numpy as np
import pytest

from mvsearch.indexer.audiovisual.towers import number_videos, read_towers
from mvsearch.store.errors import TrainingError


def make_tensors() -> dict[str, Any]:
    generator = np.random.default_rng(0)
    sizes = {"centre": (5,), "basis": (5, 4), "projection": (4, 3)}
    made = {
        f"{side}_{part}": generator.normal(size=size).astype(np.float32)
        for side in ("picture", "sound")
        for part, size in sizes.items()
    }
    return {**made, "seen": number_videos(["first", "second"])}


def test_a_projection_is_centred_mapped_and_of_length_one() -> None:
    tensors = make_tensors()
    vectors = np.random.default_rng(1).normal(size=(7, 5)).astype(np.float32)
    towers = read_towers(tensors)

    by_hand = (vectors.astype(np.float64) - tensors["sound_centre"]) @ tensors["sound_basis"]
    by_hand = by_hand @ tensors["sound_projection"]
    by_hand /= np.linalg.norm(by_hand, axis=1, keepdims=True)
    np.testing.assert_allclose(towers.sound.project(vectors), by_hand, atol=1e-5)
    whole = towers.sound.summarise(vectors)
    assert whole @ by_hand.mean(axis=0) == pytest.approx(np.linalg.norm(by_hand.mean(axis=0)))
    assert not towers.picture.project(tensors["picture_centre"][None]).any()


def test_they_know_what_they_were_trained_on() -> None:
    towers = read_towers(make_tensors())
    assert towers.find_unseen(["first", "third", "second"]) == {"third"}


@pytest.mark.parametrize("problem", ["missing", "shape", "nan"])
def test_other_weights_are_refused_in_one_line(problem: str) -> None:
    tensors = make_tensors()
    if problem == "missing":
        del tensors["sound_basis"]
    elif problem == "shape":
        tensors["sound_basis"] = np.zeros((6, 4), np.float32)
    else:
        tensors["sound_basis"][0, 0] = np.nan
    with pytest.raises(TrainingError) as caught:
        read_towers(tensors)
    assert "\n" not in str(caught.value)


def test_two_small_matrices_make_no_huge_one() -> None:
    tensors = make_tensors()
    tensors["picture_basis"] = np.zeros((2**22, 1), np.float32)
    tensors["picture_projection"] = np.zeros((1, 2**18), np.float32)
    with pytest.raises(TrainingError, match="no tower"):
        read_towers(tensors)
