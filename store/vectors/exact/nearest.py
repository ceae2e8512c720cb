"""Exact nearest-neighbour search over rows in memory or memory-mapped, with FAISS."""

from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix
from mvsearch.store.vectors.exact.row_file import HEAD_BYTES, Bytes
from mvsearch.store.vectors.exact.row_table import Rows

Halves = npt.NDArray[np.float16]

# Rows converted to float32 at once.
N_COPIED = 4096


class ExactIndex:
    """Float16 rows compared by inner product, which for unit vectors is the cosine.

    Adding rows to a FAISS index would copy them. Instead, the header of a stored FAISS index is
    written into the free bytes before the first row, in memory only, and FAISS reads both without
    a copy. A mapped file is then read on demand, in the page cache of the operating system. If
    this version of FAISS stores indexes differently, the rows are copied.

    Args:
        mapped: `HEAD_BYTES` free bytes, which are written to, then n rows of `dim` float16,
            little-endian.
        dim: length of a vector.
    """

    def __init__(self, mapped: Bytes, dim: int) -> None:
        self.n = (len(mapped) - HEAD_BYTES) // (2 * dim)
        self.rows: Halves = mapped[HEAD_BYTES:].view("<f2").reshape(self.n, dim)
        self._mapped = mapped

    @cached_property
    def _index(self) -> Any:
        """The FAISS index, made on first use, because most searches read all rows without it."""
        return _view_as_faiss(self._mapped, self.rows) or _copy_into_faiss(self.rows)

    def search(
        self, queries: Matrix, k: int, is_allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Matrix, Rows]:
        """Find the k nearest rows of each query.

        Args:
            queries: (q, dim) float32.
            k: from 1 to n.
            is_allowed: (n,) whether a row may be found; None for all.

        Returns:
            (q, k) float32 similarities, best first, and (q, k) int64 rows, -1 for no more rows.
        """
        faiss = load_faiss()
        params = None
        if is_allowed is not None:
            bits = np.packbits(is_allowed, bitorder="little")
            params = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        similarities, rows = self._index.search(
            np.ascontiguousarray(queries, dtype=np.float32), k, params=params
        )
        return similarities, rows


def _view_as_faiss(mapped: Bytes, rows: Halves) -> Any | None:
    """A FAISS index over the mapped rows; None if FAISS does not accept the header."""
    faiss = load_faiss()
    n, dim = rows.shape
    header = bytearray(_make_header(dim))
    # The format of FAISS: type, dimension, number of rows …, number of bytes of the rows.
    header[8:16] = n.to_bytes(8, "little")
    header[-8:] = (n * 2 * dim).to_bytes(8, "little")
    if n == 0 or len(header) > HEAD_BYTES:
        return None
    first = HEAD_BYTES - len(header)
    mapped[first:HEAD_BYTES] = np.frombuffer(header, dtype=np.uint8)
    stored = mapped[first:]
    reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(stored), stored.nbytes)
    try:
        index = faiss.read_index(reader)
    except RuntimeError:
        return None
    index.referenced_objects = [mapped, reader]
    return index if _holds(index, rows) else None


def _holds(index: Any, rows: Halves) -> bool:
    """Whether an index has the shape of the rows, and equal first and last rows."""
    n, dim = rows.shape
    if (index.ntotal, index.d, index.code_size) != (n, dim, 2 * dim):
        return False
    ends = (0, n - 1)
    return all(np.array_equal(index.reconstruct(at), rows[at].astype(np.float32)) for at in ends)


def _copy_into_faiss(rows: Halves) -> Any:
    """A FAISS index with a copy of the rows, without loss of precision."""
    index = _make_empty(rows.shape[1])
    for first in range(0, len(rows), N_COPIED):
        index.add(rows[first : first + N_COPIED].astype(np.float32))
    return index


@cache
def _make_header(dim: int) -> bytes:
    """The header of a stored FAISS index of float16 vectors."""
    return bytes(load_faiss().serialize_index(_make_empty(dim)))


def _make_empty(dim: int) -> Any:
    """An empty FAISS index of float16 vectors."""
    faiss = load_faiss()
    return faiss.IndexScalarQuantizer(
        dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )


def load_faiss() -> Any:
    """Import FAISS on first use.

    Untyped, because its annotations describe the C++ methods and not those that take arrays.
    """
    import faiss

    return faiss
