import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.mood import MoodHead, find_head, heads
from mvsearch.indexer.mood.features import REACH_SECONDS, pool_sound, prepare_pictures
from mvsearch.indexer.mood.joint import compare
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.records import Matrix, Side, Space

PICTURES, SOUND = (
    Encoders("embedded").frames.spaces[0],
    Space("audio", "signal", "1", 394),
)


def draw_units(n: int, *dims: int) -> Matrix:
    """Random non-negative unit vectors of one view after the other."""
    generator = np.random.default_rng(5)
    parts = [np.abs(generator.normal(size=(n, dim))) for dim in dims]
    units = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in parts]
    return np.concatenate(units, axis=1).astype(np.float32)


@pytest.mark.parametrize(("space", "side"), [(PICTURES, "picture"), (SOUND, "sound")])
def test_the_default_encoders_have_heads(space: Space, side: Side) -> None:
    head = find_head(space)
    assert head is not None
    assert (head.side, head.dims[0]) == (side, space.dim)
    vectors = draw_units(5, *head.dims)
    moods = head.predict(vectors, np.arange(5.0))
    assert moods.dtype == np.float32
    assert moods.shape == (5, 3)
    assert head.summarise(vectors).shape == (3,)
    assert np.isfinite(moods).all()
    assert moods.min() >= 0
    assert moods.max() <= 1
    places = head.project_each(vectors, np.arange(5.0))
    assert places.shape == (5, *head.project(vectors).shape)


def test_vectors_of_other_encoders_revisions_or_views_have_none() -> None:
    assert find_head(replace(PICTURES, revision="57934424-0")) is None
    assert find_head(replace(PICTURES, revision=PICTURES.revision + "1")) is None
    assert find_head(replace(PICTURES, view="words")) is None
    assert find_head(replace(PICTURES, encoder="resnet50")) is None
    assert find_head(replace(SOUND, revision="2")) is None
    assert find_head(replace(SOUND, dim=12)) is None
    # What is added to a revision for words or for sampling leaves the vectors as they are.
    assert find_head(replace(PICTURES, revision=PICTURES.revision + "-10random")) is not None
    assert find_head(replace(SOUND, encoder="signal-yamnet", revision="1-abc-1")) is not None


@pytest.mark.parametrize("space", [PICTURES, SOUND])
def test_nothing_is_known_without_vectors(space: Space) -> None:
    head = find_head(space)
    assert head is not None
    empty = draw_units(0, *head.dims)
    assert head.predict(empty, np.zeros(0)).shape == (0, 3)
    assert head.summarise(empty).tolist() == [0.5, 0.5, 0.0]
    assert not head.project(empty).any()


def test_the_numbers_of_the_views_are_those_of_the_head() -> None:
    head = find_head(PICTURES)
    assert head is not None
    parts = {view: draw_units(2, dim) for view, dim in zip(head.views, head.dims, strict=True)}
    joined = head.join(parts | {"copies": draw_units(2, 512)})
    np.testing.assert_array_equal(joined[:, : head.dims[0]], parts[""])
    with pytest.raises(ValueError, match="was given vectors"):
        head.predict(joined[:, 1:], np.zeros(2))


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MoodHead]:
    """A head of sound with one landmark at the origin and gamma 1."""
    tensors = {
        "centre": np.zeros(4),
        "scale": np.full(4, 2.0),
        "projection": np.ascontiguousarray(np.eye(4)[:, :2]),
        "landmarks": np.zeros((1, 2)),
        "gamma": np.ones(1),
        "weight": np.array([[0.5, -0.5, 0.0, 1.0, 2.0]]),
        "bias": np.array([0.25, 0.5, 3.0, 0.0, -1.0]),
    }
    about = {"views": [""], "dims": [2], "revision": "1"}
    file = tmp_path / "sound.safetensors"
    save_file(tensors, file, metadata={"head": json.dumps(about)})
    monkeypatch.setattr(heads, "FOLDER", tmp_path)
    heads._load_head.cache_clear()
    head = find_head(replace(SOUND, dim=2))
    assert head is not None
    yield head
    heads._load_head.cache_clear()


def test_a_head_is_a_sum_of_kernels_of_pooled_windows(planted: MoodHead) -> None:
    vectors = np.array([[0.6, 0.8], [1.0, 0.0]], np.float32)
    kernel = np.exp(-(0.8**2 + 0.4**2) / 4)
    np.testing.assert_allclose(
        planted.summarise(vectors), [0.25 + kernel / 2, 0.5 - kernel / 2, 1.0], rtol=1e-6
    )
    np.testing.assert_allclose(planted.project(vectors), [kernel, 2 * kernel - 1], rtol=1e-6)
    # Half a minute apart, each window is alone.
    alone = np.exp(-1 / 4)
    moods = planted.predict(vectors, np.array([0.0, 31.0]))
    np.testing.assert_allclose(moods[:, 0], 0.25 + alone / 2, rtol=1e-6)


def test_a_long_video_is_computed_in_parts(
    planted: MoodHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, seconds = draw_units(7, 2), np.arange(7.0)
    whole = planted.predict(vectors, seconds)
    monkeypatch.setattr(heads, "BATCH", 3)
    np.testing.assert_allclose(planted.predict(vectors, seconds), whole, rtol=1e-6)


def test_a_damaged_head_is_one_line(planted: MoodHead, tmp_path: Path) -> None:
    file = tmp_path / "sound.safetensors"
    for content in (b"", file.read_bytes()[:-1], b"\xff" * 99):
        file.write_bytes(content)
        heads._load_head.cache_clear()
        with pytest.raises(WeightsMissingError, match="reinstall mvsearch"):
            find_head(SOUND)


def test_sound_is_pooled_around_each_window() -> None:
    vectors, seconds = draw_units(40, 3), np.sort(np.random.default_rng(2).uniform(0, 90, 40))
    pooled = pool_sound(vectors, seconds)
    for row, time in enumerate(seconds):
        near = vectors[np.abs(seconds - time) <= REACH_SECONDS]
        expected = np.concatenate([near.mean(axis=0), near.std(axis=0)])
        np.testing.assert_allclose(pooled[row], expected, atol=1e-6)
    whole = np.concatenate([vectors.mean(axis=0), vectors.std(axis=0)])
    np.testing.assert_allclose(pool_sound(vectors)[0], whole, atol=1e-6)


def test_pictures_are_centred_view_by_view() -> None:
    vectors = np.array([[0.36, 0.64, 0.6, 0.8]], np.float32)
    centre = np.array([0.6, 0.0, 0.0, 0.8], np.float32)
    # The roots 0.6 and 0.8 have length one; less their centre (0, 0.8) and (0.6, 0) are left.
    np.testing.assert_allclose(prepare_pictures(vectors, (2, 2), centre), [[0, 1, 1, 0]], atol=1e-6)


def test_near_places_are_similar() -> None:
    generator = np.random.default_rng(3)
    one, other = generator.uniform(size=(4, 3)), generator.uniform(size=(5, 3))
    similarity = compare(one, other)
    assert similarity.shape == (4, 5)
    for row in range(4):
        for column in range(5):
            far = np.linalg.norm(one[row] - other[column])
            assert -np.log(similarity[row, column]) == pytest.approx(far / 0.25, rel=1e-5)
