"""Runs networks with ONNX Runtime on a CPU and with torch on a GPU."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.networks.device import Device, choose_device, count_threads
from mvsearch.indexer.encoders.networks.export_cache import drop_damaged, load_cached
from mvsearch.store.distribution import explain_absence
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Matrix

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

# Part of the name of an export: raise it when the export changes.
EXPORT_VERSION = 3
NETWORK = "network.onnx"

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is built or exported.

    Attributes:
        name: for file names and messages.
        fingerprint: of the weights and the code of `build`; another fingerprint, another export.
        build: builds the torch module with its weights; None for a small network that runs on the
            CPU also where there is a GPU.
        examples: one example array an input, with a length of at least 2 along variable axes.
        varying: the variable axes of each input.
        write: writes the network as ONNX without torch; None exports the module of `build`.
    """

    name: str
    fingerprint: str
    build: Callable[[], "torch.nn.Module"] | None
    examples: tuple[Array, ...]
    varying: tuple[tuple[int, ...], ...]
    write: Callable[[Path], None] | None = None


class Network(Protocol):
    """A loaded network.

    Attributes:
        n_side_by_side: number of threads that should call `run` in parallel.
    """

    n_side_by_side: int

    def run(self, *inputs: Array) -> tuple[Matrix, ...]:
        """Run the network on one array an input, shaped as `Recipe.examples`; float32 outputs."""


def open_network(recipe: Recipe, *, in_batches: bool = False) -> Network:
    """Load a network on the device of `choose_device`.

    Args:
        recipe: of the network.
        in_batches: optimise for the throughput of many batches, not for the latency of one: each
            core runs a batch of its own.

    Raises:
        MvsearchError: the exported file cannot be written.
        WeightsMissingError: the weights are missing or damaged.
    """
    device = choose_device()
    return (
        OnnxNetwork(recipe, in_batches=in_batches)
        if device == "cpu" or recipe.build is None
        else TorchNetwork(recipe, device)
    )


class OnnxNetwork:
    """Runs a network with ONNX Runtime; it is exported at the first use on a machine."""

    def __init__(self, recipe: Recipe, *, in_batches: bool = False) -> None:
        n_threads = count_threads()
        self.n_side_by_side = n_threads if in_batches else 1
        self._n_threads = 1 if in_batches else n_threads
        self._recipe = recipe
        self._stem = f"{recipe.name}-{recipe.fingerprint}-v{EXPORT_VERSION}"
        self._mending = threading.Lock()
        self._session = self._open()

    def run(self, *inputs: Array) -> tuple[Matrix, ...]:
        """See `Network.run`; if it fails and the export is damaged, it is exported again."""
        session = self._session
        try:
            made = _run(session, inputs)
        except Exception:
            if not self._mend(session):
                raise
        else:
            if all(np.isfinite(output).all() for output in made) or not self._mend(session):
                return made
        return _run(self._session, inputs)

    def _open(self) -> Any:
        """Open a session of ONNX Runtime; exports the network if that is missing."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._n_threads
        options.log_severity_level = 3
        # Spinning threads take processor time from the decoder: 22 frames a second instead of 43
        # on two busy cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return load_cached(
            self._stem,
            lambda folder: _export(self._recipe, folder / NETWORK),
            lambda folder: onnxruntime.InferenceSession(
                str(folder / NETWORK), options, providers=["CPUExecutionProvider"]
            ),
        )

    def _mend(self, failed: Any) -> bool:
        """Replace a failed session if its files are damaged; return whether there is a new one."""
        with self._mending:
            if self._session is failed and drop_damaged(self._stem):
                self._session = self._open()
            return self._session is not failed


def _run(session: Any, inputs: tuple[Array, ...]) -> tuple[Matrix, ...]:
    names = [given.name for given in session.get_inputs()]
    return tuple(session.run(None, dict(zip(names, inputs, strict=True))))


class TorchNetwork:
    """Runs a network with torch."""

    n_side_by_side = 1

    def __init__(self, recipe: Recipe, device: Device) -> None:
        self._module = _build(recipe).to(device)
        self._device = device

    def run(self, *inputs: Array) -> tuple[Matrix, ...]:
        """See `Network.run`."""
        import torch

        with torch.inference_mode():
            made = self._module(*(torch.tensor(given, device=self._device) for given in inputs))
        outputs = made if isinstance(made, tuple) else (made,)
        return tuple(np.asarray(output.float().cpu().numpy()) for output in outputs)


def _build(recipe: Recipe) -> "torch.nn.Module":
    if recipe.build is None:
        raise ValueError(f"{recipe.name} has no module for torch")
    try:
        return recipe.build().eval()
    except ModuleNotFoundError as error:  # fails the run, not one file
        raise MvsearchError(explain_absence(error)) from error


def _export(recipe: Recipe, path: Path) -> None:
    if recipe.write is not None:
        recipe.write(path)
        return
    logger.info("exporting %s for ONNX Runtime, once; it takes some seconds", recipe.name)
    module = _build(recipe)
    import torch

    shapes = tuple(dict.fromkeys(axes, torch.export.Dim.DYNAMIC) for axes in recipe.varying)
    with torch.no_grad():
        # Optimised here and at load: EfficientNet-Lite0 runs 2.7 times as fast. Weights in a file
        # of their own are memory-mapped: MiniLM loads in 0.05 s instead of 0.13 s.
        torch.onnx.export(
            module,
            tuple(torch.tensor(example) for example in recipe.examples),
            path,
            dynamo=True,
            dynamic_shapes=shapes,
            external_data=True,
            optimize=True,
            verbose=False,
        )
