"""Runs networks: exported once and run by ONNX Runtime on a CPU, by torch on a GPU."""

import hashlib
import logging
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from indexer.encoders.checkpoints import models_folder, write_atomically
from indexer.encoders.device import Device, choose_device, count_threads
from store.errors import MvsearchError
from store.records import Matrix

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

# Part of the name of every exported file: raise it when the way of exporting changes.
EXPORT_VERSION = 1

Array = npt.NDArray[Any]
Loaded = TypeVar("Loaded")

# Encoders load side by side, but torch exports one network at a time. One export may need another.
_MAKING = threading.RLock()


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network comes to be.

    Attributes:
        name: for the file name and for messages.
        fingerprint: changes whenever the weights or the code of `build` do.
        build: makes the module; imports torch and loads the weights.
        examples: one array an input, with at least 2 along each axis that may vary.
        varying: the axes of each input that may vary.
    """

    name: str
    fingerprint: str
    build: Callable[[], "torch.nn.Module"]
    examples: tuple[Array, ...]
    varying: tuple[tuple[int, ...], ...]


class Network(Protocol):
    """A network that is ready to run.

    Attributes:
        n_side_by_side: how many threads may call `run` at once with a gain.
    """

    n_side_by_side: int

    def run(self, *inputs: Array) -> tuple[Matrix, ...]:
        """Run it on one array an input, as the recipe's examples lay them out."""


def open_network(recipe: Recipe, *, in_batches: bool = False) -> Network:
    """Make a network ready on the best device there is.

    Args:
        recipe: of the network.
        in_batches: many batches will come, and a single one may take longer: the cores then run a
            batch each, which no thread of another core's has to wait for.

    Raises:
        MvsearchError: the exported file cannot be written.
        WeightsMissingError: the weights are missing or damaged.
    """
    device = choose_device()
    return (
        OnnxNetwork(recipe, in_batches=in_batches)
        if device == "cpu"
        else TorchNetwork(recipe, device)
    )


class OnnxNetwork:
    """Runs a network by ONNX Runtime; it is exported at the first use on this machine."""

    def __init__(self, recipe: Recipe, *, in_batches: bool = False) -> None:
        import onnxruntime

        n_threads = count_threads()
        self.n_side_by_side = n_threads if in_batches else 1
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1 if in_batches else n_threads
        options.log_severity_level = 3
        # Threads that wait for each other in a loop take the cores from the decoder beside them:
        # 22 pictures a second against 43 on two busy cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # From the file itself, which takes half the time of bytes that are in memory.
        self._session = load_cached(
            f"{recipe.name}-{recipe.fingerprint}-v{EXPORT_VERSION}",
            ".onnx",
            lambda: _export(recipe),
            lambda path: onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            ),
        )
        self._names = [given.name for given in self._session.get_inputs()]

    def run(self, *inputs: Array) -> tuple[Matrix, ...]:
        """See `Network.run`."""
        return tuple(self._session.run(None, dict(zip(self._names, inputs, strict=True))))


class TorchNetwork:
    """Runs a network by torch."""

    n_side_by_side = 1

    def __init__(self, recipe: Recipe, device: Device) -> None:
        self._module = recipe.build().eval().to(device)
        self._device = device

    def run(self, *inputs: Array) -> tuple[Matrix, ...]:
        """See `Network.run`."""
        import torch

        with torch.inference_mode():
            made = self._module(*(torch.tensor(given, device=self._device) for given in inputs))
        outputs = made if isinstance(made, tuple) else (made,)
        return tuple(np.asarray(output.float().cpu().numpy()) for output in outputs)


def load_cached(
    stem: str, suffix: str, make: Callable[[], bytes], load: Callable[[Path], Loaded]
) -> Loaded:
    """Load a file that was made before from the cache, or make it and put it there.

    The file's name carries the checksum of its content, so that name and content land in one
    step: processes that race write the same file or two good ones, and a damaged one is told.

    Args:
        stem: what the file's name begins with; other content, another stem.
        suffix: what it ends with.
        make: makes the content.
        load: reads the file; what it made of a damaged one is thrown away.

    Raises:
        MvsearchError: the cache cannot be written.
    """
    folder = models_folder() / "exported"
    known = _load_whole(folder, stem, suffix, load)
    if known is not None:
        return known
    with _MAKING:
        known = _load_whole(folder, stem, suffix, load)
        if known is not None:
            return known
        content = make()
        path = folder / f"{stem}-{hashlib.sha256(content).hexdigest()}{suffix}"
        try:
            write_atomically(path, content)
        except OSError as error:
            raise MvsearchError(
                f"{folder} cannot be written ({error.strerror}): point MVSEARCH_MODELS elsewhere"
            ) from error
        return load(path)


def _load_whole(
    folder: Path, stem: str, suffix: str, load: Callable[[Path], Loaded]
) -> Loaded | None:
    """What the first file of a stem that is whole holds, or None.

    A file is loaded while its checksum is computed: both take about as long.
    """
    for path in sorted(folder.glob(f"{stem}-*{suffix}")):
        with ThreadPoolExecutor(1, thread_name_prefix="mvsearch-load") as pool:
            loading = pool.submit(load, path)
            is_whole = path.name == f"{stem}-{_compute_checksum(path)}{suffix}"
        if is_whole:
            return loading.result()
        logger.warning("%s is damaged and is made anew", path)
        path.unlink(missing_ok=True)
    return None


def _compute_checksum(path: Path) -> str:
    """The SHA-256 of a file's content; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _export(recipe: Recipe) -> bytes:
    import torch

    logger.info("exporting %s for ONNX Runtime: done once, takes some seconds", recipe.name)
    module = recipe.build().eval()
    shapes = tuple(dict.fromkeys(axes, torch.export.Dim.DYNAMIC) for axes in recipe.varying)
    with tempfile.TemporaryDirectory(prefix="mvsearch-") as folder, torch.no_grad():
        path = Path(folder, "network.onnx")
        # Optimised here as well as on load: EfficientNet-Lite0 runs 2.7 times as fast for it.
        torch.onnx.export(
            module,
            tuple(torch.tensor(example) for example in recipe.examples),
            path,
            dynamo=True,
            dynamic_shapes=shapes,
            external_data=False,
            optimize=True,
            verbose=False,
        )
        return path.read_bytes()
