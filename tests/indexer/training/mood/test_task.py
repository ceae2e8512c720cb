import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import mvsearch
from mvsearch.indexer.encoders.audio.spectral import GROUPS
from mvsearch.indexer.mood import heads
from mvsearch.indexer.mood.evidence import compute_kernel
from mvsearch.indexer.mood.heads import parse_head
from mvsearch.indexer.training.loop import train
from mvsearch.indexer.training.mood.examples import Examples, number_quadrants, stretch
from mvsearch.indexer.training.mood.figures import measure_figures
from mvsearch.indexer.training.mood.kernels import fit_pictures
from mvsearch.indexer.training.mood.losses import compare_ratios, compare_squares
from mvsearch.indexer.training.mood.options import TERMS, TRAINING, MoodOptions
from mvsearch.indexer.training.mood.task import MoodTask
from mvsearch.indexer.training.run_folder import RunFolder
from mvsearch.store.errors import TrainingError

QUICK = replace(TRAINING, epochs=4, batch_size=64)


def make_examples(n: int = 60) -> Examples:
    """Pictures and sounds whose vectors tell their mood, with noise."""
    generator = np.random.default_rng(4)
    moods = generator.uniform(0.05, 0.95, (n, 2))
    told = generator.normal(size=(2, 12))
    pictures = np.abs(moods @ told + generator.normal(0, 0.1, (n, 12))).astype(np.float32)
    middles = np.where(generator.uniform(size=(n, 2)) < 0.5, 0.25, 0.75)
    spread = generator.normal(size=(2, sum(GROUPS.values())))
    windows = [
        (middle @ spread + generator.normal(0, 1.0, (3, spread.shape[1]))).astype(np.float32) / 30
        for middle in middles
    ]
    units = pictures / np.linalg.norm(pictures, axis=1, keepdims=True)
    return Examples(
        units, (8, 4), moods, tuple(windows), middles, ("7", "1"), ("", "words"), "planted"
    )


def test_log_ratios_are_those_of_all_triplets() -> None:
    generator = np.random.default_rng(0)
    anchors, others = generator.normal(size=(3, 4)), generator.normal(size=(5, 4))
    moods, other_moods = generator.uniform(size=(3, 2)), generator.uniform(size=(5, 2))
    total = 0.0
    for a in range(3):
        far = np.linalg.norm(anchors[a] - others, axis=1) + 0.1
        truly = np.linalg.norm(moods[a] - other_moods, axis=1) + 0.1
        for i in range(5):
            for j in range(5):
                total += (np.log(far[i] / far[j]) - np.log(truly[i] / truly[j])) ** 2
    made = compare_ratios(*map(torch.tensor, (anchors, others, moods, other_moods)), 0.1)
    assert float(made) == pytest.approx(total / (3 * 5 * 5), rel=1e-4)
    # Twice the distances have the same ratios, but for the floor.
    doubled = compare_ratios(
        *map(torch.tensor, (2 * moods, 2 * other_moods)),
        *map(torch.tensor, (moods, other_moods)),
        1e-9,
    )
    assert float(doubled) == pytest.approx(0, abs=1e-5)
    assert float(compare_squares(*map(torch.tensor, (moods, other_moods) * 2))) == 0


def test_an_estimate_without_an_item_is_that_of_a_fit_without_it() -> None:
    examples = make_examples(12)
    fitted = fit_pictures(examples.pictures, (8, 4), examples.picture_moods, 0.05)
    landmarks = fitted.tensors["landmarks"] * fitted.tensors["landmarks.step"][:, None]
    kernel = compute_kernel(landmarks, landmarks).astype(np.float64)
    mean = examples.picture_moods.mean(axis=0)
    for left in range(12):
        rest = np.delete(np.arange(12), left)
        inverse = np.linalg.inv(kernel[np.ix_(rest, rest)] + 0.05 * np.eye(11))
        without = kernel[left, rest] @ inverse @ (examples.picture_moods[rest] - mean) + mean
        np.testing.assert_allclose(fitted.evidence[left, :2], without, atol=1e-4)
        assert fitted.evidence[left, 2] == pytest.approx(kernel[left, rest].max(), rel=1e-5)


