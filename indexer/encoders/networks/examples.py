"""Known inputs for encoders, and a signature of what an encoder makes of them."""

from typing import Any

import numpy as np

from mvsearch.store.records import Matrix

N_NUMBERS = 4
# Below the difference of two networks by far, above that of two machines, and of 8-bit integers.
TOLERANCE = 0.05


def encode_example(encoder: Any) -> list[Matrix]:
    """Encode, or classify, one example: a (1, dim) matrix for each space."""
    if hasattr(encoder, "frame_size"):
        return list(encoder.encode(make_picture(*encoder.frame_size)))
    if hasattr(encoder, "window_seconds"):
        return list(encoder.encode(make_tone(encoder.sample_rate, encoder.window_seconds)))
    if hasattr(encoder, "longest_seconds"):
        return [encoder.classify(make_tone(encoder.sample_rate, encoder.longest_seconds))]
    return list(encoder.encode(["a line to try"]))


def make_picture(width: int, height: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """One frame (1, height, width, 3) whose red grows to the right and whose green grows down."""
    rows, columns = np.indices((height, width))
    blue = np.full((height, width), 90)
    picture = np.stack([columns * 255 // width, rows * 255 // height, blue], axis=-1)
    return picture[None].astype(np.uint8)


def make_tone(sample_rate: int, seconds: float) -> Matrix:
    """One window (1, samples) of a sine at 440 Hz."""
    samples = np.arange(int(seconds * sample_rate))
    tone: Matrix = np.sin(samples * (2 * np.pi * 440 / sample_rate))[None].astype(np.float32)
    return tone


def measure_signature(vector: Matrix) -> tuple[float, ...]:
    """Four numbers that depend on every number of a vector: its cosine transform at 1 to 4 rad.

    Args:
        vector: of any length and shape; it is scaled to unit length.
    """
    flat = np.ravel(vector).astype(np.float64)
    flat /= max(float(np.linalg.norm(flat)), 1e-12)
    steps = np.arange(len(flat))
    return tuple(round(float(flat @ np.cos(k * steps)), 3) for k in range(1, N_NUMBERS + 1))


def is_near(signature: tuple[float, ...], expected: tuple[float, ...]) -> bool:
    """Whether a signature is the expected one, but for rounding."""
    return bool(np.allclose(signature, expected, rtol=0, atol=TOLERANCE))
