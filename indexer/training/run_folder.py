"""The folder of a run: configuration, checkpoint, figures of each epoch, best weights and card."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mvsearch.indexer.training.cards import Card, read_card, write_card
from mvsearch.indexer.training.checkpoints import load_tensors
from mvsearch.indexer.training.config_file import Config, check_same_config, write_config
from mvsearch.indexer.training.curves import draw_curves
from mvsearch.store.errors import TrainingError
from mvsearch.store.lock import WriterLock
from mvsearch.store.own_files import check_folder, open_own, read_own, write_own

if TYPE_CHECKING:
    import torch

CONFIG, CARD = "config.toml", "card.json"
CHECKPOINT, WEIGHTS = "checkpoint.safetensors", "weights.safetensors"
METRICS, CURVES = "metrics.jsonl", "curves.png"
# What `train mood` makes of its weights.
HEADS = ("picture.safetensors", "sound.safetensors")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of a run; it is finished once its card is there.

    Each file is written under another name and then renamed, so no part of one is ever read.
    """

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """All that a training needs to go on after its last complete epoch."""
        return self.folder / CHECKPOINT

    @property
    def weights(self) -> Path:
        """The best weights so far."""
        return self.folder / WEIGHTS

    @property
    def is_finished(self) -> bool:
        """Whether the training came to its end."""
        return (self.folder / CARD).is_file()

    def create(self) -> None:
        """Create the folder if it is not there.

        Raises:
            TrainingError: it is a link, or cannot be written.
        """
        with explaining(self.folder):
            check_folder(self.folder)
            self.folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def opening(self, config: Config) -> Iterator[None]:
        """Hold the folder for one process, after creating it or comparing its configuration.

        Raises:
            LibraryBusyError: another process trains into it.
            TrainingError: it was begun with another configuration, or cannot be written.
        """
        self.create()
        with WriterLock(self.folder, "run").holding(0.0):
            path = self.folder / CONFIG
            if path.exists():
                check_same_config(path, config)
            else:
                with explaining(path):
                    write_config(path, config)
            yield

    def write_history(self, history: Sequence[Mapping[str, float]]) -> None:
        """Write the figures of all epochs.

        Raises:
            TrainingError: the disk refuses.
        """
        lines = "".join(f"{json.dumps(epoch, allow_nan=False)}\n" for epoch in history)
        with explaining(self.folder):
            write_own(self.folder / METRICS, lines.encode())

    def draw_history(self, history: Sequence[Mapping[str, float]]) -> str:
        """Draw the figures of all epochs.

        Returns:
            A line that says why they could not be drawn; empty if they were.

        Raises:
            TrainingError: the disk refuses.
        """
        with explaining(self.folder):
            return draw_curves(history, self.folder / CURVES)

    def write_files(self, files: Mapping[str, bytes]) -> dict[str, str]:
        """Write what a task makes of its best weights; return the sha256 of each, for the card.

        Raises:
            TrainingError: the disk refuses.
        """
        with explaining(self.folder):
            for name, content in files.items():
                write_own(self.folder / name, content)
        return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}

    def read_file(self, card: Card, name: str, max_bytes: int) -> bytes:
        """Read a file of a finished run, and compare it with the card, unless that is an older one.

        Raises:
            TrainingError: the file is damaged.
        """
        path = self.folder / name
        try:
            content = read_own(path, max_bytes)
        except OSError as error:
            raise TrainingError(f"{path} cannot be read: {error.strerror}") from error
        expected = {**card.files, WEIGHTS: card.weights_sha256}.get(name)
        if expected not in (None, hashlib.sha256(content).hexdigest()):
            raise _not_described(path)
        return content

    def finish(self, card: Card) -> None:
        """Write the card, from which on the weights may be used; the checkpoint is not needed then.

        Raises:
            TrainingError: the disk refuses.
        """
        with explaining(self.folder):
            write_card(self.folder / CARD, card)
            self.checkpoint.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete the files of a run, the card first, and nothing else that lies there.

        Raises:
            LibraryBusyError: another process trains into it.
            TrainingError: one cannot be deleted.
        """
        if not self.folder.is_dir():
            return
        with WriterLock(self.folder, "run").holding(0.0), explaining(self.folder):
            for name in (CARD, *HEADS, CHECKPOINT, CONFIG, WEIGHTS, METRICS, CURVES):
                (self.folder / name).unlink(missing_ok=True)

    def read_card(self, task: str | None = None) -> Card:
        """Read the card of a finished run; of this kind of training, if one is given.

        Raises:
            TrainingError: the run is not finished or of another kind, or the card is damaged.
        """
        card = read_card(self.folder / CARD)
        if task not in (None, card.task):
            raise TrainingError(f"{self.folder.name} is a run of {card.task}, not of {task}")
        return card

    def check_weights(self) -> None:
        """Compare the weights of a finished run with its card.

        Raises:
            TrainingError: the run is not finished, or a file is damaged.
        """
        expected = self.read_card().weights_sha256
        try:
            with open_own(self.weights, "rb") as file:
                # What open gives has readinto as well.
                found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        except OSError as error:
            raise TrainingError(f"{self.weights} cannot be read: {error.strerror}") from error
        if found != expected:
            raise _not_described(self.weights)

    def load_weights(self) -> dict[str, "torch.Tensor"]:
        """Read the weights of a finished run, after comparing them with its card.

        Raises:
            TrainingError: the run is not finished, or a file is damaged.
        """
        self.check_weights()
        return load_tensors(self.weights)[0]


def _not_described(path: Path) -> TrainingError:
    return TrainingError(f"{path} is damaged: it is not what its card describes")


@contextmanager
def explaining(path: Path | str) -> Iterator[None]:
    """Turn errors of the file system into one line.

    Raises:
        TrainingError: the disk refuses.
    """
    try:
        yield
    except OSError as error:
        raise TrainingError(f"{path} cannot be written: {error.strerror}") from error


def read_history(state: Mapping[str, Any]) -> list[dict[str, float]]:
    """The figures of the epochs of a checkpoint.

    Raises:
        KeyError: there are none.
        TypeError, ValueError: one is no finite number.
    """
    history = [dict(epoch) for epoch in state["history"]]
    if not all(math.isfinite(value) for epoch in history for value in epoch.values()):
        raise ValueError("a figure is not finite")
    return history
