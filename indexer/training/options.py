"""The options that all trainings share."""

import math
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from mvsearch.store.errors import TrainingError

Optimiser = Literal["sgd", "adamw"]
Schedule = Literal["constant", "cosine"]
WishedDevice = Literal["auto", "cpu", "cuda"]

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
        _check_number("seed", self.seed, 0, MAX_SEED)
        _check_number("epochs", self.epochs, 1, MAX_EPOCHS)
        _check_number("batch size", self.batch_size, 1, MAX_BATCH)
        _check_number("learning rate", self.learning_rate, 1e-12, 1e3)
        _check_number("momentum", self.momentum, 0, 0.9999)
        _check_number("weight decay", self.weight_decay, 0, 1e3)
        _check_number("patience", self.patience, 0, MAX_EPOCHS)
        _check_name("optimiser", self.optimiser, get_args(Optimiser))
        _check_name("schedule", self.schedule, get_args(Schedule))
        _check_name("device", self.device, get_args(WishedDevice))

    def to_settings(self) -> dict[str, str | int | float]:
        """What decides about the weights: all but the device."""
        return {name: value for name, value in asdict(self).items() if name != "device"}


def _check_number(name: str, value: float, lowest: float, highest: float) -> None:
    if not (math.isfinite(value) and lowest <= value <= highest):
        raise TrainingError(f"the {name} must be from {lowest:g} to {highest:g}, not {value:g}")


def _check_name(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise TrainingError(f"the {name} must be one of {', '.join(allowed)}, not {value!r}")
