"""Measures the heads of moods by cross-validation, the terms of their loss, and their confidence.

    python -m benchmarks.mood.folds FOLDER [--folds 10] [--seeds 1] [--themes] [--ablate]

FOLDER has labels.csv, images/ and music/. Nothing is chosen here: each fold trains with the options
of the package on the rest, and its items are predicted as a library's are. Intervals are of 95 %,
by drawing pictures and clips 1,000 times with replacement.
"""

import argparse
import re
import tempfile
import threading
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.mood.heads import MoodHead, parse_head
from mvsearch.indexer.progress import Silence
from mvsearch.indexer.training.loop import train
from mvsearch.indexer.training.mood.encoding import encode_labelled
from mvsearch.indexer.training.mood.examples import Examples, number_quadrants
from mvsearch.indexer.training.mood.figures import measure_r2
from mvsearch.indexer.training.mood.labels import read_labels
from mvsearch.indexer.training.mood.options import TERMS, TRAINING, MoodOptions
from mvsearch.indexer.training.mood.task import MoodTask
from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.store.records import Matrix

Array = npt.NDArray[Any]
N_DRAWS, N_FIRST = 1000, 5
NAMES = ("R² valence", "R² arousal", "quadrant", "valence side", "arousal side", "P@1", "P@5")


@dataclass
class Predicted:
    """What was predicted of all items, each by a fold that was not trained on it.

    Attributes:
        pictures, sounds: (n, 3) moods.
        is_right: (n, N_FIRST) whether the nearest sounds of the fold have the picture's quadrant.
        first: the first sound of each picture.
        losses: of the last epoch of each fold, by name.
    """

    pictures: Matrix
    sounds: Matrix
    is_right: npt.NDArray[np.bool_]
    first: npt.NDArray[np.int64]
    losses: list[dict[str, float]]


@dataclass
class Fold:
    """A fold: its task, fitted but not trained, and the numbers of its items."""

    task: MoodTask
    pictures: npt.NDArray[np.intp]
    sounds: npt.NDArray[np.intp]


def make_folds(
    examples: Examples, n_folds: int, seed: int, themes: Sequence[str] | None
) -> Iterator[Fold]:
    """Divide pictures, by their themes if they are given, and sounds."""
    generator = np.random.default_rng(seed)
    names = (
        np.arange(len(examples.pictures))
        if themes is None
        else np.unique(themes, return_inverse=True)[1]
    )
    of_theme = generator.permutation(np.arange(names.max() + 1) % n_folds)[names]
    of_sound = generator.permutation(np.arange(len(examples.windows)) % n_folds)
    for fold in range(n_folds):
        rest = examples.select(np.flatnonzero(of_theme != fold), np.flatnonzero(of_sound != fold))
        task = MoodTask(rest, MoodOptions(), TRAINING.batch_size)
        yield Fold(task, np.flatnonzero(of_theme == fold), np.flatnonzero(of_sound == fold))


def predict(
    examples: Examples, folds: Sequence[Fold], options: MoodOptions, training: TrainingOptions
) -> Predicted:
    """Train on each fold's rest, and predict its items."""
    n, m = len(examples.pictures), len(examples.windows)
    made = Predicted(
        np.zeros((n, 3), np.float32),
        np.zeros((m, 3), np.float32),
        np.zeros((n, N_FIRST), bool),
        np.zeros(n, np.int64),
        [],
    )
    for fold in folds:
        task = copy(fold.task)
        task.options = options
        pictures, sounds = _train(task, training, made.losses)
        vectors = examples.pictures[fold.pictures]
        times = np.arange(len(vectors), dtype=np.float64)
        made.pictures[fold.pictures] = pictures.predict(vectors, times)
        windows = [examples.windows[number] for number in fold.sounds.tolist()]
        made.sounds[fold.sounds] = np.stack([sounds.summarise(rows) for rows in windows])
        places = np.stack([sounds.project(rows) for rows in windows])
        far = pictures.project_each(vectors, times)[:, None] - places[None]
        nearest = np.argsort(np.square(far).sum(axis=2), axis=1, kind="stable")[:, :N_FIRST]
        quadrants = number_quadrants(examples.sound_moods)[fold.sounds]
        own = number_quadrants(examples.picture_moods)[fold.pictures]
        made.is_right[fold.pictures] = quadrants[nearest] == own[:, None]
        made.first[fold.pictures] = fold.sounds[nearest[:, 0]]
    return made


