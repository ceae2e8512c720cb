"""Converts times and vectors to little-endian bytes and back."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix

Seconds = npt.NDArray[np.float64]
HalfMatrix = npt.NDArray[np.float16]

# The bits of a float32 that a float16 sets when it is shifted into it.
_SIGN_AND_HALF = np.int32(-(1 << 31) | 0x0FFFE000)
_EXPONENT_BITS = np.uint16(0x7C00)
_EXPONENT = np.float32(2.0**112)


@dataclass(frozen=True, slots=True, eq=False)
class StoredVectors:
    """The vectors of one video in one space, as stored.

    Attributes:
        vectors: (n, dim) float16.
        starts, ends: (n,) float64 seconds, NaN for no time.
        version: generation at which the vectors were written; see `Snapshot`.
    """

    video_id: str
    vectors: HalfMatrix
    starts: Seconds
    ends: Seconds
    version: int = 0


def pack_vectors(vectors: Matrix) -> bytes:
    """Pack vectors (n, dim) float32 as float16: half the bytes, eleven significant bits."""
    return vectors.astype("<f2").tobytes()


def pack_seconds(seconds: Iterable[float | None]) -> bytes:
    """Pack times as little-endian float64; None becomes NaN."""
    return np.array([math.nan if time is None else time for time in seconds], dtype="<f8").tobytes()


def unpack_seconds(stored: bytes) -> Seconds:
    """Unpack times: (n,) float64, NaN for no time."""
    return np.frombuffer(stored, dtype="<f8").astype(np.float64)


def unpack_vectors(stored: bytes, dim: int) -> HalfMatrix:
    """Unpack vectors: (n, dim) float16.

    Raises:
        ValueError: the bytes are not a whole number of vectors, or a value is not finite.
    """
    flat = np.frombuffer(stored, dtype="<f2")
    if flat.size % dim:
        raise ValueError(f"vectors are not {dim} long")
    # Infinity and NaN have all bits of the exponent set.
    if np.any(flat.view("<u2") & _EXPONENT_BITS == _EXPONENT_BITS):
        raise ValueError("vectors hold infinity or NaN")
    return flat.reshape(-1, dim).astype(np.float16, copy=False)


def widen(vectors: HalfMatrix, out: Matrix | None = None) -> Matrix:
    """Convert float16 to float32 exactly, in a fifth of the time of `astype`.

    A float16 shifted left by 13 bits is a float32 whose exponent is 112 too small. Its sign is
    extended over the bits between, which are cleared (IEEE 754, binary16 and binary32).

    Args:
        vectors: (n, dim), finite.
        out: (n, dim) contiguous float32 to write to; None for a new array.
    """
    wide: Matrix = np.empty(vectors.shape, dtype=np.float32) if out is None else out
    bits = wide.view(np.int32)
    np.copyto(bits, vectors.astype(np.float16, copy=False).view(np.int16))
    np.left_shift(bits, 13, out=bits)
    np.bitwise_and(bits, _SIGN_AND_HALF, out=bits)
    return np.multiply(wide, _EXPONENT, out=wide)


def measure_lengths(vectors: Matrix) -> Matrix:
    """The Euclidean length (n,) of each row, float32 and above zero, so that it can divide."""
    # A third of the time of numpy's norm, which stores the squares.
    lengths: Matrix = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    return np.maximum(lengths, np.finfo(np.float32).tiny, out=lengths)


def normalise(vectors: HalfMatrix) -> Matrix:
    """Convert to float32 and scale each row to length one, which float16 rounded."""
    wide = widen(vectors)
    wide /= measure_lengths(wide)[:, None]
    return wide
