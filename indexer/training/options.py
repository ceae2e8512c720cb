"""The options that all trainings share."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, TypeVarTuple, get_args

from mvsearch.store.errors import TrainingError

Optimiser = Literal["sgd", "adamw"]
Schedule = Literal["constant", "cosine"]
WishedDevice = Literal["auto", "cpu", "cuda"]

Bases = TypeVarTuple("Bases")

MAX_SEED = 2**31 - 1
MAX_EPOCHS = 100_000
MAX_BATCH = 65_536


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How a network is trained.

    Attributes:
        seed: of the first weights, the order of the items and their changes.
        epochs: at most so many.
        batch_size: items a step.
        optimiser: stochastic gradient descent, or Adam with decoupled weight decay (Loshchilov and
            Hutter 2019).
        learning_rate: of the first step.
        schedule: of the learning rate: the same in all steps, or half a cosine down to 0.
        momentum: of `sgd`.
        weight_decay: of both.
        patience: ends the training after so many epochs that do not improve the watched figure;
            0 never does.
        device: "auto" as for encoders: $MVSEARCH_DEVICE, else CUDA if it works.

    Raises:
        TrainingError: one of them is out of its range.
    """

    seed: int = 0
    epochs: int = 5
    batch_size: int = 32
    optimiser: Optimiser = "sgd"
    learning_rate: float = 1e-4
    schedule: Schedule = "constant"
    momentum: float = 0.9
    weight_decay: float = 0.0
    patience: int = 0
    device: WishedDevice = "auto"

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_number("seed", self.seed, 0, MAX_SEED)
        check_number("epochs", self.epochs, 1, MAX_EPOCHS)
        check_number("batch size", self.batch_size, 1, MAX_BATCH)
        check_number("learning rate", self.learning_rate, 1e-12, 1e3)
        check_number("momentum", self.momentum, 0, 0.9999)
        check_number("weight decay", self.weight_decay, 0, 1e3)
        check_number("patience", self.patience, 0, MAX_EPOCHS)
        _check_name("optimiser", self.optimiser, get_args(Optimiser))
        _check_name("schedule", self.schedule, get_args(Schedule))
        _check_name("device", self.device, get_args(WishedDevice))

    def to_settings(self) -> dict[str, str | int | float]:
        """What decides about the weights: all but the device."""
        return {name: value for name, value in asdict(self).items() if name != "device"}


def replace_given(given: Mapping[str, object], *bases: *Bases) -> tuple[*Bases]:
    """Options with those that are given, and not None, in their place.

    Args:
        given: by name.
        *bases: records of options; a name is of the first that has it.

    Raises:
        TrainingError: an option is out of its range.
        TypeError: no record has an option of this name.
    """
    left = {name: value for name, value in given.items() if value is not None}
    made = []
    for base in bases:
        options: Any = base
        own = {one.name: left.pop(one.name) for one in fields(options) if one.name in left}
        made.append(replace(options, **own))
    if left:
        raise TypeError(f"no option is called {', '.join(left)}")
    return tuple(made)


def check_number(name: str, value: float, lowest: float, highest: float) -> None:
    """Check the range of an option.

    Raises:
        TrainingError: it is outside, or not finite.
    """
    if not (math.isfinite(value) and lowest <= value <= highest):
        raise TrainingError(f"the {name} must be from {lowest:g} to {highest:g}, not {value:g}")


def _check_name(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise TrainingError(f"the {name} must be one of {', '.join(allowed)}, not {value!r}")
