"""Normalises vectors to unit length."""

from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix


def to_unit_rows(matrix: npt.NDArray[Any]) -> Matrix:
    """Scale each row of (n, dim) to unit length, as float32.

    A row of zeros, which has no direction, becomes the first unit vector.
    """
    rows = np.array(matrix, dtype=np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    rows[norms[:, 0] == 0, 0] = 1.0
    unit: Matrix = rows.astype(np.float32)
    return unit
