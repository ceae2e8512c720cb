"""Runs images through a network in batches; the network itself preprocesses them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.networks.runtime import Array, Network
from mvsearch.store.records import Matrix

if TYPE_CHECKING:
    import torch

# Of 1 to 64, the batch that ran quickest on two cores; it also bounds the memory.
BATCH_SIZE = 8

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def check_frames(frames: Array, frame_size: tuple[int, int]) -> None:
    """Raise ValueError unless frames are (n, height, width, 3) uint8 of the given size."""
    width, height = frame_size
    if frames.dtype != np.uint8 or frames.shape[1:] != (height, width, 3):
        raise ValueError(f"frames must be (n, {height}, {width}, 3) uint8, not {frames.shape}")


def run_in_batches(
    network: Network, inputs: Array, dims: Sequence[int], batch_size: int = BATCH_SIZE
) -> tuple[Matrix, ...]:
    """Run (n, …) through a network in batches; one (n, dim) matrix for each of `dims`."""
    outputs = tuple(np.zeros((len(inputs), dim), dtype=np.float32) for dim in dims)

    def run(begin: int) -> None:
        made = network.run(inputs[begin : begin + batch_size])
        for output, part in zip(outputs, made, strict=True):
            output[begin : begin + batch_size] = part

    begins = range(0, len(inputs), batch_size)
    n_threads = min(network.n_side_by_side, len(begins))
    if n_threads > 1:
        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(run, begins))
    else:
        for begin in begins:
            run(begin)
    return outputs


def example_frames(frame_size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Two grey frames, to export a network with."""
    width, height = frame_size
    return np.full((2, height, width, 3), 127, dtype=np.uint8)


def standardise(
    frames: "torch.Tensor", mean: Sequence[float], std: Sequence[float]
) -> "torch.Tensor":
    """Turn (n, height, width, 3) of 0 to 255 into the (n, 3, height, width) networks want.

    Args:
        frames: uint8 RGB.
        mean: of each channel, where white is 1.
        std: likewise.
    """
    shift = frames.new_tensor(mean, dtype=frames.float().dtype).view(1, 3, 1, 1)
    scale = frames.new_tensor(std, dtype=frames.float().dtype).view(1, 3, 1, 1)
    return (frames.permute(0, 3, 1, 2).float() / 255 - shift) / scale
