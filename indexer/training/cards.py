"""The card of a finished training: what it was trained on, how, and how good it is."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mvsearch.store.errors import TrainingError
from mvsearch.store.own_files import read_own, write_own

MAX_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Card:
    """The card of a training, beside its weights.

    Attributes:
        task: the kind of training.
        weights_sha256: of the weights file.
        data: what it was trained on, in one line.
        split: how the parts were chosen.
        licence: of the data.
        counts: items of each part.
        figures: of the best weights, by name.
        best_epoch: the epoch of these weights, of `n_epochs` that were done.
        training: the options.
        settings: of the task.
        versions: of the libraries.
        files: sha256 of whatever else was made of the weights, by name; older cards have none.
    """

    task: str
    weights_sha256: str
    data: str
    split: str
    licence: str
    counts: Mapping[str, int]
    figures: Mapping[str, float]
    best_epoch: int
    n_epochs: int
    training: Mapping[str, Any]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what programs read; the rest is for people.

        Raises:
            ValueError: it is no card.
        """
        tables = (self.counts, self.figures, self.training, self.settings, self.versions)
        if not all(isinstance(table, Mapping) for table in (*tables, self.files)):
            raise ValueError("a table of the card is no table")
        texts = (self.task, self.weights_sha256, self.data, self.split, self.licence)
        if not all(isinstance(text, str) for text in (*texts, *self.files.values())):
            raise ValueError("a text of the card is no text")
        if not all(_is_number(value) for value in self.figures.values()):
            raise ValueError("a figure of the card is no number")

    def to_dict(self) -> dict[str, Any]:
        """The card as JSON."""
        return asdict(self)


def _is_number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)  # type: ignore[arg-type]  # it is a number


def write_card(path: Path, card: Card) -> None:
    """Write a card.

    Raises:
        OSError: the disk refuses.
    """
    write_own(path, json.dumps(card.to_dict(), indent=1, allow_nan=False).encode())


def read_card(path: Path) -> Card:
    """Read a card.

    Raises:
        TrainingError: it is missing or damaged.
    """
    try:
        return Card(**json.loads(read_own(path, MAX_BYTES)))
    except FileNotFoundError:
        raise TrainingError(
            f"{path.parent} is not finished: train it again with the same options, and it goes on"
        ) from None
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise TrainingError(f"{path} is damaged: {error}") from error
