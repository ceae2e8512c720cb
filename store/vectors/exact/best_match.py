"""Computes the best match of query vectors in each video, in one pass over its rows."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from mvsearch.store.database.blobs import HalfMatrix, measure_lengths, widen
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.index import Scores

Offsets = npt.NDArray[np.int64]

# Numbers that are compared at once: 2 MB of float32, which fit into the processor's cache.
BLOCK_VALUES = 1 << 19
# Similarities held at once: 16 MB of float32.
MAX_PRODUCT = 1 << 22
# Up to this number, queries are multiplied without BLAS: one with 100,000 rows of 1,280 numbers in
# 0.015 s of a core. The threads of BLAS took 1.0 s on two busy cores, most of it waiting.
N_WITHOUT_BLAS = 4


class RowReader:
    """Reads rows as float32 in blocks; the length of each row is computed once.

    Args:
        rows: (n, dim) float16, in memory or mapped from a file.
    """

    def __init__(self, rows: HalfMatrix) -> None:
        self._rows = rows
        self._lengths: Matrix = np.zeros(len(rows), dtype=np.float32)  # zero where not measured

    @property
    def block_rows(self) -> int:
        """The number of rows of a block."""
        return max(1, BLOCK_VALUES // int(self._rows.shape[1]))

    def iter_blocks(self, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[Matrix, Matrix]]:
        """Read the rows of spans in blocks.

        Args:
            spans: first row of each span and its end, exclusive; adjacent spans are read together.

        Yields:
            (b, dim) float32 vectors, overwritten by the next block, and their (b,) float32 lengths
            (nearly one), by which similarities must be divided.
        """
        size = self.block_rows
        block = np.empty((size, self._rows.shape[1]), dtype=np.float32)
        lengths = np.empty(size, dtype=np.float32)
        filled = 0
        for first, end in _join(spans):
            while first < end:
                last = min(end, first + size - filled)
                here = slice(filled, filled + last - first)
                widen(self._rows[first:last], block[here])
                known = self._lengths[first:last]
                if not known.all():
                    known[:] = measure_lengths(block[here])
                lengths[here] = known
                first, filled = last, here.stop
                if filled == size:
                    yield block, lengths
                    filled = 0
        if filled:
            yield block[:filled], lengths[:filled]


def score_spans(reader: RowReader, queries: Matrix, spans: Offsets) -> Scores:
    """Compute the mean over the queries of the best match in each span of rows.

    Rows are read once and in order, which suits a mapped file.

    Args:
        reader: of the rows.
        queries: (q, dim) float32, q >= 1.
        spans: (n, 2) first row of each span and its end, exclusive.

    Returns:
        (n,) similarities; NaN for an empty span.
    """
    scores = np.full(len(spans), np.nan)
    held = np.flatnonzero(spans[:, 1] > spans[:, 0])
    held = held[np.argsort(spans[held, 0], kind="stable")]
    scores[held] = 0.0
    step = max(1, MAX_PRODUCT // max(1, len(held), reader.block_rows))
    for first in range(0, len(queries), step):
        best = _find_best(reader, queries[first : first + step], spans[held])
        scores[held] += best.sum(0, np.float64)
    scores /= len(queries)
    return scores


def _find_best(reader: RowReader, queries: Matrix, spans: Offsets) -> Matrix:
    """(q, n) the best match of each query vector in each (n, 2) span of rows."""
    best = np.full((len(queries), len(spans)), -np.inf, dtype=np.float32)
    offsets = np.concatenate([[0], np.cumsum(spans[:, 1] - spans[:, 0])])
    begin = 0
    for block, lengths in reader.iter_blocks(map(tuple, spans.tolist())):
        end = begin + len(block)
        first = int(np.searchsorted(offsets, begin, side="right")) - 1
        last = int(np.searchsorted(offsets, end, side="left"))
        starts = np.maximum(offsets[first:last] - begin, 0)
        similarities = multiply(queries, block)
        similarities /= lengths
        found = np.maximum.reduceat(similarities, starts, axis=1)
        np.maximum(best[:, first:last], found, out=best[:, first:last])
        begin = end
    return best


def multiply(queries: Matrix, block: Matrix) -> Matrix:
    """(q, b) inner products; a few queries are computed without the threads of BLAS."""
    if len(queries) > N_WITHOUT_BLAS:
        return queries @ block.T
    return np.stack([np.einsum("d,bd->b", query, block) for query in queries])


def _join(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join adjacent spans."""
    held: tuple[int, int] | None = None
    for first, end in spans:
        if held is not None and held[1] == first:
            held = (held[0], end)
            continue
        if held is not None:
            yield held
        held = (first, end)
    if held is not None:
        yield held
