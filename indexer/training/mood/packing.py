"""Packs the trained heads as the files that `indexer.mood` reads."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.mood.heads import TENSORS
from mvsearch.indexer.training.mood.examples import Examples, Reals
from mvsearch.indexer.training.mood.kernels import Fitted
from mvsearch.store.records import SIDES, Side

Tensors = dict[str, npt.NDArray[np.generic]]
# Expected distance of moods at which there is no confidence left: that between the middles of two
# neighbouring quadrants. It is the same for both sides, so their confidences can be compared.
NO_CONFIDENCE = 0.5
# Added to the squared columns in the regression of the error.
ERROR_RIDGE = 10.0


def pack_heads(
    examples: Examples, fitted: Mapping[Side, Fitted], weights: Mapping[str, npt.NDArray[Any]]
) -> dict[str, bytes]:
    """Make `picture.safetensors` and `sound.safetensors`.

    Args:
        examples: that they were trained on.
        fitted: to them in closed form.
        weights: of the network, by name.
    """
    from safetensors.numpy import save

    moods = (examples.picture_moods, examples.sound_moods)
    files = {}
    for side, revision, truth in zip(SIDES, examples.revisions, moods, strict=True):
        tensors = _make_head(side, fitted[side], weights, truth)
        is_picture = side == "picture"
        about = {
            "views": list(examples.views) if is_picture else [""],
            "dims": list(examples.dims) if is_picture else [examples.windows[0].shape[1]],
            "revision": revision,
        }
        files[f"{side}.safetensors"] = save(
            {name: np.ascontiguousarray(tensors[name]) for name in TENSORS},
            metadata={"head": json.dumps(about)},
        )
    return files


def _make_head(
    side: Side, fitted: Fitted, weights: Mapping[str, npt.NDArray[Any]], truth: Reals
) -> Tensors:
    """The tensors of a head; see `indexer.mood.heads.TENSORS`."""
    tensors: Tensors = dict(fitted.tensors)
    for layer in ("hidden", "place", "mood"):
        for part in ("weight", "bias"):
            tensors[f"{layer}.{part}"] = weights[f"{side}.{layer}.{part}"]
    return tensors | fit_errors(tensors, fitted.evidence, truth)


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
