"""Turns vectors of frames and windows of sound into the features that heads of moods read."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.indexer.mood.keys import describe_keys
from mvsearch.store.records import Matrix

Times = npt.NDArray[np.floating]

# The mood at a time is that of the sound so many seconds before and after it: listeners need about
# so long to name one, and the clips of known mood have half a minute.
REACH_SECONDS = 15.0


def prepare_pictures(vectors: Matrix, dims: Sequence[int], centre: Matrix) -> Matrix:
    """Centre the vectors of each view and scale them to length one.

    Of the first view, whose numbers are not negative (they come after a ReLU), the square roots
    are taken: a few channels would dominate their products otherwise (Hellinger's kernel).

    Args:
        vectors: (n, d) unit vectors of all views, side by side.
        dims: of each view; they add up to d.
        centre: (d,) means of the training set.

    Returns:
        (n, d) float32.
    """
    centred, ends = take_roots(vectors, dims) - centre, np.cumsum(dims)[:-1]
    return np.concatenate([to_unit_rows(part) for part in np.split(centred, ends, axis=1)], axis=1)


def take_roots(vectors: Matrix, dims: Sequence[int]) -> Matrix:
    """The vectors with the square roots of the first view, which again has length one."""
    roots = to_unit_rows(np.sqrt(np.maximum(vectors[:, : dims[0]], 0)))
    return np.concatenate([roots, vectors[:, dims[0] :]], axis=1)


def pool_sound(vectors: Matrix, seconds: Times | None = None) -> Matrix:
    """Compute mean and standard deviation of windows and their keys, over all or around each one.

    Args:
        vectors: (n, d) of `Signal`, n > 0.
        seconds: (n,) rising times of the windows; None pools all of them.

    Returns:
        (n, 2 (d + k)) float32, or (1, 2 (d + k)) without times; k as in `describe_keys`.
    """
    rows = np.concatenate([vectors, describe_keys(vectors)], axis=1, dtype=np.float64)
    return pool_rows(rows, seconds)


def pool_rows(rows: npt.NDArray[np.float64], seconds: Times | None = None) -> Matrix:
    """Compute mean and standard deviation of (n, d) rows; see `pool_sound`."""
    if seconds is None:
        first, last = np.zeros(1, np.intp), np.full(1, len(rows))
    else:
        first = np.searchsorted(seconds, seconds - REACH_SECONDS, "left")
        last = np.searchsorted(seconds, seconds + REACH_SECONDS, "right")
    counts = (last - first)[:, np.newaxis]
    mean, square = (_sum_spans(powers, first, last) / counts for powers in (rows, rows**2))
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    return np.concatenate([mean, deviation], axis=1).astype(np.float32)


def _sum_spans(
    rows: npt.NDArray[np.float64], first: npt.NDArray[np.intp], last: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """Sum rows from `first` on and before `last`."""
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    spans: npt.NDArray[np.float64] = sums[last] - sums[first]
    return spans
