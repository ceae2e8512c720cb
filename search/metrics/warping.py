"""Dynamic time warping of two sequences.

The rules:

- The distance is the sum of the local distances along the cheapest path from the first pair of
  elements to the last; each step advances one sequence, or the other, or both, all at one price.
- Local distances are Euclidean (`euclidean`) or sums of absolute differences (`cityblock`, what
  the published FastDTW takes where it is given none).
- Of equally cheap ways into a cell the order is: the first sequence advanced, the second, both.
- `warp_exactly` is librosa's. `warp_fast` is FastDTW: both sequences are halved by averaging pairs
  (an odd last element is dropped) until one has fewer than radius + 2 elements; from there on each
  level looks only `radius` coarse cells around the path of the level above. Its distance is never
  less than the exact one.

Source: Salvador and Chan, "FastDTW: Toward Accurate Dynamic Time Warping in Linear Time and Space",
Intelligent Data Analysis 11 (2007).
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.media.extras import import_extra
from mvsearch.store.errors import QueryError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Distance = Literal["euclidean", "cityblock"]
DISTANCES: tuple[Distance, ...] = get_args(Distance)

# Three matrices of this many cells are 670 MB; it is enough for two clips of 134 s.
MAX_CELLS = 2**25
# The ways into a cell, in the order of preference: (rows, columns) to go back.
_STEPS = ((1, 0), (0, 1), (1, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Warping:
    """The cheapest way to go through two sequences together.

    Attributes:
        distance: the sum of local distances along the path.
        path: (k, 2) positions in the first and the second sequence, from the start to the end.
    """

    distance: float
    path: IntArray

    @property
    def mean_step(self) -> float:
        """The distance for each pair of the path: comparable between sequences of other lengths."""
        return self.distance / len(self.path)


def check_sequences(first: FloatArray, second: FloatArray, distance: Distance) -> None:
    """Refuse what cannot be compared.

    Raises:
        QueryError: a sequence is empty or not finite, or they are of different kinds.
    """
    if distance not in DISTANCES:
        raise QueryError(f"a distance is {' or '.join(DISTANCES)}, not {distance!r}")
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise QueryError(f"sequences of {first.shape} and {second.shape} cannot be compared")
    if first.size == 0 or second.size == 0:
        raise QueryError("an empty sequence cannot be compared")
    if not (np.all(np.isfinite(first)) and np.all(np.isfinite(second))):
        raise QueryError("a sequence holds values that are no numbers")


def warp_exactly(
    first: FloatArray, second: FloatArray, distance: Distance = "euclidean"
) -> Warping:
    """Find the cheapest path of all; needs memory for every pair of elements.

    Args:
        first: (n, dim).
        second: (m, dim).
        distance: between two elements.

    Raises:
        QueryError: the sequences cannot be compared, or are too long for this.
    """
    check_sequences(first, second, distance)
    n_cells = len(first) * len(second)
    if n_cells > MAX_CELLS:
        raise QueryError(
            f"sequences of {len(first)} and {len(second)} elements are too long for exact warping: "
            "take the fast one, or fewer seconds"
        )
    librosa = import_extra("librosa")
    costs, path = librosa.sequence.dtw(
        first.T, second.T, metric=distance, step_sizes_sigma=np.array(_STEPS, dtype=np.uint32)
    )
    return Warping(float(costs[-1, -1]), np.asarray(path[::-1], dtype=np.intp))


def warp_fast(
    first: FloatArray, second: FloatArray, radius: int = 1, distance: Distance = "euclidean"
) -> Warping:
    """Find a path that is nearly the cheapest, in time and memory linear in the lengths (FastDTW).

    Args:
        first: (n, dim).
        second: (m, dim).
        radius: how many coarse cells around a coarse path are looked at; at least 1 (with 0 an odd
            last element can be out of reach).
        distance: between two elements.

    Raises:
        QueryError: the sequences cannot be compared, or the radius is below 1.
    """
    check_sequences(first, second, distance)
    if radius < 1:
        raise QueryError(f"the radius of fast warping is at least 1, not {radius}")
    n, m = len(first), len(second)
    if min(n, m) < radius + 2:
        return warp_within(first, second, np.zeros(n, np.intp), np.full(n, m, np.intp), distance)
    coarse = warp_fast(_halve(first), _halve(second), radius, distance)
    low, high = _widen(coarse.path, radius, (n, m))
    return warp_within(first, second, low, high, distance)


def _halve(sequence: FloatArray) -> FloatArray:
    """Average pairs of elements; an odd last one is dropped."""
    n_pairs = len(sequence) // 2
    return (sequence[: 2 * n_pairs : 2] + sequence[1 : 2 * n_pairs : 2]) / 2


def _widen(path: IntArray, radius: int, shape: tuple[int, int]) -> tuple[IntArray, IntArray]:
    """The cells of the finer level that lie within `radius` coarse cells of a coarse path.

    Returns:
        For each of the n rows the first column and the one after the last.
    """
    n, m = shape
    n_coarse = int(path[-1, 0]) + 1
    rows = np.arange(n_coarse)
    # The path rises in both directions, so its columns in a row lie between these two.
    first_columns = path[np.searchsorted(path[:, 0], rows, side="left"), 1]
    last_columns = path[np.searchsorted(path[:, 0], rows, side="right") - 1, 1]
    coarse = np.arange(n) // 2
    low = 2 * (first_columns[np.clip(coarse - radius, 0, n_coarse - 1)] - radius)
    high = 2 * (last_columns[np.clip(coarse + radius, 0, n_coarse - 1)] + radius) + 2
    return np.maximum(low, 0), np.minimum(high, m)


def warp_within(
    first: FloatArray,
    second: FloatArray,
    low: IntArray,
    high: IntArray,
    distance: Distance = "euclidean",
) -> Warping:
    """Find the cheapest path that stays in a window, one anti-diagonal after the other.

    Args:
        first: (n, dim).
        second: (m, dim).
        low: (n,) in each row, the first column of the window.
        high: (n,) the one after the last; neither ever falls, and the window holds a path.
        distance: between two elements.
    """
    n, m = len(first), len(second)
    rows = np.arange(n)
    diagonals = np.arange(n + m - 1)
    # Cells (i, k - i) of diagonal k are in the window where i + low[i] <= k < i + high[i].
    starts = np.searchsorted(rows + high, diagonals, side="right")
    ends = np.searchsorted(rows + low, diagonals, side="right")
    # Costs by row + 1, of this diagonal and the two before; what is out of the window is infinite.
    now, before, two_before = np.full((3, n + 1), np.inf)
    two_before[0] = 0.0  # the way into the first cell
    ways: list[npt.NDArray[np.int8]] = []
    for k, start, end in zip(diagonals.tolist(), starts.tolist(), ends.tolist(), strict=True):
        facing = second[k - end + 1 : k - start + 1][::-1]
        local = _measure(first[start:end], facing, distance)
        into = (
            np.stack([before[start:end], before[start + 1 : end + 1], two_before[start:end]])
            + local
        )
        way = np.argmin(into, axis=0)
        # The next two diagonals reach no further than one cell beyond this one.
        now[start] = np.inf
        now[end + 1 : end + 2] = np.inf
        now[start + 1 : end + 1] = into[way, np.arange(end - start)]
        ways.append(way.astype(np.int8))
        now, before, two_before = two_before, now, before
    return Warping(float(before[n]), _trace(ways, starts, (n, m)))


def _measure(first: FloatArray, second: FloatArray, distance: Distance) -> FloatArray:
    """The distances between elements that face each other: (k,)."""
    away = first - second
    if distance == "cityblock":
        return np.asarray(np.abs(away).sum(axis=1), dtype=np.float64)
    return np.asarray(np.sqrt(np.square(away).sum(axis=1)), dtype=np.float64)


def _trace(ways: list[npt.NDArray[np.int8]], starts: IntArray, shape: tuple[int, int]) -> IntArray:
    """Go back from the last cell to the first along the ways taken."""
    row, column = shape[0] - 1, shape[1] - 1
    path = [(row, column)]
    while row or column:
        diagonal = row + column
        back_rows, back_columns = _STEPS[int(ways[diagonal][row - int(starts[diagonal])])]
        row, column = row - back_rows, column - back_columns
        path.append((row, column))
    return np.array(path[::-1], dtype=np.intp)
