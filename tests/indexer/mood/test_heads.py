import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.audio.signal import (
    TYPICAL_LENGTH,
    _constants,
    recover_measures,
)
from mvsearch.indexer.encoders.audio.spectral import GROUPS
from mvsearch.indexer.mood import MoodHead, find_head, heads
from mvsearch.indexer.mood.evidence import make_evidence
from mvsearch.indexer.mood.features import REACH_SECONDS, pool_rows, prepare_pictures
from mvsearch.indexer.mood.joint import compare
from mvsearch.indexer.mood.keys import describe_keys
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.records import Matrix, Side, Space

PICTURES, SOUND = (
    Encoders("embedded").frames.spaces[0],
    Space("audio", "signal", "1", 394),
)
PLANTED = Space("frames", "efficientnet-lite0", "7", 2)


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
    """A head of pictures with a landmark at (0, 0), and another one far away."""
    tensors = {
        "features.centre": np.zeros(2),
        "features.scale": np.array([2.0, 0.0]),
        "landmarks": np.array([[0], [127]], np.int8),
        "landmarks.step": np.array([0.01, 1.0]),
        "kernel.weight": np.array([[1.0, 0.0], [5.0, 5.0]]),
        "kernel.bias": np.array([0.25, 0.5]),
        "evidence.centre": np.array([0.25, 0.0, 0.0]),
        "evidence.scale": np.array([0.5, 1.0, 1.0]),
        "hidden.weight": np.array([[0.5, 0.0, 0.0]]),
        "hidden.bias": np.zeros(1),
        "place.weight": np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0]]),
        "place.bias": np.array([0.0, -1.0]),
        "mood.weight": np.array([[0.1, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0]]),
        "mood.bias": np.array([0.5, 0.1]),
        "error.weight": np.array([[0.0, 0.0, 0.0, 0.0, 0.0, 0.25]]),
        "error.bias": np.zeros(1),
        "error.none": np.array([0.5]),
    }
    about = {"views": [""], "dims": [2], "revision": "7"}
    save_file(tensors, tmp_path / "picture.safetensors", metadata={"head": json.dumps(about)})
    monkeypatch.setattr(heads, "FOLDER", tmp_path)
    heads._load_head.cache_clear()
    head = find_head(PLANTED)
    assert head is not None
    yield head
    heads._load_head.cache_clear()


def test_a_head_goes_from_kernels_to_places_to_moods(planted: MoodHead) -> None:
    vectors = np.array([[0.36, 0.64], [1.0, 0.0]], np.float32)
    # The roots are (0.6, 0.8) and (1, 0); the first number counts, at half its size.
    kernel = np.exp(-(np.array([0.3, 0.5]) ** 2))
    place = np.stack([np.tanh(kernel), 2 * kernel - 1], axis=1)
    moods = np.stack([0.5 + 0.1 * place[:, 0], [0.6, 0.6], 1 - kernel**2 / 2], axis=1)
    np.testing.assert_allclose(planted.predict(vectors, np.arange(2.0)), moods, rtol=1e-5)
    np.testing.assert_allclose(planted.project_each(vectors, np.arange(2.0)), place, rtol=1e-5)
    np.testing.assert_allclose(planted.summarise(vectors), moods.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(planted.project(vectors), place.mean(axis=0), rtol=1e-5)
    measured = planted.measure(vectors, np.arange(2.0))
    for made, expected in zip(
        measured, (moods, moods.mean(axis=0), place.mean(axis=0)), strict=True
    ):
        np.testing.assert_allclose(made, expected, rtol=1e-5)


def test_a_long_video_is_computed_in_parts(
    planted: MoodHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, seconds = draw_units(7, 2), np.arange(7.0)
    whole = planted.predict(vectors, seconds)
    monkeypatch.setattr(heads, "BATCH", 3)
    np.testing.assert_allclose(planted.predict(vectors, seconds), whole, rtol=1e-6)


def test_a_damaged_head_is_one_line(planted: MoodHead, tmp_path: Path) -> None:
    file = tmp_path / "picture.safetensors"
    whole = file.read_bytes()
    save_file({"landmarks": np.zeros((1, 1))}, file, metadata={"head": json.dumps({})})
    for content in (b"", whole[:-1], b"\xff" * 99, file.read_bytes()):
        file.write_bytes(content)
        heads._load_head.cache_clear()
        with pytest.raises(WeightsMissingError, match="reinstall mvsearch"):
            find_head(PLANTED)


def test_sounds_get_the_expected_mood_of_their_quadrants() -> None:
    scores = np.array([[0.6, -0.2, 0.0, 0.2], [1.0, 1.0, 1.0, 1.0]])
    made = make_evidence(scores, np.array([0.5, 0.0]), "sound")
    # 0.6 happy and 0.2 calm, in shares 3/4 and 1/4: the mean square about (0.75, 0.625).
    expected = [0.75, 0.625, np.sqrt(3 / 16) / 2, 0.75, 0, 0, 0.25, 0.5]
    np.testing.assert_allclose(made[0], expected, atol=3e-3)
    np.testing.assert_allclose(made[1], [0.5, 0.5, np.sqrt(2) / 4, *[0.25] * 4, 0], atol=1e-6)


def test_keys_do_not_depend_on_the_root() -> None:
    names = list(GROUPS)
    first = sum(GROUPS[name] for name in names[: names.index("pitch")])
    location, scale, weight = _constants()
    measures = np.tile(location, (2, 1))
    for row, root in enumerate((0, 5)):
        measures[row, first : first + 60] = location[first : first + 60].mean()
        for step in (0, 4, 7):  # a major triad, loud in the lowest octave
            measures[row, first + root + step] += 4 * scale[first]
    loud = 3 * np.tanh((measures - location) / scale / 3) * weight / TYPICAL_LENGTH
    recovered = recover_measures(loud)
    np.testing.assert_allclose(recovered, measures, atol=1e-3)
    keys = describe_keys(loud)
    major, minor, lead = keys[:, 0], keys[:, 1], keys[:, 2]
    assert (major > minor).all()
    np.testing.assert_allclose(lead, major - minor, atol=1e-6)
    # The root, the third and the fifth stand out, whatever the root.
    assert set(np.argsort(keys[0, 5:17])[-3:]) == {0, 4, 7}
    assert set(np.argsort(keys[1, 5:17])[-3:]) == {0, 4, 7}


def test_sound_is_pooled_around_each_window() -> None:
    vectors, seconds = draw_units(40, 3), np.sort(np.random.default_rng(2).uniform(0, 90, 40))
    pooled = pool_rows(vectors.astype(np.float64), seconds)
    for row, time in enumerate(seconds):
        near = vectors[np.abs(seconds - time) <= REACH_SECONDS]
        expected = np.concatenate([near.mean(axis=0), near.std(axis=0)])
        np.testing.assert_allclose(pooled[row], expected, atol=1e-6)
    whole = np.concatenate([vectors.mean(axis=0), vectors.std(axis=0)])
    np.testing.assert_allclose(pool_rows(vectors.astype(np.float64))[0], whole, atol=1e-6)


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


def test_a_head_is_shown_without_its_numbers() -> None:
    head = find_head(PICTURES)
    assert "revision='picture-" in repr(head)
    assert len(repr(head)) < 200
