import numpy as np
import pytest
from numpy.testing import assert_allclose

from mvsearch.indexer.encoders import load_classifier
from mvsearch.indexer.mood import quadrants
from mvsearch.indexer.mood.quadrants import LABELS, MoodQuadrants


@pytest.mark.parametrize(
    ("mood", "expected"),
    [
        ((0.8, 0.5, 1.0), {"happy": 0.4, "tense": 0.1, "sad": 0.1, "calm": 0.4}),
        ((0.0, 0.75, 0.0), {"happy": 0.0, "tense": 0.75, "sad": 0.25, "calm": 0.0}),
    ],
)
def test_valence_and_arousal_are_shares_of_the_halves(
    mood: tuple[float, float, float],
    expected: dict[str, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quadrants, "predict_windows", lambda *_: np.array(mood, np.float32))
    (found,) = MoodQuadrants().classify(np.zeros((1, 16_000), np.float32))
    assert_allclose(found, [expected[name] for name in LABELS], atol=1e-6)


def test_it_is_a_classifier_of_sound_by_name() -> None:
    classifier = load_classifier("mood")
    rng = np.random.default_rng(0)
    times = np.arange(6 * classifier.sample_rate) / classifier.sample_rate
    drone = 0.3 * np.sin(2 * np.pi * 110 * times)
    noise = rng.normal(0, 0.3, len(times)) * (np.sin(2 * np.pi * 4 * times) > 0)
    found = classifier.classify(np.array([drone, noise], np.float32))
    assert found.shape == (2, 4)
    assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert np.abs(found[0] - found[1]).max() > 0.02
    assert classifier.classify(np.zeros((0, 100), np.float32)).shape == (0, 4)