def test_stretched_moods_have_the_spread_of_quadrants() -> None:
    moods = stretch(np.array([[0.5, 0.4], [0.6, 0.6], [0.4, 0.5]]))
    np.testing.assert_allclose(np.square(moods - 0.5).mean(axis=0), 0.25**2)
    quadrants = np.array([(0.75, 0.75), (0.25, 0.75), (0.25, 0.25), (0.75, 0.25)])
    np.testing.assert_allclose(stretch(quadrants), quadrants)
    assert number_quadrants(quadrants).tolist() == [0, 1, 2, 3]


def test_figures_of_planted_predictions() -> None:
    truth = [np.array([[0.8, 0.8], [0.2, 0.2]]), np.array([[0.75, 0.75], [0.25, 0.25]])]
    figures = measure_figures([np.zeros((2, 1)), np.array([[0.1], [0.2]])], truth, truth)
    assert figures["r2_valence"] == figures["r2_arousal"] == figures["quadrant"] == 1
    # Both pictures find the happy sound first.
    assert (figures["precision_1"], figures["precision_5"]) == (0.5, 0.5)


def test_a_training_converges_and_repeats_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        task = MoodTask(make_examples(), MoodOptions(), QUICK.batch_size)
        card = train(task, QUICK, tmp_path / name)
        tensors = {
            key: one.numpy() for key, one in RunFolder(tmp_path / name).load_weights().items()
        }
    assert card.figures["validation_r2_valence"] > 0.5
    for side in ("picture", "sound"):
        files = [(tmp_path / name / f"{side}.safetensors").read_bytes() for name in ("one", "two")]
        assert card.files[f"{side}.safetensors"] == hashlib.sha256(files[1]).hexdigest()
        assert files[0] == files[1]
    # The head computes what the network does, of a picture that was fitted as well.
    head, revision = parse_head((tmp_path / "one" / "picture.safetensors").read_bytes(), "picture")
    assert revision == "7"
    moods = head.predict(task.examples.pictures, np.arange(60.0))
    assert np.corrcoef(moods[:, 0], task.examples.picture_moods[:, 0])[0, 1] > 0.9
    network = task.build()
    network.load_state_dict({key: torch.from_numpy(one) for key, one in tensors.items()})
    sums = heads.weigh_evidence(head._prepare(task.examples.pictures), "picture", head.tensors)
    with torch.inference_mode():
        place, mood = network["picture"](torch.from_numpy(sums))
    np.testing.assert_allclose(
        head.project_each(task.examples.pictures, np.arange(60.0)), place, atol=1e-5
    )
    np.testing.assert_allclose(moods[:, :2], np.clip(mood, 0, 1), atol=1e-5)


@pytest.mark.parametrize("term", [*TERMS, "squares"])
def test_each_term_can_be_left_out(term: str) -> None:
    task = MoodTask(make_examples(), replace(MoodOptions(), **{term: 0.0}), 64)  # type: ignore[arg-type]
    (batch, *_) = task.draw_batches(np.random.default_rng(0))
    losses = task.compute_losses(task.build(), batch, "cpu")
    assert set(losses) == {*TERMS, "squares"} - {term}
    assert all(float(loss.detach()) >= 0 for loss in losses.values())


def test_options_out_of_their_range_are_refused() -> None:
    for wrong in ({"dim": 0}, {"across_sound": float("nan")}, {"floor": 0.0}):
        with pytest.raises(TrainingError, match="must be from"):
            MoodOptions(**wrong)  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="weight above 0"):
        MoodOptions(**dict.fromkeys((*TERMS, "squares"), 0.0))  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_heads_of_the_package_come_out_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled = os.environ.get("MVSEARCH_TEST_EMOTION")
    if not labelled:
        pytest.skip("MVSEARCH_TEST_EMOTION names no folder")
    monkeypatch.setenv("MVSEARCH_TRAINING", str(tmp_path))
    run = mvsearch.train_mood(labelled, "again")
    for side in ("picture", "sound"):
        made = (run.folder / f"{side}.safetensors").read_bytes()
        assert made == (heads.FOLDER / f"{side}.safetensors").read_bytes()


@pytest.mark.parametrize("side", ["pictures", "sounds"])
def test_vectors_that_are_not_finite_are_refused(side: str) -> None:
    examples = make_examples()
    vectors = examples.pictures if side == "pictures" else examples.windows[7]
    vectors[0, 1] = np.nan
    with pytest.raises(TrainingError, match=f"{side} are not finite"):
        replace(examples)
