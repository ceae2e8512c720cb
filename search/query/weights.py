"""The weights of the modalities."""

import math
from collections.abc import Mapping

from mvsearch.store.errors import QueryError
from mvsearch.store.records import MODALITIES, OPTIONAL, Modality

Weights = Mapping[Modality, float]

# Larger numbers are mistakes, and lose precision in float32.
MAX_WEIGHT = 1e6
# What does what a weight below zero is meant to do.
HINT = (
    "--not-text WORDS and --unlike VIDEO push down what has something, --looks-like X with"
    " --sounds-unlike X what sounds alike too"
)


def parse_weights(text: str) -> dict[Modality, float]:
    """Parse `frames=.6,lyrics=.4,audio=0`; omitted weights are 0.

    Raises:
        QueryError: a name is unknown or given twice, a weight is invalid, or all are zero.
    """
    weights: dict[Modality, float] = {m: 0.0 for m in MODALITIES if m != OPTIONAL}
    seen: set[Modality] = set()
    for item in text.split(","):
        name, _, number = item.partition("=")
        modality = _read_modality(name.strip())
        if modality in seen:
            raise QueryError(f"the weight of {modality} is given twice")
        seen.add(modality)
        weights[modality] = _read_weight(modality, number.strip())
    _check_any(weights)
    return weights


def check_weights(weights: Weights) -> None:
    """Validate weights.

    Raises:
        QueryError: a name is unknown, a weight is negative, too large or not a number, or all are
            zero.
    """
    for name, weight in weights.items():
        _check_weight(_read_modality(name), weight, weight)
    _check_any(weights)


def _read_modality(name: str) -> Modality:
    for modality in MODALITIES:
        if name == modality:
            return modality
    raise QueryError(f"no weight is called {name!r}: write for example frames=.6,lyrics=.4,audio=0")


def _read_weight(modality: Modality, number: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    _check_weight(modality, weight, number)
    return weight


def _check_weight(modality: Modality, weight: float, given: object) -> None:
    if weight < 0:
        raise QueryError(f"the weight of {modality} is a number from 0 up, not {given}: {HINT}")
    if not weight <= MAX_WEIGHT:
        raise QueryError(
            f"the weight of {modality} is a number from 0 up, at most a million, not {given!r}"
        )


def _check_any(weights: Weights) -> None:
    if not any(weights.values()):
        raise QueryError("the weights are all zero: give at least one above zero")
