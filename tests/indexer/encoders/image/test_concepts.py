from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mvsearch.indexer.encoders.image.concepts import PROMPT, TEMPERATURE, Concepts, load_concepts

TEXTS = {
    PROMPT.format("cat"): [1.0, 0.0, 0.0],
    PROMPT.format("dog"): [0.0, 1.0, 0.0],
    PROMPT.format("car"): [0.0, 0.0, 1.0],
}


def encode(texts: list[str]) -> np.ndarray:
    return np.array([TEXTS[text] for text in texts], dtype=np.float32)


@pytest.fixture
def concepts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Concepts:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path))
    return load_concepts("test", lambda: ["cat", "dog", "car"], encode)


def test_classes_are_centred(concepts: Concepts) -> None:
    assert_allclose(concepts.centre, [1 / 3, 1 / 3, 1 / 3], atol=1e-6)
    assert_allclose(concepts.vectors[0], np.array([2, -1, -1]) / np.sqrt(6), atol=1e-6)


def test_blend_is_the_mean_weighted_by_the_posterior(concepts: Concepts) -> None:
    # Posteriors 0.6, 0.3 and 0.1 of the softened logits.
    logits = TEMPERATURE * np.log([[0.6, 0.3, 0.1]])
    expected = 0.6 * concepts.vectors[0] + 0.3 * concepts.vectors[1] + 0.1 * concepts.vectors[2]
    assert_allclose(concepts.blend(logits)[0], expected / np.linalg.norm(expected), atol=1e-6)


def test_blend_stands_large_logits(concepts: Concepts) -> None:
    assert_allclose(concepts.blend(np.array([[9e4, 0, 0]]))[0], concepts.vectors[0], atol=1e-6)


def test_a_text_lands_where_its_class_is(concepts: Concepts) -> None:
    assert_allclose(concepts.place(encode([PROMPT.format("dog")]))[0], concepts.vectors[1])


def test_the_second_time_they_come_from_the_cache(concepts: Concepts) -> None:
    def fail(*_: object) -> list[str]:
        raise AssertionError("made again")

    again = load_concepts("test", fail, fail)  # type: ignore[arg-type]  # it must not be called
    assert again.names == concepts.names
    assert_allclose(again.vectors, concepts.vectors)
