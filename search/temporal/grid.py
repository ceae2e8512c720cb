"""The time axis of videos as cells of equal length."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.records import Modality

Cells = npt.NDArray[np.int64]

STEP_SECONDS = 0.5
# Longer videos have longer cells: this many are 2.8 hours.
MAX_CELLS = 20_000


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of some videos; all begin at zero.

    Attributes:
        n_cells: of the longest.
        step_seconds: length of a cell.
    """

    n_cells: int
    step_seconds: float = STEP_SECONDS

    def count(self, seconds: float) -> int:
        """The number of cells of a time, at most `n_cells`."""
        return min(round(seconds / self.step_seconds), self.n_cells)

    def place(self, seconds: FloatArray) -> Cells:
        """The nearest cells of times."""
        cells = np.rint(seconds / self.step_seconds)
        return np.clip(cells, 0, self.n_cells).astype(np.int64)


def make_grid(seconds: float) -> Grid:
    """The grid of a video, or of videos of which this is the longest."""
    step = max(STEP_SECONDS, seconds / MAX_CELLS)
    return Grid(int(seconds / step) + 2, step)


def find_extents(
    modality: Modality, starts: FloatArray, ends: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The time that each segment of a video stands for: its own, of overlapping windows the middle.

    Windows of sound overlap: a time belongs to the window whose middle is nearest.

    Args:
        modality: of the segments.
        starts: (n,) seconds, in order; NaN without a time.
        ends: (n,) likewise.

    Returns:
        (n,) starts and (n,) ends.
    """
    if modality != "audio" or len(starts) < 2:
        return starts, ends
    between = (starts[1:] + ends[1:] + starts[:-1] + ends[:-1]) / 4
    return np.concatenate([starts[:1], between]), np.concatenate([between, ends[-1:]])


def spread_max(values: FloatArray, first: Cells, n: Cells, target: FloatArray) -> None:
    """Raise cells first, first + 1, …, first + n - 1 of `target` to each of (k,) values.

    Args:
        values: (k,).
        first: (k,) positions in the flattened target.
        n: (k,) numbers of cells.
        target: changed in place; contiguous.
    """
    total = int(n.sum())
    within = np.arange(total) - np.repeat(np.cumsum(n) - n, n)
    np.maximum.at(target.reshape(-1), np.repeat(first, n) + within, np.repeat(values, n))


def slide_max(values: FloatArray, n_before: int, n_after: int) -> FloatArray:
    """The maximum over a window around each cell of the last axis, in log2(window) passes.

    Args:
        values: (…, cells).
        n_before: cells of the window before the cell itself.
        n_after: likewise, behind it.
    """
    n_cells = values.shape[-1]
    n_before, n_after = min(n_before, n_cells), min(n_after, n_cells)
    if not n_before and not n_after:
        return values
    edges = [(0, 0)] * (values.ndim - 1) + [(n_before, n_after)]
    best = np.pad(values, edges, constant_values=-np.inf)
    size, width = n_before + n_after + 1, 1
    while 2 * width <= size:
        best = np.maximum(best[..., :-width], best[..., width:])
        width *= 2
    return np.maximum(best[..., :n_cells], best[..., size - width : size - width + n_cells])
