"""Dynamic time warping of two sequences.

The rules:

- The distance is the sum of the local distances along the cheapest path from the first pair of
  elements to the last; each step advances the first sequence, the second, or both, at equal cost.
- Local distances are Euclidean (`euclidean`) or sums of absolute differences (`cityblock`, the
  default of the published code).
- Of equally cheap steps into a cell the preferred order is: advance the first, the second, both.
- The search is librosa's and exact.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.extras import import_extra
from mvsearch.store.errors import QueryError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Distance = Literal["euclidean", "cityblock"]
DISTANCES: tuple[Distance, ...] = get_args(Distance)

# Three matrices of this many cells are 670 MB; it is enough for two clips of 134 s.
MAX_CELLS = 2**25
# The steps into a cell, in the order of preference: (rows, columns).
_STEPS = ((1, 0), (0, 1), (1, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Warping:
    """The cheapest alignment of two sequences.

    Attributes:
        distance: the sum of local distances along the path.
        path: (k, 2) positions in the first and the second sequence, from the start to the end.
    """

    distance: float
    path: IntArray

    @property
    def mean_step(self) -> float:
        """The distance per step of the path, comparable for sequences of different lengths."""
        return self.distance / len(self.path)


def check_sequences(first: FloatArray, second: FloatArray, distance: Distance) -> None:
    """Validate two sequences and the distance.

    Raises:
        QueryError: a sequence is empty or not finite, the dimensions differ, or the distance is
            unknown.
    """
    if distance not in DISTANCES:
        raise QueryError(f"a distance is {' or '.join(DISTANCES)}, not {distance!r}")
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise QueryError(f"sequences of {first.shape} and {second.shape} cannot be compared")
    if first.size == 0 or second.size == 0:
        raise QueryError("an empty sequence cannot be compared")
    if not (np.all(np.isfinite(first)) and np.all(np.isfinite(second))):
        raise QueryError("a sequence holds values that are no numbers")


def warp(first: FloatArray, second: FloatArray, distance: Distance = "euclidean") -> Warping:
    """Find the cheapest path; needs O(n m) memory.

    Args:
        first: (n, dim).
        second: (m, dim).
        distance: of two elements.

    Raises:
        QueryError: the sequences cannot be compared, or are too long.
    """
    check_sequences(first, second, distance)
    n_cells = len(first) * len(second)
    if n_cells > MAX_CELLS:
        raise QueryError(
            f"sequences of {len(first)} and {len(second)} elements are too long to be warped: "
            "take fewer seconds"
        )
    librosa = import_extra("librosa")
    costs, path = librosa.sequence.dtw(
        first.T, second.T, metric=distance, step_sizes_sigma=np.array(_STEPS, dtype=np.uint32)
    )
    return Warping(float(costs[-1, -1]), np.asarray(path[::-1], dtype=np.intp))
