"""The loop that trains every network: seeded, resumed after its last complete epoch, stopped early.

Everything random of an epoch comes from the seed and the number of the epoch. So a training that
was killed and resumed gives the same weights as one that was not, without any stored generator.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mvsearch.indexer.encoders.networks.device import choose_device, count_threads
from mvsearch.indexer.encoders.networks.files.checkpoints import compute_sha256
from mvsearch.indexer.progress import Progress, Silence
from mvsearch.indexer.training.cards import Card
from mvsearch.indexer.training.checkpoints import (
    load_checkpoint,
    load_network,
    load_tensors,
    save_checkpoint,
    save_tensors,
)
from mvsearch.indexer.training.config_file import describe_config
from mvsearch.indexer.training.optimiser import make_optimiser
from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.indexer.training.run_folder import RunFolder, read_history
from mvsearch.indexer.training.task import Task
from mvsearch.store.errors import CancelledError, TrainingError

if TYPE_CHECKING:
    import torch

STAGE = "training"
# Drawing takes longer than an epoch of a small network.
SECONDS_BETWEEN_CURVES = 20.0


def train(
    task: Task,
    options: TrainingOptions,
    folder: Path,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Card:
    """Train a network, or go on where a run of this folder ended.

    On a CPU the weights are bit for bit the same for the same task, options and number of threads
    ($MVSEARCH_THREADS); on a GPU the last digits may differ. A finished run is not repeated.

    Args:
        task: what is trained.
        options: how.
        folder: of the run.
        progress: told of steps and epochs.
        stop: when set, the training ends; the last complete epoch is kept.

    Raises:
        TrainingError: the folder was begun with another configuration or cannot be written, or the
            loss is not finite.
        LibraryBusyError: another process trains into the folder.
        CancelledError: `stop` was set.
    """
    progress, stop = progress or Silence(), stop or threading.Event()
    run = RunFolder(folder)
    with run.opening(describe_config(task, options)):
        if run.is_finished:
            progress.note(f"{folder} is finished: nothing is left to train")
            return run.read_card()
        device = choose_device() if options.device == "auto" else options.device
        with _repeating(device):
            return _Loop(task, options, run, device, progress, stop).run()


@contextmanager
def _repeating(device: str) -> Iterator[None]:
    """Make torch compute the same again on a CPU; its settings are restored afterwards.

    Raises:
        TrainingError: the device does not work.
    """
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("torch finds no CUDA device here: leave --device out")
    n_threads, was_strict = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
    )
    torch.set_num_threads(count_threads())
    torch.use_deterministic_algorithms(device == "cpu")
    try:
        with torch.random.fork_rng(devices=None if device == "cuda" else []):
            yield
    finally:
        torch.use_deterministic_algorithms(was_strict)
        torch.set_num_threads(n_threads)


@dataclass(slots=True)
class _Best:
    """The best epoch so far, and its watched figure; epoch 0 before the first one."""

    epoch: int = 0
    value: float = math.nan

    def take(self, epoch: int, value: float, *, is_higher_better: bool) -> bool:
        """Take a better epoch; return whether it is one."""
        is_better = self.epoch == 0 or (
            value > self.value if is_higher_better else value < self.value
        )
        if is_better:
            self.epoch, self.value = epoch, value
        return is_better


@dataclass(slots=True)
class _Loop:
    """One training."""

    task: Task
    options: TrainingOptions
    files: RunFolder
    device: str
    progress: Progress
    stop: threading.Event
    history: list[dict[str, float]] = field(default_factory=list)
    best: _Best = field(default_factory=_Best)
    drawn_seconds: float = field(default_factory=time.monotonic)

    def run(self) -> Card:
        """Train all epochs that are left; write the card."""
        self._seed(0)
        network = self.task.build().to(self.device)
        optimiser = make_optimiser(network, self.options)
        self._resume(network, optimiser)
        n_batches = self.task.count_batches()
        self.progress.begin(STAGE, n_batches * (self.options.epochs - len(self.history)), "steps")
        while not self._is_done():
            epoch = len(self.history) + 1
            self._train_epoch(network, optimiser, epoch, n_batches)
            self._keep(network, optimiser, epoch)
        return self._finish(network)

    def _seed(self, epoch: int) -> np.random.Generator:
        """Seed torch for an epoch, 0 for the first weights, and return numpy's generator for it."""
        import torch

        first, second = np.random.SeedSequence([self.options.seed, epoch]).spawn(2)
        torch.manual_seed(int(first.generate_state(1, np.uint64)[0] >> np.uint64(1)))
        return np.random.default_rng(second)

    def _resume(self, network: "torch.nn.Module", optimiser: "torch.optim.Optimizer") -> None:
        if not self.files.checkpoint.exists():
            return
        state = load_checkpoint(self.files.checkpoint, network, optimiser)
        try:
            self.history = read_history(state)
            self.best = _Best(int(state["best_epoch"]), float(state["best_value"]))
            if not math.isfinite(self.best.value):
                raise ValueError("its best figure is not finite")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise TrainingError(f"{self.files.checkpoint} is damaged: {error}") from error
        self.progress.note(f"Going on after epoch {len(self.history)} of {self.options.epochs}")

    def _is_done(self) -> bool:
        n_done, patience = len(self.history), self.options.patience
        is_early = patience > 0 and n_done - self.best.epoch >= patience
        return n_done >= self.options.epochs or is_early

    def _train_epoch(
        self,
        network: "torch.nn.Module",
        optimiser: "torch.optim.Optimizer",
        epoch: int,
        n_batches: int,
    ) -> None:
        """Train one epoch, and append its figures to the history."""
        import torch

        begun, generator = time.monotonic(), self._seed(epoch)
        network.train()
        sums: dict[str, float] = {}
        for place, batch in enumerate(self.task.draw_batches(generator)):
            self._check_stop(epoch)
            rate = self._find_rate((epoch - 1) * n_batches + place, n_batches)
            for name, value in self._step(network, optimiser, batch, rate, epoch).items():
                sums[name] = sums.get(name, 0.0) + value
            self.progress.advance(STAGE)
        network.eval()
        with torch.inference_mode():
            figures = self.task.validate(network, self.device)
        means = {name: value / n_batches for name, value in sums.items()}
        seconds = round(time.monotonic() - begun, 3)
        self.history.append({"epoch": epoch, "seconds": seconds, **means, **figures})

    def _check_stop(self, epoch: int) -> None:
        if self.stop.is_set():
            raise CancelledError(
                f"stopped in epoch {epoch}; the ones before are kept, and the same command goes on"
            )

    def _find_rate(self, step: int, n_batches: int) -> float:
        """The learning rate of a step, counted from 0 over all epochs."""
        if self.options.schedule == "constant":
            return self.options.learning_rate
        share = step / max(1, n_batches * self.options.epochs)
        return self.options.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))

    def _step(
        self,
        network: "torch.nn.Module",
        optimiser: "torch.optim.Optimizer",
        batch: Any,
        rate: float,
        epoch: int,
    ) -> dict[str, float]:
        """Take one step; return the terms of the loss by name."""
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad(set_to_none=True)
        losses = self.task.compute_losses(network, batch, self.device)
        loss = sum(losses.values(), start=next(iter(losses.values())).new_zeros(()))
        if not math.isfinite(value := float(loss.detach())):
            raise TrainingError(
                f"the loss is {value} in epoch {epoch}: take a lower learning rate; the epochs"
                " before are kept"
            )
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        terms = {f"loss_{name}": float(term.detach()) for name, term in losses.items()}
        return {"loss": value, **(terms if len(terms) > 1 else {})}

    def _keep(
        self, network: "torch.nn.Module", optimiser: "torch.optim.Optimizer", epoch: int
    ) -> None:
        """Store an epoch: the weights if they are the best, and last the checkpoint.

        Killed in between, the epoch is done again, and its weights are written again.
        """
        figures = self.history[-1]
        bad = [name for name, value in figures.items() if not math.isfinite(value)]
        if bad:
            raise TrainingError(f"{bad[0]} is not a finite number after epoch {epoch}")
        watched = figures[self.task.watched]
        is_best = self.best.take(epoch, watched, is_higher_better=self.task.is_higher_better)
        if is_best:
            save_tensors(self.files.weights, network.state_dict())
        best = {"best_epoch": self.best.epoch, "best_value": self.best.value}
        save_checkpoint(
            self.files.checkpoint, network, optimiser, {"history": self.history, **best}
        )
        self.files.write_history(self.history)
        if time.monotonic() - self.drawn_seconds > SECONDS_BETWEEN_CURVES:
            self.files.draw_history(self.history)
            self.drawn_seconds = time.monotonic()
        self.progress.note(_describe_epoch(figures, self.task.watched, is_best=is_best))

    def _finish(self, network: "torch.nn.Module") -> Card:
        """Evaluate the best weights and write their card."""
        import torch

        if problem := self.files.draw_history(self.history):
            self.progress.note(problem)
        load_network(self.files.weights, network, load_tensors(self.files.weights)[0])
        network.eval()
        with torch.inference_mode():
            figures = dict(self.task.evaluate(network, self.device))
        files = self.files.write_files(self.task.make_files(network))
        task, data = self.task, self.task.data
        card = Card(
            task=task.name,
            weights_sha256=compute_sha256(self.files.weights),
            data=data.description,
            split=data.split,
            licence=data.licence,
            counts=dict(data.counts),
            figures=figures,
            best_epoch=self.best.epoch,
            n_epochs=len(self.history),
            training=self.options.to_settings(),
            settings=dict(task.settings),
            versions={name: version(name) for name in ("torch", "numpy", "safetensors")},
            files=files,
        )
        self.files.finish(card)
        return card


def _describe_epoch(figures: dict[str, float], watched: str, *, is_best: bool) -> str:
    """One line about an epoch."""
    shown = f"loss {figures['loss']:.4f}, {watched.replace('_', ' ')} {figures[watched]:.4f}"
    return f"Epoch {figures['epoch']:.0f}: {shown}{', the best so far' if is_best else ''}"
