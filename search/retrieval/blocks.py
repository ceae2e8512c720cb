"""Reads vectors in blocks of videos for matrix multiplication."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import VectorIndex

Offsets = npt.NDArray[np.int64]

# Similarities held at once: 16 MB of float32.
MAX_PRODUCT = 1 << 22
BLOCK_ROWS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The stacked vectors of some videos.

    Attributes:
        positions: (v,) of the videos in the given list.
        vectors: (rows, dim) float32.
        starts: (v,) first row of each video; each has at least one.
    """

    positions: npt.NDArray[np.intp]
    vectors: Matrix
    starts: Offsets


def iter_blocks(index: VectorIndex, video_ids: Sequence[str]) -> Iterator[Block]:
    """Read the vectors of these videos in blocks of whole videos.

    Videos without vectors are skipped; one longer than `BLOCK_ROWS` is a block of its own.
    """
    positions: list[int] = []
    sizes: list[int] = []
    for position, video_id in enumerate(video_ids):
        size = index.count(video_id)
        if positions and sum(sizes) + size > BLOCK_ROWS:
            yield _read_block(index, video_ids, positions, sizes)
            positions, sizes = [], []
        if size:
            positions.append(position)
            sizes.append(size)
    if positions:
        yield _read_block(index, video_ids, positions, sizes)


def _read_block(
    index: VectorIndex, video_ids: Sequence[str], positions: list[int], sizes: list[int]
) -> Block:
    vectors = np.concatenate(index.read([video_ids[position] for position in positions]))
    starts = np.concatenate([[0], np.cumsum(sizes[:-1])]).astype(np.int64)
    return Block(np.array(positions, dtype=np.intp), vectors, starts)


def read_ahead(indexes: Iterable[VectorIndex], video_ids: Sequence[str]) -> None:
    """Ask each server once for the vectors of videos that are then looked at one by one."""
    for index in indexes:
        if index.is_remote:
            index.read(video_ids)


def iter_slices(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Slices of rows, as large as `MAX_PRODUCT` allows for `n_columns`."""
    step = max(1, MAX_PRODUCT // max(1, n_columns))
    return (slice(start, start + step) for start in range(0, n_rows, step))
