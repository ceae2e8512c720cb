"""The mean vector of each video of a space; of a library on a server shortened, and kept there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from mvsearch.search.retrieval.blocks import iter_blocks
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import Integers, VectorIndex

Average = Callable[[Matrix], npt.NDArray[np.floating[Any]]]
Halves = npt.NDArray[np.float16]

# Up to so many videos, means have all dimensions; of more, those of the principal axes of the means
# of so many, evenly spaced by id, which is a hash.
MAX_WHOLE = 4096
N_AXES = 128
# A table is stored again when this share of its videos is new.
MIN_NEW = 0.01
NAME = "means1"


@dataclass(frozen=True, slots=True, eq=False)
class MeanTable:
    """The means of the videos of one state of a space.

    Attributes:
        placement: of the index.
        handles: (n,) of the videos; see `VectorIndex.resolve`.
        vectors: (n, d).
        axes: (dim, d) orthonormal; (dim, 0) if the vectors have all dimensions.
    """

    placement: int
    handles: Integers
    vectors: Halves
    axes: Matrix

    @classmethod
    def make_empty(cls, index: VectorIndex) -> Self:
        """The table of no videos, with the axes that the index needs."""
        axes = np.zeros((index.space.dim, 0), dtype=np.float32)
        if len(index.video_ids) > MAX_WHOLE and index.space.dim > N_AXES:
            chosen = np.linspace(0, len(index.video_ids) - 1, MAX_WHOLE).round().astype(int)
            axes = find_axes(_read_means(index, [index.video_ids[at] for at in chosen]))
        n_columns = axes.shape[1] or index.space.dim
        nothing = np.zeros((0, n_columns), dtype=np.float16)
        return cls(index.placement, np.zeros(0, dtype=np.int64), nothing, axes)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], index: VectorIndex) -> Self | None:
        """Restore from `to_arrays`; None if the arrays do not fit."""
        if not {"handles", "vectors", "axes"} <= set(arrays):
            return None
        handles, vectors, axes = (arrays[name] for name in ("handles", "vectors", "axes"))
        n_columns = (axes.shape[1] or index.space.dim) if axes.ndim == 2 else -1
        if axes.shape[:1] != (index.space.dim,) or vectors.shape != (len(handles), n_columns):
            return None
        return cls(index.placement, handles, vectors, axes)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Convert to arrays without Python objects."""
        return {"handles": self.handles, "vectors": self.vectors, "axes": self.axes}

    def is_outgrown(self, index: VectorIndex) -> bool:
        """Whether it has all dimensions, and more videos than may have them."""
        is_large = len(index.video_ids) > MAX_WHOLE and index.space.dim > N_AXES
        return is_large and not self.axes.shape[1]

    def update(self, index: VectorIndex) -> tuple[Self, int]:
        """The table of another state of the space, and the number of videos that were read."""
        vectors = np.zeros((len(index.video_ids), self.vectors.shape[1]), dtype=np.float16)
        places = index.resolve(self.handles)
        vectors[places[places >= 0]] = self.vectors[places >= 0]
        is_new = np.ones(len(vectors), dtype=np.bool_)
        is_new[places[places >= 0]] = False
        new = np.flatnonzero(is_new)
        for first in range(0, len(new), MAX_WHOLE):
            some = new[first : first + MAX_WHOLE]
            means = _read_means(index, [index.video_ids[at] for at in some.tolist()])
            vectors[some] = means @ self.axes if self.axes.shape[1] else means
        return type(self)(self.placement, index.handles, vectors, self.axes), len(new)


# The table of each space of a library, by its key.
_KNOWN: WeakKeyDictionary[Library, dict[str, MeanTable]] = WeakKeyDictionary()


def average_videos(
    library: Library, index: VectorIndex, average: Average | None = None
) -> npt.NDArray[np.floating[Any]]:
    """The (n, d) mean vectors of `index.video_ids`; d is less than the dimension if shortened.

    Args:
        library: of the index.
        index: of a space.
        average: makes the mean of a video's vectors, where these are on this machine; None for
            the mean of all.
    """
    if not index.is_remote:
        made = average or (lambda vectors: vectors.mean(axis=0))
        return np.stack([made(index.vectors(one)) for one in index.video_ids])
    with library.working_on(f"{index.space.key} means"):
        return _obtain(library, index).vectors.astype(np.float32)


def _obtain(library: Library, index: VectorIndex) -> MeanTable:
    """The table of an index: that of an earlier state with what has changed, else a new one."""
    known = _KNOWN.setdefault(library, {})
    table = known.get(index.space.key)
    if table is None or table.placement != index.placement:
        arrays = library.measured(index, NAME)
        table = None if arrays is None else MeanTable.from_arrays(arrays, index)
    if table is None or table.is_outgrown(index):
        table = MeanTable.make_empty(index)
    table, n_new = table.update(index)
    known[index.space.key] = table
    if n_new > MIN_NEW * len(index.video_ids):
        library.keep_measured(index, NAME, table.to_arrays())
    return table


def find_axes(means: Matrix) -> Matrix:
    """The principal axes of means, without centring, the largest first: (dim, `N_AXES`)."""
    axes: Matrix = np.linalg.eigh(means.T @ means)[1][:, ::-1][:, :N_AXES]
    return np.ascontiguousarray(axes, dtype=np.float32)


def _read_means(index: VectorIndex, video_ids: Sequence[str]) -> Matrix:
    """The mean vectors of videos that have some, read in blocks."""
    means = np.zeros((len(video_ids), index.space.dim), dtype=np.float32)
    for block in iter_blocks(index, video_ids):
        sizes = np.diff(np.append(block.starts, len(block.vectors)))
        means[block.positions] = np.add.reduceat(block.vectors, block.starts) / sizes[:, None]
    return means
