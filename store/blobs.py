"""Times and vectors as bytes, little-endian whatever the machine."""

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from store.errors import LibraryDamagedError
from store.records import Matrix

Seconds = npt.NDArray[np.float64]
HalfMatrix = npt.NDArray[np.float16]


def pack_vectors(vectors: Matrix) -> bytes:
    """Vectors as float16: for unit vectors, half the bytes and eleven significant bits."""
    return vectors.astype("<f2").tobytes()


def pack_seconds(seconds: Iterable[float | None]) -> bytes:
    """Times as little-endian float64; None as NaN."""
    return np.array([math.nan if time is None else time for time in seconds], dtype="<f8").tobytes()


def unpack_seconds(stored: bytes) -> Seconds:
    """Times as float64, NaN where there is none."""
    return np.frombuffer(stored, dtype="<f8").astype(np.float64)


def unpack_vectors(stored: bytes, dim: int) -> HalfMatrix:
    """Vectors as they are stored: (n, dim) float16.

    Raises:
        LibraryDamagedError: they are not a whole number of vectors of this length.
    """
    flat = np.frombuffer(stored, dtype="<f2")
    if flat.size % dim:
        raise LibraryDamagedError(f"the catalogue holds vectors that are not {dim} long")
    return flat.reshape(-1, dim).astype(np.float16, copy=False)


def normalise(vectors: HalfMatrix) -> Matrix:
    """Rows brought back to length one as float32; float16 had rounded them."""
    wide = vectors.astype(np.float32)
    # A third of the time of numpy's norm, which writes the squares down.
    lengths = np.sqrt(np.einsum("nd,nd->n", wide, wide))[:, None]
    wide /= np.maximum(lengths, np.finfo(np.float32).tiny)
    return wide
