"""Writes the trained heads as the files that `indexer.mood` reads."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.mood.heads import TENSORS
from mvsearch.indexer.training.mood.task import MoodTask
from mvsearch.store.own_files import write_own
from mvsearch.store.records import SIDES, Side

Tensors = dict[str, npt.NDArray[np.generic]]
# Expected distance of moods at which there is no confidence left: that between the middles of two
# neighbouring quadrants. It is the same for both sides, so their confidences can be compared.
NO_CONFIDENCE = 0.5
# Added to the squared columns in the regression of the error.
ERROR_RIDGE = 10.0


def write_heads(task: MoodTask, weights: Mapping[str, npt.NDArray[Any]], folder: Path) -> None:
    """Write `picture.safetensors` and `sound.safetensors` into a folder.

    Args:
        task: that was trained.
        weights: of its network, by name.
        folder: of the files.

    Raises:
        OSError: the disk refuses.
    """
    from safetensors.numpy import save

    for side, revision in zip(SIDES, task.examples.revisions, strict=True):
        tensors = make_head(task, side, weights)
        is_picture = side == "picture"
        about = {
            "views": list(task.examples.views) if is_picture else [""],
            "dims": list(task.examples.dims) if is_picture else [task.examples.windows[0].shape[1]],
            "revision": revision,
        }
        content = save(
            {name: np.ascontiguousarray(tensors[name]) for name in TENSORS},
            metadata={"head": json.dumps(about)},
        )
        write_own(folder / f"{side}.safetensors", content)


def make_head(task: MoodTask, side: Side, weights: Mapping[str, npt.NDArray[Any]]) -> Tensors:
    """The tensors of a head; see `indexer.mood.heads.TENSORS`."""
    fitted = task.fitted[side]
    tensors: Tensors = dict(fitted.tensors)
    for layer in ("hidden", "place", "mood"):
        for part in ("weight", "bias"):
            tensors[f"{layer}.{part}"] = weights[f"{side}.{layer}.{part}"]
    return tensors | fit_errors(tensors, fitted.evidence, task.moods[side])


def fit_errors(tensors: Tensors, evidence: npt.NDArray[Any], truth: npt.NDArray[Any]) -> Tensors:
    """Fit the expected distance from the true mood, by ridge regression on evidence and squares.

    The evidence of each item is without it, so the errors are those of new items.
    """
    standard = (evidence - tensors["evidence.centre"]) / tensors["evidence.scale"]
    hidden = np.tanh(standard @ tensors["hidden.weight"].T + tensors["hidden.bias"])
    inputs = np.concatenate([hidden, standard], axis=1)
    place = inputs @ tensors["place.weight"].T + tensors["place.bias"]
    inputs = np.concatenate([place, standard], axis=1)
    mood = np.clip(inputs @ tensors["mood.weight"].T + tensors["mood.bias"], 0, 1)
    errors = np.linalg.norm(mood - truth, axis=1)
    columns = np.concatenate([standard, standard**2], axis=1).astype(np.float64)
    centre = columns.mean(axis=0)
    gram = (columns - centre).T @ (columns - centre) + ERROR_RIDGE * np.eye(len(centre))
    slope = np.linalg.solve(gram, (columns - centre).T @ (errors - errors.mean()))
    return {
        "error.weight": slope[np.newaxis].astype(np.float32),
        "error.bias": np.array([errors.mean() - centre @ slope], np.float32),
        "error.none": np.array([NO_CONFIDENCE], np.float32),
    }