def _train(
    task: MoodTask, training: TrainingOptions, losses: list[dict[str, float]]
) -> tuple[MoodHead, MoodHead]:
    """Train, and read the heads as the program does."""
    import json

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "run"
        train(task, training, place)
        epochs = (place / "metrics.jsonl").read_text().splitlines()
        losses.append(json.loads(epochs[-1]) | {"first_loss": json.loads(epochs[0])["loss"]})
        return (
            parse_head((place / "picture.safetensors").read_bytes(), "picture")[0],
            parse_head((place / "sound.safetensors").read_bytes(), "sound")[0],
        )


def measure(examples: Examples, made: Predicted, rows: Array, clips: Array) -> list[float]:
    """The figures of `NAMES` of some pictures and some clips."""
    r2 = measure_r2(examples.picture_moods[rows], made.pictures[rows, :2])
    right = (made.sounds[clips, :2] >= 0.5) == (examples.sound_moods[clips] >= 0.5)
    sides = right.mean(axis=0).tolist()
    found = made.is_right[rows]
    return [*r2, right.all(axis=1).mean(), *sides, found[:, 0].mean(), found.mean()]


def describe(examples: Examples, made: Predicted) -> list[str]:
    """Each figure with its interval."""
    generator = np.random.default_rng(0)
    n, m = len(examples.pictures), len(examples.windows)
    drawn = [
        measure(examples, made, generator.integers(0, n, n), generator.integers(0, m, m))
        for _ in range(N_DRAWS)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    whole = measure(examples, made, np.arange(n), np.arange(m))
    return [f"{a:.3f} ({b:.2f}–{c:.2f})" for a, b, c in zip(whole, low, high, strict=True)]


def describe_confidence(truth: Array, moods: Array) -> str:
    """Mean distance from the true mood, in fifths by rising confidence."""
    order, errors = np.argsort(moods[:, 2]), np.linalg.norm(moods[:, :2] - truth, axis=1)
    is_right = ((moods[:, :2] >= 0.5) == (truth >= 0.5)).all(axis=1)
    parts = np.array_split(order, 5)
    return "; ".join(
        f"{moods[part, 2].mean():.2f} → {errors[part].mean():.3f}, {is_right[part].mean():.2f}"
        for part in parts
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mood.folds")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--themes", action="store_true", help="themes of pictures stay together")
    parser.add_argument("--ablate", action="store_true", help="each term alone, and left out")
    given = parser.parse_args()
    examples = encode_labelled(given.folder, Silence(), threading.Event())
    names = [label.path.stem for label in read_labels(given.folder) if label.kind == "image"]
    themes = [re.sub(r"\s*\d+$", "", name).casefold() for name in names]
    folds = list(make_folds(examples, given.folds, given.seed, themes if given.themes else None))
    print(f"| | {' | '.join(NAMES)} |\n|---|{'---|' * len(NAMES)}")
    for name, options, training in list_variants(is_whole=given.ablate):
        made = predict(examples, folds, options, training)
        print(f"| {name} | {' | '.join(describe(examples, made))} |", flush=True)
        if name == "as shipped":
            _print_rest(examples, made)


def _print_rest(examples: Examples, made: Predicted) -> None:
    last, first = (np.mean([one[key] for one in made.losses]) for key in ("loss", "first_loss"))
    held = np.mean([one["validation_loss"] for one in made.losses])
    print(f"loss: first epoch {first:.3f}, last {last:.3f}, of the validation part {held:.3f}")
    print(f"different first sounds: {len(set(made.first.tolist()))} of {len(made.sounds)}")
    print("confidence → distance, quadrant right: in fifths")
    print(f"pictures: {describe_confidence(examples.picture_moods, made.pictures)}")
    print(f"sounds: {describe_confidence(examples.sound_moods, made.sounds)}")


def list_variants(*, is_whole: bool) -> Iterator[tuple[str, MoodOptions, TrainingOptions]]:
    """The options to compare, by name."""
    shipped = MoodOptions()
    yield "as shipped", shipped, TRAINING
    if not is_whole:
        return
    yield "not trained: closed form", shipped, replace(TRAINING, epochs=1, learning_rate=1e-9)
    terms = (*TERMS, "squares")
    for term in terms:
        yield f"without {term}", _set(shipped, {term: 0.0}), TRAINING
    yield (
        "the six terms alone, distances at 1",
        _set(shipped, dict.fromkeys(TERMS[2:], 1.0) | {"squares": 0.0}),
        TRAINING,
    )


def _set(options: MoodOptions, values: dict[str, float]) -> MoodOptions:
    return replace(options, **values)  # type: ignore[arg-type]  # weights


if __name__ == "__main__":
    main()
