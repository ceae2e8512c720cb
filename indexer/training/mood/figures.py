"""Measures predicted moods, and how well pictures find sound of their quadrant."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.training.mood.examples import number_quadrants

Array = npt.NDArray[Any]


def measure_figures(
    places: Sequence[Array], moods: Sequence[Array], truth: Sequence[Array]
) -> dict[str, float]:
    """Measure predictions of pictures and sounds; each argument holds one array a side.

    Args:
        places: (n, k) in the joint space.
        moods: (n, 2) predicted.
        truth: (n, 2) given.

    Returns:
        R² of the pictures' valence and arousal, the shares of sounds whose quadrant, side of
        valence and side of arousal are right, and the share of the first and first five sounds of
        a picture that are of its quadrant.
    """
    valence, arousal = measure_r2(truth[0], moods[0])
    right = (moods[1] >= 0.5) == (truth[1] >= 0.5)
    first, five = measure_precision(places, truth)
    return {
        "r2_valence": valence,
        "r2_arousal": arousal,
        "quadrant": float(right.all(axis=1).mean()),
        "valence_side": float(right[:, 0].mean()),
        "arousal_side": float(right[:, 1].mean()),
        "precision_1": first,
        "precision_5": five,
    }


def measure_r2(truth: Array, predicted: Array) -> tuple[float, float]:
    """R² of each axis; 0 where all true values are equal."""
    squares = np.square(truth - truth.mean(axis=0)).sum(axis=0)
    errors = np.square(truth - predicted).sum(axis=0)
    valence, arousal = (1 - errors / np.where(squares > 0, squares, np.inf)).tolist()
    return valence, arousal


def measure_precision(places: Sequence[Array], truth: Sequence[Array]) -> tuple[float, float]:
    """The shares of right quadrants among the first sound and the first five of each picture."""
    distances = np.square(places[0][:, None] - places[1][None]).sum(axis=2)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :5]
    is_right = number_quadrants(truth[1])[nearest] == number_quadrants(truth[0])[:, None]
    return float(is_right[:, 0].mean()), float(is_right.mean())
