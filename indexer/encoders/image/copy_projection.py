"""Reads the projection of EfficientNet-Lite0's features for copies; it is part of the program."""

import hashlib
from pathlib import Path

from mvsearch.indexer.encoders.networks.runtime import Array
from mvsearch.store.errors import WeightsMissingError

# `benchmarks/copies` learns it; its card is copies.md beside it.
FILE = Path(__file__).with_name("copies.safetensors")
COPIES_SHA256 = "8f6dfdc4a5ba03d7f7ffdc8cfc22e612b1c886c37da310667acd9ac54bc71d81"
# Part of the revision: raise it with each change of the vectors that is not one of the file.
COPIES_VERSION = 1

N_COPIES = 512


def read_projection() -> dict[str, Array]:
    """Read "weight" (512, 672) and "bias" (512,), float32.

    Raises:
        WeightsMissingError: the file is missing, or another.
    """
    import numpy as np
    from safetensors.numpy import load

    try:
        content = FILE.read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != COPIES_SHA256:
        raise WeightsMissingError(f"{FILE} is missing or damaged: reinstall mvsearch")
    return {name: array.astype(np.float32) for name, array in load(content).items()}
