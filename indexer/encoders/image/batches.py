"""Runs a network on frames in batches; preprocessing is part of the network."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.networks.runtime import Array, Network
from mvsearch.store.records import Matrix

if TYPE_CHECKING:
    import torch

# The fastest of 1 to 64 on two cores. It also bounds the memory.
BATCH_SIZE = 8

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def check_frames(frames: Array, frame_size: tuple[int, int]) -> None:
    """Check that frames are (n, height, width, 3) uint8.

    Args:
        frames: the array to check.
        frame_size: expected width and height in pixels.

    Raises:
        ValueError: they have another type or shape.
    """
    width, height = frame_size
    if frames.dtype != np.uint8 or frames.shape[1:] != (height, width, 3):
        raise ValueError(f"frames must be (n, {height}, {width}, 3) uint8, not {frames.shape}")


def run_in_batches(
    network: Network, inputs: Array, dims: Sequence[int], batch_size: int = BATCH_SIZE
) -> tuple[Matrix, ...]:
    """Run a network on n inputs, in batches and in parallel where that is faster.

    Args:
        network: with one input and `len(dims)` outputs.
        inputs: (n, …).
        dims: the length of a row of each output.
        batch_size: inputs a batch.

    Returns:
        One (n, dim) float32 matrix for each of `dims`.
    """
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
    """Return two grey frames (2, height, width, 3) as example input for an export."""
    width, height = frame_size
    return np.full((2, height, width, 3), 127, dtype=np.uint8)


def standardise(
    frames: "torch.Tensor", mean: Sequence[float], std: Sequence[float]
) -> "torch.Tensor":
    """Standardise each channel of frames and move the channels first.

    Args:
        frames: (n, height, width, 3) RGB in 0 to 255.
        mean: of each channel, in [0, 1].
        std: standard deviation of each channel, in the same unit.

    Returns:
        (n, 3, height, width) float32.
    """
    shift = frames.new_tensor(mean, dtype=frames.float().dtype).view(1, 3, 1, 1)
    scale = frames.new_tensor(std, dtype=frames.float().dtype).view(1, 3, 1, 1)
    return (frames.permute(0, 3, 1, 2).float() / 255 - shift) / scale
