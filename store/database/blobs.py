"""Converts times and vectors to little-endian bytes and back."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix

Seconds = npt.NDArray[np.float64]
HalfMatrix = npt.NDArray[np.float16]

# The bits of a float32 that a float16 moved into it may set.
_SIGN_AND_HALF = np.int32(-(1 << 31) | 0x0FFFE000)
_EXPONENT_BITS = np.uint16(0x7C00)
_EXPONENT = np.float32(2.0**112)


@dataclass(frozen=True, slots=True, eq=False)
class StoredVectors:
    """The vectors of one video in one space, as they are stored.

    Attributes:
        vectors: (n, dim) float16.
        starts, ends: (n,) float64 seconds, NaN where there is no time.
        version: of these vectors; see `Snapshot`.
    """

    video_id: str
    vectors: HalfMatrix
    starts: Seconds
    ends: Seconds
    version: int = 0


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
        ValueError: they are not a whole number of vectors of this length, or no numbers.
    """
    flat = np.frombuffer(stored, dtype="<f2")
    if flat.size % dim:
        raise ValueError(f"vectors are not {dim} long")
    # All bits of the exponent are set in what is infinite or no number.
    if np.any(flat.view("<u2") & _EXPONENT_BITS == _EXPONENT_BITS):
        raise ValueError("vectors hold what is no number")
    return flat.reshape(-1, dim).astype(np.float16, copy=False)


def widen(vectors: HalfMatrix, out: Matrix | None = None) -> Matrix:
    """Float16 as float32, the same numbers to the bit, in a fifth of the time of `astype`.

    A float16 moved 13 bits up is a float32 whose exponent is 112 too small; its sign is spread over
    the bits between, which are cleared (IEEE 754, binary16 and binary32).

    Args:
        vectors: (n, dim), finite.
        out: (n, dim) float32 to write to, in one piece.
    """
    wide: Matrix = np.empty(vectors.shape, dtype=np.float32) if out is None else out
    bits = wide.view(np.int32)
    np.copyto(bits, vectors.astype(np.float16, copy=False).view(np.int16))
    np.left_shift(bits, 13, out=bits)
    np.bitwise_and(bits, _SIGN_AND_HALF, out=bits)
    return np.multiply(wide, _EXPONENT, out=wide)


def measure_lengths(vectors: Matrix) -> Matrix:
    """(n,) the length of each row, above zero, so that it can be divided by."""
    # A third of the time of numpy's norm, which writes the squares down.
    lengths: Matrix = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    return np.maximum(lengths, np.finfo(np.float32).tiny, out=lengths)


def normalise(vectors: HalfMatrix) -> Matrix:
    """Rows brought back to length one as float32; float16 had rounded them."""
    wide = widen(vectors)
    wide /= measure_lengths(wide)[:, None]
    return wide
