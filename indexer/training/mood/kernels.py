"""Fits kernel ridge regression of each side in closed form, with leave-one-out estimates."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.audio.spectral import GROUPS
from mvsearch.indexer.mood.evidence import compute_kernel, make_evidence
from mvsearch.indexer.mood.features import pool_sound, prepare_pictures, take_roots
from mvsearch.indexer.mood.keys import N_CLASSES, N_KEY_NUMBERS, N_MODES
from mvsearch.store.records import Matrix, Side

Reals = npt.NDArray[np.float64]

# How much each group of measures counts in the distance of two sounds, of pooled means and of
# deviations; what is not named is left out. Chosen by the leave-one-out error.
MEANS = {
    "mel": 0.05,
    "cepstrum": 0.1,
    "covariance": 0.13,
    "chroma": 0.03,
    "pitch": 0.03,
    "rhythm": 0.1,
    "modulation": 0.9,
    "modes": 0.13,
    "classes": 0.06,
    "octaves": 0.08,
}
DEVIATIONS = {"chroma": 0.05, "rhythm": 0.05, "modulation": 0.06}
SIZES = GROUPS | {
    "modes": N_MODES,
    "classes": N_CLASSES,
    "octaves": N_KEY_NUMBERS - N_MODES - N_CLASSES,
}
# Of the views of pictures: what is shown, and its meaning in words.
VIEWS = (0.5, 0.25)
LARGEST_INT8 = 127


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fitted side.

    Attributes:
        tensors: those of `indexer.mood.heads.TENSORS` up to the evidence.
        evidence: (n, e) float32 of each item of the training set, by a fit without it.
    """

    tensors: dict[str, npt.NDArray[np.generic]]
    evidence: Matrix


def fit_pictures(vectors: Matrix, dims: tuple[int, ...], targets: Reals, ridge: float) -> Fitted:
    """Fit pictures.

    Args:
        vectors: (n, d) of all views side by side.
        dims: of the views.
        targets: (n, t) what is regressed.
        ridge: added to the kernel's diagonal.
    """
    centre = take_roots(vectors, dims).mean(axis=0, dtype=np.float64).astype(np.float32)
    widths = [np.full(dim, view**-0.5) for dim, view in zip(dims, VIEWS, strict=True)]
    scale = np.concatenate(widths)
    features = prepare_pictures(vectors, dims, centre) / scale
    return _fit("picture", features, centre, scale, targets, ridge)


def fit_sounds(windows: list[Matrix], targets: Reals, ridge: float) -> Fitted:
    """Fit sounds, each given by its (n, d) windows; see `fit_pictures`."""
    pooled = np.concatenate([pool_sound(rows) for rows in windows]).astype(np.float64)
    weights = np.concatenate([_spread(MEANS), _spread(DEVIATIONS)])
    deviation = pooled.std(axis=0)
    is_used = (weights > 0) & (deviation > 0)
    scale = np.where(is_used, deviation, 0) / np.sqrt(np.where(is_used, weights, 1))
    centre = pooled.mean(axis=0)
    features = (pooled - centre)[:, is_used] / scale[is_used]
    return _fit("sound", features, centre, scale, targets, ridge)


def _spread(weights: dict[str, float]) -> Reals:
    """The weight of each number: two random sounds are one apart in a group of weight one."""
    rows = [np.full(size, weights.get(name, 0.0) / (2 * size)) for name, size in SIZES.items()]
    return np.concatenate(rows)


def _fit(
    side: Side,
    features: Reals | Matrix,
    centre: Reals | Matrix,
    scale: Reals,
    targets: Reals,
    ridge: float,
) -> Fitted:
    """Kernel ridge regression; the leave-one-out estimates are in closed form.

    Without item i it is predicted as y_i - (G y)_i / G_ii, with G the inverse of the kernel matrix
    plus the ridge (Rasmussen and Williams 2006, equation 5.12).
    """
    steps = np.maximum(np.abs(features).max(axis=1), 1e-9) / LARGEST_INT8
    counts = np.round(features / steps[:, np.newaxis])
    landmarks = counts * steps[:, np.newaxis]
    kernel = compute_kernel(landmarks, landmarks).astype(np.float64)
    inverse = np.linalg.inv(kernel + ridge * np.eye(len(kernel)))
    mean = targets.mean(axis=0)
    weight = inverse @ (targets - mean)
    without = targets - weight / np.diag(inverse)[:, np.newaxis]
    np.fill_diagonal(kernel, 0)
    evidence = make_evidence(without, kernel.max(axis=1), side)
    tensors: dict[str, npt.NDArray[np.generic]] = {
        "features.centre": centre.astype(np.float32),
        "features.scale": scale.astype(np.float32),
        "landmarks": counts.astype(np.int8),
        "landmarks.step": steps.astype(np.float32),
        "kernel.weight": weight.astype(np.float32),
        "kernel.bias": mean.astype(np.float32),
        "evidence.centre": evidence.mean(axis=0).astype(np.float32),
        "evidence.scale": (evidence.std(axis=0) + 1e-6).astype(np.float32),
    }
    return Fitted(tensors, evidence.astype(np.float32))
